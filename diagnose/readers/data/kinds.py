"""What a column's values are, by rules that are stated, with the reason beside each decision.

Whoever knows better says so: ``kinds={"zip": "category"}``, ``--kind zip=category``.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from diagnose.data import BoolArray, Kind
from diagnose.readers.data.cells import Cells, Form
from diagnose.readers.data.text_values import as_numbers, as_times, as_truths, has_leading_zeros

ROWS_A_LEVEL = 20
"""Rows that a level has on average where a column is surely a category: four times what χ² asks of an expected count
(5, Cochran 1954), so that levels below the average can be examined too."""
FEW_LEVELS = 20
"""As many distinct values are a category however few rows there are: two rows of a small table say nothing."""
ROWS_A_CLASS = 5
"""Rows that a class has on average where a label of whole numbers 0 … k-1 is taken for classes."""
MANY_WORDS = 3.0
"""Words of a text on average from which it is language and no name of a category ("Married-civ-spouse", "New York")."""
MOSTLY = 0.9
"""Share of the values that decides what a column is: the others are told and count as missing."""
UNIQUE_ROWS = 50
"""Rows from which values that are all different tell of an identifier; fewer differ by chance."""
IDENTIFIER = re.compile(
    r"(?:^|[_\-. ])(?:id|ids|uid|uuid|guid|idx|rowid|row_?id|pk)$"
    r"|^(?:unnamed: 0|__index_level_\d+__|index|row|row_?number|file_?name|path)$",
    re.IGNORECASE,
)
_CAMEL_ID = re.compile(r"[a-z](?:Id|ID)$")
_PROBE = 1_000
"""Values that are looked at first: one with a fraction settles that a column holds no whole numbers."""


def is_named_as_identifier(name: str) -> bool:
    """Whether a column is called as one calls names of rows or of groups of rows.

    Examples
    --------
    >>> [is_named_as_identifier(name) for name in ("id", "patient_id", "userId", "__index_level_0__")]
    [True, True, True, True]
    >>> [is_named_as_identifier(name) for name in ("valid", "grid", "index of refraction")]
    [False, False, False]
    """
    return bool(IDENTIFIER.search(name) or _CAMEL_ID.search(name))


def kind_of(cells: Cells) -> tuple[Kind, str]:
    """Return what an input is and how that was decided."""
    match cells.form:
        case Form.TIME:
            return Kind.TIME, cells.type
        case Form.TRUTH:
            return Kind.CATEGORY, "truth values"
        case Form.NUMBER:
            return _kind_of_numbers(cells)
    return _kind_of_text(cells)


def kind_of_label(cells: Cells) -> tuple[Kind, str]:  # noqa: PLR0911 - one return a rule
    """Return whether a label is a class or a number, and how that was decided."""
    if cells.form is Form.TIME:
        return Kind.NUMBER, f"{cells.type}, as seconds"
    if cells.form is not Form.NUMBER:
        texts = _shares(cells) if cells.form is Form.TEXT and not cells.is_category else None
        if texts is not None and texts.numbers >= MOSTLY and len(cells.levels) > FEW_LEVELS:
            return Kind.NUMBER, "text that spells numbers"
        return Kind.CATEGORY, "truth values" if cells.form is Form.TRUTH else _counted(
            len(cells.levels), "distinct value"
        )
    known = cells.values[cells.known]
    if cells.is_category:
        return Kind.CATEGORY, "categories of the source"
    if not len(known) or not is_whole(known):
        return Kind.NUMBER, cells.type
    distinct = np.unique(known)
    if len(distinct) <= FEW_LEVELS:
        return Kind.CATEGORY, f"{_counted(len(distinct), 'whole number')}"
    from_first = distinct[0] in {0, 1} and int(distinct[-1] - distinct[0]) + 1 == len(distinct)
    if from_first and len(known) >= ROWS_A_CLASS * len(distinct):
        return Kind.CATEGORY, f"whole numbers {int(distinct[0])} … {int(distinct[-1])}"
    return Kind.NUMBER, f"{len(distinct):,} distinct whole numbers"


def is_whole(known: np.ndarray[tuple[int], np.dtype[np.number]]) -> bool:
    """Whether all of some finite or infinite numbers are whole."""
    if known.dtype.kind in "iub":
        return True
    head = known[:_PROBE]
    return bool(np.array_equal(head, np.trunc(head)) and np.array_equal(known, np.trunc(known)))


def _kind_of_numbers(cells: Cells) -> tuple[Kind, str]:  # noqa: PLR0911 - one return a rule
    values = cells.values
    if cells.is_category:
        return Kind.CATEGORY, "categories of the source"
    if values.dtype.kind == "f":
        head = values[:_PROBE]
        if not is_whole(head[~np.isnan(head)]):
            return Kind.NUMBER, cells.type
    known = values[cells.known]
    if not len(known):
        return Kind.NUMBER, f"{cells.type}, all missing"
    if not is_whole(known):
        return Kind.NUMBER, cells.type
    low, high = known.min(), known.max()
    if is_named_as_identifier(cells.name):
        return _kind_of_identifier(len(np.unique(known)), len(known))
    if low != high and bool(np.all((known == low) | (known == high))):
        # with two values nothing is lost, and a share is easier to read than a mean
        return Kind.CATEGORY, "two whole numbers"
    if len(known) >= UNIQUE_ROWS and int(high) - int(low) + 1 == len(known) and len(np.unique(known)) == len(known):
        return Kind.IDENTIFIER, f"counts the rows: {int(low)} … {int(high)}"
    return Kind.NUMBER, cells.type


def _kind_of_identifier(distinct: int, known: int) -> tuple[Kind, str]:
    if distinct <= FEW_LEVELS or known >= ROWS_A_LEVEL * distinct:
        return Kind.CATEGORY, f"named as an identifier, {distinct:,} distinct values in {known:,} rows"
    return Kind.IDENTIFIER, f"named as an identifier, {distinct:,} distinct values"


class _Shares:
    """What the texts of a column spell, as shares of its rows."""

    def __init__(self, cells: Cells) -> None:
        codes = cells.values[cells.values >= 0]
        counts = np.bincount(codes, minlength=len(cells.levels))
        self.rows = int(counts.sum())
        self.levels = int(np.count_nonzero(counts))
        numbers = as_numbers(cells.levels)
        spelled = ~np.isnan(numbers)
        is_code = is_whole(numbers[np.isfinite(numbers)]) and has_leading_zeros(cells.levels)
        self.numbers = 0.0 if is_code else self._share(counts, spelled)
        self.times = self._share(counts, ~np.isnan(as_times(cells.levels)))
        words = np.fromiter((len(text.split()) for text in cells.levels), np.int64, len(cells.levels))
        self.words = int(counts @ words) / max(self.rows, 1)

    def _share(self, counts: npt.NDArray[np.int64], chosen: BoolArray) -> float:
        # whole numbers until the last step: the order of the rows must not decide at the limit
        return int(counts[chosen].sum()) / max(self.rows, 1)


def _shares(cells: Cells) -> _Shares:
    return _Shares(cells)


def _kind_of_text(cells: Cells) -> tuple[Kind, str]:  # noqa: C901, PLR0911 - one return a rule
    if cells.is_category:
        return Kind.CATEGORY, "categories of the source"
    if not cells.levels:
        return Kind.CATEGORY, "all missing"
    if as_truths(cells.levels) is not None:
        return Kind.CATEGORY, "truth values"
    found = _shares(cells)
    if is_named_as_identifier(cells.name):
        return _kind_of_identifier(found.levels, found.rows)
    if found.numbers >= MOSTLY:
        return Kind.NUMBER, "text that spells numbers"
    if found.times >= MOSTLY:
        return Kind.TIME, "text that spells dates"
    if found.levels <= FEW_LEVELS or found.rows >= ROWS_A_LEVEL * found.levels:
        if found.levels == found.rows and found.words >= 2 * MANY_WORDS:
            return Kind.TEXT, f"{found.words:.1f} words on average"
        return Kind.CATEGORY, _counted(found.levels, "distinct value")
    if found.words >= MANY_WORDS:
        return Kind.TEXT, f"{found.words:.1f} words on average"
    if found.rows >= UNIQUE_ROWS and found.levels >= MOSTLY * found.rows:
        return Kind.IDENTIFIER, f"{found.levels:,} distinct values in {found.rows:,} rows"
    return Kind.CATEGORY, _counted(found.levels, "distinct value")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
