"""Axes: the range that shows a curve best, where a value lies on it, and ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diagnose.reports.numbers import number

LOG_RATIO = 100.0
"""Positive values that span more than two decades are drawn on a logarithmic axis."""
FAR_OUT = 8.0
"""A value further outside the central 80 % than 8 times their width would leave them less than 1/9 of the axis."""
KEPT_OUT = 2.0
"""Where values are that far out, the axis ends 2 widths outside the central 80 %."""
HUGE = 1e150
"""Values beyond are drawn as this one, so that no step of the arithmetic overflows."""
FEW = 8
"""Of fewer values none is called far out."""
ROUNDING = 1e-12
"""Share of the range below which the central values count as one."""
PADDING = 0.04
"""Share of the range that is left free on either side."""


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic axis from ``low`` to ``high`` in data units."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Position on the axis, 0 at its low and 1 at its high end; outside of that where the value is."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return -1.0
        return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    def holds(self, value: float) -> bool:
        """Whether the value lies on the axis."""
        return -1e-9 <= self.place(value) <= 1 + 1e-9

    def ticks(self, count: int, *, whole: bool = False) -> tuple[tuple[float, str], ...]:
        """About ``count`` round values on the axis, with their labels; whole numbers only where asked."""
        return _log_ticks(self, count) if self.log else _linear_ticks(self, count, whole=whole)


def spanning(values: Sequence[float]) -> Scale:
    """Linear axis over all of the values, none of which is far out: for epochs."""
    bounded = _bounded(values) or [0.0, 1.0]
    return _widened(min(bounded), max(bounded), log=False)


def covering(values: Sequence[float], *, log: bool | None = None) -> Scale:
    """Axis on which finite values are seen best.

    Few values that are far from all others do not flatten these: the axis ends before them.

    Parameters
    ----------
    values
        Finite, in any order.
    log
        Whether the axis is logarithmic; decided by the values when None. Never so where a value is not positive.
    """
    if not values:
        return Scale(0.0, 1.0)
    values = _bounded(values)
    if log is not False and min(values) > 1 / HUGE:
        low, high = _robust(sorted(values))
        if log or low <= 0 or high / low > LOG_RATIO:
            low, high = (math.exp(end) for end in _robust(sorted(math.log(value) for value in values)))
            return _widened(low, high, log=True)
    return _widened(*_robust(sorted(values)), log=False)


def _bounded(values: Sequence[float]) -> list[float]:
    return [min(max(value, -HUGE), HUGE) for value in values]


def _robust(ordered: Sequence[float]) -> tuple[float, float]:
    """Find the ends of the values, or ends nearer to the central 80 % where single values are far out."""
    last = len(ordered) - 1
    inner_low, inner_high = ordered[math.ceil(0.1 * last)], ordered[math.floor(0.9 * last)]
    width = inner_high - inner_low
    low, high = ordered[0], ordered[-1]
    if len(ordered) < FEW or width <= ROUNDING * (high - low):
        return low, high
    if high - inner_high > FAR_OUT * width:
        high = inner_high + KEPT_OUT * width
    if inner_low - low > FAR_OUT * width:
        low = inner_low - KEPT_OUT * width
    return low, high


def _widened(low: float, high: float, *, log: bool) -> Scale:
    if log:
        factor = max((high / low) ** PADDING, 1.02)
        return Scale(low / factor, high * factor, log=True)
    pad = (high - low) * PADDING or abs(high) * 0.05 or 0.5
    return Scale(low - pad, high + pad)


def _linear_ticks(scale: Scale, count: int, *, whole: bool) -> tuple[tuple[float, str], ...]:
    rough = (scale.high - scale.low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((f * power for f in (1, 2, 2.5, 5) if f * power >= rough * 0.9), 10 * power)
    if whole:
        step = max(1.0, math.ceil(step))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9) + (1 if round(step / power, 6) == 2.5 else 0))
    first = math.ceil(scale.low / step - 1e-9)
    values = [(first + index) * step for index in range(4 * count + 4)]
    return tuple((value, _tick_label(value, decimals)) for value in values if value <= scale.high + step * 1e-9)


def _tick_label(value: float, decimals: int) -> str:
    if 1e5 <= abs(value) < 1e9:
        return f"{value / 1e6:.4g}M" if abs(value) >= 1e6 else f"{value / 1e3:.4g}k"
    if abs(value) >= 1e5 or decimals > 4:
        # as many digits as tell one tick from the next
        digits = max(3, decimals + 1 + math.floor(math.log10(abs(value)))) if 0 < abs(value) < 1 else 3
        mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
        if not exponent and abs(value) >= 1e5:
            mantissa, _, exponent = f"{value:.2e}".partition("e")
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return f"{value + 0.0:.{decimals}f}"


def _log_ticks(scale: Scale, count: int) -> tuple[tuple[float, str], ...]:
    decades = math.log10(scale.high) - math.log10(scale.low)
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    factors = (1, 2, 5) if decades < count / 3 else (1, 3) if decades < count / 2 else (1,)
    stride = max(1, round(decades / count))
    values = [factor * 10.0**power for power in range(first, last + 1) if power % stride == 0 for factor in factors]
    return tuple((value, number(value)) for value in values if scale.low <= value <= scale.high)
