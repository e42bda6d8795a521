"""JSON has no NaN: many writers put null in its place, others where nothing was logged. Which of the two is it?"""

from __future__ import annotations

from collections.abc import Mapping

from diagnose.readers.protocol import Cell

LEAST_RUN = 2
"""A single null at the end is as likely an epoch that was cut off."""


def lost_to_null(series: Mapping[str, list[Cell]]) -> tuple[dict[str, list[Cell]], list[str]]:
    """Take nulls for NaN where a series that was logged in every row is null to its end while others go on.

    A series with nulls among its values is logged every few rows and stays as it is.

    Examples
    --------
    >>> columns, notes = lost_to_null({"loss": [9.0, None, None], "accuracy": [0.1, 0.1, 0.1]})
    >>> columns["loss"], notes
    ([9.0, nan, nan], ["'loss' is null from value 2 to its end: taken for NaN"])
    """
    columns: dict[str, list[Cell]] = {}
    notes = []
    goes_on = {len(cells) for cells in series.values() if cells and cells[-1] is not None}
    for name, cells in series.items():
        last = max((i for i, cell in enumerate(cells) if cell is not None), default=-1)
        lost = len(cells) - last - 1
        if lost >= LEAST_RUN and len(cells) in goes_on and None not in cells[: last + 1]:
            columns[name] = [*cells[: last + 1], *[float("nan")] * lost]
            notes.append(f"{name!r} is null from value {last + 2} to its end: taken for NaN")
        else:
            columns[name] = cells
    return columns, notes
