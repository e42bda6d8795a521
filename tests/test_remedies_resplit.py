from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diagnose.remedies.prescribe import prescribe
from diagnose.remedies.resplit import resplit
from remedy_worlds import alike, array_names, arrays, case_of, copied, grouped, keys, run_code, shifted, written

CODES = ("LKG141", "LKG143", "LKG144", "LBL122", "LBL123")
BY_PATIENT = {"label": "target", "group": "patient"}


def timed(*, mixed: bool = True) -> dict[str, pd.DataFrame]:
    """Labels that follow the weeks; rows of one week lie on both sides, or the later ones are held out."""
    rows = pd.concat([t.drop(columns="target") for t in alike().values()], ignore_index=True)
    rng = np.random.default_rng(0)
    when = np.sort(rng.integers(0, 300, len(rows)))
    rows["when"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(when, unit="D")
    rows["target"] = rng.choice(["no", "yes"], 60)[when // 5]
    rows = rows.sample(frac=1, random_state=0, ignore_index=True) if mixed else rows
    return {"train": rows[:800].reset_index(drop=True), "val": rows[800:].reset_index(drop=True)}


def test_after_splitting_by_group_no_group_is_on_both_sides(tmp_path: Path) -> None:
    case = case_of(written(grouped(), tmp_path), *CODES, data=BY_PATIENT, folder=tmp_path)
    (proposal,) = resplit(case)
    assert proposal.remedy.action["resplit"]["by"] == "groups"
    parts = run_code(proposal, tmp_path)
    assert set(parts["train"]["patient"]).isdisjoint(parts["val"]["patient"])
    assert len(parts["train"]) + len(parts["val"]) == 1000
    assert 150 <= len(parts["val"]) <= 250
    share = [(part["target"] == "yes").mean() for part in (parts["train"], parts["val"])]
    assert abs(share[0] - share[1]) < 0.1
    again = case_of({"train": parts["train"], "val": parts["val"]}, *CODES, data=BY_PATIENT)
    assert keys(resplit, again) == []
    assert not again.shows("LKG143")


def test_the_later_rows_are_held_out(tmp_path: Path) -> None:
    case = case_of(written(timed(), tmp_path), *CODES, data={"label": "target", "time": "when"}, folder=tmp_path)
    (proposal,) = resplit(case)
    parts = run_code(proposal, tmp_path)
    assert parts["train"]["when"].max() < parts["val"]["when"].min()
    assert 250 <= len(parts["val"]) <= 310


def test_arrays_are_divided_by_the_same_file(tmp_path: Path) -> None:
    tables = grouped()
    (table_plan,) = resplit(case_of(tables, *CODES, data=BY_PATIENT, folder=tmp_path))
    train = arrays(tables)["train"][0]
    same = {"train": train, "val": train[:300]}  # the same file twice: a new part has to be held out
    labels = tables["train"]["target"].to_numpy().astype(str)
    given = {"train": (same["train"], labels), "val": (same["val"], labels[:300])}
    (proposal,) = resplit(case_of(given, *CODES, data={}, folder=tmp_path / "b"))
    names = {**array_names(tables), "x_val": same["val"], "y_val": labels[:300]}
    parts = run_code(proposal, tmp_path / "b", names)
    assert len(parts["x_train"]) + len(parts["x_val"]) == 800
    known = {row.tobytes() for row in parts["x_train"]}
    assert not any(row.tobytes() in known for row in parts["x_val"])
    assert table_plan.key == proposal.key


def test_classes_that_one_side_lacks_come_to_both(tmp_path: Path) -> None:
    rows = pd.concat(alike().values(), ignore_index=True)
    rows["target"] = np.where(np.arange(len(rows)) >= 1000, "maybe", rows["target"])
    tables = {"train": rows[:800].reset_index(drop=True), "val": rows[800:].reset_index(drop=True)}
    (proposal,) = resplit(case_of(written(tables, tmp_path), *CODES, folder=tmp_path))
    parts = run_code(proposal, tmp_path)
    assert (parts["train"]["target"] == "maybe").mean() == pytest.approx(
        (parts["val"]["target"] == "maybe").mean(), abs=0.01
    )


def test_copies_go_first() -> None:
    tables = grouped()
    tables["val"] = pd.concat([tables["val"], tables["train"][:50]], ignore_index=True)
    case = case_of(tables, *CODES, data=BY_PATIENT)
    shown = prescribe(case.verdicts, case.findings, case.measurements)
    assert [next(iter(r.action)) for r in shown] == ["drop_rows", "resplit"]
    assert shown[1].action["resplit"]["dropped"] == 50


def test_a_new_split_and_weights_towards_the_old_one_exclude_each_other() -> None:
    tables = grouped()
    tables["val"] = tables["val"].assign(height=tables["val"]["height"] + 6)
    case = case_of(tables, *CODES, "COV111", "COV115", data=BY_PATIENT)
    actions = {key for r in prescribe(case.verdicts, case.findings, case.measurements) for key in r.action}
    assert not {"resplit", "sample_weights"} <= actions
    assert actions & {"resplit", "sample_weights"}


def test_the_same_bytes_each_time() -> None:
    texts = [next(resplit(case_of(grouped(), *CODES, data=BY_PATIENT))).files[0].text() for _ in range(2)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("world", [alike, shifted, copied])
def test_quiet_where_the_split_is_sound(world: Any) -> None:
    assert keys(resplit, case_of(world(), *CODES)) == []


def test_quiet_where_time_runs_forward() -> None:
    case = case_of(timed(mixed=False), *CODES, data={"label": "target", "time": "when"})
    assert keys(resplit, case) == []


def test_quiet_where_groups_are_whole() -> None:
    rows = pd.concat(grouped().values()).sort_values("patient")
    tables = {"train": rows[:800].reset_index(drop=True), "val": rows[800:].reset_index(drop=True)}
    assert keys(resplit, case_of(tables, *CODES, data=BY_PATIENT)) == []


def test_quiet_with_training_data_alone() -> None:
    assert keys(resplit, case_of({"train": grouped()["train"]}, *CODES, data=BY_PATIENT)) == []
