"""PRG901: the training loss is the same number at every step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import EXPLAINED, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.movement import Movement
from diagnose.run import Context, Curve, History


@dataclass(frozen=True)
class LossNeverMoves:
    """The training loss is the same number at every step: nothing updates the weights.

    ## What it detects
    Training losses that are equal to the last digit from the first step on.

    ## Why it matters
    The program trains nothing, however long it runs.

    ## The evidence
    Equal values to the precision of single floats over at least three points. Even a bad learning rate moves a loss
    in its seven digits, unless it is so small that updates vanish in rounding (LRN602): so the probability is shared
    between the two.

    ## What to do
    After one step compare a weight with its copy from before. If it is equal: are the layers trainable, are the
    model's own parameters in the optimizer, is `optimizer.step()` called, does the loss depend on them (no `detach`,
    `argmax`, `no_grad`), are all activations dead (gradients exactly zero)? If it moved: is the loss computed on the
    model being trained?

    ## References
    - Zhang et al. (2021), AUTOTRAINER: An Automatic DNN Training Problem Detection and Repair System
    - Humbatova et al. (2020), Taxonomy of Real Faults in Deep Learning Systems
    """

    code: ClassVar[str] = "PRG901"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    least_points: int = 3
    """Three equal losses, as for UNF302."""
    small_rate: float = 1e-7
    """A learning rate below single precision's resolution (1.2e-7) explains a loss that stands without a fault in the
    program."""
    certainty: float = 0.5
    """Shared with the learning rate; the program is as likely."""
    certainty_rate_known: float = 0.8
    """The learning rate is known and not tiny: the program remains."""

    def check(
        self, history: History, context: Context, logged_train_loss: Curve, train_movement: Movement
    ) -> Iterator[Finding | Passed]:
        """Ask whether all values are equal."""
        move = train_movement
        if move.n < self.least_points:
            raise NotEnoughEvidence(f"the training loss has {move.n} points", "train at least three epochs")
        if not move.is_constant:
            yield Passed("the training loss changes, so something updates the weights")
            return
        rate = context.learning_rate
        if rate is not None and rate < self.small_rate:
            yield Passed(f"the training loss stands, which a learning rate of {rate:.3g} explains", EXPLAINED)
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.certainty if rate is None else self.certainty_rate_known,
            f"the training loss is {move.start:.6g} at all {move.n} points: no update reaches the weights",
            (Measured("highest minus lowest loss", move.spread, "loss", limit=0.0, exceeds="below",
                      limit_reason="equal to the precision of single floats"),),
            (Where("epochs", float(logged_train_loss.steps[0]), history.last_step),
             Where("curves", names=(logged_train_loss.name,))),
            Figure("curves", (logged_train_loss.name,), caption="The training loss never moves."),
        )  # fmt: skip
