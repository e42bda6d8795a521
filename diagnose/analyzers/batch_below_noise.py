"""BAT702: batches are so small that the gradient is mostly noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, Passed
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.live_learning import Learning
from diagnose.measures.noise_scale import NoiseScale


@dataclass(frozen=True)
class BatchBelowNoise:
    """Batches are so small that the gradient is mostly noise.

    ## What it detects
    A gradient noise scale far above the batch size, in a run that learns poorly.

    ## Why it matters
    A batch of size B makes B / (B + noise scale) of the progress of an exact gradient's step at the best rate. Far
    below the noise scale, steps point nearly at random and only a low learning rate averages them out.

    ## The evidence
    B_simple = B (E|g|² − g·g′) / g·g′, from gradients of several batches at the same weights, with a 90 % interval by
    Fieller's theorem over the looks; its lower end is compared. The loss's scale does not matter. The noise scale grows
    as a network learns, so a run that learns is told as information. Where the product is not above nothing, the
    gradient can't be told from its noise: at a minimum, or with labels that can't be learnt, no batch size helps, so
    that is information too.

    ## What to do
    A larger batch or accumulated gradients at the same rate, or a lower rate at the same batch: for the noise the two
    are alike (it goes with rate over batch size).

    ## References
    - McCandlish, Kaplan, Amodei et al. (2018), An Empirical Model of Large-Batch Training, arXiv 1812.06162, §2
    - Smith, Kindermans, Ying & Le (2018), Don't Decay the Learning Rate, Increase the Batch Size
    - Goyal et al. (2017), Accurate, Large Minibatch SGD
    """

    code: ClassVar[str] = "BAT702"
    cause: ClassVar[Cause] = Cause.BATCH_SIZE

    most_noise: float = 20.0
    """Noise scale over batch size: below, a step still makes 5 % of the progress of an exact one."""
    small: int = 16
    """Batches of the usual 32 and more are seldom the fault: as for BAT701."""
    certainty: float = 0.6
    """The noise is measured; that a larger batch would help as much as a lower rate is open."""
    certainty_lost: float = 0.3
    """A gradient that can't be told from noise: at a minimum, or without signal, no batch helps."""

    def check(self, noise_scale: NoiseScale, live_learning: Learning) -> Iterator[Finding | Passed]:
        """Compare the noise scale with the batch."""
        noise = noise_scale
        if not noise.low > self.most_noise * noise.batch_size:
            scale = "unknown" if math.isnan(noise.low) else f"at least {noise.low:.2g}"
            yield Passed(f"the gradient noise scale is {scale}, the batch {noise.batch_size}", ABSENT)
            return
        is_lost = not math.isfinite(noise.high) or math.isinf(noise.scale)
        poor = not live_learning.has_learnt and not is_lost and noise.batch_size < self.small
        share = noise.batch_size / (noise.batch_size + noise.low)
        said = (
            "the gradient can't be told from its noise" if math.isinf(noise.scale)
            else f"the gradient noise scale is {noise.scale:.2g} samples (at least {noise.low:.2g})"
        )  # fmt: skip
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING if poor else Severity.INFO,
            self.certainty_lost if is_lost else self.certainty,
            f"{said}, and batches hold {noise.batch_size}: a step makes at most {share:.1%} of an exact one's progress"
            + (f"; {live_learning.words}" if poor else ""),
            (Measured("gradient noise scale", noise.scale if math.isfinite(noise.scale) else None, "samples",
                      low=noise.low, high=noise.high if math.isfinite(noise.high) else None,
                      limit=self.most_noise * noise.batch_size, limit_reason="5 % of the progress of an exact step"),
             Measured("batch size", float(noise.batch_size), "samples")),
            (Where("epochs", 0.0, noise.epoch),),
        )  # fmt: skip
