"""A larger model where training itself is poor, a smaller one where it memorises."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import LARGER, SMALLER, Effort, Proposal
from diagnose.remedies.symptoms import NOT_FINITE
from diagnose.remedies.wording import counted

SOURCE = "Goodfellow, Bengio & Courville (2016), Deep Learning, §11.4.1"


def capacity(case: Case) -> Iterator[Proposal]:
    """Propose the other size, after the cheaper settings; boosted trees have a family of their own."""
    if case.is_boosted:
        return
    parameters, n_train = case.context.trainable_parameters or case.context.parameters, case.context.n_train
    is_untrained = case.has_learnt_nothing or case.shows(NOT_FINITE)
    if case.acts_on(Cause.UNDERFITTING) and not is_untrained:
        yield _larger(case, parameters)
    if not case.acts_on(Cause.OVERFITTING) or case.is_overconfident or case.context.pretrained:
        return
    if parameters is not None and n_train is not None and parameters > n_train:
        yield _smaller(case, parameters, n_train)


def _larger(case: Case, parameters: int | None) -> Proposal:
    size = "" if parameters is None else f" than {counted(parameters)} parameters"
    remedy = Remedy(
        {"capacity_factor": 2},
        f"A larger model{size}: twice the width, or a pretrained backbone",
        "training loss itself ends poor, so validation can't be better",
        (Cause.UNDERFITTING,),
        Basis.RULE_OF_THUMB,
        source=SOURCE,
        framework=case.framework or "",
        cost="one more run at two to four times the compute",
    )
    return Proposal(remedy, "capacity", LARGER, Effort.WORK)


def _smaller(case: Case, parameters: int, n_train: int) -> Proposal:
    remedy = Remedy(
        {"capacity_factor": 0.5},
        f"A smaller model than {counted(parameters)} parameters: half the width",
        f"{counted(parameters)} parameters can store {counted(n_train)} samples one by one",
        (Cause.OVERFITTING,),
        Basis.RULE_OF_THUMB,
        source=SOURCE,
        framework=case.framework or "",
        cost="one more run; training will end worse",
    )
    return Proposal(remedy, "capacity", SMALLER, Effort.WORK)
