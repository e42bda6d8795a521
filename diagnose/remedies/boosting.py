"""Boosted trees, which have depth, leaves and sampling instead of layers, decay and dropout."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import LARGER, MORE_REGULARISED, SMALLER, Proposal
from diagnose.remedies.wording import snippet

SUBSAMPLING = "Friedman (2002), Stochastic Gradient Boosting, Comput. Stat. Data Anal. 38(4)"
DEPTH = "Hastie, Tibshirani & Friedman (2009), Elements of Statistical Learning, §10.11"

SUBSAMPLE = {
    "xgboost": "params.update(subsample=0.7, colsample_bytree=0.7, min_child_weight=5)",
    "lightgbm": "params.update(bagging_fraction=0.7, bagging_freq=1, feature_fraction=0.7, min_data_in_leaf=50)",
    "catboost": 'model.set_params(bootstrap_type="Bernoulli", subsample=0.7, l2_leaf_reg=10)',
    "sklearn_hist": "model.set_params(l2_regularization=1.0, min_samples_leaf=50)",
    "sklearn_boosting": 'model.set_params(subsample=0.7, max_features="sqrt", min_samples_leaf=20)',
}
SET_DEPTH = {
    "xgboost": 'params["max_depth"] = $depth',
    "lightgbm": 'params["num_leaves"] = 2 ** $depth',
    "catboost": "model.set_params(depth=$depth)",
    "sklearn_hist": "model.set_params(max_leaf_nodes=2 ** $depth)",
    "sklearn_boosting": "model.set_params(max_depth=$depth)",
}


def boosting(case: Case) -> Iterator[Proposal]:
    """Propose sampled rows and shallower trees against overfitting, deeper ones against underfitting."""
    if not case.is_boosted:
        return
    if case.acts_on(Cause.OVERFITTING) and not case.is_overconfident:
        yield Proposal(
            Remedy(
                {"subsample": 0.7},
                "Draw 70 % of the rows and columns for every tree, with larger leaves",
                "trees that see the same rows every round fit the same noise every round",
                (Cause.OVERFITTING,),
                Basis.RULE_OF_THUMB,
                source=SUBSAMPLING,
                code=snippet(SUBSAMPLE, case.dialect),
                framework=case.framework or "",
                cost="one more run, faster",
            ),
            "subsample",
            MORE_REGULARISED,
        )
        yield _depth(
            case, 4, "Shallower trees: depth 4", "deep trees single out small groups of samples", Cause.OVERFITTING
        )
    if case.acts_on(Cause.UNDERFITTING) and not case.has_learnt_nothing:
        yield _depth(case, 8, "Deeper trees: depth 8", "training loss itself ends poor", Cause.UNDERFITTING)


def _depth(case: Case, depth: int, title: str, why: str, cause: Cause) -> Proposal:
    remedy = Remedy(
        {"max_depth": depth},
        title,
        why,
        (cause,),
        Basis.RULE_OF_THUMB,
        source=DEPTH,
        code=snippet(SET_DEPTH, case.dialect, depth=depth),
        framework=case.framework or "",
        cost="one more run",
    )
    return Proposal(remedy, "max_depth", SMALLER if cause is Cause.OVERFITTING else LARGER)
