"""A shift that costs nothing is left alone."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.shift_cost import is_harmless, winnable
from diagnose.remedies.symptoms import COSTLY_SHIFT


def harmless_shift(case: Case) -> Iterator[Proposal]:
    """Propose to do nothing about inputs that moved, where that was seen to cost the model next to nothing."""
    effect = winnable(case)
    if effect is None or not case.acts_on(Cause.COVARIATE_SHIFT) or case.shows(COSTLY_SHIFT) or not is_harmless(case):
        return
    if case.is_prepared_otherwise:
        return
    remedy = Remedy(
        {"accept_shift": "inputs"},
        "Leave the shift of the inputs as it is, and compare again when the model is used elsewhere",
        "the inputs differ, and the model is as good on the new ones: weights or more rows would win back next to "
        "nothing",
        (Cause.COVARIATE_SHIFT,),
        Basis.ESTIMATED,
        source="Rabanser, Günnemann & Lipton (2019), Failing Loudly: shifts that are detected may be harmless",
        effect=effect,
        cost="none",
    )
    yield Proposal(remedy, "accept_shift", (), Effort.NOTHING)
