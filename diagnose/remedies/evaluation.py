"""Validation that can carry the conclusion: enough samples, or folds, and a metric that works."""

from __future__ import annotations

import math
from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measures.trend import Trend
from diagnose.remedies.case import DECISIONS, Case
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import BROKEN_METRICS, TOO_FEW_SAMPLES
from diagnose.remedies.wording import counted, snippet

Z = 1.96
"""95 %."""
SMALLEST_STAKE = 0.01
"""A difference of one point is the least that people choose models by."""
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
    for code in BROKEN_METRICS:
        finding = case.found(code)
        if finding is not None:
            yield _metric(case, finding.claim)
            return
    n_val, n_train = case.context.n_val, case.context.n_train
    if case.found(TOO_FEW_SAMPLES) is None and (n_val is None or n_val >= FEW):
        return
    if n_train is not None and n_val is not None and n_train + n_val < 5 * FEW:
        yield _folds(case, n_train + n_val)
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
    if trend is None or case.measure("val_score").quantity not in DECISIONS:
        return
    curve = case.measure("val_score")
    level = abs(trend.best)
    stake = max(trend.rise, SMALLEST_STAKE)
    needed = samples_needed(level, stake)
    if n_val is not None and needed <= n_val:
        return
    share = min(max(level, 0.05), 0.95)
    have = "" if n_val is None else f"{counted(n_val)} → "
    now = None if n_val is None else Z * math.sqrt(share * (1 - share) / n_val)
    yield Proposal(
        Remedy(
            {"n_val": needed}, f"Validation samples {have}{counted(needed)}",
            f"differences of {stake:.1%} in {curve.quantity} are at stake"
            + ("" if now is None else f", and {counted(n_val or 0)} samples measure it to ±{now:.1%}"),
            (Cause.EVALUATION,), Basis.ESTIMATED, source=WILSON,
            effect=Measured(f"half-width of the interval of {curve.quantity}", Z * math.sqrt(share * (1 - share) / needed), "share"),
            cost="labelled samples that training does without",
        ),
        "n_val", (), Effort.WORK,
    )  # fmt: skip


def _folds(case: Case, n: int) -> Proposal:
    return Proposal(
        Remedy(
            {"cross_validation": {"folds": 5, "stratified": True}},
            f"Stratified 5-fold cross-validation instead of one split of {counted(n)} samples",
            "every sample then serves once for validation: five times the evidence from the same data",
            (Cause.EVALUATION,), Basis.RULE_OF_THUMB, source=KFOLD, code=snippet(FOLDS, "generic"), framework="sklearn",
            cost="five runs instead of one",
        ),
        "folds", (), Effort.WORK,
    )  # fmt: skip


def _metric(case: Case, claim: str) -> Proposal:
    return Proposal(
        Remedy(
            {"check_metric": True}, "Repair the metric before believing any number of this log", claim,
            (Cause.EVALUATION,), Basis.RULE_OF_THUMB,
            source="Zinkevich (2018), Rules of Machine Learning, rule 2", cost="minutes; compute it by hand on ten samples",
        ),
        "metric", (), Effort.LOOK,
    )  # fmt: skip
