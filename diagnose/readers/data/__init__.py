"""From a file, a folder or an object to a `Split`, at once or in pieces.

A format's reader turns its source into a `Table` of columns as they are held (`cells`); `understand` gives them their
kinds and roles, once, for every format. To add a format, write a `DataReader` (`protocol`) in a file of its own and
list it in `registry`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from diagnose.data import Split, SplitName
from diagnose.errors import InputError
from diagnose.readers.data import memory
from diagnose.readers.data.joining import joined
from diagnose.readers.data.model_rows import frame_batches
from diagnose.readers.data.options import DataOptions, data_options
from diagnose.readers.data.registry import READERS, as_source, reader_for
from diagnose.readers.data.texts import with_texts
from diagnose.readers.data.understand import understand

__all__ = ["PIECE", "READERS", "DataOptions", "data_options", "iter_pieces", "read_split"]

SPELLED = frozenset(("CSV", "folder of data files"))
"""Formats, by `DataReader.format`, in which a missing value is a text."""
PIECE = 131_072
"""Rows of a piece: two hundred columns of 64-bit numbers take 200 MB."""


def read_split(
    source: Any,
    name: SplitName,
    options: DataOptions | None = None,
    *,
    like: Split | None = None,
    is_asked: bool = False,
) -> Split:
    """Read one split.

    Parameters
    ----------
    source
        A path (``str`` or path-like; of a file or a folder), a list of paths, a data frame, an array, ``(inputs,
        labels)``, ``(inputs, labels, predictions)``, a mapping of columns, a list of records, a data set of
        scikit-learn, or a `Split`.
    name
        Which split it is.
    options
        What the user says of its columns.
    like
        A split that was read before, the training data as a rule: columns get the kinds that they have there.
    is_asked
        Whether a model will be asked about the rows, so that they are kept as their source holds them.

    Raises
    ------
    InputError
        It cannot be read, holds no rows, lacks a column that the options name, shares no column with ``like``, or
        would take more than half (`memory.SHARE`) of the memory that is available.
    """
    if isinstance(source, Split):
        return replace(source, name=name)
    chosen = options or DataOptions()
    known = as_source(source)
    reader = reader_for(known, name)
    _check_size(reader.size(known), source, name)
    try:
        table = joined(list(reader.tables(known, name, None)))
        split = understand(table, name, chosen, like)
    except OSError as error:
        raise InputError(f"--{name} {source}: cannot be read: {error.strerror or error}") from error
    if is_asked and split.batches is None:
        split = replace(split, batches=frame_batches(table.columns, are_spelled=reader.format in SPELLED))
    return with_texts(split, like)


def iter_pieces(
    source: Any, name: SplitName, options: DataOptions | None = None, *, like: Split | None = None, rows: int = PIECE
) -> Iterator[Split]:
    """Read one split in pieces: memory does not grow with its length where it is a file or a folder of files.

    Parameters
    ----------
    source, name, options
        As for `read_split`.
    like
        A split whose kinds the columns get; those of the first piece where None.
    rows
        Of a piece, about; the last of each file has fewer.

    Yields
    ------
    Split
        The pieces, in the order of the rows. What counts rows from 0 (``batches``, ``thumbnail``) is None.

    Raises
    ------
    InputError
        As `read_split`, but whatever the size.
    """
    chosen = options or DataOptions()
    known = as_source(source)
    if isinstance(known, Split):
        raise InputError(f"{name}: a Split is in memory already; give what it was read from")
    try:
        for table in reader_for(known, name).tables(known, name, rows):
            for start in range(0, max(table.n, 1), rows):
                piece = understand(table.part(slice(start, start + rows)), name, chosen, like)
                like = like or piece
                yield with_texts(piece, like, is_piece=True)
    except OSError as error:
        raise InputError(f"--{name} {source}: cannot be read: {error.strerror or error}") from error


def _check_size(size: int, source: Any, name: SplitName) -> None:
    there = memory.available()
    if there is not None and size > memory.SHARE * there:
        raise InputError(
            f"--{name} {source}: takes about {size / 1e9:.1f} GB in memory and {there / 1e9:.1f} GB are available, of "
            "which data may take half; give a sample of the rows, or fewer columns"
        )
