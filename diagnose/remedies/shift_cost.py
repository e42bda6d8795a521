"""What a shift of the inputs costs: the most that a remedy for it can win back."""

from __future__ import annotations

from diagnose.finding import Measured
from diagnose.measures.gap_shares import GapShares
from diagnose.remedies.case import Case
from diagnose.remedies.symptoms import COSTLY_SHIFT


def winnable(case: Case) -> Measured | None:
    """Return what other inputs cost the model, with its 90 % interval; None where it was not found, or a stand-in's."""
    # a shift that was seen to cost nothing is no verdict, so that nothing is proposed for it
    shares: GapShares | None = case.measure("gap_shares") if case.shows(COSTLY_SHIFT) else None
    if shares is None or shares.parts.covariate is None or not shares.is_of_model:
        return None
    part = shares.parts.covariate
    unit = "share" if shares.unit == "error rate" else shares.unit
    low, high = min(part.low, part.value), max(part.high, part.value)
    return Measured(f"{shares.unit} that other inputs cost", part.value, unit, low, high)
