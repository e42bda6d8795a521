from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diagnose.finding import Cause
from diagnose.remedies.collection import collection
from diagnose.remedies.prescribe import prescribe
from remedy_worlds import alike, apart, case_of, copied, keys, shifted, table

CODES = ("COV111", "COV113", "COV114", "COV115")


def region(case: Any, name: str) -> dict[str, Any]:
    (proposal,) = collection(case)
    return next(r for r in proposal.remedy.action["collect"] if r["column"] == name)


def test_the_region_is_where_validation_has_more_than_its_part() -> None:
    tables = shifted()
    found = region(case_of(tables, *CODES), "age")
    for split in ("train", "val"):
        age = tables[split]["age"]
        inside = (age >= (found["low"] or -np.inf)) & (age <= (found["high"] or np.inf))
        assert inside.mean() == pytest.approx(found["shares"][split], abs=0.002)
    # of two normal populations 0.7 deviations apart, no range differs more than what lies above their middle
    assert found["low"] == pytest.approx(43.5, abs=2)
    assert found["high"] is None


def test_so_many_rows_bring_the_share_to_that_of_validation() -> None:
    tables = shifted()
    found = region(case_of(tables, *CODES), "age")
    share, rows = found["shares"]["train"], found["rows"]
    assert (share * 1500 + rows) / (1500 + rows) == pytest.approx(found["shares"]["val"], abs=0.02)


def test_new_categories_are_named() -> None:
    tables = alike()
    tables["val"].loc[:80, "city"] = "Rom"
    assert region(case_of(tables, *CODES), "city")["levels"] == ["Rom"]


def test_the_title_names_the_column() -> None:
    (proposal,) = collection(case_of(shifted(), *CODES))
    assert "age from" in proposal.remedy.title


def test_it_says_that_weights_cannot_help() -> None:
    (proposal,) = collection(case_of(apart(), *CODES))
    assert "weights can't make up for it" in proposal.remedy.why


def test_never_more_rows_like_those_of_training() -> None:
    case = case_of(shifted(), *CODES)
    overfitted = {**case.verdicts, Cause.OVERFITTING: case.verdicts[Cause.COVARIATE_SHIFT]}
    for remedy in prescribe(overfitted, case.findings, case.measurements):
        assert "n_train_factor" not in remedy.action


def test_quiet_where_another_unit_is_the_shift() -> None:
    tables = alike()
    tables["val"] = tables["val"].assign(income=tables["val"]["income"] * 100)
    assert keys(collection, case_of(tables, *CODES)) == []


@pytest.mark.parametrize("world", [alike, copied])
def test_quiet_without_a_shift(world: Any) -> None:
    assert keys(collection, case_of(world(), *CODES)) == []


def test_quiet_where_only_labels_moved() -> None:
    train, val = table(800, 0), table(300, 1)
    assert keys(collection, case_of({"train": train, "val": val.assign(target="yes")}, *CODES)) == []
