"""Which formats of data there are, and how a source finds its reader."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from diagnose.data import SplitName
from diagnose.errors import InputError, UnreadableInput
from diagnose.readers.data.arrays import ArrayReader, PairReader
from diagnose.readers.data.arrow_files import ArrowFileReader
from diagnose.readers.data.cells import Table
from diagnose.readers.data.csv_files import CsvReader
from diagnose.readers.data.folders import FolderReader
from diagnose.readers.data.frames import FrameReader
from diagnose.readers.data.huggingface_data import HuggingFaceReader
from diagnose.readers.data.image_arrays import ImageArrayReader
from diagnose.readers.data.image_folders import ImageFolderReader
from diagnose.readers.data.image_manifests import ImageManifestReader
from diagnose.readers.data.joining import joined
from diagnose.readers.data.json_lines import JsonLinesReader, RecordsReader
from diagnose.readers.data.mappings import MappingReader
from diagnose.readers.data.numpy_files import NpyReader, NpzReader
from diagnose.readers.data.protocol import DataReader
from diagnose.readers.data.tensorflow_data import TensorFlowDataReader
from diagnose.readers.data.torch_data import TorchDataReader

EXPECTED = (
    "a path (CSV, TSV, Parquet, Arrow, JSON Lines, .npy, .npz, or a folder of such files or of images), a data frame, "
    "an array, (inputs, labels), a mapping of columns, or a data set of scikit-learn, PyTorch, TensorFlow or Hugging "
    "Face"
)


def inputs_table(source: Any, name: SplitName) -> Table:
    """Read what stands for the inputs within a larger object: an array, a frame, a list of rows.

    Raises
    ------
    InputError
        No reader knows it.
    """
    return joined(list(reader_for(source, name).tables(source, name, None)))


def file_reader(path: Path) -> DataReader | None:
    """Return the reader of one data file, or None."""
    return next((reader for reader in FILES if reader.recognises(path)), None)


FILES: tuple[DataReader, ...] = (
    NpyReader(),
    NpzReader(inputs_table),
    CsvReader(),
    JsonLinesReader(),
    ArrowFileReader(),
)
READERS: tuple[DataReader, ...] = (
    ImageManifestReader(),
    *FILES,
    FrameReader(),
    ImageArrayReader(),
    ArrayReader(),
    ImageFolderReader(),
    FolderReader(file_reader),
    TorchDataReader(),
    TensorFlowDataReader(),
    HuggingFaceReader(),
    PairReader(inputs_table),
    MappingReader(inputs_table),
    RecordsReader(),
)
"""Asked in this order: the more particular format before the more general one."""


def reader_for(source: Any, name: SplitName) -> DataReader:
    """Return the reader of a path (`pathlib.Path`) or an object.

    Raises
    ------
    InputError
        There is no such path.
    UnreadableInput
        No reader recognises it.
    """
    if isinstance(source, Path) and not source.exists():
        raise InputError(f"--{name} {source}: no such file or folder; expected {EXPECTED}")
    found = next((reader for reader in READERS if reader.recognises(source)), None)
    if found is None:
        what = f"{source}" if isinstance(source, Path) else f"{type(source).__module__}.{type(source).__name__}"
        why = (
            "a folder without data files"
            if isinstance(source, Path) and source.is_dir()
            else "no data of a known format"
        )
        raise UnreadableInput(f"--{name} {what.removeprefix('builtins.')}: {why}; expected {EXPECTED}")
    return found


def as_source(source: Any) -> Any:
    """Return a path where a text or a path-like object stands for one."""
    return Path(source) if isinstance(source, (str, os.PathLike)) else source
