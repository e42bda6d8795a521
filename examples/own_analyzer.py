"""A rule of your own: validation ends worse than it began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import NotApplicable, Passed
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.run import History


@dataclass(frozen=True)
class WorseThanStart:
    """Validation ends worse than it began.

    ## What it detects

    A held-out loss whose median over the last tenth of the run lies above its first value.

    ## Why it matters

    Training has destroyed something that the model brought along, or never learned anything that carries over.

    ## The evidence

    The share of the first value by which the end lies above it.

    ## What to do

    Lower the learning rate, and look at what the first epoch does to the model.

    ## References

    - House rule of the Acme team.
    """

    code: ClassVar[str] = "ACM101"
    cause: ClassVar[Cause] = Cause.INSTABILITY

    least_rise: float = 0.05
    """Share of the first value, 0 or more: below it the two are called equal by house rule."""

    def check(self, history: History) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the end with the beginning."""
        curve = history.find("val", "loss")
        if curve is None or len(curve.finite) < 10 or curve.finite.values[0] <= 0:
            yield NotApplicable("it needs ten values of a positive validation loss")
            return
        values = curve.finite.values
        tail = sorted(values[-max(1, len(values) // 10) :])
        rise = float(tail[len(tail) // 2] / values[0] - 1)
        if rise <= self.least_rise:
            yield Passed(f"validation loss ends at {rise:+.0%} of its first value", probability=0.05)
            return
        yield Finding(
            code=self.code,
            cause=self.cause,
            severity=Severity.WARNING,
            probability=0.9,
            claim=f"validation loss ends {rise:.0%} above its first value",
            evidence=(Measured("rise over the first value", rise, unit="share", limit=self.least_rise),),
        )
