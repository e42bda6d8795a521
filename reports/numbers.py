"""How every report writes numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from diagnose.finding import Measured

SHARES = frozenset({"share", "fraction", "probability", "of gain"})
"""Units whose values read best in percent."""
COUNTED = frozenset({"rows", "columns", "epochs", "groups"})
"""Units that lose their last letter beside a one."""
SHARE_OF = "share of "
"""A unit that begins so is a percentage of what follows."""
MOMENTS = frozenset({"epoch", "step", "iteration"})
"""Units whose values are moments, not amounts."""
PLAIN = frozenset({"loss"})
"""Units that say nothing beside the name of what was measured."""
UNCERTAIN_DIGITS = 3
"""Significant digits of a value that has an interval: more would be noise."""

LARGE = 10**15
"""From here on the digits of a number say nothing."""
MISSING = "–"
"""Stands for a number that is not known or not finite."""


def number(value: object) -> str:
    """Write a number with four significant digits, thousands apart; what is not finite becomes a dash.

    Examples
    --------
    >>> [number(v) for v in (0.123456, 23.0, 14714688, 1899.42, 3e-4, 1e-5, float("nan"), None)]
    ['0.1235', '23', '14,714,688', '1,899', '0.0003', '1e-5', '–', '–']
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
        return f"{value:,.0f}".replace("-", "−")
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
    """Write a value with its unit; shares in percent, moments as "epoch 23".

    Examples
    --------
    >>> quantity(0.0719, "share of the height"), quantity(17.09, "%"), quantity(0.46, "loss"), quantity(3.0, "epochs")
    ('7.19% of the height', '17.09%', '0.46', '3 epochs')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if unit in SHARES:
        return f"{number(_rounded(value * 100))}%"
    if unit.startswith(SHARE_OF):
        return f"{number(_rounded(value * 100))}% of {unit.removeprefix(SHARE_OF)}"
    if unit in MOMENTS:
        return f"{unit} {number(value)}"
    if unit == "%":
        return f"{number(value)}%"
    if value == 1 and unit in COUNTED:
        unit = unit.removesuffix("s")
    return number(value) if unit in PLAIN else f"{number(value)} {unit}".rstrip()


def value(measured: Measured) -> str:
    """Write a measured value with its unit, with no more digits than its interval allows."""
    return quantity(_certain(measured.value, measured), _unit(measured))


def interval(measured: Measured) -> str:
    """Write the interval of a measured value, or nothing where it has none or is exact."""
    is_exact = measured.low == measured.value == measured.high
    low, high = (_certain(end, measured) for end in (measured.low, measured.high))
    return "" if is_exact else span(low, high, _unit(measured))


def span(low: float | None, high: float | None, unit: str) -> str:
    """Write two ends: without their unit, shares in percent; nothing where neither is known.

    Examples
    --------
    >>> span(0.25, 0.5, "share of rows"), span(2.5, None, "loss"), span(None, 2.5, "loss"), span(None, None, "")
    ('25% to 50%', '2.5 at least', '2.5 at most', '')
    """
    unit = "share" if is_share(unit) else "%" if unit == "%" else ""
    first, second = quantity(low, unit), quantity(high, unit)
    if MISSING not in {first, second}:
        return f"{first} to {second}"
    return "" if first == second else f"{second} at most" if first == MISSING else f"{first} at least"


def is_share(unit: str) -> bool:
    """Whether values in this unit are written in percent."""
    return unit in SHARES or unit.startswith(SHARE_OF)


def limit(measured: Measured) -> str:
    """Write the limit beside a measured value, or nothing where it has none."""
    written = quantity(measured.limit, _unit(measured))
    return "" if written == MISSING else f"{measured.exceeds} {written}"


def passes(measured: Measured) -> bool | None:
    """Whether a measured value reaches or passes its limit; None where one of them is not known."""
    value, limit = measured.value, measured.limit
    if value is None or limit is None or not math.isfinite(value) or not math.isfinite(limit):
        return None
    return value >= limit if measured.exceeds == "above" else value <= limit


def missed(measured: Measured) -> str:
    """Say that a measured value does not pass its limit; empty where it does, or where there is nothing to compare.

    Examples
    --------
    >>> missed(Measured("rise", 0.3, limit=0.5)), missed(Measured("p", 0.2, limit=0.05, exceeds="below"))
    ('not exceeded', 'not reached')
    """
    return "" if passes(measured) is not False else "not exceeded" if measured.exceeds == "above" else "not reached"


def measured(measured: Measured) -> str:
    """Write a measured value with unit and interval in one line."""
    ends = interval(measured)
    return value(measured) + (f" ({ends})" if ends else "")


def _unit(measured: Measured) -> str:
    return measured.unit or ("probability" if measured.name == "probability" else "")


def _certain(value: float | None, measured: Measured) -> float | None:
    has_interval = measured.low is not None and measured.high is not None and measured.low != measured.high
    if value is None or not has_interval or measured.unit in MOMENTS:
        return value
    return _rounded(value)


def _rounded(value: float) -> float:
    """Round to three significant digits; whole numbers keep theirs."""
    if not math.isfinite(value) or float(value).is_integer():
        return value
    return float(f"{value:.{UNCERTAIN_DIGITS}g}")


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
