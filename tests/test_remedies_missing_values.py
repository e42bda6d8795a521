from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diagnose.remedies.missing_values import missing_values
from remedy_worlds import alike, case_of, copied, keys, run_code, shifted, written

CODES = ("COV112",)


def pierced(share: float, column: str = "height", *, both: bool = False) -> Any:
    tables = alike()
    rng = np.random.default_rng(0)
    for split in ("train", "val") if both else ("val",):
        tables[split].loc[rng.random(len(tables[split])) < share, column] = None
    return tables


def test_gaps_are_filled_alike_and_flagged(tmp_path: Path) -> None:
    (proposal,) = missing_values(case_of(written(pierced(0.3), tmp_path), *CODES))
    assert proposal.remedy.action == {"fill_missing": ["height"], "flag": True}
    rows = run_code(proposal, tmp_path)
    assert not rows["val"]["height"].isna().any()
    assert rows["val"]["height is missing"].mean() == pytest.approx(0.3, abs=0.06)
    assert not rows["train"]["height is missing"].any()


def test_a_category_is_filled_too(tmp_path: Path) -> None:
    (proposal,) = missing_values(case_of(written(pierced(0.3, "city"), tmp_path), *CODES))
    assert set(run_code(proposal, tmp_path)["val"]["city"]) == {"Bonn", "Köln", "Ulm"}


def test_a_column_that_is_mostly_gone_is_dropped(tmp_path: Path) -> None:
    (proposal,) = missing_values(case_of(written(pierced(0.8), tmp_path), *CODES))
    rows = run_code(proposal, tmp_path)
    assert "height" not in rows["train"]
    assert "height" not in rows["val"]
    assert len(rows["val"].columns) == 4


def test_quiet_where_gaps_are_as_frequent_on_both_sides() -> None:
    assert keys(missing_values, case_of(pierced(0.3, both=True), *CODES)) == []


@pytest.mark.parametrize("world", [alike, shifted, copied])
def test_quiet_without_gaps(world: Any) -> None:
    assert keys(missing_values, case_of(world(), *CODES)) == []
