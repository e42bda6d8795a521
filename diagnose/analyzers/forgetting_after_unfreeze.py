"""FRZ801: the loss jumps where a new phase begins, and does not come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.jumps import Jump
from diagnose.run import Context, History


@dataclass(frozen=True)
class ForgettingAfterUnfreeze:
    """The loss jumps where a new phase begins, and does not come back.

    ## What it detects
    In a training of two or more phases (head first, then more layers): a validation loss that rises when the later
    phase begins and stays above the level that the earlier one had reached.

    ## Why it matters
    Unfreezing was meant to improve on the head alone. Large steps on pretrained layers destroy features that the few
    new samples can't rebuild; the head-only model was better.

    ## The evidence
    The median of three points before and after the boundary and the best level of the later phase, against the noise
    before. A new phase that starts as high as the very first one is a training from scratch, not a stage, and does
    not count. Where the log does not state which layers train, a change of phase by the learning rate alone counts
    for less.

    ## What to do
    Go back to the weights before the boundary. Unfreeze with a learning rate ten to a hundred times lower than the
    head's, fewer layers (the last block first), BatchNorm kept in inference mode; recompile after changing
    `trainable`.

    ## References
    - Howard & Ruder (2018), Universal Language Model Fine-tuning (discriminative rates, gradual unfreezing)
    - Kumar et al. (2022), Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution
    - Keras guide, Transfer learning and fine-tuning
    """

    code: ClassVar[str] = "FRZ801"
    cause: ClassVar[Cause] = Cause.FREEZING

    least_noise: float = 4.0
    """Jump and remainder in standard deviations of the noise before; the median of three halves the noise, so 4 is
    beyond chance."""
    certainty_stated: float = 0.85
    """The log states that other layers train from there on."""
    certainty_guessed: float = 0.55
    """The phase is guessed from the learning rate."""

    def check(
        self, history: History, context: Context, jumps: tuple[Jump, ...]
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Look at every boundary."""
        stages = [
            jump for jump in jumps if not jump.restarts and (_is_stated(jump) or "learning rate" in jump.phase.because)
        ]
        if not stages:
            yield NotApplicable("no phase begins with other layers or another learning rate: they are restarts")
            return
        found = [jump for jump in stages if self._is_lost(jump)]
        if not found:
            yield Passed(f"the loss came back below its level after each of {len(stages)} phase boundaries", ABSENT)
            return
        for jump in found:
            stated = _is_stated(jump)
            transfer = stated or context.pretrained or context.frozen
            yield Finding(
                self.code,
                self.cause,
                Severity.WARNING if transfer else Severity.INFO,
                self.certainty_stated if stated else self.certainty_guessed,
                f"{jump.curve} rose from {jump.before:.4g} to {jump.after:.4g} at {history.unit} {jump.phase.start:g}"
                + (f" ({jump.phase.because})" if jump.phase.because else "")
                + f" and came no lower than {jump.best_after:.4g} again",
                (
                    Measured(
                        "jump at the boundary",
                        jump.after - jump.before,
                        "loss",
                        limit=self.least_noise * jump.sigma,
                        limit_reason="four standard deviations of the noise",
                    ),
                    Measured(
                        "left of it at the best later level",
                        jump.best_after - jump.before,
                        "loss",
                        limit=jump.sigma,
                        limit_reason="one standard deviation of the noise",
                        effect=True,
                    ),
                ),
                (Where("epochs", jump.phase.start, jump.phase.end), Where("curves", names=(jump.curve,))),
                Figure(
                    "curves",
                    (jump.curve,),
                    (Mark("line", "new phase", jump.phase.start),),
                    caption="A new phase begins, and the loss does not come back.",
                ),
            )

    def _is_lost(self, jump: Jump) -> bool:
        return jump.after - jump.before > self.least_noise * jump.sigma and jump.best_after - jump.before > jump.sigma


def _is_stated(jump: Jump) -> bool:
    """Whether the log says that other layers train from there on."""
    return jump.trainable_changed or "freez" in jump.phase.because.lower() or "trainable" in jump.phase.because
