"""What a shift of the inputs costs: the most that a remedy for it can win back."""

from __future__ import annotations

from diagnose.finding import Measured
from diagnose.measures.gap_shares import GapShares
from diagnose.remedies.case import Case
from diagnose.remedies.symptoms import COSTLY_SHIFT


def winnable(case: Case) -> Measured | None:
    """Return what other inputs cost the model, with its 90 % interval; None where it was not found, or a stand-in's."""
    # a shift that was seen to cost nothing is no verdict, so that nothing is proposed for it
    found: tuple[GapShares, ...] = (case.measure("gap_shares") or ()) if case.shows(COSTLY_SHIFT) else ()
    costs = [(s.parts.covariate, s) for s in found if s.is_of_model and s.parts.covariate is not None]
    if not costs:
        return None
    part, shares = max(costs, key=lambda cost: cost[0].low)
    unit = "share" if shares.unit == "error rate" else shares.unit
    low, high = min(part.low, part.value), max(part.high, part.value)
    return Measured(f"{shares.unit} that other inputs cost", part.value, unit, low, high)
