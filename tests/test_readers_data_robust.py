"""Data as they come: broken, empty, huge, hostile. Each is read and told, or refused in words; nothing is unpickled."""

from __future__ import annotations

import json
import pickle
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_examples import FORMS, assert_same_split
from diagnose.data import Kind, Split
from diagnose.errors import InputError
from diagnose.readers.data import data_options, iter_pieces, memory, read_split


def read(source: Any, name: Any = "train", **said: Any) -> Split:
    return read_split(source, name, data_options(said))


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# --- text files ---


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1.5,x\n2.5,y\n",
        "\ufeffa,b\n1.5,x\n2.5,y\n",
        "a;b\n1,5;x\n2,5;y\n",
        "a\tb\n1.5\tx\n2.5\ty\n",
        "a|b\n1.5|x\n2.5|y\n",
        "a,b\r\n1.5,x\r\n2.5,y\r\n",
        'a,b\n"1.5","x"\n"2.5","y"\n',
        "a,b\n1.5,x\n\n2.5,y",
    ],
)
def test_dialects(text: str, tmp_path: Path) -> None:
    split = read(written(tmp_path, text))
    assert_same_split(split, read({"a": [1.5, 2.5], "b": ["x", "y"]}))


def test_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-8", "latin-1", "utf-16"):
        split = read(written(tmp_path, "name\nKöln\nZürich\n".encode(encoding)))
        assert split.columns[0].levels == ("Köln", "Zürich"), encoding


def test_a_file_without_a_header(tmp_path: Path) -> None:
    split = read(written(tmp_path, "1.5,x,3\n2.5,y,4\n"))
    assert [c.name for c in split.columns] == ["x0", "x1", "x2"]
    assert split.n == 2


def test_rows_of_another_width_are_left_out_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n")
    found = [read(path)]
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *more: None)
    found.append(read(path))
    for split in found:
        assert split.n == 2
        assert any("2 rows without 2 fields are left out" in note for note in split.notes)


def test_names_that_stand_twice_or_are_empty(tmp_path: Path) -> None:
    split = read(written(tmp_path, "a,a,,a\n" + "1.5,2.5,3.5,4.5\n" * 3))
    assert [c.name for c in split.columns] == ["a", "a (2)", "column 3", "a (3)"]
    assert sum("columns are named 'a'" in note for note in split.notes) == 2
    frame = pd.DataFrame(np.ones((3, 2)) / 2, columns=["a", "a"])
    assert [c.name for c in read(frame).columns] == ["a", "a (2)"]
    table = pa.table([pa.array([1.5]), pa.array([2.5])], names=["a", "a"])
    assert [c.name for c in read(table).columns] == ["a", "a (2)"]


def test_the_index_that_pandas_writes_is_an_identifier(tmp_path: Path) -> None:
    pd.DataFrame({"v": np.arange(80) + 0.5}).to_csv(tmp_path / "t.csv")
    split = read(tmp_path / "t.csv")
    assert [(c.name, c.kind) for c in split.columns] == [("Unnamed: 0", Kind.IDENTIFIER), ("v", Kind.NUMBER)]


def test_a_named_index_is_a_column() -> None:
    frame = pd.DataFrame({"v": [0.5, 1.5]}, index=pd.Index(["p", "q"], name="who"))
    assert [c.name for c in read(frame).columns] == ["who", "v"]


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("t.csv", b"", r"t\.csv: the file is empty"),
        ("t.csv", b"a,b\n", r"no rows; expected at least one"),
        ("t.csv", b"\x00\x01\x02" * 50, r"t\.csv: no text"),
        ("t.csv.gz", b"no gzip", r"cannot be read"),
        ("t.parquet", b"PAR1 no parquet", r"t\.parquet: cannot be read as its ending says"),
        ("t.feather", b"no arrow", r"t\.feather: cannot be read"),
        ("t.npy", b"no array", r"t\.npy: "),
        ("t.npz", b"no archive", r"t\.npz: "),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', r"t\.jsonl, line 2: .*; expected one JSON record a line"),
        ("t.jsonl", b"[1, 2]\n", r"t\.jsonl, line 1: '1'; expected a record"),
        ("t.jsonl", b'{"a":' * 5000, r"t\.jsonl, line 1: "),
        ("t.json", b"", r"no rows"),
        ("t.docx", b"PK", r"no data of a known format"),
    ],
)
def test_damaged_files_are_refused_in_words(name: str, raw: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read(written(tmp_path, raw, name))


def test_folders_without_data_or_with_several_formats(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder without data files"):
        read(tmp_path)
    written(tmp_path, "a\n1\n", "one.csv")
    written(tmp_path, '{"a": 1}\n', "two.jsonl")
    with pytest.raises(InputError, match=r"several formats \(CSV, JSON Lines\); name the files"):
        read(tmp_path)


# --- what would run code, or take all memory ---


class Bomb:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "it ran")


@pytest.mark.parametrize("name", ["t.npy", "t.npz"])
def test_objects_in_array_files_are_never_unpickled(name: str, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    bomb = np.array([Bomb(witness)], dtype=object)
    np.save(tmp_path / "t.npy", bomb, allow_pickle=True)
    np.savez(tmp_path / "t.npz", x=bomb)
    with pytest.raises(InputError, match=r"holds Python objects, which are never loaded.*np\.savez"):
        read(tmp_path / name)
    assert not witness.exists()
    np.load(tmp_path / "t.npy", allow_pickle=True)
    assert witness.exists()  # it would have run


def test_a_pickle_by_another_name_is_no_array(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    (tmp_path / "t.npy").write_bytes(pickle.dumps(Bomb(witness)))
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("x.npy", pickle.dumps(Bomb(witness)))
    for name in ("t.npy", "t.npz"):
        with pytest.raises(InputError):
            read(tmp_path / name)
    assert not witness.exists()


def test_data_that_do_not_fit_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "a,b\n" + "1.5,2.5\n" * 1000)
    monkeypatch.setattr(memory, "available", lambda: 10_000)
    with pytest.raises(InputError, match=r"takes about 0\.0 GB in memory .* of which data may take half"):
        read(path)
    assert sum(piece.n for piece in iter_pieces(path, "train", rows=100)) == 1000
    monkeypatch.setattr(memory, "available", lambda: None)
    assert read(path).n == 1000


def test_the_available_memory_is_known_here() -> None:
    there = memory.available()
    assert there is None or there > 10**6


# --- values ---


def test_one_row_and_nothing_known() -> None:
    split = read({"a": [1.5], "b": ["x"], "c": [None], "d": [np.nan], "e": [True]})
    assert (split.n, len(split.columns)) == (1, 5)
    empty = read(pd.DataFrame({"a": [np.nan] * 5, "b": [None] * 5, "c": pd.array([pd.NA] * 5, dtype="Int64")}))
    assert all(column.missing.all() for column in empty.columns)


def test_huge_integers() -> None:
    split = read({"a": [10**30, 1, 2], "b": [2**62, -(2**62), 0], "c": np.array([2**64 - 1, 0, 1], np.uint64)})
    assert [column.kind for column in split.columns] == [Kind.NUMBER] * 3
    assert split.columns[0].values[0] == 1e30
    assert sum("beyond 2^53" in note for note in split.notes) == 2


def test_columns_of_any_objects() -> None:
    split = read(
        {"a": [{"x": 1}, [1], "s", 2, None], "b": [b"\xff", b"a", b"a", None, b""], "c": [[1], [1, 2], [], None, [3]]}
    )
    assert [column.name for column in split.columns] == ["a", "b"]
    assert split.columns[0].missing.tolist() == [False] * 4 + [True]
    assert any("'c': lists of values" in note for note in split.notes)


def test_dates_of_every_type_are_the_same_seconds() -> None:
    days = pd.date_range("2024-01-01", periods=4)
    seconds = [1704067200.0 + 86400 * at for at in range(4)]
    frames = [
        pd.DataFrame({"t": days}), pd.DataFrame({"t": days.tz_localize("UTC")}),
        pd.DataFrame({"t": days.tz_localize("Europe/Berlin")}), pd.DataFrame({"t": days.date}),
        pl.DataFrame({"t": days.to_numpy()}), pl.DataFrame({"t": days.date}),
        pa.table({"t": days.to_numpy()}), pl.DataFrame({"t": days.to_numpy().astype("datetime64[ms]")}),
    ]  # fmt: skip
    for at, frame in enumerate(frames):
        (column,) = read(frame).columns
        assert column.kind is Kind.TIME, at
        shift = 3600.0 if at == 2 else 0.0  # Berlin's midnight is an hour earlier
        assert (column.values + shift).tolist() == seconds, at


def test_types_of_other_packages() -> None:
    frame = pl.DataFrame({
        "decimal": [Decimal("1.25"), Decimal("2.50"), None], "small": pl.Series([1, 2, 3], dtype=pl.UInt8),
        "length": pd.to_timedelta([1, 2, 3], "s").to_numpy(), "cat": pl.Series(["a", None, "b"], dtype=pl.Categorical),
        "enum": pl.Series(["a", None, "b"], dtype=pl.Enum(["b", "a"])), "nothing": [None, None, None],
    })  # fmt: skip
    split = read(frame, kinds={"small": "number"})
    by = {column.name: column for column in split.columns}
    assert by["decimal"].values.tolist()[:2] == [1.25, 2.5]
    assert by["small"].values.dtype == np.float32
    assert by["length"].values.tolist() == [1.0, 2.0, 3.0]
    assert by["cat"].levels == by["enum"].levels == ("a", "b")
    assert by["nothing"].missing.all()


def test_hostile_names_and_values_are_carried_as_they_are() -> None:
    name = "<script>\x1b[31m\u202e,;\"'\n"
    split = read({name: ["<b>", "\x1b[0m", "\ud800"] * 5})
    assert split.columns[0].name == name.strip()
    assert len(split.columns[0].levels) == 3


PLAIN = st.characters(codec="utf-8", exclude_categories=["Cc"])
CELLS = (st.text(PLAIN, max_size=4), st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9), st.booleans())
TABLES = st.integers(1, 12).flatmap(
    lambda n: st.dictionaries(
        st.text(PLAIN, min_size=1, max_size=4).map(lambda name: f"c{name}"),
        st.one_of(*(st.lists(st.none() | cells, min_size=n, max_size=n) for cells in CELLS)),
        min_size=1,
        max_size=3,
    )
)
SOME = ("as_pandas", "as_polars", "as_arrow", "as_parquet", "as_records")


@settings(max_examples=40, deadline=None)
@given(TABLES, st.sampled_from([form for form in FORMS if form.__name__ in SOME]))
def test_any_table_is_the_same_in_memory_and_in_files(tmp_path_factory, table: dict[str, list[Any]], form) -> None:
    named = {name.strip(): values for name, values in table.items()}
    source = pl.DataFrame(named) if form.__name__ == "as_polars" else form(named, tmp_path_factory.mktemp("t"))
    assert_same_split(read(source), read(named))


def test_json_lines_with_holes_and_nested_values(tmp_path: Path) -> None:
    rows = [{"a": 1.5, "b": {"c": "x"}}, {"a": 2.5}, {"b": {"c": "y"}, "d": True}]
    split = read(written(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl"))
    assert [c.name for c in split.columns] == ["a", "b.c", "d"]
    assert [c.missing.tolist() for c in split.columns] == [
        [False, False, True],
        [False, True, False],
        [True, True, False],
    ]
