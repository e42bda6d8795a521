"""What texts say: numbers, times, truth values, or that nothing is known. Once for each distinct text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from diagnose.data import FloatArray

MISSING = frozenset({"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "-nan", "null", "NULL", "None", "<NA>", "NaT"})
"""Texts that programmes write where they have no value. A question mark or a dash may be one, and may be a category."""
TRUTHS = {"true": True, "false": False}
_DATE = re.compile(r"\d{4}([-/])\d{1,2}\1\d{1,2}(?:[ T]\d{1,2}:\d{2}.*)?\Z")
"""Dates that begin with a year: day and month of others can be told apart only by guessing."""
_PIECE = 65_536


def as_numbers(texts: Sequence[str], *, decimal_comma: bool = False) -> FloatArray:
    """Return the numbers that texts spell, shape ``(n,)``; NaN where one spells none.

    Examples
    --------
    >>> as_numbers(["1", " 2.5e3", "1_000", "?", "inf"]).tolist()
    [1.0, 2500.0, nan, nan, inf]
    """
    found = np.empty(len(texts))
    for start in range(0, len(texts), _PIECE):
        piece = texts[start : start + _PIECE]
        if decimal_comma:
            piece = [text.replace(",", ".") if "." not in text else "" for text in piece]
        try:
            numbers = np.fromiter(map(float, piece), np.float64, len(piece))
        except ValueError:
            numbers = np.fromiter(map(_number, piece), np.float64, len(piece))
        found[start : start + len(piece)] = numbers
    for at, text in enumerate(texts):
        if "_" in text:
            found[at] = np.nan  # Python reads 1_000, people write order_1
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def as_times(texts: Sequence[str]) -> FloatArray:
    """Return seconds since 1970 of ISO dates and times, UTC where no zone is given; NaN where a text is none.

    Examples
    --------
    >>> as_times(["1970-01-02", "1970-01-01T01:00:00+01:00", "2024/2/1", "5"]).tolist()
    [86400.0, 0.0, 1706745600.0, nan]
    """
    return np.fromiter(map(_time, texts), np.float64, len(texts))


def _time(text: str) -> float:
    if not _DATE.match(text):
        return float("nan")
    day, mark, clock = re.sub(r"[ T]", " ", text, count=1).partition(" ")
    parts = re.split(r"[-/]", day)
    try:
        read = datetime.fromisoformat(f"{parts[0]}-{parts[1]:0>2}-{parts[2]:0>2}{mark}{clock.strip()}")
    except ValueError:
        return float("nan")
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def as_truths(texts: Sequence[str]) -> npt.NDArray[np.bool_] | None:
    """Return the truth values that texts spell, shape ``(n,)``, or None where one spells none.

    Examples
    --------
    >>> as_truths(["True", "false"]).tolist(), as_truths(["yes"])
    ([True, False], None)
    """
    if not texts or len(texts) > 2 * len(TRUTHS) + 2 or any(text.casefold() not in TRUTHS for text in texts):
        return None
    return np.array([TRUTHS[text.casefold()] for text in texts])


def has_leading_zeros(texts: Iterable[str]) -> bool:
    """Whether a whole number is written with a zero before it: then it is a code, such as that of a place.

    Examples
    --------
    >>> has_leading_zeros(["01067", "80331"]), has_leading_zeros(["0", "0.5", "10"])
    (True, False)
    """
    return any(text[:1] == "0" and text[1:].isdecimal() for text in texts)


def spelled(numbers: npt.NDArray[np.generic]) -> list[str]:
    """Return numbers as text, whole ones without a point: the same for an integer, a float and a file's text.

    Examples
    --------
    >>> spelled(np.array([3.0, 0.1], np.float32)), spelled(np.array([2**60]))
    (['3', '0.1'], ['1152921504606846976'])
    """
    if numbers.dtype.kind in "iub":
        return [str(int(value)) for value in numbers.tolist()]
    whole = 1e15  # below which every whole number is a float of its own
    return [
        str(int(value)) if np.isfinite(value) and abs(value) < whole and float(value).is_integer() else str(value)
        for value in numbers
    ]
