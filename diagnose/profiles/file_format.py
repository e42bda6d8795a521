"""A profile as bytes: a line that names the format and its version, then compressed MessagePack. No code, no pickle."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from diagnose.data import Kind
from diagnose.errors import InputError, UnreadableInput
from diagnose.profiles.columns import MOST_LEVELS, ColumnProfile
from diagnose.profiles.profile import Profile
from diagnose.profiles.row_sample import KEPT, RowSample
from diagnose.stats.dyadic import MOST, Dyadic, marks_of

MAGIC = b"diagnose profile "
VERSION = 1
"""Rises with every change of what a profile holds or of how its digests and hashes are made."""
LARGEST = 1 << 30
"""Bytes that a file may unpack to: ten thousand columns and more."""
COLUMN_BYTES = 9_500
"""Of a column of numbers in a file, so that a hundred of them with the sample of rows take less than a megabyte. Some
1,200 values of 64 random bits fit exactly; of more the file holds cells that are wider than in memory where many hold a
single row, which at 10,000 rows puts ranks off by 0.3 % at most, a third of the noise of the sample."""
_DEEPEST = 63


class _Column(msgspec.Struct, array_like=True):
    name: str
    kind: Kind
    decided: str
    made_of: str
    place: int
    known: int
    low: float
    high: float
    is_single: bool
    level: int
    cells: bytes
    counts: bytes
    marks: bytes
    names: list[str]


class _Rows(msgspec.Struct, array_like=True):
    columns: int
    digests: bytes
    counts: bytes


class _File(msgspec.Struct):
    n: int
    columns: list[_Column]
    label: _Column | None
    group: str
    time: str
    rows: _Rows | None
    sources: list[str]
    notes: list[str]


def is_profile(start: bytes) -> bool:
    """Whether a file that begins so is a profile, of any version."""
    return start.startswith(MAGIC)


def to_bytes(profile: Profile) -> bytes:
    """Return the content of a profile's file; equal profiles give equal bytes, and long columns come out coarser."""
    rows = profile.rows
    held = _File(
        profile.n,
        [_packed_column(column) for column in profile.columns],
        _packed_column(profile.label) if profile.label is not None else None,
        profile.group, profile.time,
        _Rows(rows.columns, _packed(rows.digests), _packed(rows.counts)) if rows is not None else None,
        list(profile.sources), list(profile.notes),
    )  # fmt: skip
    return MAGIC + str(VERSION).encode() + b"\n" + zlib.compress(msgspec.msgpack.encode(held), 6)


def from_bytes(content: bytes, where: str) -> Profile:
    """Return the profile that a file holds.

    Raises
    ------
    InputError
        It was written by a version that counts differently.
    UnreadableInput
        It is no profile, or is damaged.
    """
    head, _, packed = content.partition(b"\n")
    if not is_profile(content[: len(MAGIC)]):
        raise UnreadableInput(f"{where}: no profile; expected a file that `diagnose profile` wrote")
    version = head.removeprefix(MAGIC).decode("ascii", "replace")
    if version != str(VERSION):
        raise InputError(
            f"{where}: a profile of version {version[:20]!r}, and this diagnose reads version {VERSION}; make it "
            "again: diagnose profile DATA -o FILE.profile"
        )
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(packed, LARGEST)
        _check(unpacker.eof, "cut off or too large")
        return _profile(msgspec.msgpack.decode(plain, type=_File))
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise UnreadableInput(f"{where}: a damaged profile ({str(error)[:80]}); make it again") from error


def _profile(held: _File) -> Profile:
    rows = None
    if held.rows is not None:
        digests, counts = _unpacked(held.rows.digests, np.uint64), _unpacked(held.rows.counts, np.int64)
        _check(len(digests) == len(counts) <= KEPT and _rises(digests), "row sample")
        rows = RowSample(held.rows.columns, digests, counts)
    columns = tuple(_column(column, held.n) for column in held.columns)
    _check(held.n >= 0 and len({column.name for column in columns}) == len(columns), "columns")
    label = _column(held.label, held.n) if held.label is not None else None
    return Profile(held.n, columns, label, held.group, held.time, rows, tuple(held.sources), tuple(held.notes))


def fitted(column: ColumnProfile) -> ColumnProfile:
    """Return a column of numbers as coarse as it takes to fit into a file."""
    cells = column.cells
    while column.kind is not Kind.CATEGORY and len(zlib.compress(b"".join(_packed_cells(cells)), 6)) > COLUMN_BYTES:
        cells = cells.limited(7 * len(cells.cells) // 8)
    return replace(column, cells=cells)


def _packed_cells(cells: Dyadic) -> tuple[bytes, bytes, bytes]:
    marks = cells.marks.astype("<u2").tobytes() if cells.level else b""
    return _packed(np.diff(cells.cells, prepend=np.uint64(0))), _packed(_steps(cells.counts)), marks


def _packed_column(given: ColumnProfile) -> _Column:
    column = fitted(given)
    return _Column(
        column.name, column.kind, column.decided, column.made_of, column.place, column.known, column.low, column.high,
        column.is_single, column.cells.level, *_packed_cells(column.cells), list(column.names),
    )  # fmt: skip


def _column(held: _Column, n: int) -> ColumnProfile:
    with np.errstate(over="ignore"):
        cells = np.cumsum(_unpacked(held.cells, np.uint64), dtype=np.uint64)
    counts = _summed(_unpacked(held.counts, np.uint64))
    marks = np.frombuffer(held.marks, "<u2").astype(np.uint16) if held.level else marks_of(cells)
    is_category = held.kind is Kind.CATEGORY
    counted = held.kind in {Kind.NUMBER, Kind.TIME, Kind.CATEGORY}
    _check(0 <= held.known <= n and 0 <= held.level <= _DEEPEST, held.name)
    _check(
        len(cells) == len(counts) == len(marks) <= (MOST_LEVELS if is_category else MOST) and _rises(cells), held.name
    )
    _check(bool((counts > 0).all()) and int(counts.sum()) == (held.known if counted else 0), held.name)
    _check(len(held.names) == (len(cells) if is_category else 0), held.name)
    _check(not len(cells) or int(cells[-1]) < 1 << (64 - held.level), held.name)
    return ColumnProfile(
        held.name, held.kind, held.decided, held.made_of, held.place, held.known, held.low, held.high, held.is_single,
        Dyadic(held.level, cells, counts, marks), tuple(held.names),
    )  # fmt: skip


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def _rises(values: npt.NDArray[np.uint64]) -> bool:
    return bool((values[1:] > values[:-1]).all())


def _steps(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Return by how much each count differs from the one before, small where they are alike: 0, -1, 1, -2 as 0 … 3."""
    step = np.diff(counts, prepend=np.int64(0))
    return ((step << np.int64(1)) ^ (step >> np.int64(63))).view(np.uint64)


def _summed(steps: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    with np.errstate(over="ignore"):
        halves = (steps >> np.uint64(1)).view(np.int64) ^ -(steps & np.uint64(1)).view(np.int64)
        return np.cumsum(halves, dtype=np.int64)


def _packed(values: npt.NDArray[Any]) -> bytes:
    """Return whole numbers byte by byte, all first bytes before all second ones: most are zero and pack to nothing."""
    return values.astype("<u8").view(np.uint8).reshape(-1, 8).T.tobytes()


def _unpacked(content: bytes, dtype: type[np.generic]) -> npt.NDArray[Any]:
    planes = np.frombuffer(content, np.uint8).reshape(8, -1)
    return np.ascontiguousarray(planes.T).view("<u8").reshape(-1).astype(np.uint64).view(dtype)
