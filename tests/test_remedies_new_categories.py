from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from diagnose.remedies.new_categories import new_categories
from remedy_worlds import alike, case_of, copied, keys, run_code, shifted, written

CODES = ("COV113",)


def with_rome(rows: int) -> Any:
    tables = alike()
    tables["val"].loc[: rows - 1, "city"] = "Rom"
    tables["train"].loc[:2, "city"] = "Oslo"
    return tables


def test_what_training_never_saw_is_other(tmp_path: Path) -> None:
    (proposal,) = new_categories(case_of(written(with_rome(60), tmp_path), *CODES))
    assert proposal.remedy.action == {"unknown_categories": {"city": ["Rom"]}}
    rows = run_code(proposal, tmp_path)
    assert set(rows["train"]["city"]) == {"Bonn", "Köln", "Ulm", "other"}
    assert (rows["val"]["city"] == "other").sum() == 60


@pytest.mark.parametrize("world", [alike, shifted, copied, lambda: with_rome(1)])
def test_quiet_where_categories_are_known_or_chance(world: Any) -> None:
    assert keys(new_categories, case_of(world(), *CODES)) == []
