"""How every report writes numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from diagnose.finding import Measured

SHARES = frozenset({"share", "fraction", "probability", "of gain"})
"""Units whose values read best in percent."""
MOMENTS = frozenset({"epoch", "step", "iteration"})
"""Units whose values are moments, not amounts."""

LARGE = 10**15
"""From here on the digits of a number say nothing."""
MISSING = "–"
"""Stands for a number that is not known or not finite."""


def number(value: object) -> str:
    """Write a number with four significant digits, thousands apart; what is not finite becomes a dash.

    Examples
    --------
    >>> [number(v) for v in (0.123456, 23.0, 14714688, 3e-4, 1e-5, float("nan"), None)]
    ['0.1235', '23', '14,714,688', '0.0003', '1e-5', '–', '–']
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return MISSING
    if isinstance(value, int) and abs(value) >= LARGE:
        return f"{Decimal(value):.3e}"
    if not math.isfinite(value):
        return MISSING
    if float(value).is_integer() and abs(value) < LARGE:
        return f"{int(value):,}".replace("-", "−")
    if 1000 <= abs(value) < LARGE:
        return f"{value:,.1f}".replace("-", "−")
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−", 1 if value < 0 else 0)


def percent(value: float | None) -> str:
    """Write a probability or share, never rounding a doubt away.

    Examples
    --------
    >>> [percent(v) for v in (0.874, 0.9991, 0.002, 0.0, 1.0, None)]
    ['87%', '>99%', '<1%', '0%', '100%', '–']
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if 0.99 < value < 1:
        return ">99%"
    if 0 < value < 0.01:
        return "<1%"
    return f"{value:.0%}"


def quantity(value: float | None, unit: str) -> str:
    """Write a value with its unit; shares in percent, moments as "epoch 23"."""
    if value is None or not math.isfinite(value):
        return MISSING
    if unit in SHARES:
        return f"{number(float(f'{value * 100:.3g}'))}%"
    if unit in MOMENTS:
        return f"{unit} {number(value)}"
    return f"{number(value)} {unit}".rstrip()


def interval(measured: Measured) -> str:
    """Write the interval of a measured value, or nothing where it has none."""
    unit = measured.unit if measured.unit in SHARES else ""
    ends = [quantity(end, unit) for end in (measured.low, measured.high)]
    return "" if ends == [MISSING, MISSING] else " to ".join(ends)


def limit(measured: Measured) -> str:
    """Write the limit beside a measured value, or nothing where it has none."""
    written = quantity(measured.limit, measured.unit)
    return "" if written == MISSING else f"{measured.exceeds} {written}"


def measured(value: Measured) -> str:
    """Write a measured value with unit and interval in one line."""
    ends = interval(value)
    return quantity(value.value, value.unit) + (f" ({ends})" if ends else "")


def plain(value: Any) -> str:
    """Write any value of a context, a limit or an action for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        return ", ".join(
            f"{key}: {plain(inner)}" for key, inner in sorted(value.items(), key=lambda item: str(item[0]))
        )
    if isinstance(value, list | tuple):
        return ", ".join(plain(inner) for inner in value)
    return MISSING if value is None else str(value)
