"""PRG910: gradients of earlier steps are added to those of the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.analyzers.faults import SURE
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.recording import Recording


@dataclass(frozen=True)
class GradientsNotZeroed:
    """Gradients of earlier steps are added to those of the next.

    ## What it detects

    A loop without `optimizer.zero_grad()`: every backward pass adds to the gradients that the step before has used.

    ## Why it matters

    Steps then follow the sum of all gradients so far: their size grows with the number of steps, and old ones count as
    much as new ones. Training is rough at best, and diverges at usual rates.

    ## The evidence

    Counted by a hook: steps whose first backward pass added to gradients that an earlier step had used. Accumulating
    several passes for one step, and zeroing after it, counts nothing.

    ## What to do

    `optimizer.zero_grad()` once for every `optimizer.step()`, before the first backward pass for it.

    ## References

    - PyTorch documentation, Optimizer.zero_grad

    """

    code: ClassVar[str] = "PRG910"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    least_share: float = 0.02
    """Share of the steps below which it is an exception (an interrupted loop, a first step that was tried out)."""
    most: float = 0.5
    """Share from which it is the rule; between, some branch of the loop forgets it."""
    least_steps: int = 3
    """Steps without which nothing can be called a habit."""

    def check(self, recording: Recording) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the counts."""
        if recording.framework == "keras":
            yield NotApplicable("Keras computes each step's gradients anew")
            return
        counted, steps = recording.counters.get("steps_on_old_gradients", 0), recording.counters.get("steps", 0)
        if "backward_passes" not in recording.counters or steps < self.least_steps:
            raise NotEnoughEvidence("gradients were not watched for long enough", "train with diagnose.hooks.torch")
        share = counted / steps
        if share < self.least_share:
            yield Passed(f"gradients are fresh in {steps - counted:,} of {steps:,} steps", CONTRADICTED)
            return
        always = share >= self.most
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR if always else Severity.WARNING,
            SURE if always else 0.85,
            f"{counted:,} of {steps:,} steps used gradients that were added to those of an earlier step: they are not "
            "set to zero",
            (Measured("steps on old gradients", share, "share", limit=self.least_share, limit_reason="an exception",
                      effect=True),),
        )  # fmt: skip
