"""Running statistics of normalisation against those of the data, gathered batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ROWS_OF_STATISTICS = 256
"""Rows, at least, whose activations are averaged: a channel's mean is then known to 1/√256 = 6 % of its deviation
between rows; all rows would make a pass of 2,000 half as long again."""


@dataclass
class Moments:
    """Mean and variance by channel of what a layer is given (Chan, Golub & LeVeque 1983, eq. 2.1).

    Attributes
    ----------
    every
        Of how many rows one is looked at.
    """

    every: int = 1
    count: int = 0
    rows: int = 0
    mean: Floats = field(default_factory=lambda: np.zeros(0))
    squares: Floats = field(default_factory=lambda: np.zeros(0))

    def add(self, count: int, rows: int, mean: npt.NDArray[np.floating], variance: npt.NDArray[np.floating]) -> None:
        """Take the moments of ``count`` values a channel, of that many rows; shape ``(channels,)``."""
        fresh, spread = np.asarray(mean, np.float64), np.asarray(variance, np.float64) * count
        if not self.count:
            self.count, self.rows, self.mean, self.squares = count, rows, fresh, spread
            return
        total = self.count + count
        moved = fresh - self.mean
        self.mean = self.mean + moved * (count / total)
        self.squares = self.squares + spread + moved**2 * (self.count * count / total)
        self.count, self.rows = total, self.rows + rows

    @property
    def variance(self) -> Floats:
        """By channel, of all values."""
        return self.squares / max(self.count, 1)


@dataclass(frozen=True)
class BatchNormShift:
    """One normalisation layer's running statistics against those of the data.

    Attributes
    ----------
    layer, block
        Their names.
    shift
        Root mean square over channels of (data's mean − running mean) / √(running variance + ε).
    scale
        Median over channels of (data's variance + ε) / (running variance + ε).
    rows
        Of the data that were looked at.
    """

    layer: str
    block: str
    shift: float
    scale: float
    rows: int

    @classmethod
    def of(  # noqa: PLR0913, PLR0917
        cls, layer: str, block: str, seen: Moments, mean: npt.ArrayLike, variance: npt.ArrayLike, epsilon: float
    ) -> BatchNormShift:
        """Compare what was seen with a layer's running mean and variance, shape ``(channels,)``."""
        running = np.asarray(variance, np.float64) + epsilon
        if not seen.count:
            return cls(layer, block, float("nan"), float("nan"), 0)
        moved = (seen.mean - np.asarray(mean, np.float64)) / np.sqrt(np.maximum(running, 1e-300))
        ratio = (seen.variance + epsilon) / np.maximum(running, 1e-300)
        return cls(layer, block, float(np.sqrt(np.mean(moved**2))), float(np.median(ratio)), seen.rows)
