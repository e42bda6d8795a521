"""From a source of data to its profile, piece by piece, and from a file of one back.

Above the layers: it joins the readers, which know no profile, with the profiles, which read nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from diagnose.data import Split, SplitName
from diagnose.errors import InputError
from diagnose.profiles.file_format import MAGIC, from_bytes, is_profile, to_bytes
from diagnose.profiles.profile import Profile
from diagnose.readers.data import PIECE, DataOptions, data_options, iter_pieces, memory
from diagnose.readers.data.registry import as_source, reader_for
from diagnose.reports.files import write_atomically

PIECE_BYTES = 1 << 27
"""Of the numbers of a piece: a few copies of them are what profiling takes beside the profile."""
LEAST_ROWS = 4096
"""Rows of a piece however many columns there are: kinds are told from the first piece."""
LARGE = 1 << 28
"""Bytes from which a source is worth a look at its width before it is read in pieces."""


def profile(
    source: Any,
    name: SplitName = "train",
    *,
    data: DataOptions | Mapping[str, Any] | None = None,
    like: Profile | Split | None = None,
    advance: Callable[[Split], None] | None = None,
) -> Profile:
    """Profile a data set in one pass; memory does not grow with its length where it is a file or a folder of files.

    Parameters
    ----------
    source
        As for `diagnose.audit`: a path, a data frame, arrays, a mapping …, or a `Split`.
    name
        Which split it is, where the source holds several.
    data
        What is to be known of the columns, as for `diagnose.audit`.
    like
        Data that were profiled or read before: columns get the kinds that they have there. Those of the first piece
        (131,072 rows, fewer of wide tables) where None.
    advance
        Called with every piece.

    Raises
    ------
    InputError
        It cannot be read, or the options name what it does not hold.
    """
    chosen = data if isinstance(data, DataOptions) else data_options(data or {})
    if isinstance(source, Split):
        return Profile.of(source)
    known = like.like() if isinstance(like, Profile) else like
    whole = Profile()
    for piece in iter_pieces(source, name, chosen, like=known, rows=_rows_of_a_piece(source, name, chosen)):
        whole = whole.merge(Profile.of(piece))
        if advance is not None:
            advance(piece)
    return whole


def _rows_of_a_piece(source: Any, name: SplitName, options: DataOptions) -> int:
    if size_of(source, name) < LARGE:
        return PIECE
    first = next(iter(iter_pieces(source, name, options, rows=LEAST_ROWS)))
    width = 1 + len(first.columns) + (first.embeddings.shape[1] if first.embeddings is not None else 0)
    return max(LEAST_ROWS, min(PIECE, PIECE_BYTES // (8 * width)))


def size_of(source: Any, name: SplitName) -> int:
    """Return about how many bytes the rows of a source would take in memory; 0 for what is there already."""
    known = as_source(source)
    return 0 if isinstance(known, Split) else reader_for(known, name).size(known)


def is_too_large(source: Any, name: SplitName) -> bool:
    """Whether the rows of a source would take more than half (`memory.SHARE`) of the available memory."""
    there = memory.available()
    return there is not None and size_of(source, name) > memory.SHARE * there


def given_profile(source: Any) -> Profile | None:
    """Return the profile that stands for a split: the object, or the file of one; None for anything else."""
    if isinstance(source, Profile):
        return source
    if not isinstance(source, (str, PathLike)) or not Path(source).is_file():
        return None
    with Path(source).open("rb") as stream:
        start = stream.read(len(MAGIC))
    return read_profile(source) if is_profile(start) or Path(source).suffix == ".profile" else None


def read_profile(path: str | PathLike[str]) -> Profile:
    """Read a profile that `write_profile` wrote.

    Raises
    ------
    InputError
        There is no such file, it is no profile, it is damaged, or another version wrote it.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    found = from_bytes(content, str(path))
    made_of = tuple(f"made of {source}" for source in found.sources)
    return replace(found, sources=(str(path),), notes=(*made_of, *found.notes))


def write_profile(profile: Profile, path: str | PathLike[str]) -> None:
    """Write a profile to a file: the whole one or none; the same profile gives the same bytes.

    Raises
    ------
    InputError
        The path is a folder, or the system refuses to write there.
    """
    write_atomically(Path(path), to_bytes(profile))
