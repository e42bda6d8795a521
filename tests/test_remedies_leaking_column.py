from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diagnose.remedies.leaking_column import leaking_column
from remedy_worlds import Tables, alike, case_of, copied, keys, run_code, shifted, written

CODES = ("LKG145", "LKG146")


def leaking() -> Tables:
    """Make a column that names the label by other words."""
    return {name: t.assign(status=np.where(t["target"] == "yes", "closed", "open")) for name, t in alike().items()}


def in_order() -> Tables:
    tables = alike()
    return {**tables, "train": tables["train"].sort_values("target", ignore_index=True).assign(number=range(800))}


def test_after_dropping_no_column_tells_the_label(tmp_path: Path) -> None:
    (proposal,) = leaking_column(case_of(written(leaking(), tmp_path), *CODES))
    assert proposal.remedy.action == {"drop_columns": ["status"]}
    rows = run_code(proposal, tmp_path)
    again = case_of({"train": rows["train"], "val": rows["val"]}, *CODES)
    assert keys(leaking_column, again) == []
    assert not again.findings


def test_the_honest_skill_is_that_of_the_others() -> None:
    (proposal,) = leaking_column(case_of(leaking(), *CODES))
    assert proposal.remedy.effect is not None
    assert proposal.remedy.effect.value < 0.2  # labels are drawn by lot


def test_a_number_of_the_row_is_dropped_or_the_rows_shuffled(tmp_path: Path) -> None:
    found = list(leaking_column(case_of(in_order(), *CODES)))
    for proposal in found:
        assert set(proposal.remedy.action) <= {"drop_columns", "shuffle"}
        names = run_code(proposal, tmp_path, {"pd": None, "np": np, **in_order()})
        assert len(names["train"]) == 800


@pytest.mark.parametrize("world", [alike, shifted, copied])
def test_quiet_where_no_column_tells(world: Any) -> None:
    assert keys(leaking_column, case_of(world(), *CODES)) == []


def test_quiet_where_the_label_is_easy() -> None:
    tables = {name: t.assign(target=np.where(t["age"] + t["height"] > 210, "yes", "no")) for name, t in alike().items()}
    assert keys(leaking_column, case_of(tables, *CODES)) == []
