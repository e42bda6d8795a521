"""BAT703: batches are larger than the gradient's noise asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import Passed
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.noise_scale import NoiseScale


@dataclass(frozen=True)
class BatchAboveNoise:
    """Batches are larger than the gradient's noise asks for.

    ## What it detects
    A batch size far above the gradient noise scale.

    ## Why it matters
    Samples beyond the noise scale make a step dearer and hardly better: a smaller batch gets as far with the same
    number of steps, so in a fraction of the time. It costs computing, not quality, and is told as information.

    ## The evidence
    The gradient noise scale with its 90 % interval, of the later half of the looks; its upper end is compared with the
    batch, as the scale grows while a network learns.

    ## What to do
    Smaller batches, down to the noise scale; with SGD lower the learning rate in proportion.

    ## References
    - McCandlish, Kaplan, Amodei et al. (2018), An Empirical Model of Large-Batch Training, arXiv 1812.06162, §2
    - Shallue et al. (2019), Measuring the Effects of Data Parallelism on Neural Network Training
    """

    code: ClassVar[str] = "BAT703"
    cause: ClassVar[Cause] = Cause.BATCH_SIZE

    least_noise: float = 0.1
    """Upper end of the noise scale over the batch size: a batch of a tenth would lose a tenth of a step's progress."""
    certainty: float = 0.7
    """Measured in the later half of the run; it may grow further."""

    def check(self, noise_scale: NoiseScale) -> Iterator[Finding | Passed]:
        """Compare the batch with the noise scale."""
        noise = noise_scale
        if not math.isfinite(noise.high) or noise.high >= self.least_noise * noise.batch_size:
            yield Passed(f"batches of {noise.batch_size} are not large against the gradient's noise")
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO,
            self.certainty,
            f"batches hold {noise.batch_size}, ten times what the gradient's noise asks for (a noise scale of "
            f"{noise.scale:.2g}, at most {noise.high:.2g} samples): smaller ones get as far with the same steps",
            (Measured("gradient noise scale", noise.scale, "samples", low=noise.low, high=noise.high,
                      limit=self.least_noise * noise.batch_size, exceeds="below",
                      limit_reason="a tenth of the batch would lose a tenth of a step's progress"),
             Measured("batch size", float(noise.batch_size), "samples")),
            (Where("epochs", 0.0, noise.epoch),),
        )  # fmt: skip
