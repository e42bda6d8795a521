from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diagnose.finding import Basis
from diagnose.remedies.deduplication import deduplication
from diagnose.remedies.prescribe import prescribe
from remedy_worlds import alike, array_names, arrays, case_of, copied, keys, run_code, shifted, written

CODES = ("LKG141", "LKG142")


def test_after_dropping_no_row_is_known(tmp_path: Path) -> None:
    case = case_of(written(copied(), tmp_path), *CODES, folder=tmp_path / "rows")
    (proposal,) = deduplication(case)
    assert proposal.remedy.action == {"drop_rows": {"split": "val", "file": "drop_val_rows.csv", "rows": 40}}
    left = run_code(proposal, tmp_path / "rows")["val"]
    assert len(left) == 300
    again = case_of(written({**copied(), "val": left}, tmp_path), *CODES)
    assert keys(deduplication, again) == []
    assert not again.findings


def test_each_row_of_the_file_equals_the_training_row_beside_it(tmp_path: Path) -> None:
    tables = copied()
    (proposal,) = deduplication(case_of(tables, *CODES))
    run_code(proposal, tmp_path / "remedies", {"pd": pd, "val": tables["val"]} | _cd(tmp_path, proposal))
    rows = pd.read_csv(tmp_path / "remedies" / "drop_val_rows.csv")
    assert set(rows["why"]) == {"equals a training row"}
    pd.testing.assert_frame_equal(
        tables["val"].iloc[rows["row"], :4].reset_index(drop=True),
        tables["train"].iloc[rows["train_row"], :4].reset_index(drop=True),
    )


def _cd(folder: Path, proposal: Any) -> dict[str, Any]:
    """Read the file where it was written, though the code names the folder that the user has not chosen yet."""
    assert "--remedy-files remedies/" in proposal.remedy.code

    class Pandas:
        @staticmethod
        def read_csv(path: str) -> pd.DataFrame:
            return pd.read_csv(folder / path)

    return {"pd": Pandas}


def test_arrays_lose_their_labels_too(tmp_path: Path) -> None:
    tables = copied()
    case = case_of(arrays(tables), *CODES, data={}, folder=tmp_path)
    (proposal,) = deduplication(case)
    left = run_code(proposal, tmp_path, array_names(tables))
    assert left["x_val"].shape == (300, 3)
    assert left["y_val"].shape == (300,)
    known = {row.tobytes() for row in left["x_train"]}
    assert not any(row.tobytes() in known for row in left["x_val"])


def test_the_honest_score_is_estimated_where_outputs_are_known() -> None:
    tables = copied()
    known = {row.tobytes() for row in tables["train"][["age", "income", "height"]].to_numpy()}
    is_copy = np.array([row.tobytes() in known for row in tables["val"][["age", "income", "height"]].to_numpy()])
    said = np.where(is_copy, tables["val"]["target"], "no")  # right on copies, guesses elsewhere
    tables["val"] = tables["val"].assign(said=said)
    tables["train"] = tables["train"].assign(said=tables["train"]["target"])
    case = case_of(tables, *CODES, data={"label": "target", "prediction": "said"})
    (proposal,) = deduplication(case)
    effect = proposal.remedy.effect
    assert proposal.remedy.basis is Basis.ESTIMATED
    assert effect is not None
    assert effect.value == pytest.approx((tables["val"]["target"][~is_copy] == "yes").mean())


def test_the_generic_search_gives_way() -> None:
    case = case_of(copied(), *CODES)
    actions = [list(r.action) for r in prescribe(case.verdicts, case.findings, case.measurements)]
    assert actions == [["drop_rows"]]


@pytest.mark.parametrize("world", [alike, shifted])
def test_quiet_without_copies(world: Any) -> None:
    assert keys(deduplication, case_of(world(), *CODES)) == []


def test_quiet_where_nothing_would_be_left() -> None:
    train = alike()["train"]
    assert keys(deduplication, case_of({"train": train, "val": train[:300]}, *CODES)) == []


def test_quiet_where_labels_alone_repeat() -> None:
    assert keys(deduplication, case_of({k: t.assign(city="Bonn") for k, t in alike().items()}, *CODES)) == []
