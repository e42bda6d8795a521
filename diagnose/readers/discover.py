"""Searching folders for runs, and putting the pieces of one run together."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diagnose.errors import UnreadableInput
from diagnose.readers.catboost import CatBoostReader
from diagnose.readers.names import parse_name, words_of
from diagnose.readers.protocol import Cell, Log, RawLog, Reader
from diagnose.readers.registry import existing, is_table_by_epoch, looks_like, reader_for, required_reader
from diagnose.readers.stream import StreamReader, is_stream
from diagnose.readers.table import TableReader
from diagnose.readers.tensorboard import TensorBoardReader
from diagnose.readers.text_log import TextLogReader
from diagnose.readers.vocabulary import SPLITS, word_set
from diagnose.run import SplitName, Unread

_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "weights", "plots"})
_NO_LOGS = word_set("""
.py .pyc .pyi .ipynb .html .htm .css .js .ts .png .jpg .jpeg .gif .svg .bmp .webp .pdf .pt .pth .ckpt .h5 .hdf5
.keras .safetensors .bin .onnx .tflite .pb .npy .npz .pkl .pickle .joblib .zip .gz .bz2 .xz .tar .mp3 .mp4 .wav
.avi .parquet .arrow .so .whl .model .cbm .exe .dll
""")
"""Endings of files that are never opened in a search. A file that is named outright is always opened."""
_FEW_TEXTS = 2


@dataclass(frozen=True)
class Found:
    """One log that a reader recognised; ``paths`` has several where pieces of one run lie in several files.

    ``passed_over`` names files beside it that hold the same run once more.
    """

    paths: tuple[Path, ...]
    reader: Reader
    passed_over: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The path, or the paths, as text."""
        return ", ".join(str(path) for path in self.paths)


def find_logs(path: str | os.PathLike[str], *, has_map: bool = False) -> list[Found]:
    """Every log in a file or folder, cheaply: nothing but the heads of files is read.

    Raises
    ------
    InputError
        There is no such path.
    UnreadableInput
        A file that no reader recognises, or a folder that cannot be opened.
    """
    return search(path, has_map=has_map)[0]


def search(path: str | os.PathLike[str], *, has_map: bool = False) -> tuple[list[Found], list[Unread]]:
    """Find the logs as `find_logs` does, and what in a folder cannot be read, with why."""
    place = existing(Path(path))
    unread: list[Unread] = []
    if place.is_dir():
        return list(_search(place, unread, has_map=has_map)), unread
    if is_stream(place):
        return [Found((place,), StreamReader(has_map=has_map))], unread
    return [Found((place,), required_reader(Log(place), has_map=has_map))], unread


def _search(folder: Path, unread: list[Unread], *, has_map: bool) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: _natural(entry.name))
    except OSError as error:
        raise UnreadableInput(f"{folder}: cannot be searched: {error.strerror or error}") from error
    try:
        whole = reader_for(Log(folder))
    except UnreadableInput:
        whole = None  # something in it cannot be opened, and is told where it is met
    is_events = isinstance(whole, TensorBoardReader)
    if whole is not None and not is_events:
        yield Found((folder,), whole)
        return
    paths = (
        Path(e.path)
        for e in entries
        if e.is_file() and not e.name.startswith(".") and Path(e.name).suffix.lower() not in _NO_LOGS
    )
    files = _recognised(paths, unread, has_map=has_map)
    files = [found for found in files if not isinstance(found.reader, TensorBoardReader)]
    files = _without_transcripts(files)
    if whole is not None and is_events:
        files = [_passing_over(files[0], "event files")] if len(files) == 1 else [*files, Found((folder,), whole)]
    yield from combined(files)
    own = {part for found in files for part in found.paths}
    for entry in entries:
        is_piece = is_events and _split_in(entry.name) is not None and folder in own
        if (
            entry.is_dir(follow_symlinks=False)
            and not entry.name.startswith(".")
            and entry.name not in _SKIPPED_FOLDERS
            and not is_piece
        ):
            yield from _search_below(Path(entry.path), unread, has_map=has_map)


def _search_below(folder: Path, unread: list[Unread], *, has_map: bool) -> Iterator[Found]:
    """Search a folder within one; that it cannot be opened is no reason to give up the others."""
    try:
        yield from _search(folder, unread, has_map=has_map)
    except UnreadableInput as error:
        unread.append(Unread(str(folder), str(error).removeprefix(f"{folder}: ")))


def _recognised(paths: Iterable[Path], unread: list[Unread], *, has_map: bool) -> list[Found]:
    found = []
    for path in paths:
        log = Log(path)
        try:
            reader = reader_for(log)
        except UnreadableInput as error:
            unread.append(Unread(str(path), str(error).removeprefix(f"{path}: ")))
            continue
        if reader is not None:
            found.append(Found((path,), reader))
        elif is_table_by_epoch(log):
            if has_map:
                found.append(Found((path,), TableReader()))
            else:
                unread.append(Unread(str(path), looks_like(log)))
    return found


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts run2 before run10."""
    return [
        (0, int(part), "") if part.isdecimal() and len(part) < 19 else (1, 0, part) for part in re.split(r"(\d+)", name)
    ]


def _passing_over(found: Found, what: str) -> Found:
    return replace(found, passed_over=(*found.passed_over, what))


def _without_transcripts(files: list[Found]) -> list[Found]:
    """Console output beside the one structured log of a folder is the same run once more."""
    texts = [found for found in files if isinstance(found.reader, TextLogReader)]
    structured = [found for found in files if not isinstance(found.reader, TextLogReader)]
    if len(structured) != 1 or not 0 < len(texts) <= _FEW_TEXTS:
        return files
    return [replace(structured[0], passed_over=tuple(text.paths[0].name for text in texts))]


def combined(files: list[Found]) -> list[Found]:
    """Join what are pieces of one run: CatBoost's two tables, tables or event folders named by their split."""
    result: list[Found] = []
    groups: dict[tuple[object, ...], list[Found]] = {}
    for found in files:
        groups.setdefault(_piece_key(found), []).append(found)
    for key, members in groups.items():
        if len(members) == 1 or key[0] == "alone":
            result.extend(members)
        elif key[0] in {"catboost", "events"}:
            result.append(Found((members[0].paths[0].parent,), members[0].reader))
        else:
            result.append(Found(tuple(m.paths[0] for m in members), members[0].reader))
    return result


def _piece_key(found: Found) -> tuple[object, ...]:
    path = found.paths[0]
    if isinstance(found.reader, CatBoostReader) and path.name in {"learn_error.tsv", "test_error.tsv"}:
        return ("catboost", path.parent)
    if isinstance(found.reader, TensorBoardReader) and path.is_dir() and _split_in(path.name):
        return ("events", path.parent)
    if isinstance(found.reader, TableReader) and path.is_file():
        own = _split_in(path.stem)
        if own:
            return (
                "table",
                path.parent,
                tuple(word for word in words_of(path.stem) if word not in SPLITS),
                path.suffix,
            )
        if _split_in(path.parent.name) and path.parent.name.lower() in SPLITS:
            return ("table", path.parent.parent, path.name)
    return ("alone", path)


def _split_in(name: str) -> SplitName | None:
    splits = {SPLITS[word] for word in words_of(name) if word in SPLITS}
    return splits.pop() if len(splits) == 1 else None


def read_found(found: Found) -> list[RawLog]:
    """Read a log; pieces are joined where each states no split but its file's.

    Raises
    ------
    UnreadableInput, MissingExtra
        As the reader does.
    """
    logs = [raw for path in found.paths for raw in _read(found.reader, path)]
    if len(found.paths) > 1 and len(logs) == len(found.paths):
        splits = [_split_in(path.stem) or _split_in(path.parent.name) for path in found.paths]
        if len(set(splits)) == len(splits) and all(
            _is_of_one_split(raw, split) for raw, split in zip(logs, splits, strict=True)
        ):
            logs = [_joined(logs, splits)]
    if found.passed_over:
        note = f"not read, taken for the same run: {', '.join(found.passed_over)}"
        logs = [replace(raw, notes=(*raw.notes, note)) for raw in logs]
    return logs


def _read(reader: Reader, path: Path) -> list[RawLog]:
    try:
        return reader.read(Log(path))
    except OSError as error:
        raise UnreadableInput(f"{path}: cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise UnreadableInput(f"{path}: nested too deeply for a training log") from error


def _is_of_one_split(raw: RawLog, split: SplitName | None) -> bool:
    return split is not None and all(parse_name(name).split in {None, split} for name in raw.columns)


def _joined(logs: list[RawLog], splits: list[SplitName | None]) -> RawLog:
    """One log below the other: every curve keeps its own steps."""
    columns: dict[str, list[Cell]] = {}
    stated: dict[str, SplitName] = {}
    n_before = 0
    for raw, split in zip(logs, splits, strict=True):
        n_own = max((len(cells) for cells in raw.columns.values()), default=0)
        for name, cells in raw.columns.items():
            is_curve = parse_name(name).kind in {"loss", "score"}
            column = f"{split}/{name}" if is_curve and parse_name(name).split is None else name
            columns[column] = [*columns.get(column, [None] * n_before), *cells]
            if is_curve and split:
                stated[column] = split
        n_before += n_own
        columns = {name: [*cells, *[None] * (n_before - len(cells))] for name, cells in columns.items()}
    first = logs[0]
    return replace(
        first,
        where=", ".join(raw.where for raw in logs),
        columns=columns,
        splits=stated,
        unread=tuple(item for raw in logs for item in raw.unread),
        notes=(*(note for raw in logs for note in raw.notes), "joined from files named by their split"),
    )
