"""A larger model where training itself is poor, a smaller one where it memorises."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import LARGER, SMALLER, Effort, Proposal
from diagnose.remedies.wording import counted

SOURCE = "Goodfellow, Bengio & Courville (2016), Deep Learning, §11.4.1"


def capacity(case: Case) -> Iterator[Proposal]:
    """Propose the other size, after the cheaper settings; boosted trees have a family of their own."""
    if case.is_boosted:
        return
    parameters = case.context.trainable_parameters or case.context.parameters
    size = "" if parameters is None else f" than {counted(parameters)} parameters"
    if case.acts_on(Cause.UNDERFITTING):
        yield Proposal(
            Remedy(
                {"capacity_factor": 2}, f"A larger model{size}: twice the width, or a pretrained backbone",
                "training loss itself ends poor, so validation can't be better", (Cause.UNDERFITTING,), Basis.RULE_OF_THUMB,
                source=SOURCE, framework=case.framework or "", cost="one more run at two to four times the compute",
            ),
            "capacity", LARGER, Effort.WORK,
        )  # fmt: skip
    n_train = case.context.n_train
    if case.acts_on(Cause.OVERFITTING) and not case.is_overconfident and parameters is not None and n_train is not None:
        if parameters > n_train and not case.context.pretrained:
            yield Proposal(
                Remedy(
                    {"capacity_factor": 0.5}, f"A smaller model{size}: half the width",
                    f"{counted(parameters)} parameters for {counted(n_train)} samples can store the sample",
                    (Cause.OVERFITTING,), Basis.RULE_OF_THUMB, source=SOURCE, framework=case.framework or "",
                    cost="one more run; training will end worse",
                ),
                "capacity", SMALLER, Effort.WORK,
            )  # fmt: skip
