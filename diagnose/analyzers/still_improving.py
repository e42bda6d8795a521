"""UTR401: training ended while both training and validation still improved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.curves import noun
from diagnose.measures.progress import LEAST_POINTS, Progress
from diagnose.run import Curve, History
from diagnose.stats.extrapolate import Extrapolation


@dataclass(frozen=True)
class StillImproving:
    """Training ended while training and validation still improved.

    ## What it detects
    Training and validation that were both still getting better in the last third of the run: more epochs would help.

    ## Why it matters
    The model is worse than it need be, and any comparison with other runs is unfair to it.

    ## The evidence
    The improvement over the last third (Theil-Sen slope) of the training loss, the validation loss and the validation
    score, each as a share of its whole gain, that of validation shrunk by its noise; the smaller of training and
    validation counts. Validation alone never confirms it, nor does a fall after the learning rate was raised again.
    Where the last third raised the validation score by less than half a point, it is left open, however the loss falls.
    Power laws and exponentials fitted to the validation loss say what as many epochs again would gain; a learning-rate
    schedule that has run out makes that figure optimistic.

    ## What to do
    Train longer, with the learning-rate schedule stretched over the new length; or raise the learning rate if the
    decrease is slow and straight.

    ## References
    - Domhan, Springenberg & Hutter (2015), Speeding Up Automatic Hyperparameter Optimization by Extrapolation of
      Learning Curves
    - Viering & Loog (2021), The Shape of Learning Curves: a Review, arXiv 2103.10948
    """

    code: ClassVar[str] = "UTR401"
    cause: ClassVar[Cause] = Cause.UNDERTRAINING

    least_probability: float = 0.5
    """A claim is made when it is more likely right than wrong."""

    def check(
        self,
        history: History,
        progress: Progress,
        train_loss: Curve | None = None,
        val_loss: Curve | None = None,
        more_training: Extrapolation | None = None,
    ) -> Iterator[Finding | Passed]:
        """Weigh the late improvement of training and validation."""
        training = "" if progress.train is None else f"{progress.train:z.0%} of training's and "
        if progress.probability < self.least_probability:
            why = f"the last third brought {training}{progress.val:z.0%} of validation's whole gain"
            if progress.points is not None and progress.points < LEAST_POINTS:
                why += f", and {max(progress.points, 0):.1f} points of its score"
            yield Passed(why, progress.probability)
            return
        gain = () if more_training is None else (
            Measured("expected fall of validation from as many steps again", more_training.gain,
                     "loss" if val_loss is None else noun(val_loss),
                     more_training.low, more_training.high, effect=True),
        )  # fmt: skip
        points = () if progress.points is None else (
            Measured("rise of the validation score in the last third", progress.points, "points", limit=LEAST_POINTS,
                     limit_reason="less is below what a few thousand rows can tell"),
        )  # fmt: skip
        shown = [curve for curve in (train_loss, val_loss) if curve is not None]
        first = min((float(curve.steps[0]) for curve in shown), default=0.0)
        start = history.last_step - (history.last_step - first) / 3
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            progress.probability,
            f"training ended at {history.unit} {history.last_step:g} while still improving: its last third "
            f"brought {training}{max(progress.val, progress.score):.0%} of validation's whole gain",
            evidence=(
                Measured("training's gain in the last third", progress.train, "share"),
                Measured("validation loss's gain in the last third", progress.val, "share"),
                Measured("validation score's gain in the last third", progress.score, "share"),
                *points,
                *gain,
                Measured("probability", progress.probability, "", limit=self.least_probability,
                         limit_reason="more likely than not; calibration/fit.py"),
            ),
            where=(Where("epochs", start, history.last_step),),
            figure=Figure(
                "curves",
                tuple(curve.name for curve in shown),
                (Mark("span", "last third", start, history.last_step),),
                caption="Still improving when training ends.",
            ),
        )  # fmt: skip
