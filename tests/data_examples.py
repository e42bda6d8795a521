"""One table in every form that a reader of data knows, and how two splits are compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pyarrow.feather as arrow_feather
import pyarrow.parquet as arrow_parquet

from diagnose.data import Column, Kind, Split

CITIES = ("Zürich", "東京", "São Paulo", 'a "quoted", city', "New\nYork")


def columns(n: int = 120, seed: int = 0) -> dict[str, list[Any]]:
    """Make a table with a column of every kind, values missing in most."""
    rng = np.random.default_rng(seed)
    holes = rng.random((6, n)) < 0.1

    def pierced(values: list[Any], at: int) -> list[Any]:
        return [None if hole else value for value, hole in zip(values, holes[at], strict=True)]

    words = np.array(["the", "patient", "was", "seen", "again", "with", "pain", "in", "one", "knee"])
    return {
        "age": pierced([int(v) for v in rng.integers(18, 90, n)], 0),
        "score": pierced([round(float(v), 6) for v in rng.normal(size=n)], 1),
        "city": pierced([CITIES[v] for v in rng.integers(0, 5, n)], 2),
        "smoker": pierced([bool(v) for v in rng.integers(0, 2, n)], 3),
        "note": pierced([" ".join(words[rng.integers(0, 10, 6)]) for _ in range(n)], 4),
        "seen": [f"2024-{m:02d}-{d:02d}" for m, d in zip(rng.integers(1, 13, n), rng.integers(1, 29, n), strict=True)],
        "patient_id": [int(v) for v in rng.permutation(10**6)[:n]],
        "flag": [int(v) for v in rng.integers(0, 2, n)],
        "species": [("cat", "dog", "owl")[v] for v in rng.integers(0, 3, n)],
    }


def as_mapping(table: dict[str, list[Any]], folder: Path) -> Any:
    return table


def as_records(table: dict[str, list[Any]], folder: Path) -> Any:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def as_pandas(table: dict[str, list[Any]], folder: Path) -> Any:
    return pd.DataFrame(table)


def as_pandas_nullable(table: dict[str, list[Any]], folder: Path) -> Any:
    return pd.DataFrame(table).convert_dtypes().assign(seen=lambda frame: pd.to_datetime(frame["seen"]))


def as_pandas_of_arrow(table: dict[str, list[Any]], folder: Path) -> Any:
    return pa.table(table).to_pandas(types_mapper=pd.ArrowDtype)


def as_polars(table: dict[str, list[Any]], folder: Path) -> Any:
    return pl.DataFrame(table).with_columns(pl.col("seen").str.to_date())


def as_lazy_polars(table: dict[str, list[Any]], folder: Path) -> Any:
    return pl.DataFrame(table).lazy()


def as_arrow(table: dict[str, list[Any]], folder: Path) -> Any:
    return pa.table(table)


def as_csv(table: dict[str, list[Any]], folder: Path) -> Any:
    path = folder / "table.csv"
    pd.DataFrame({name: pd.Series(values, dtype="object") for name, values in table.items()}).to_csv(path, index=False)
    return path


def as_tsv_packed(table: dict[str, list[Any]], folder: Path) -> Any:
    path = folder / "table.tsv.gz"
    pl.DataFrame(table).to_pandas(use_pyarrow_extension_array=True).to_csv(path, index=False, sep="\t")
    return path


def as_parquet(table: dict[str, list[Any]], folder: Path) -> Any:
    path = folder / "table.parquet"
    arrow_parquet.write_table(pa.table(table), path, row_group_size=50)
    return path


def as_parquet_folder(table: dict[str, list[Any]], folder: Path) -> Any:
    """Write two files of parts of the rows, in order."""
    place = folder / "parts"
    place.mkdir()
    whole = pa.table(table)
    arrow_parquet.write_table(whole.slice(0, 70), place / "part-0.parquet")
    arrow_parquet.write_table(whole.slice(70), place / "part-1.parquet")
    return place


def as_feather(table: dict[str, list[Any]], folder: Path) -> Any:
    path = folder / "table.feather"
    arrow_feather.write_feather(pa.table(table), path)
    return path


def as_json_lines(table: dict[str, list[Any]], folder: Path) -> Any:
    path = folder / "table.jsonl"
    rows = as_records(table, folder)
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path


def as_json_array(table: dict[str, list[Any]], folder: Path) -> Any:
    path = folder / "table.json"
    path.write_text(json.dumps(as_records(table, folder), indent=1), encoding="utf-8")
    return path


FORMS: tuple[Callable[[dict[str, list[Any]], Path], Any], ...] = (
    as_mapping, as_records, as_pandas, as_pandas_nullable, as_pandas_of_arrow, as_polars, as_lazy_polars, as_arrow,
    as_csv, as_tsv_packed, as_parquet, as_parquet_folder, as_feather, as_json_lines, as_json_array,
)  # fmt: skip
FILES = tuple(form for form in FORMS if form.__name__ in {
    "as_csv", "as_tsv_packed", "as_parquet", "as_parquet_folder", "as_feather", "as_json_lines", "as_json_array"
})  # fmt: skip


def partitioned(frame: pd.DataFrame, folder: Path, by: str) -> Path:
    """Write a folder as Hive does: a folder for each value."""
    place = folder / f"by-{by}"
    arrow_dataset.write_dataset(
        pa.Table.from_pandas(frame, preserve_index=False), place, format="parquet", partitioning=[by],
        partitioning_flavor="hive",
    )  # fmt: skip
    return place


def assert_same_column(one: Column, other: Column) -> None:
    assert (one.name, one.kind, one.levels) == (other.name, other.kind, other.levels)
    if one.kind is Kind.TEXT:
        assert one.values.tolist() == other.values.tolist()
    else:
        np.testing.assert_array_equal(one.values, other.values, err_msg=one.name)


def assert_same_split(one: Split, other: Split) -> None:
    assert (one.n, one.classes, [c.name for c in one.columns]) == (
        other.n,
        other.classes,
        [c.name for c in other.columns],
    )
    for mine, theirs in zip(one.columns, other.columns, strict=True):
        assert_same_column(mine, theirs)
    for name in ("label", "groups", "times"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None), name
        if mine is not None:
            assert_same_column(mine, theirs)
    for name in ("outputs", "losses", "embeddings"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None), name
        if mine is not None:
            np.testing.assert_array_equal(mine, theirs)
