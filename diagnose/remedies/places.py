"""The user's own data in code: what they are called, how they are read, and which file of rows belongs to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Literal

import numpy as np
import numpy.typing as npt

from diagnose.data import Split
from diagnose.remedies.case import Case
from diagnose.remedies.row_files import Cell
from diagnose.remedies.wording import snippet

Form = Literal["table", "array", "files"]
FOLDER = "remedies"
"""Where code looks for files of rows that the user has not asked for yet."""
READ = (
    (".csv", "pd.read_csv({path!r})"),
    (".tsv", "pd.read_csv({path!r}, sep='\\t')"),
    (".parquet", "pd.read_parquet({path!r})"),
    (".feather", "pd.read_feather({path!r})"),
    (".arrow", "pd.read_feather({path!r})"),
    (".jsonl", "pd.read_json({path!r}, lines=True)"),
)
IMAGE = "image"
"""What properties of images are made of."""
PANDAS, NUMPY = "pandas", "numpy"


def form_of(split: Split) -> Form:
    """Return how the user holds the rows: a table of named columns, arrays, or a file each."""
    if split.rows is not None and any(column.made_of == IMAGE for column in split.columns):
        return "files"
    is_array = "array" in split.source or PurePath(split.source).suffix in (".npy", ".npz")
    return "array" if is_array else "table"


def reading(*splits: Split) -> str:
    """Return the lines that read the user's tables; empty where they are no files, or not tables."""
    lines = []
    for split in splits:
        how = dict(READ).get(PurePath(split.source.removesuffix(".gz")).suffix)
        if how is not None:
            lines.append(f"{split.name} = {how.format(path=split.source)}\n")
    return "".join(lines)


def file_of(case: Case, name: str) -> str:
    """Return the path of a file of rows, as code names it."""
    return f"{case.folder or FOLDER}/{name}".replace("//", "/")


def using(case: Case, templates: Mapping[str, str], form: str, *splits: Split, file: str = "", **values: object) -> str:
    """Return the lines for data of that form, which read the tables and the file of rows first."""
    lines = snippet(templates, form, **({"file": file_of(case, file)} if file else {}), **values)  # type: ignore[arg-type]
    if not lines:
        return ""
    told = "" if case.folder or not file else f"# the file is written by: diagnose audit … --remedy-files {FOLDER}/\n"
    return told + (reading(*splits) if form == "table" else "") + lines


def framework_of(form: str) -> str:
    """Return what such code is written for."""
    return PANDAS if form == "table" else NUMPY


def named_rows(split: Split, rows: npt.NDArray[np.int64], *beside: Sequence[Cell]) -> Iterator[tuple[Cell, ...]]:
    """Yield each row's number, its name where rows have some, and what stands beside it."""
    for place, row in enumerate(rows.tolist()):
        name = () if split.rows is None else (split.rows[row],)
        yield (row, *name, *(values[place] for values in beside))


def row_header(split: Split) -> tuple[str, ...]:
    """Return the names of the first columns that `named_rows` gives."""
    return ("row",) if split.rows is None else ("row", "name")
