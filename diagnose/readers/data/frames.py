"""Data frames of any package, through narwhals; texts take the package's own quick way to codes where it has one."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import UnreadableInput
from diagnose.readers.data.array_cells import array_cells, object_cells
from diagnose.readers.data.cells import Cells, Form, Table, text_cells
from diagnose.readers.data.model_rows import slices_of

FRAME_PACKAGES = frozenset(
    (
        "pandas",
        "polars",
        "pyarrow",
        "modin",
        "cudf",
        "dask",
        "duckdb",
        "_duckdb",
        "ibis",
        "pyspark",
        "sqlframe",
        "narwhals",
    )
)
_CATEGORIES = frozenset(("Categorical", "Enum"))


class FrameReader:
    """A data frame: pandas, polars, PyArrow, and whatever else narwhals knows."""

    format: ClassVar[str] = "data frame"

    def recognises(self, source: Any) -> bool:
        """Whether it is an object of such a package with columns."""
        package = type(source).__module__.partition(".")[0]
        return package in FRAME_PACKAGES and package in sys.modules and hasattr(type(source), "columns")

    def size(self, source: Any) -> int:
        """Nothing: it is in memory, or knows itself how to get there."""
        del source
        return 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read the frame as one table."""
        del name, rows
        yield frame_table(source)


def frame_table(source: Any) -> Table:
    """Return a data frame as a table; a lazy one is collected, a named index becomes a column.

    Raises
    ------
    UnreadableInput
        narwhals does not know it.
    """
    import narwhals  # noqa: PLC0415 - only where a frame is given

    given = source
    package = type(source).__module__.partition(".")[0]
    index = getattr(getattr(source, "index", None), "name", None)
    if isinstance(index, str) and hasattr(source, "reset_index") and index not in list(source.columns):
        source = source.reset_index()
    names = None
    if package in {"pandas", "modin", "cudf"}:
        # narwhals wants names that are texts, each once
        names = [str(name) for name in source.columns]
        source = source.set_axis(list(map(str, range(len(names)))), axis=1)
    elif package == "pyarrow":
        names = list(source.column_names)
        source = source.rename_columns(list(map(str, range(len(names)))))
    try:
        wrapped = narwhals.from_native(source)
    except TypeError as error:
        raise UnreadableInput(f"{package}.{type(source).__name__}: {error}") from error
    eager = wrapped.collect() if isinstance(wrapped, narwhals.LazyFrame) else wrapped
    shown = names or list(eager.columns)
    columns = tuple(_series(name, eager[held]) for name, held in zip(shown, eager.columns, strict=True))
    rows = eager.to_native() if isinstance(wrapped, narwhals.LazyFrame) else given
    return Table(
        len(eager), columns, source=f"{package} data frame in memory", batches=partial(slices_of, len(eager), rows)
    )


def _series(name: str, series: Any) -> Cells:  # noqa: PLR0911 - one return a type
    """Return one narwhals series as a column."""
    dtype = series.dtype
    word = str(dtype)
    kind = type(dtype).__name__ if not isinstance(dtype, type) else dtype.__name__
    if kind in _CATEGORIES:
        return _categories(name, series, word.partition("(")[0])
    if kind == "String":
        return _texts(name, series)
    if kind == "Decimal":
        return object_cells(name, series.to_list(), word)
    if dtype.is_float() or dtype.is_integer() or kind == "Boolean":
        return _numbers(name, series, word, is_integer=dtype.is_integer(), is_truth=kind == "Boolean")
    if kind in {"Datetime", "Date"}:
        return _times(name, series, word)
    if kind in {"Array", "List"}:
        values = series.to_numpy()
        return array_cells(name, values, kind=word) if values.ndim == 2 else object_cells(name, list(values), word)
    if kind == "Duration":
        return array_cells(name, series.to_numpy().astype("timedelta64[us]"), kind=word)
    return object_cells(name, series.to_list(), word)


def _numbers(name: str, series: Any, word: str, *, is_integer: bool, is_truth: bool) -> Cells:
    lacking = series.null_count()
    if not lacking:
        return array_cells(name, np.asarray(series.to_numpy()), kind=word)
    missing = np.asarray(series.is_null().to_numpy(), np.bool_)
    if is_truth or is_integer:
        # floats on the way would round what lies beyond 2^53
        filled = np.asarray(series.fill_null(False if is_truth else 0).to_numpy())
        return Cells(name, Form.TRUTH if is_truth else Form.NUMBER, filled, word, missing=missing)
    values = np.asarray(series.to_numpy())
    wide = values if values.dtype.kind == "f" else values.astype(np.float64)
    return array_cells(name, wide, kind=word)


def _times(name: str, series: Any, word: str) -> Cells:
    import narwhals  # noqa: PLC0415 - only where a frame is given

    whole = series.cast(narwhals.Datetime("us")) if word == "Date" else series
    if getattr(whole.dtype, "time_zone", None):
        whole = whole.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return array_cells(name, np.asarray(whole.to_numpy()).astype("datetime64[us]"), kind=word.partition("(")[0])


def _texts(name: str, series: Any) -> Cells:
    native = series.to_native()
    package = type(native).__module__.partition(".")[0]
    if package == "pandas":
        codes, levels = native.factorize()
        return Cells(name, Form.TEXT, codes.astype(np.int32), "text", levels=tuple(map(str, levels)))
    if package == "pyarrow":
        return _arrow_codes(name, native.dictionary_encode(), "text", is_category=False)
    if package == "polars" and importlib.util.find_spec("pyarrow"):
        return _arrow_codes(name, native.to_arrow().dictionary_encode(), "text", is_category=False)
    return text_cells(name, series.to_list())


def _arrow_codes(name: str, array: Any, word: str, *, is_category: bool) -> Cells:
    if hasattr(array, "unify_dictionaries"):
        array = array.unify_dictionaries().combine_chunks()
    whole = array.chunk(0) if hasattr(array, "chunk") else array
    codes = np.asarray(whole.indices.cast("int32").fill_null(-1)).astype(np.int32)
    levels = tuple(map(str, whole.dictionary.to_pylist()))
    return Cells(name, Form.TEXT, codes, word, levels=levels, is_category=is_category)


def _categories(name: str, series: Any, word: str) -> Cells:
    native = series.to_native()
    package = type(native).__module__.partition(".")[0]
    if package == "pandas":
        codes = np.asarray(native.cat.codes).astype(np.int32)
        levels = tuple(_level(value) for value in native.cat.categories)
        return Cells(name, Form.TEXT, codes, word, levels=levels, is_category=True)
    if package == "pyarrow":
        # Arrow files hold any text so where it repeats: that says nothing of its meaning
        return _arrow_codes(name, native, "text", is_category=False)
    if package == "polars" and importlib.util.find_spec("pyarrow"):
        return _arrow_codes(name, native.to_arrow(), word, is_category=True)
    held = text_cells(name, [None if value is None else str(value) for value in series.to_list()], word)
    return Cells(name, Form.TEXT, held.values, word, levels=held.levels, is_category=True)


def _level(value: Any) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)
