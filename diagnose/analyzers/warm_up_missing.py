"""LRN604: the loss spikes at the start, at full learning rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.trend import Trend
from diagnose.run import Context, Curve, History


@dataclass(frozen=True)
class WarmUpMissing:
    """The loss spikes at the start, at full learning rate.

    ## What it detects
    A training loss that rises above its first level within the first tenth of the run and recovers afterwards, in a
    run whose learning rate did not start low.

    ## Why it matters
    Adaptive optimisers know their step sizes only after some hundred steps, and early large steps can spoil
    pretrained weights or push a Transformer's layers to where they learn slowly.

    ## The evidence
    The highest of the first tenth of the points above the first one, in standard deviations of the noise, and that
    the loss later falls below its start. A known warm-up, or a logged rate that rises at first, rules it out.

    ## What to do
    Warm up linearly over the first 5 % of the steps (500 to 2,000 for Transformers); or use RAdam, or a lower rate.

    ## References
    - Goyal et al. (2017), Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour (gradual warm-up)
    - Liu et al. (2020), On the Variance of the Adaptive Learning Rate and Beyond
    - Xiong et al. (2020), On Layer Normalization in the Transformer Architecture
    """

    code: ClassVar[str] = "LRN604"
    cause: ClassVar[Cause] = Cause.LEARNING_RATE

    least_points: int = 30
    """A tenth must hold three points."""
    early: float = 0.1
    """The usual length of a warm-up at the longest."""
    least_noise: float = 5.0
    """Height of the early spike in standard deviations of the noise: beyond any ordinary one."""
    least_height: float = 0.2
    """Height as a share of the whole gain: seen on a plot."""
    certainty: float = 0.6
    """That a warm-up would have avoided it; unscaled inputs or one bad batch look the same."""

    def check(
        self, history: History, context: Context, train_loss: Curve, train_loss_trend: Trend
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Look for a spike in the first tenth."""
        trend = train_loss_trend
        rate = history.learning_rate.finite.values if history.learning_rate is not None else np.array([])
        if context.warmup or (len(rate) > 1 and rate[0] < 0.5 * rate.max()):
            yield NotApplicable("the learning rate is warmed up")
            return
        if trend.n < self.least_points:
            yield Passed(f"{trend.n} points are too few to look at the first tenth")
            return
        first = trend.cost[: max(3, round(self.early * trend.n))]
        height = float(first.max() - first[0])
        recovers = trend.end < trend.start and trend.gain > 0
        if not recovers or height <= self.least_noise * trend.sigma or height <= self.least_height * trend.gain:
            yield Passed("the loss shows no spike at its start")
            return
        at = float(trend.steps[int(np.argmax(first))])
        optimizer = f" with {context.optimizer}" if context.optimizer else ""
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO,
            self.certainty,
            f"the training loss rose by {height:.3g} above its start at {history.unit} {at:g}{optimizer} and "
            f"recovered: the learning rate was not warmed up",
            (
                Measured("height of the early spike", height, "loss", limit=self.least_noise * trend.sigma,
                         limit_reason="five standard deviations of the noise"),
                Measured("the same as a share of the gain", height / trend.gain, "share", limit=self.least_height,
                         limit_reason="seen on a plot"),
            ),
            (Where("epochs", float(trend.steps[0]), at), Where("curves", names=(train_loss.name,))),
            Figure("curves", (train_loss.name,), (Mark("line", "early spike", at),), caption="A spike at the start."),
        )  # fmt: skip
