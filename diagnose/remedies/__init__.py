"""From verdicts to actions, in the user's framework; never two that contradict each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diagnose.finding import Cause, Finding, Remedy, Verdict
from diagnose.measurements import Measurements


def prescribe(
    verdicts: Mapping[Cause, Verdict], findings: Sequence[Finding], measurements: Measurements
) -> tuple[Remedy, ...]:
    """Choose and rank remedies."""
    return ()
