"""Profiles: exact merging of any parts, files, samples of rows, and what a profile does not hold."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diagnose
from diagnose.analyzers.columns_shifted import ColumnsShifted
from diagnose.analyzers.columns_shifted_jointly import ColumnsShiftedJointly
from diagnose.data import Column, Kind, Split
from diagnose.errors import InputError
from diagnose.profiles import columns as column_profiles
from diagnose.profiles import file_format, row_sample
from diagnose.profiles.file_format import from_bytes, to_bytes
from diagnose.profiles.names import cut
from diagnose.profiles.profile import Profile
from diagnose.profiles.row_sample import overlap
from diagnose.profiling import profile, read_profile, write_profile
from diagnose.readers.data import memory

LEVELS = ("", "a", "ä" * 200, "1", "two words", "ä" * 199 + "b")


def table(n: int, seed: int = 0, levels: int = 6) -> Split:
    """Make a split with a column of every kind, gaps in all."""
    rng = np.random.default_rng(seed)
    gaps = rng.random((4, n)) < 0.1
    names = tuple(LEVELS[k] if k < len(LEVELS) else f"level {k}" for k in range(levels))
    texts = np.array([None, "one", "two three"], object)
    return Split(
        "train", n,
        (
            Column("x", Kind.NUMBER, np.where(gaps[0], np.nan, rng.normal(size=n))),
            Column("single", Kind.NUMBER, np.where(gaps[1], np.nan, rng.gamma(1, size=n)).astype(np.float32)),
            Column("zip", Kind.CATEGORY, np.where(gaps[2], -1, rng.integers(0, levels, n)).astype(np.int32), names),
            Column("when", Kind.TIME, np.where(gaps[3], np.nan, 1.7e9 + rng.integers(0, 10**6, n))),
            Column("note", Kind.TEXT, texts[rng.integers(0, 3, n)]),
            Column("id", Kind.IDENTIFIER, rng.integers(0, 2**63, n).astype(np.uint64)),
        ),
        label=Column("y", Kind.CATEGORY, rng.integers(0, 2, n).astype(np.int32), ("no", "yes")),
        source=f"part {seed}", notes=(f"note {seed}",),
    )  # fmt: skip


def rows(split: Split, chosen: Any) -> Split:
    label = split.label
    assert label is not None
    columns = tuple(replace(c, values=c.values[chosen]) for c in split.columns)
    labels = replace(label, values=label.values[chosen])
    return replace(split, n=len(labels), columns=columns, label=labels)


def parts_of(split: Split, rng: np.random.Generator, most: int) -> list[Split]:
    order = rng.permutation(split.n)
    cuts = np.sort(rng.integers(0, split.n + 1, rng.integers(0, most)))
    return [rows(split, chosen) for chosen in np.split(order, cuts)]


def merged_somehow(profiles: list[Profile], rng: np.random.Generator) -> Profile:
    while len(profiles) > 1:
        rng.shuffle(profiles)  # type: ignore[arg-type]
        size = int(rng.integers(2, 4))
        profiles = [*profiles[size:], profiles[0].merge(*profiles[1:size])]
    return profiles[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 300), st.sampled_from([4, 40]))
def test_any_parts_in_any_order_give_the_same_bytes(seed: int, n: int, levels: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_profiles, "MOST_LEVELS", 16)
        patch.setattr(row_sample, "KEPT", 32)
        patch.setattr(file_format, "COLUMN_BYTES", 10**9)
        rng = np.random.default_rng(seed)
        whole = table(n, seed, levels)
        parts = [Profile.of(part) for part in parts_of(whole, rng, 6)]
        assert to_bytes(merged_somehow(parts, rng)) == to_bytes(Profile.of(whole))


@pytest.mark.parametrize("seed", range(3))
def test_large_parts_merge_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_format, "COLUMN_BYTES", 10**9)  # compare all that is in memory
    rng = np.random.default_rng(seed)
    whole = table(40_000, seed, levels=9_000)
    expected = Profile.of(whole)
    assert not expected.columns[0].is_exact
    assert expected.columns[2].pooled
    assert to_bytes(merged_somehow([Profile.of(p) for p in parts_of(whole, rng, 9)], rng)) == to_bytes(expected)


def test_what_a_profile_knows_is_true() -> None:
    split = table(5_000)
    found = Profile.of(split)
    for column, known in zip(split.columns, found.columns, strict=True):
        assert known.known == np.count_nonzero(~column.missing)
        assert found.missing(known) == np.count_nonzero(column.missing)
    x = split.columns[0].values[~split.columns[0].missing]
    known = found.columns[0]
    assert (known.low, known.high) == (x.min(), x.max())
    assert known.moments() == pytest.approx((x.mean(), x.std()))
    assert known.quantile(0.5) == pytest.approx(np.median(x), abs=1e-3)
    zips = split.columns[2]
    assert found.columns[2].by_name == {
        cut(level): int((zips.values == code).sum()) for code, level in enumerate(zips.levels)
    }
    assert found.label is not None
    assert sum(found.label.by_name.values()) == 5_000


def test_moments_of_many_values_are_near() -> None:
    values = 100 + np.random.default_rng(0).normal(size=200_000)
    found = Profile.of(Split("train", len(values), (Column("x", Kind.NUMBER, values),))).columns[0]
    assert found.moments() == pytest.approx((values.mean(), values.std()), rel=1e-4)


def test_names_that_differ_stay_different_however_long() -> None:
    assert len({cut("ä" * 200), cut("ä" * 199 + "b"), cut("ä" * 80)}) == 3


def test_parts_that_lack_a_column_lack_its_values() -> None:
    one, other = table(100, 1), table(50, 2)
    both = Profile.of(one).merge(Profile.of(replace(other, columns=other.columns[1:])))
    assert [c.name for c in both.columns] == [c.name for c in one.columns] or both.columns[1].name == "x"
    x = both.column("x")
    assert x is not None
    assert both.missing(x) == 50 + np.count_nonzero(one.columns[0].missing)
    assert both.rows is not None
    assert overlap(both.rows, Profile.of(one).rows) is None, "digests of other columns are not compared"


def test_parts_of_different_kinds_or_labels_are_refused() -> None:
    one, other = table(30), table(30, 1)
    text = replace(other.columns[4], name="x")
    with pytest.raises(InputError, match=r"'x' is a number in one part .* and a text in another; .* --kind x=number"):
        Profile.of(one).merge(Profile.of(replace(other, columns=(text,))))
    with pytest.raises(InputError, match="give --label COLUMN"):
        Profile.of(one).merge(Profile.of(replace(other, label=None)))


# --- files ---


def test_a_file_gives_the_profile_back(tmp_path: Path) -> None:
    whole = Profile.of(table(20_000, levels=5_000))
    write_profile(whole, tmp_path / "a.profile")
    found = read_profile(tmp_path / "a.profile")
    assert to_bytes(replace(found, sources=whole.sources, notes=whole.notes)) == to_bytes(whole)
    assert found.source == str(tmp_path / "a.profile")
    assert "made of part 0" in found.notes
    assert list(tmp_path.iterdir()) == [tmp_path / "a.profile"], "nothing else is left behind"


def test_a_hundred_columns_take_less_than_a_megabyte() -> None:
    rng = np.random.default_rng(0)
    n = 100_000
    draws = (
        rng.normal(size=n),
        rng.exponential(size=n),
        rng.standard_cauchy(n),
        rng.random(n),
        np.exp(rng.normal(size=n)),
    )
    held = Profile.of(Split("train", n, tuple(Column(f"c{k}", Kind.NUMBER, values) for k, values in enumerate(draws))))
    without = len(to_bytes(replace(held, rows=None)))
    assert 100 * without / len(draws) + len(to_bytes(held)) - without < 1_000_000


@pytest.mark.parametrize("n", [1_000, 5_000, 9_000, 60_000])
def test_a_file_is_coarser_than_memory_by_little(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    held = Profile.of(Split("train", n, (Column("x", Kind.NUMBER, values),)))
    found = from_bytes(to_bytes(held), "x").columns[0]
    assert len(to_bytes(replace(held, rows=None))) < file_format.COLUMN_BYTES + 300
    assert found.is_exact == (n == 1_000)
    assert found.rank_error <= 0.33 / n**0.5, "a third of what chance does to a rank at most"
    assert to_bytes(replace(held, columns=(found,))) == to_bytes(held), "what was written is not made coarser again"


def test_other_versions_are_refused_with_a_way_out(tmp_path: Path) -> None:
    content = to_bytes(Profile.of(table(10)))
    path = tmp_path / "old.profile"
    path.write_bytes(content.replace(b"diagnose profile 1\n", b"diagnose profile 7\n"))
    with pytest.raises(InputError, match="of version '7', and this diagnose reads version 1; make it again: diagnose"):
        read_profile(path)


def test_what_is_no_profile_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.profile"
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(InputError, match="no profile; expected a file that `diagnose profile` wrote"):
        diagnose.audit(train=path)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_profile(tmp_path / "none.profile")


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_damaged_files_are_refused_or_hold_a_profile(data: st.DataObject) -> None:
    head, _, packed = to_bytes(Profile.of(table(40))).partition(b"\n")
    content = bytearray(zlib.decompress(packed))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputError):
        assert to_bytes(from_bytes(head + b"\n" + zlib.compress(bytes(content)), "x"))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: setattr(file, "n", -1),
        lambda file: setattr(file.columns[0], "known", 10**9),
        lambda file: setattr(file.columns[0], "level", 200),
        lambda file: setattr(file.columns[0], "counts", file.columns[0].counts[:-8]),
        lambda file: setattr(file.columns[0], "cells", b"\0" * len(file.columns[0].cells)),
        lambda file: setattr(file.columns[2], "names", ["a"]),
        lambda file: setattr(file.columns[1], "name", file.columns[0].name),
        lambda file: setattr(file.rows, "digests", b"\0" * len(file.rows.digests)),
    ],
)
def test_contradictions_in_a_file_are_found(change: Callable[[Any], None]) -> None:
    content = to_bytes(Profile.of(table(40)))
    head, _, packed = content.partition(b"\n")
    file = msgspec.msgpack.decode(zlib.decompress(packed), type=file_format._File)
    change(file)
    with pytest.raises(InputError, match="a damaged profile"):
        from_bytes(head + b"\n" + zlib.compress(msgspec.msgpack.encode(file)), "x")


def test_a_file_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_format, "LARGEST", 1000)
    with pytest.raises(InputError, match="cut off or too large"):
        from_bytes(to_bytes(Profile.of(table(4_000))), "x")


def test_no_row_can_be_read_off_a_file() -> None:
    """A sentence, a name of a row, and which values stood together are not there."""
    split = table(200)
    secret = Column("secret", Kind.TEXT, np.array(["the patient from Bern"] * 200, object))
    held = Profile.of(replace(split, columns=(*split.columns, secret)))
    plain = zlib.decompress(to_bytes(held).partition(b"\n")[2])
    assert b"Bern" not in plain
    for identity in split.columns[5].values[:20].tolist():
        assert int(identity).to_bytes(8, "little") not in plain


# --- rows ---


def shared(n: int, m: int, common: int, seed: int) -> tuple[Profile, Profile]:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n + m, 3))
    values[n : n + common] = values[:common]
    splits = [
        Split("train", len(part), tuple(Column(f"c{k}", Kind.NUMBER, part[:, k]) for k in range(3)))
        for part in (values[:n], values[n:])
    ]
    return Profile.of(splits[0]), Profile.of(splits[1])


def test_shared_rows_are_counted_where_all_are_known_and_estimated_elsewhere() -> None:
    train, val = shared(3_000, 1_000, 40, 0)
    found = overlap(train.rows, val.rows)
    assert found is not None
    assert (found.examined, found.found, found.is_whole) == (1_000, 40, True)
    share = []
    for seed in range(20):
        found = overlap(*(p.rows for p in shared(30_000, 20_000, 1_000, seed)))
        assert found is not None
        assert not found.is_whole
        assert found.examined == pytest.approx(20_000 * 4096 / 30_000, rel=0.1)
        share.append(found.found / found.examined)
    assert np.mean(share) == pytest.approx(0.05, abs=0.004)


def test_rows_equal_from_either_precision_and_order_of_columns() -> None:
    split = table(500)
    again = replace(
        split,
        columns=tuple(
            replace(c, values=c.values.astype(np.float32)) if c.kind is Kind.NUMBER else c for c in split.columns[::-1]
        ),
    )
    found = overlap(Profile.of(split).rows, Profile.of(again).rows)
    assert found is not None
    assert found.found == found.examined == 500


# --- streams ---


@pytest.mark.parametrize("form", ["csv", "parquet", "folder"])
def test_a_file_in_pieces_gives_the_profile_of_the_whole(form: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(size=3_000), "zip": rng.choice(list("abc"), 3_000), "y": rng.choice(["p", "q"], 3_000)}
    )
    frame.loc[::7, "x"] = np.nan
    path = tmp_path / f"t.{form}"
    if form == "csv":
        frame.to_csv(path, index=False)
    elif form == "parquet":
        frame.to_parquet(path)
    else:
        path.mkdir()
        frame[:1_111].to_parquet(path / "0.parquet")
        frame[1_111:].to_parquet(path / "1.parquet")
    whole = profile(path, data={"label": "y"})
    pieces: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diagnose.profiling.PIECE", 500)
        in_pieces = profile(path, data={"label": "y"}, advance=lambda piece: pieces.append(piece.n))
    assert len(pieces) >= 6
    assert sum(pieces) == 3_000
    assert to_bytes(in_pieces) == to_bytes(whole)


def test_what_does_not_fit_into_memory_is_profiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for name in ("train", "val"):
        np.savetxt(tmp_path / f"{name}.csv", rng.normal(size=(400, 3)), delimiter=",", header="a,b,c", comments="")
    given_ = {"train": tmp_path / "train.csv", "val": tmp_path / "val.csv"}
    read = diagnose.audit(**given_, analyzers=(ColumnsShifted(),))
    monkeypatch.setattr(memory, "available", lambda: 10_000)
    found = diagnose.audit(**given_, analyzers=(ColumnsShifted(), ColumnsShiftedJointly()))
    assert any("a profile of 400 rows, without the rows" in note for note in found.run.data[0].notes)
    why = {outcome.code: outcome.why for outcome in found.outcomes}
    assert why["COV111"] == {outcome.code: outcome.why for outcome in read.outcomes}["COV111"]
    assert why["COV115"] == "the training profile holds no rows"
