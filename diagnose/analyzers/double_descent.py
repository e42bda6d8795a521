"""OVF105: the validation loss rose and fell again below its first minimum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.descent import SecondDescent
from diagnose.run import Curve, History


@dataclass(frozen=True)
class DoubleDescent:
    """The validation loss rose and fell again below its first minimum.

    ## What it detects
    A hump: the validation loss reached a first minimum, rose, and then descended a second time to a lower level.

    ## Why it matters
    Early stopping at the first minimum would have kept a worse model. Such a rise is not overfitting in the end, and
    it warns that stopping with little patience is wrong for this task.

    ## The evidence
    The part up to the hump's top is tested for a turn as in OVF101; the best level must lie below the first minimum
    by more than noise. A cut in the learning rate or a new phase can end a hump as well: compare the learning rate.

    ## What to do
    Raise the patience beyond the hump's length. Label smoothing, more data or stronger regularisation flatten the
    hump; it is typical of noisy labels.

    ## References
    - Nakkiran et al. (2020), Deep Double Descent: Where Bigger Models and More Data Hurt
    - Heckel & Yilmaz (2021), Early Stopping in Deep Networks: Double Descent and How to Eliminate it
    """

    code: ClassVar[str] = "OVF105"
    cause: ClassVar[Cause] = Cause.OVERFITTING

    alpha: float = 0.001
    """Error rate of the turn; strict, because the largest of many humps is tested."""
    least_noise: float = 3.0
    """How far the second descent must end below the first minimum, in standard deviations of the noise."""
    least_height: float = 0.05
    """Height of the hump as a share of the whole gain: what a plot shows."""
    least_length: float = 0.1
    """Length of the hump as a share of the run: a spike is shorter (INS502)."""
    certainty: float = 0.9
    """The hump is tested; left are phases and learning-rate cuts."""

    def check(self, history: History, val_loss: Curve, second_descent: SecondDescent) -> Iterator[Finding | Passed]:
        """Compare the hump and the second descent with noise."""
        hump = second_descent
        seen = hump.height >= self.least_height and hump.length >= self.least_length
        if not seen or hump.p_value > self.alpha or hump.below_in_noise <= self.least_noise:
            yield Passed("validation loss shows no second descent beyond its noise")
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO,
            self.certainty,
            f"validation loss rose by {hump.hump:.3g} between {history.unit} {hump.first:g} and {hump.peak:g}, "
            f"then fell to {hump.below:.3g} below its first minimum",
            (
                Measured(
                    "p-value of no hump",
                    hump.p_value,
                    "",
                    limit=self.alpha,
                    exceeds="below",
                    limit_reason="error rate on a flat curve",
                ),
                Measured(
                    "height of the hump",
                    hump.height,
                    "share of the gain",
                    limit=self.least_height,
                    limit_reason="seen on a plot",
                ),
                Measured(
                    "length of the hump",
                    hump.length,
                    "share of the run",
                    limit=self.least_length,
                    limit_reason="a spike is shorter",
                ),
                Measured("second descent below the first minimum", hump.below, "loss"),
                Measured(
                    "the same in noise",
                    min(hump.below_in_noise, 1e6),
                    "standard deviations",
                    limit=self.least_noise,
                    limit_reason="one in a thousand points lies beyond",
                ),
            ),
            (Where("epochs", hump.first, hump.end), Where("curves", names=(val_loss.name,))),
            Figure(
                "curves",
                (val_loss.name,),
                (Mark("span", "hump", hump.first, hump.end), Mark("line", "top", hump.peak)),
                caption="Down, up, and down again.",
            ),
        )
