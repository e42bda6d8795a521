"""Files of predictions or embeddings beside the data: one for each split, rows in the order of the data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import InputError
from diagnose.readers.data.arrow_files import ArrowFileReader
from diagnose.readers.data.cells import Cells
from diagnose.readers.data.csv_files import CsvReader
from diagnose.readers.data.joining import joined
from diagnose.readers.data.json_lines import JsonLinesReader
from diagnose.readers.data.protocol import DataReader

ARRAYS = (".npy", ".npz")
TABLES: tuple[DataReader, ...] = (CsvReader(), JsonLinesReader(), ArrowFileReader())
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")
EXPECTED = "an .npy or .npz array, or a table (CSV, Parquet, JSON Lines) with one row for each row of the data"


def is_file(text: str) -> bool:
    """Whether a text names a file, or one for each split: ``outputs-{split}.npy``."""
    suffix = Path(text).suffix.lower()
    return "{split}" in text or (suffix in {*ARRAYS, ".csv", ".tsv"} and os.sep in text) or Path(text).is_file()


def side_file(text: str, name: SplitName) -> np.ndarray[Any, Any] | list[Cells] | None:
    """Read what a file says of each row: an array, or columns; None where only other splits have such a file.

    Raises
    ------
    InputError
        There is no such file, or it is neither an array nor a table.
    """
    path = _path_of(text, name)
    if not path.is_file():
        if any(_path_of(text, other).is_file() for other in SPLITS):
            return None
        raise InputError(f"{path}: no such file; expected {EXPECTED}; {{split}} in its name stands for {name}")
    if path.suffix.lower() in ARRAYS:
        return _array_of(path)
    reader = next((reader for reader in TABLES if reader.recognises(path)), None)
    if reader is None:
        raise InputError(f"{path}: no file of a known format; expected {EXPECTED}")
    return list(joined(list(reader.tables(path, name, None))).columns)


def _path_of(text: str, name: SplitName) -> Path:
    return Path(text.replace("{split}", name))


def _array_of(path: Path) -> np.ndarray[Any, Any]:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded as archive:
            return np.asarray(archive[next(iter(archive))])
    except (ValueError, EOFError, OSError, StopIteration) as error:
        raise InputError(f"{path}: no array of numbers ({error}); expected {EXPECTED}") from error
