"""The gradient noise scale: the batch at which noise and signal of the gradient are equal.

With gradients of batches of size B, E|g|² = |G|² + tr(Σ) / B, and the product of two different ones is |G|² on average;
so B_simple = tr(Σ) / |G|² = B (squared - product) / product (McCandlish et al. 2018, arXiv 1812.06162, eq. 2.9, A.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import RECORD
from diagnose.recording import GradientNoise, Recording

LEAST_LOOKS = 3
"""Two of them say nothing of their own error."""
ALPHA = 0.1
"""Both ends of the interval together: the field's usual one-sided 5 %."""


@dataclass(frozen=True)
class NoiseScale:
    """Of the later half of the looks.

    Attributes
    ----------
    batch_size
        Samples behind the gradients that were compared.
    looks
        Their number.
    scale
        B_simple; infinite where the gradient can't be told from its noise.
    low, high
        Its 90 % interval by Fieller's theorem; ``high`` is infinite where the gradient may be nothing, ``low`` NaN
        where noise can't be told from nothing either.
    epoch
        Of the last look.
    """

    batch_size: int
    looks: int
    scale: float
    low: float
    high: float
    epoch: float


def noise_scale(recording: Recording) -> NoiseScale:
    """Measure it; of several batch sizes the last one's.

    Raises
    ------
    NotEnoughEvidence
        Gradients were compared at fewer than three moments.
    """
    size = recording.noise[-1].batch_size if recording.noise else 0
    looks = [n for n in recording.noise if n.batch_size == size and math.isfinite(n.squared) and n.squared > 0
             and math.isfinite(n.product)]  # fmt: skip
    if len(looks) < LEAST_LOOKS:
        raise NotEnoughEvidence(f"gradients of several batches were compared {len(looks)} times", RECORD)
    kept = looks[-max(LEAST_LOOKS, math.ceil(len(looks) / 2)) :]
    return _of(kept, size)


def _of(looks: list[GradientNoise], batch: int) -> NoiseScale:
    product = np.array([n.product for n in looks])
    noise = batch * (np.array([n.squared for n in looks]) - product)
    mean_noise, mean_product = float(noise.mean()), float(product.mean())
    low, high = _fieller(noise, product)
    scale = max(mean_noise, 0.0) / mean_product if mean_product > 0 else math.inf
    return NoiseScale(batch, len(looks), scale, low, high, looks[-1].epoch)


def _fieller(above: np.ndarray, below: np.ndarray) -> tuple[float, float]:
    """Interval of the ratio of two means; its upper end is infinite where the lower mean may be nothing."""
    n = len(above)
    t = float(special.stdtrit(n - 1, 1 - ALPHA / 2))
    cov = np.cov(above, below) / n
    a, b = float(above.mean()), float(below.mean())
    if a - t * math.sqrt(cov[0, 0]) <= 0:
        low = 0.0 if a > 0 else math.nan
        return low, math.inf if b - t * math.sqrt(cov[1, 1]) <= 0 else (a + t * math.sqrt(cov[0, 0])) / b
    square = b * b - t * t * cov[1, 1]
    cross = a * b - t * t * cov[0, 1]
    inside = cross * cross - square * (a * a - t * t * cov[0, 0])
    if square <= 0 or b <= 0:
        # the lower mean may be nothing, or is surely below: only the least ratio is known
        most = b + t * math.sqrt(cov[1, 1])
        return ((a - t * math.sqrt(cov[0, 0])) / most if most > 0 else math.inf), math.inf
    root = math.sqrt(max(inside, 0.0))
    return max((cross - root) / square, 0.0), (cross + root) / square
