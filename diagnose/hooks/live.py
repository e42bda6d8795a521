"""What may be said while training goes on: a run in progress is no finished one, and every look may err.

What is a fact of the program is said at once. What curves say is said where it is quite sure, and still is after the
run went on for a while. That a run has not learnt enough yet is said at its end only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from diagnose.analyzer import Analyzer, examine
from diagnose.analyzers import analyzers
from diagnose.differential import weighed
from diagnose.finding import LIKELY, Cause, Finding, Severity
from diagnose.measurements import Measurements
from diagnose.measures.from_profiles import measures_of
from diagnose.run import Run

AT_ONCE_CAUSES = frozenset({Cause.TRAINING_PROGRAM, Cause.LEAKAGE})
AT_ONCE = frozenset({
    "UNF303", "UNF304", "UNF305", "UNF306", "INS501", "INS504", "INS505", "LRN605", "LRN606", "LRN607", "REG204",
    "FRZ803",
})  # fmt: skip
"""What a hook measured itself: gradients, updates, activations, the first value that is no number."""
WHEN_LASTING = frozenset({"OVF101", "OVF102", "INS503", "LRN601", "PRG901", "FRZ801"})
"""What curves say; a falling curve looks turned now and then, so one look is not enough."""
SURE, LASTING = 0.8, 1.2
"""A finding of curves is told when it is so probable, and still is after the run has become a fifth longer: looks at
nearly the same curve err together. Looked at after every epoch, 4 % of 135 trained networks that do not overfit got a
false alarm, and 84 % of those that do were told, most within the first quarter; at any likely look it is 16 % and 94 %
(``calibration/live_findings.py``)."""
EARLIEST = 8
"""Epochs before which curves say nothing: the first ones fall steeply, and whatever comes after looks flat or risen."""


@cache
def live_analyzers() -> tuple[Analyzer, ...]:
    """Return the analyzers that may speak before the end."""
    return tuple(a for a in analyzers() if _is_at_once(a.code, a.cause) or a.code in WHEN_LASTING)


def live_findings(run: Run) -> tuple[Finding, ...]:
    """Return what may be said of a run in progress, of this one look."""
    measurements = Measurements(run, measures_of(run))
    examined = [examine(analyzer, measurements) for analyzer in live_analyzers()]
    found = weighed([f for findings, _ in examined for f in findings], [outcome for _, outcome in examined])
    return tuple(f for f in found if f.severity is not Severity.INFO and f.probability >= LIKELY)


class Looks:
    """What was seen at each look, and so what is new and lasts."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._first: dict[str, float] = {}

    def new(self, findings: Sequence[Finding], epoch: float) -> list[Finding]:
        """Return the findings of a look that are to be told now, each code once."""
        sure = {f.code for f in findings if f.code in WHEN_LASTING and f.probability >= SURE}
        self._first = {code: self._first.get(code, epoch) for code in sure if epoch >= EARLIEST}
        lasting = {code for code, since in self._first.items() if epoch >= max(LASTING * since, since + 1)}
        fresh = [
            f for f in findings if f.code not in self._told and (f.code in lasting or _is_at_once(f.code, f.cause))
        ]
        self._told.update(f.code for f in fresh)
        return fresh

    def rest(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return what is to be told at the end: whatever is likely, and was not told before."""
        likely = [f for f in findings if f.severity is not Severity.INFO and f.probability >= LIKELY]
        fresh = [f for f in likely if f.code not in self._told]
        self._told.update(f.code for f in fresh)
        return fresh


def _is_at_once(code: str, cause: Cause) -> bool:
    return code not in WHEN_LASTING and (cause in AT_ONCE_CAUSES or code in AT_ONCE)
