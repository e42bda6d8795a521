from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from diagnose.remedies.collection import collection
from diagnose.remedies.idle_columns import idle_columns
from diagnose.remedies.prescribe import chosen
from remedy_worlds import Tables, alike, array_names, case_of, copied, keys, run_code, shifted, written

CODES = ("COV111", "COV114")


def idle(tables: Tables) -> Tables:
    return {name: t.assign(version=1.0, again=t["height"]) for name, t in tables.items()}


def test_what_says_nothing_is_dropped_beside_a_shift(tmp_path: Path) -> None:
    (proposal,) = idle_columns(case_of(written(idle(shifted()), tmp_path), *CODES))
    assert proposal.remedy.action == {"drop_columns": ["version", "again"]}
    rows = run_code(proposal, tmp_path)
    assert list(rows["train"].columns) == list(rows["val"].columns) == list(shifted()["train"].columns)


def test_arrays_by_place(tmp_path: Path) -> None:
    tables = idle(shifted())
    names = array_names(tables)
    for split in ("train", "val"):
        names[f"x_{split}"] = tables[split][["age", "version", "height", "again"]].to_numpy()
    given = {split: (names[f"x_{split}"], names[f"y_{split}"]) for split in ("train", "val")}
    (proposal,) = idle_columns(case_of(given, *CODES, data={}))
    assert run_code(proposal, tmp_path, names)["x_val"].shape == (600, 2)


def test_quiet_where_nothing_shifted() -> None:
    assert keys(idle_columns, case_of(idle(alike()), *CODES)) == []


@pytest.mark.parametrize("world", [alike, shifted, copied])
def test_quiet_where_every_column_says_something(world: Any) -> None:
    assert keys(idle_columns, case_of(world(), *CODES)) == []


def test_what_was_found_is_acted_on_first() -> None:
    case = case_of(idle(shifted()), *CODES)
    first = [proposal.key for proposal in chosen([*idle_columns(case), *collection(case)], case)]
    assert len(first) >= 2
    assert first[-1] == "idle_columns"
