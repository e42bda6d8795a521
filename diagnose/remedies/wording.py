"""Numbers and code as remedies write them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from string import Template


class Verbatim(str):
    """Text that a snippet takes as it is, not quoted: an operator or a class name of ours, never a name from a log."""

    __slots__ = ()


def short(value: float) -> str:
    """Write a number with two significant digits, as it is typed in code.

    Examples
    --------
    >>> short(0.0003), short(1e-05), short(0.01), short(64), short(14714688.0)
    ('3e-4', '1e-5', '0.01', '64', '14714688')
    """
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    if abs(value) < 0.01:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"


def one_digit(value: float) -> float:
    """Round to one significant digit: what a person would type.

    Examples
    --------
    >>> one_digit(0.000333), one_digit(0.0), one_digit(0.0471)
    (0.0003, 0.0, 0.05)
    """
    if value == 0 or not math.isfinite(value):
        return value
    return float(f"{value:.0e}")


def four_digits(value: float) -> float:
    """Round what was estimated and will be typed.

    Examples
    --------
    >>> four_digits(254.97123), four_digits(0.0)
    (255.0, 0.0)
    """
    return float(f"{value:.4g}")


def counted(number: int) -> str:
    """Write a count for people.

    Examples
    --------
    >>> counted(14714688), counted(800), counted(22403)
    ('14.7 M', '800', '22,403')
    """
    return f"{number / 1e6:.1f} M" if number >= 1_000_000 else f"{number:,}"


def moment(step: float) -> str:
    """Write a step: whole where it is whole, else with the digits that matter.

    Examples
    --------
    >>> moment(23.0), moment(9.996606), moment(137510.0)
    ('23', '10', '137510')
    """
    return f"{step:.0f}" if abs(step - round(step)) < 0.005 or step >= 1000 else f"{step:.3g}"


def steps_of(number: float, unit: str) -> str:
    """Write a length of training.

    Examples
    --------
    >>> steps_of(1.0, "epoch"), steps_of(36, "epoch"), steps_of(0.28, "epoch")
    ('1 epoch', '36 epochs', '0.28 epochs')
    """
    return f"{moment(number)} {unit}{'' if moment(number) == '1' else 's'}"


def snippet(templates: Mapping[str, str], dialect: str | None, **values: float | str | None) -> str:
    r"""Fill in the lines for one framework; empty where there are none for it.

    Names from logs enter as quoted literals, so that they can't become code.

    Examples
    --------
    >>> snippet({"torch": "optimizer.step($x)"}, "torch", x="a'b")
    'optimizer.step("a\'b")'
    """
    template = templates.get(dialect or "")
    return "" if template is None else Template(template).substitute({k: _literal(v) for k, v in values.items()})


def _literal(value: float | str | None) -> str:
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, float):
        return short(value)
    return repr(value)
