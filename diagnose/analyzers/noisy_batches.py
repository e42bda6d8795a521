"""BAT701: small batches make the training loss too noisy to go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, EXPLAINED, NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import LIKELY, Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.stability import Instability
from diagnose.measures.trend import Trend
from diagnose.run import Context, Curve, History
from diagnose.stats.noise import jitter


@dataclass(frozen=True)
class NoisyBatches:
    """Small batches make the training loss too noisy to go on.

    ## What it detects
    A small batch size together with a training loss, logged by steps, whose jitter from point to point is large
    against all that training has gained, and that has stopped falling.

    ## Why it matters
    Gradients of few samples point in random directions; progress stops where their noise balances the step. BatchNorm's
    statistics suffer as well.

    ## The evidence
    The noise of the training loss as logged (second differences), as a share of its fall from the first twentieth of
    the run to the last; the known batch size; no progress in the last third. The noise of the loss is a weak stand-in
    for the noise of the gradient: measured gradients (a callback) would say more.

    ## What to do
    Make the batch four times as large, or accumulate gradients over four batches, and keep the learning rate: the noise
    goes with the rate over the batch size, so a rate scaled up with the batch would keep it. Or lower the learning
    rate: for the noise the two are alike.

    ## References
    - McCandlish, Kaplan, Amodei et al. (2018), An Empirical Model of Large-Batch Training, arXiv 1812.06162
    - Smith, Kindermans, Ying & Le (2018), Don't Decay the Learning Rate, Increase the Batch Size
    """

    code: ClassVar[str] = "BAT701"
    cause: ClassVar[Cause] = Cause.BATCH_SIZE

    small: int = 16
    """BatchNorm's error grows quickly below 16 (Wu & He 2018, fig. 1), and the usual batches are 32 and more."""
    least_points: int = 50
    """More points than most runs have epochs: a loss logged by steps."""
    most_noise: float = 0.25
    """Noise of one logged point over the whole gain: a quarter hides all progress of the last third."""
    most_progress: float = 0.02
    """Share of the gain that the last third brought: can't be seen on a plot."""
    certainty: float = 0.55
    """The symptom fits; a learning rate too high looks the same."""

    def check(
        self, history: History, context: Context, train_loss: Curve, train_loss_trend: Trend,
        instability: Instability | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:  # fmt: skip
        """Compare noise and progress at a known batch size."""
        if context.batch_size is None:
            raise NotEnoughEvidence("the batch size is unknown", "give it: --context batch_size=32")
        if context.batch_size >= self.small:
            yield Passed(f"batches of {context.batch_size} are not small", ABSENT)
            return
        trend = train_loss_trend
        first = max(3, trend.n // 20)
        gain = float(np.median(trend.cost[:first])) - trend.end
        if len(train_loss) < self.least_points:
            raise NotEnoughEvidence(
                f"the training loss has {len(train_loss)} points; its noise within epochs needs {self.least_points}",
                "log the training loss every few steps",
            )
        if gain <= 0:
            yield NotApplicable("the training loss did not fall from its first twentieth to its last")
            return
        noise, late = jitter(train_loss.values) / gain, trend.late_fall / gain
        if noise <= self.most_noise or late > self.most_progress:
            yield Passed(
                f"the noise of the training loss is {noise:.0%} of its gain, and the last third brought {late:.0%}",
                EXPLAINED,
            )
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING if instability is not None and instability.probability >= LIKELY else Severity.INFO,
            self.certainty,
            f"batches of {context.batch_size} make the training loss jitter by {noise:.0%} of its whole gain, "
            "and it stopped falling",
            (
                Measured("noise of the training loss", noise, "share of the gain", limit=self.most_noise,
                         limit_reason="hides the progress of the last third"),
                Measured("batch size", float(context.batch_size), "samples", limit=float(self.small), exceeds="below",
                         limit_reason="Wu & He (2018), fig. 1"),
                Measured("fall in the last third", late, "share of the gain", limit=self.most_progress, exceeds="below",
                         limit_reason="can't be seen on a plot"),
            ),
            (Where("curves", names=(train_loss.name,)),),
            Figure("curves", (train_loss.name,),
                   (Mark("span", "all steps", float(train_loss.steps[0]), history.last_step),),
                   caption="The noise of small batches."),
        )  # fmt: skip
