"""LRN603: the learning rate was never lowered although noise holds up progress."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.trend import Trend
from diagnose.run import Curve, History


@dataclass(frozen=True)
class NeverDecayed:
    """The learning rate was never lowered although noise holds up progress.

    ## What it detects
    A constant learning rate through a run whose training loss has stopped falling and jitters around its level.

    ## Why it matters
    At a constant rate stochastic gradients keep the weights at a distance from the minimum that grows with the rate.
    Lowering it is often worth as much as all the training before.

    ## The evidence
    The logged learning rate (it must be known to be constant), the fall of the training loss over its last third as a
    share of its gain, and that fall against the noise. A plateau without noise has other reasons (UNF301).

    ## What to do
    Decay the rate over the last third to a hundredth of its start (cosine or linear), or divide it by ten when the
    validation loss stalls for five epochs (`ReduceLROnPlateau`).

    ## References
    - Robbins & Monro (1951), A Stochastic Approximation Method
    - Smith, Kindermans, Ying & Le (2018), Don't Decay the Learning Rate, Increase the Batch Size
    - Loshchilov & Hutter (2017), SGDR: Stochastic Gradient Descent with Warm Restarts
    """

    code: ClassVar[str] = "LRN603"
    cause: ClassVar[Cause] = Cause.LEARNING_RATE

    least_points: int = 15
    """A third of them must show a plateau: five points, the usual patience."""
    most_progress: float = 0.02
    """Fall of the training loss in the last third, as a share of its gain: two percent can't be seen on a plot."""
    most_errors: float = 2.0
    """Or the same in standard errors: a fall that noise explains."""
    least_jitter: float = 0.02
    """Noise as a share of the gain: below, the noise is no larger than what is left to gain."""
    certainty: float = 0.6
    """That a lower rate would help: a rule of thumb, and the loss may be at its floor."""

    def check(
        self,
        history: History,
        train_loss: Curve,
        train_loss_trend: Trend,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare progress and noise at a known constant rate."""
        rate = history.learning_rate.finite.values if history.learning_rate is not None else np.array([])
        if len(rate) < 2:
            raise NotEnoughEvidence("the learning rate is not logged", "log the learning rate every epoch")
        if np.ptp(rate) > 1e-3 * np.abs(rate).max():
            yield NotApplicable(f"the learning rate was changed, from {rate[0]:.3g} to {rate[-1]:.3g}")
            return
        trend = train_loss_trend
        if trend.n < self.least_points or trend.gain <= 0:
            yield Passed(
                f"{trend.n} points are too few for a plateau" if trend.gain > 0 else "the training loss never fell"
            )
            return
        late, noise = trend.late_fall / trend.gain, trend.sigma / trend.gain
        still = late <= self.most_progress or trend.late_fall <= self.most_errors * trend.late_error
        if not still or noise < self.least_jitter:
            yield Passed(f"the last third brought {late:.1%} of the gain, at a noise of {noise:.1%} of it", ABSENT)
            return
        start = history.last_step - (history.last_step - float(trend.steps[0])) / 3
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO,
            self.certainty,
            f"the learning rate stayed at {rate[0]:.3g} while the training loss stood still in its last third "
            f"({late:.1%} of its gain) and jittered by {noise:.1%} of it",
            (
                Measured(
                    "fall in the last third",
                    late,
                    "share of the gain",
                    limit=self.most_progress,
                    exceeds="below",
                    limit_reason="can't be seen on a plot",
                ),
                Measured(
                    "noise",
                    noise,
                    "share of the gain",
                    limit=self.least_jitter,
                    limit_reason="larger than what is left",
                ),
            ),
            (Where("epochs", start, history.last_step), Where("curves", names=(train_loss.name,))),
            Figure(
                "curves",
                (train_loss.name,),
                (Mark("span", "last third", start, history.last_step),),
                caption="A plateau with noise, at a constant rate.",
            ),
        )
