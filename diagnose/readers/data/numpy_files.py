"""``.npy`` and ``.npz`` files; nothing in them is ever unpickled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from zipfile import BadZipFile

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import UnreadableInput
from diagnose.readers.data.arrays import array_table
from diagnose.readers.data.cells import Table
from diagnose.readers.data.image_arrays import are_images, image_table
from diagnose.readers.data.mappings import mapping_table


class NpyReader:
    """One array; large ones are read piece by piece from the disk."""

    format: ClassVar[str] = ".npy"

    def recognises(self, source: Any) -> bool:
        """Whether it is a file of that name."""
        return isinstance(source, Path) and source.suffix.lower() == ".npy" and source.is_file()

    def size(self, source: Any) -> int:
        """Its size on disk."""
        return int(source.stat().st_size)

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read it."""
        del name
        try:
            whole = np.load(source, mmap_mode="r" if rows else None, allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise UnreadableInput(_refused(source, error)) from error
        step = rows or max(len(whole) if whole.ndim else 1, 1)
        for start in range(0, max(len(whole) if whole.ndim else 1, 1), step):
            piece = np.array(whole[start : start + step]) if whole.ndim else whole
            table = image_table(piece) if are_images(piece.shape, piece.dtype) else array_table(piece)
            yield replace(table, source=str(source))


class NpzReader:
    """Several arrays: columns by name, or inputs ``x``, labels ``y`` and what else a mapping may hold."""

    format: ClassVar[str] = ".npz"

    def __init__(self, inputs: Callable[[Any, SplitName], Table]) -> None:
        self._inputs = inputs

    def recognises(self, source: Any) -> bool:
        """Whether it is a file of that name."""
        return isinstance(source, Path) and source.suffix.lower() == ".npz" and source.is_file()

    def size(self, source: Any) -> int:
        """Its size on disk; a compressed one takes more."""
        return 2 * int(source.stat().st_size)

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read it as one table."""
        del rows
        try:
            with np.load(source, allow_pickle=False) as archive:
                arrays = {key: archive[key] for key in archive.files}
        except (ValueError, EOFError, OSError, BadZipFile) as error:
            raise UnreadableInput(_refused(source, error)) from error
        yield mapping_table(arrays, name, self._inputs, where=str(source))


def _refused(path: Path, error: Exception) -> str:
    if "allow_pickle" in str(error):
        return (
            f"{path}: holds Python objects, which are never loaded: that could run any code. "
            "Save plain arrays: np.savez(path, x=table.astype(float), y=labels.astype(str))"
        )
    return f"{path}: cannot be read ({' '.join(str(error).split())[:200]}); expected what numpy.save or savez writes"
