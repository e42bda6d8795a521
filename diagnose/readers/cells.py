"""One logged cell as text: the number it holds, or the text it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diagnose.readers.protocol import Cell

MISSING = frozenset({"", "none", "null", "na", "n/a", "<na>", "nat", "-", "--", "?"})
"""Spellings of "not logged". ``nan`` is not among them: a logged NaN is evidence."""

_NAN = frozenset({"nan", "-nan", "+nan", "nan(ind)", "-nan(ind)", "1.#qnan", "1.#ind", "-1.#ind", "#num!", "#value!"})
_INFINITE = {"1.#inf": "inf", "-1.#inf": "-inf", "∞": "inf", "-∞": "-inf"}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_WRAPPED = re.compile(rf"(?:[A-Za-z_][\w.]*\()?\[?\s*({_NUMBER}|nan|-?inf)\s*\]?(?:,[^)]*)?\)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")


def parse_cell(text: str, *, decimal_comma: bool = False) -> Cell:
    """Return the number in a cell, None where nothing was logged, else the stripped text.

    Understands the spellings of NaN and infinity, ``12%`` (0.12), ``tensor(0.5)``, ``np.float32(0.5)``, decimal commas.

    Examples
    --------
    >>> parse_cell(" 1e-3 "), parse_cell("12 %"), parse_cell("tensor(0.5)"), parse_cell("None")
    (0.001, 0.12, 0.5, None)
    >>> parse_cell("0,25", decimal_comma=True), parse_cell("1,250"), parse_cell("00:12")
    (0.25, 1250.0, '00:12')
    """
    stripped = text.strip().strip("\"'").strip()
    plain = stripped.replace(",", ".") if decimal_comma and stripped.count(",") == 1 else stripped
    number = _as_float(plain)
    if number is not None:
        return number
    lowered = stripped.lower()
    if lowered in MISSING:
        return None
    if lowered in _NAN:
        return float("nan")
    if lowered in _INFINITE:
        return float(_INFINITE[lowered])
    return _unusual(stripped)


def _unusual(stripped: str) -> Cell:
    if stripped.endswith("%"):
        share = parse_cell(stripped[:-1].replace(",", "."))
        return share / 100 if isinstance(share, float) else stripped
    if _THOUSANDS.fullmatch(stripped):
        return float(stripped.replace(",", ""))
    if _DECIMAL_COMMA.fullmatch(stripped):
        return float(stripped.replace(",", "."))
    wrapped = _WRAPPED.fullmatch(stripped)
    return float(wrapped.group(1)) if wrapped else stripped


def _as_float(text: str) -> float | None:
    if "_" in text:  # Python reads 1_000; no log writes it, but "1_2" is a name
        return None
    try:
        return float(text)
    except ValueError:
        return None


def parse_column(cells: Sequence[str], *, decimal_comma: bool = False) -> list[Cell]:
    """Parse a column of cells; the common case (all plain numbers or empty) is quick."""
    if not decimal_comma:
        try:
            return [float(cell) if cell else None for cell in cells]
        except ValueError:
            pass
    return [parse_cell(cell, decimal_comma=decimal_comma) for cell in cells]


def as_cell(value: object) -> Cell:
    """Return a Python object from JSON, YAML or a data frame as a cell; containers become text."""
    if value is None:
        return None
    if isinstance(value, str):
        return parse_cell(value)
    if isinstance(value, (bool, int, float)) or hasattr(value, "__float__"):
        try:
            return float(value)
        except OverflowError:
            return float("inf")
        except (TypeError, ValueError):
            return str(value)
    return str(value)
