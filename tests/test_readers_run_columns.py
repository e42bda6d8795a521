"""Runs side by side in one table: kept apart, never summed; the parts of one loss still are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diagnose.readers import read_runs
from diagnose.readers.run_columns import runs_by_column
from diagnose.run import Run

N = 8
FALLS = [1 / (i + 1) for i in range(N)]
RISES = FALLS[::-1]


def read(tmp_path: Path, columns: dict[str, list[float]]) -> tuple[Run, ...]:
    path = tmp_path / "export.csv"
    rows = zip(*columns.values(), strict=True)
    header = ",".join(f'"{name}"' for name in columns)
    path.write_text("\n".join([header, *(",".join(f'"{cell}"' for cell in row) for row in rows)]) + "\n")
    return read_runs(path).runs


@pytest.mark.parametrize(
    ("first", "second", "labels"),
    [
        ("run-1 - {}", "run-2 - {}", ["run-1", "run-2"]),
        ("fancy-sun-12 - {}", "noble-tree-3 - {}", ["fancy-sun-12", "noble-tree-3"]),
        ("baseline - {}", "with dropout - {}", ["baseline", "with dropout"]),
        ("{}_seed0", "{}_seed1", ["seed0", "seed1"]),
        ("fold1_{}", "fold2_{}", ["fold1", "fold2"]),
        ("fold_1/{}", "fold_2/{}", ["fold_1", "fold_2"]),
        ("seed=3/{}", "seed=17/{}", ["seed=3", "seed=17"]),
        ("{} (run 1)", "{} (run 2)", ["run 1", "run 2"]),
    ],
)
def test_each_run_has_its_own_curves(tmp_path: Path, first: str, second: str, labels: list[str]) -> None:
    columns = {"Step": [float(i) for i in range(N)]}
    for pattern, loss in ((first, FALLS), (second, RISES)):
        columns |= {pattern.format("val_loss"): loss, pattern.format("train_loss"): FALLS}
    runs = read(tmp_path, columns)
    assert [run.name.partition("(")[2][:-1] for run in runs] == labels
    for run, loss in zip(runs, (FALLS, RISES), strict=True):
        found = run.history.find("val", "loss")
        assert found is not None
        assert found.values.tolist() == loss
        assert found.derived == ""
        assert len(run.history.curves) == 2
        assert len(run.siblings) == 1
        assert any("kept apart" in note for note in run.notes)


def test_a_wandb_export_of_one_metric_with_its_bands(tmp_path: Path) -> None:
    columns = {"Step": [float(i) for i in range(N)]}
    for run, loss in (("tuned acc", FALLS), ("baseline", RISES)):
        columns |= {f"{run} - loss{band}": loss for band in ("", "__MIN", "__MAX")}
    runs = read(tmp_path, columns)
    assert [[c.values.tolist() for c in run.history.curves] for run in runs] == [[FALLS], [RISES]]


def test_folds_that_stopped_early_keep_their_own_epochs(tmp_path: Path) -> None:
    path = tmp_path / "folds.json"
    path.write_text(json.dumps({"fold1_val_loss": FALLS, "fold2_val_loss": FALLS[:2], "fold1_loss": FALLS}))
    runs = read_runs(path).runs
    assert [len(run.history.curves[0]) for run in runs] == [N, 2]
    assert runs[1].history.curves[0].steps.tolist() == [1.0, 2.0]


def test_a_mean_over_the_folds_is_not_the_run_s_own(tmp_path: Path) -> None:
    runs = read(tmp_path, {"fold1_val_loss": FALLS, "fold2_val_loss": FALLS, "mean_val_loss": RISES})
    assert [[c.values.tolist() for c in run.history.curves] for run in runs] == [[FALLS], [FALLS]]


@pytest.mark.parametrize(
    "names",
    [
        ["train/box_loss", "train/cls_loss", "val/box_loss", "val/cls_loss"],
        ["recon_loss", "kl_loss"],
        ["stage1_loss", "stage2_loss"],
        ["model_1_loss", "model_2_loss", "loss"],
        ["box - loss", "class - loss"],
        ["train - loss", "val - loss"],
        ["val_loss", "fold1_val_loss"],
        ["validation_0-auc", "validation_1-auc"],
        ["precision_1", "precision_2"],
    ],
)
def test_parts_and_sets_are_no_runs(names: list[str]) -> None:
    assert runs_by_column(names) == {}


def test_parts_are_still_summed(tmp_path: Path) -> None:
    (run,) = read(tmp_path, {"recon_loss": FALLS, "kl_loss": FALLS})
    total = run.history.find("train", "loss")
    assert total is not None
    assert total.values[0] == 2.0


def test_a_column_that_the_user_names_is_followed(tmp_path: Path) -> None:
    read(tmp_path, {"run-1 - val_loss": FALLS, "run-2 - val_loss": RISES})
    (run,) = read_runs(tmp_path / "export.csv", column_map={"val_loss": "run-2 - val_loss"}).runs
    found = run.history.find("val", "loss")
    assert found is not None
    assert found.values.tolist() == RISES
