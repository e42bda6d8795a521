from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from diagnose.remedies.label_repair import label_repair
from remedy_worlds import Tables, alike, case_of, keys, run_code, shifted, written

CODES = ("LER151", "LER152")
WRONG = np.arange(0, 1300, 16)


def digits(*, wrong: bool = True) -> Tables:
    """Make images of digits, 82 of 1,300 labels turned."""
    x, y = load_digits(return_X_y=True)
    rows = pd.DataFrame(x).rename(columns=lambda k: f"p{k}")
    rows["target"] = [f"d{k}" for k in y]
    rows = rows.sample(frac=1, random_state=0, ignore_index=True)
    train, val = rows[:1300].reset_index(drop=True), rows[1300:].reset_index(drop=True)
    if wrong:
        turned = {f"d{k}": f"d{(k + 3) % 10}" for k in range(10)}
        train.loc[WRONG, "target"] = train.loc[WRONG, "target"].map(turned)
    return {"train": train, "val": val}


def test_named_labels_are_repaired(tmp_path: Path) -> None:
    case = case_of(written(digits(), tmp_path), *CODES, folder=tmp_path)
    (proposal,) = label_repair(case)
    repaired = run_code(proposal, tmp_path)["train"]["target"]
    right = digits(wrong=False)["train"]["target"]
    before = digits()["train"]["target"]
    assert (before != right).sum() == len(WRONG)
    named = pd.read_csv(tmp_path / "suspicious_labels.csv")
    assert len(named) >= 20
    assert len(WRONG) - (repaired != right).sum() >= 0.8 * len(named)  # what is named is wrong, and what it means right
    assert np.isin(named["row"], WRONG).mean() >= 0.9
    assert (named["label"].to_numpy() == before[named["row"]].to_numpy()).all()


def test_arrays_lose_the_rows(tmp_path: Path) -> None:
    tables = digits()
    x, y = tables["train"].drop(columns="target").to_numpy(), tables["train"]["target"].to_numpy().astype(str)
    val = tables["val"].drop(columns="target").to_numpy(), tables["val"]["target"].to_numpy().astype(str)
    case = case_of({"train": (x, y), "val": val}, *CODES, data={}, folder=tmp_path)
    (proposal,) = label_repair(case)
    left = run_code(proposal, tmp_path, {"np": np, "print": lambda *_: None, "x_train": x, "y_train": y})
    named = proposal.remedy.action["review_labels"]["rows"]
    assert len(left["x_train"]) == len(left["y_train"]) == 1300 - named


def test_quiet_where_labels_are_right() -> None:
    assert keys(label_repair, case_of(digits(wrong=False), *CODES)) == []


@pytest.mark.parametrize("world", [alike, shifted])
def test_quiet_where_labels_are_noise_by_nature(world: object) -> None:
    assert keys(label_repair, case_of(world(), *CODES)) == []  # type: ignore[operator]


def test_quiet_without_labels() -> None:
    tables = {name: t.drop(columns="target") for name, t in digits().items()}
    assert keys(label_repair, case_of(tables, *CODES, data={})) == []
