"""Validation that can carry the conclusion: enough samples, or folds, and a metric that works."""

from __future__ import annotations

import math
from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.trend import Trend
from diagnose.remedies.case import CLASSIFIER_SCORES, Case
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import BROKEN_METRICS, COARSE_SCORE, CONSTANT_SCORE, SEVERAL_RUNS, TOO_FEW_SAMPLES
from diagnose.remedies.wording import counted, snippet

Z = 1.96
"""95 %."""
SMALLEST_STAKE = 0.02
"""Two points: finer differences are seldom decided on one validation set (it takes thousands of samples)."""
FEW = 200
"""Below this the half-width of an accuracy's interval is 7 points or more (at one half)."""
WILSON = "Wilson (1927), JASA 22(158); normal approximation for the number needed"
KFOLD = "Kohavi (1995), A Study of Cross-Validation and Bootstrap, IJCAI"

FOLDS = {
    "generic": """\
folds = sklearn.model_selection.StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
for train_rows, val_rows in folds.split(x, y):
    model = build_model()
    model.fit(x[train_rows], y[train_rows])
    print(model.score(x[val_rows], y[val_rows]))""",
}


def evaluation(case: Case) -> Iterator[Proposal]:
    """Propose what the verdict on the evaluation calls for."""
    if not case.acts_on(Cause.EVALUATION):
        return
    if case.found(SEVERAL_RUNS) is not None:
        yield _separate(case)
    for code in BROKEN_METRICS:
        finding = case.found(code)
        if finding is not None:
            yield _metric(code, finding.claim)
            return
    n_val, n_train = case.n_val, case.context.n_train
    if case.found(COARSE_SCORE) is not None and case.measure("val_score_trend") is None:
        yield from _larger_by_rows(case)
        return
    if case.found(TOO_FEW_SAMPLES) is None and (n_val is None or n_val >= FEW):
        return
    if n_train is None and (n_val is None or n_val < FEW):
        yield _folds(case, None, n_val)
    elif n_train is not None and n_val is not None and n_train + n_val < 5 * FEW:
        yield _folds(case, n_train + n_val, n_val)
    yield from _larger(case, n_val)


def samples_needed(level: float, difference: float) -> int:
    """How many samples make the 95 % interval of a share narrower, on either side, than a difference.

    n = z² p (1 − p) / d², the normal approximation.

    Examples
    --------
    >>> samples_needed(0.8, 0.02)
    1537
    """
    share = min(max(level, 0.05), 0.95)  # near 0 and 1 the approximation promises too much
    return math.ceil(Z**2 * share * (1 - share) / difference**2)


def _larger(case: Case, n_val: int | None) -> Iterator[Proposal]:
    trend: Trend | None = case.measure("val_score_trend")
    if trend is None or case.measure("val_score").quantity not in CLASSIFIER_SCORES:
        if n_val is None or n_val < FEW:
            yield _enough(n_val)
        return
    curve = case.measure("val_score")
    level = abs(trend.best)
    stake = max(trend.rise, SMALLEST_STAKE)
    needed = samples_needed(level, stake)
    if case.is_measured_coarsely and needed < FEW:
        yield _enough(n_val)
        return
    if n_val is not None and needed <= n_val:
        return
    have = "" if n_val is None else f"{counted(n_val)} → "
    now = None if n_val is None else _half_width(curve.quantity, level, n_val).value
    yield Proposal(
        Remedy(
            {"n_val": needed},
            f"Validation samples {have}{counted(needed)}",
            f"differences of {stake:.1%} in {curve.quantity} are at stake"
            + ("" if now is None else f", and {counted(n_val or 0)} samples measure it to ±{now:.1%}"),
            (Cause.EVALUATION,),
            Basis.ESTIMATED,
            source=WILSON,
            effect=_half_width(curve.quantity, level, needed),
            cost="labelled samples that training does without",
        ),
        "n_val",
        (),
        Effort.WORK,
    )


def _larger_by_rows(case: Case) -> Iterator[Proposal]:
    """Propose as many rows as tell two points of error, from what the model says of each row."""
    losses = next((one for one in case.measure("row_losses") or () if one.unit == "error rate"), None)
    if losses is None:
        yield _enough(case.n_val)
        return
    n, level = len(losses.values), float(losses.values.mean())
    needed = samples_needed(level, SMALLEST_STAKE)
    words = SPLITS[losses.split]
    yield Proposal(
        Remedy(
            {f"n_{losses.split}": needed},
            f"{words.capitalize()} rows {counted(n)} → {counted(needed)}",
            f"{counted(n)} rows measure an error rate of {level:.1%} to ±{_half_width('', level, n).value:.1%}; "
            f"models that differ by {SMALLEST_STAKE:.0%} can't be told apart",
            (Cause.EVALUATION,),
            Basis.ESTIMATED,
            source=WILSON,
            effect=_half_width("the error rate", level, needed),
            cost="labelled samples that training does without",
        ),
        "n_val",
        (),
        Effort.WORK,
    )


def _enough(n_val: int | None) -> Proposal:
    """Propose the least that tells anything, where no score says how much is at stake."""
    half = _half_width("a share near one half", 0.5, FEW)
    return Proposal(
        Remedy(
            {"n_val": FEW},
            f"Validation samples {'' if n_val is None else counted(n_val) + ' → '}{FEW} at least",
            f"{'so few' if n_val is None else counted(n_val)} samples leave every verdict on validation open: "
            f"at {FEW}, an accuracy is known to within ±{half.value:.0%}",
            (Cause.EVALUATION,),
            Basis.RULE_OF_THUMB,
            source=WILSON,
            effect=half,
            cost="labelled samples that training does without",
        ),
        "n_val",
        (),
        Effort.WORK,
    )


def _folds(case: Case, n: int | None, n_val: int | None) -> Proposal:
    curve, trend = case.measure("val_score"), case.measure("val_score_trend")
    known = n is not None and curve is not None and trend is not None and curve.quantity in CLASSIFIER_SCORES
    split = "one small split" if n is None else f"one split of {counted(n)} samples"
    count = "" if n is None or n_val is None else f": {counted(n)} instead of {counted(n_val)}"
    remedy = Remedy(
        {"cross_validation": {"folds": 5, "stratified": True}},
        f"Stratified 5-fold cross-validation instead of {split}",
        f"every sample then serves once for validation{count}",
        (Cause.EVALUATION,),
        Basis.ESTIMATED if known else Basis.RULE_OF_THUMB,
        source=KFOLD,
        code=snippet(FOLDS, "generic"),
        framework="sklearn",
        effect=_half_width(curve.quantity, abs(trend.best), n) if known and n is not None else None,
        cost="five runs instead of one",
    )
    return Proposal(remedy, "folds", (), Effort.WORK)


def _half_width(quantity: str, level: float, n: int) -> Measured:
    """How far a score may lie from the truth in ``n`` samples."""
    share = min(max(level, 0.05), 0.95)
    return Measured(f"half-width of the interval of {quantity}", Z * math.sqrt(share * (1 - share) / n), "share")


def _separate(case: Case) -> Proposal:
    finding = case.found(SEVERAL_RUNS)
    return Proposal(
        Remedy(
            {"audit_runs_apart": True},
            "Judge the runs of this log one by one: diagnose audit PATH lists them all",
            finding.claim if finding is not None else "the log holds several runs",
            (Cause.EVALUATION,),
            Basis.RULE_OF_THUMB,
            source="one run, one log",
            cost="none; write each later run to a file of its own",
        ),
        "runs",
        (),
        Effort.NOTHING,
    )


def _metric(code: str, claim: str) -> Proposal:
    return Proposal(
        Remedy(
            {"check_metric": True},
            "Look at the confusion matrix: one class for all, or a wrong metric"
            if code == CONSTANT_SCORE
            else "Repair the metric before believing any number of this log",
            claim,
            (Cause.EVALUATION,),
            Basis.RULE_OF_THUMB,
            source="Zinkevich (2018), Rules of Machine Learning, rule 2",
            cost="minutes; compute it by hand on ten samples",
        ),
        "metric",
        (),
        Effort.LOOK,
    )
