"""A folder of images: a folder for each class, or all in one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from diagnose.data import SplitName
from diagnose.readers.data.cells import Cells, Table, text_cells
from diagnose.readers.data.image_files import SUFFIXES, file_tables

PROBED = 200
"""Files that are looked at before a folder counts as one of images: mostly these, whatever lists lie beside them."""
KEPT = 400
"""Bytes that a looked-at image takes: its properties, small pixels, digests and name."""


class ImageFolderReader:
    """Images below a folder; the first folder below it names the class."""

    format: ClassVar[str] = "folder of images"

    def recognises(self, source: Any) -> bool:
        """Whether most of the first files of a folder are images."""
        if not isinstance(source, Path) or not source.is_dir():
            return False
        probed = list(itertools.islice(_files(source), PROBED))
        return 2 * sum(is_image(path) for path in probed) > len(probed)

    def size(self, source: Any) -> int:
        """Return what is kept of the images."""
        return KEPT * sum(is_image(path) for path in _files(source))

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read the images in the order of their names."""
        del name
        paths = [path for path in _files(source) if is_image(path)]
        parts = [path.relative_to(source).parts for path in paths]
        labels, notes = _labels(parts)
        classes = tuple(sorted(labels.levels)) if labels is not None else ()  # numbered as frameworks do: by spelling
        for table in file_tables(paths, ["/".join(part) for part in parts], labels, rows, str(source)):
            yield replace(table, classes=classes, notes=(*notes, *table.notes))


def is_image(path: Path) -> bool:
    """Whether a file is named as an image."""
    return path.suffix.lower() in SUFFIXES


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))


def _labels(parts: Sequence[tuple[str, ...]]) -> tuple[Cells | None, tuple[str, ...]]:
    classes = [part[0] if len(part) > 1 else None for part in parts]
    loose = classes.count(None)
    if loose == len(classes):
        return None, ()
    told = f"{loose:,} of {len(parts):,} images lie in no folder of a class and have no label"
    labels = replace(text_cells("label", classes, "folder names"), is_category=True, made_of="folder names")
    return labels, (told,) if loose else ()
