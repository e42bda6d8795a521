"""UTR402: training stopped after two or three epochs, all of them better than the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import OPEN, NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import LIKELY, Cause, Finding, Measured, Severity, Where
from diagnose.run import Context, Curve, History


@dataclass(frozen=True)
class FewEpochs:
    """Training stopped after two or three epochs that were all still improving.

    ## What it detects
    A finished log of two or three epochs in which training and validation loss fell at every step.

    ## Why it matters
    A run this short has not shown where it would go. Its model is worse than it need be, and nothing else can be
    judged.

    ## The evidence
    The number of logged points and that every one is better than the one before, in both losses; scores must not be
    saturated. Fine-tuning of a large pretrained model is often right after three epochs: there the probability is
    halved.

    ## What to do
    Train at least ten epochs, with early stopping on the validation loss (patience 3 to 5).

    ## References
    - Prechelt (1998), Early Stopping - But When?
    - Mosbach, Andriushchenko & Klakow (2021), On the Stability of Fine-tuning BERT (more epochs than the usual three
      help)
    """

    code: ClassVar[str] = "UTR402"
    cause: ClassVar[Cause] = Cause.UNDERTRAINING

    most_points: int = 3
    """From four points on the trend itself is measured (UTR401)."""
    least_interval: float = 0.5
    """Epochs between points: closer ones are parts of an epoch, and say nothing of the number of epochs."""
    saturated: float = 0.98
    """A score above has less than two points left to gain."""
    certainty: float = 0.8
    """Of runs that improved at every one of their first epochs, most improve at the next one too: by the rule of
    succession 3/4 after two improvements in both losses, and more as both agree."""
    certainty_pretrained: float = 0.4
    """Three epochs are the usual length of fine-tuning."""

    def check(
        self, history: History, context: Context, logged_train_loss: Curve, logged_val_loss: Curve | None = None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Ask whether every point improved."""
        losses = [c for c in (logged_train_loss, logged_val_loss) if c is not None]
        held_out = [c for c in (*history.of("val"), *history.of("test")) if len(c)]
        points = max(len(c) for c in (*losses, *held_out))
        apart = float(np.median(np.diff(logged_train_loss.steps))) if len(logged_train_loss) > 1 else 1.0
        if points > self.most_points or history.unit != "epoch" or apart < self.least_interval:
            yield NotApplicable(f"{points} points were logged: UTR401 measures the trend")
            return
        if points < 2 or not held_out or not all(np.isfinite(c.values).all() for c in losses):
            raise NotEnoughEvidence(
                f"{points} points were logged; a direction needs 2 finite ones, of training and validation",
                "train at least two epochs",
            )
        scores = [c.finite.values[-1] for c in history.curves if c.better == "higher" and len(c.finite)]
        judged = losses if logged_val_loss is not None else [*losses, held_out[0]]
        falling = all(_improves(c) for c in judged)
        if not falling or (scores and min(scores) >= self.saturated):
            why = "not every epoch improved on the one before" if not falling else "the scores are saturated"
            yield Passed(why, OPEN, "train at least five epochs")
            return
        probability = self.certainty_pretrained if context.pretrained else self.certainty
        if probability < LIKELY:
            yield Passed(
                "every epoch improved, but fine-tuning is often right after three", probability, "train one more epoch"
            )
            return
        falls = " and ".join(f"{c.name} from {c.values[0]:.4g} to {c.values[-1]:.4g}" for c in losses)
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            probability,
            f"only {points} epochs were logged, each better than the one before: {falls}",
            (
                Measured(
                    "epochs logged",
                    float(points),
                    "epochs",
                    limit=float(self.most_points + 1),
                    exceeds="below",
                    limit_reason="fewest points that show a trend",
                ),
            ),
            (Where("epochs", float(losses[0].steps[0]), history.last_step),),
        )


def _improves(curve: Curve) -> bool:
    sign = -1.0 if curve.better == "lower" else 1.0
    return len(curve) > 1 and bool(np.all(sign * np.diff(curve.values) > 0))
