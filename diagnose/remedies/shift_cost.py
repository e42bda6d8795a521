"""What a shift of the inputs costs: the most that a remedy for it can win back."""

from __future__ import annotations

from diagnose.finding import Measured
from diagnose.measures.gap_shares import GapShares
from diagnose.remedies.case import Case

HARMLESS = 0.03
"""Points of the error rate below which the upper end must lie: as for COV118, the interval of a thousand rows is about
as wide."""
HARMLESS_LOSS = 0.15
"""The same of another loss, as a share of it."""


def winnable(case: Case) -> Measured | None:
    """Return what other inputs cost the model, with its 90 % interval; None where unknown or a stand-in's."""
    shares = _shares(case)
    if shares is None or shares.parts.covariate is None or not shares.is_of_model:
        return None
    part = shares.parts.covariate
    unit = "share" if shares.unit == "error rate" else shares.unit
    low, high = min(part.low, part.value), max(part.high, part.value)
    return Measured(f"{shares.unit} that other inputs cost, the most that this wins back", part.value, unit, low, high)


def is_harmless(case: Case) -> bool:
    """Whether the shift was seen to cost the model so little that no remedy pays."""
    shares = _shares(case)
    if shares is None or shares.parts.covariate is None or not shares.is_of_model:
        return False
    limit = HARMLESS if shares.unit == "error rate" else HARMLESS_LOSS * abs(shares.parts.val_risk)
    return shares.parts.covariate.high < limit


def _shares(case: Case) -> GapShares | None:
    shares: GapShares | None = case.measure("gap_shares")
    return shares
