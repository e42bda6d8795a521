"""The formats of known programmes, imitated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from diagnose.errors import UnreadableInput
from diagnose.readers import read_runs
from diagnose.run import Run

LOSS, VAL = [1.0, 0.8, 0.6, 0.5], [1.1, 0.9, 0.85, 0.95]


def only(path: Path) -> Run:
    (run,) = read_runs(path).runs
    return run


def counted(run: Run) -> dict[tuple[str, str], int]:
    return {(c.split, c.quantity): len(c) for c in run.history.curves}


def trainer_rows(n: int, *, finished: bool = False) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for i in range(1, n + 1):
        rows.append({"epoch": i / 2, "step": 10 * i, "loss": 1 / i, "learning_rate": 1e-4, "grad_norm": 2.0})
        if i % 2 == 0:
            rows.append(
                {
                    "epoch": i / 2,
                    "step": 10 * i,
                    "eval_loss": 1 / i,
                    "eval_runtime": 0.5,
                    "eval_samples_per_second": 400.0,
                }
            )
    if finished:
        rows.append(
            {
                "epoch": n / 2,
                "step": 10 * n,
                "train_loss": 0.4,
                "train_runtime": 8.0,
                "train_samples_per_second": 250.0,
                "total_flos": 1e9,
            }
        )
    return rows


def trainer_state(folder: Path, rows: list[dict[str, Any]], **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    last = rows[-1]
    state = {
        "best_metric": None,
        "epoch": last["epoch"],
        "global_step": last["step"],
        "log_history": rows,
        "max_steps": 80,
        "train_batch_size": 8,
    }
    (folder / "trainer_state.json").write_text(json.dumps(state | more, indent=2))
    return folder / "trainer_state.json"


def test_hugging_face_state(tmp_path: Path) -> None:
    run = only(trainer_state(tmp_path / "out", trainer_rows(8, finished=True)))
    assert counted(run) == {("train", "loss"): 8, ("val", "loss"): 4}
    assert (run.history.unit, run.history.last_step) == ("epoch", 4)
    context = run.context
    assert (context.framework, context.batch_size, context.n_val, context.n_train) == ("transformers", 8, 200, 500)
    assert context.epochs_planned == 4
    assert "eval_runtime × eval_samples_per_second" in context.origins["n_val"]
    assert [c.name for c in run.history.extra] == ["grad_norm"]


def test_hugging_face_checkpoints_are_prefixes_of_the_last(tmp_path: Path) -> None:
    rows = trainer_rows(8)
    for n in (3, 6, 12):
        trainer_state(tmp_path / f"checkpoint-{n}", rows[:n])
    run = only(tmp_path)
    assert counted(run) == {("train", "loss"): 8, ("val", "loss"): 4}
    assert any("checkpoint-3, checkpoint-6" in note for note in run.notes)


def test_hugging_face_checkpoints_of_another_run_are_kept(tmp_path: Path) -> None:
    trainer_state(tmp_path / "checkpoint-8", trainer_rows(8))
    trainer_state(tmp_path / "checkpoint-4", [{**row, "loss": 9.0} for row in trainer_rows(4)])
    assert len(read_runs(tmp_path).runs) == 2


def test_hugging_face_state_cut_off(tmp_path: Path) -> None:
    path = trainer_state(tmp_path, trainer_rows(8))
    text = path.read_text()
    path.write_text(text[: text.index('"step": 60')])
    run = only(path)
    assert counted(run)["train", "loss"] >= 5
    assert any("cut off" in u.why for u in run.unread)


def test_hugging_face_state_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text('{"global_step": 1, "log_history": [], "loss": [1]}')
    with pytest.raises(UnreadableInput, match="log_history is empty"):
        read_runs(path)


def test_lightning_metrics(tmp_path: Path) -> None:
    rows = ["Test MSE,Train loss,epoch,step,val_loss"]
    for epoch in range(40):
        if epoch % 8 == 7:
            rows.append(f",{1 / epoch},{epoch},{epoch * 3 + 1},")
        rows.append(f",,{epoch},{epoch * 3 + 2},{1 / (epoch + 1)}")
    rows.append("0.5,,40,120,")
    (tmp_path / "metrics.csv").write_text("\r\n".join(rows))
    (tmp_path / "hparams.yaml").write_text("learning_rate: 0.001\nmodel:\n  dropout: 0.2\n")
    run = only(tmp_path)
    assert counted(run) == {("train", "loss"): 5, ("val", "loss"): 40}
    assert run.sources[0].format == "Lightning CSVLogger"
    assert (run.context.learning_rate, run.context.dropout, run.context.framework) == (0.001, 0.2, "lightning")
    assert any("Test MSE 0.5" in note for note in run.notes)


YOLO = (
    "epoch",
    "train/box_loss",
    "train/obj_loss",
    "metrics/precision",
    "metrics/mAP_0.5",
    "metrics/mAP_0.5:0.95",
    "val/box_loss",
    "val/obj_loss",
    "x/lr0",
    "x/lr1",
    "x/lr2",
)


@pytest.mark.parametrize("padding", ["", "         "])
def test_ultralytics_results(tmp_path: Path, padding: str) -> None:
    lines = [",".join(padding + name for name in YOLO)]
    lines += [
        ",".join(padding + str(v) for v in (i, 1 / i, 1 / i, 0.1, 0.2, 0.3, 1, 1, 0.07, 0.01, 0.01))
        for i in range(1, 6)
    ]
    (tmp_path / "results.csv").write_text("\n".join(lines))
    (tmp_path / "args.yaml").write_text(
        "batch: 16\nepochs: 100\npatience: 50\naugment: false\nmosaic: 1.0\nfliplr: 0.5\nlr0: 0.01\nfreeze: null\n"
    )
    run = only(tmp_path)
    found = counted(run)
    assert found["train", "loss"] == found["val", "loss"] == found["val", "map50"] == found["val", "map50-95"] == 5
    assert ("train", "precision") not in found
    context = run.context
    assert (context.framework, context.batch_size, context.augmentation, context.frozen) == (
        "ultralytics",
        16,
        True,
        None,
    )
    assert run.history.learning_rate is not None
    assert run.history.learning_rate.values[0] == 0.01


def catboost(folder: Path) -> None:
    folder.mkdir()
    (folder / "learn_error.tsv").write_text("iter\tLogloss\n" + "".join(f"{i}\t{v}\n" for i, v in enumerate(LOSS)))
    (folder / "test_error.tsv").write_text(
        "iter\tAUC\tLogloss\n" + "".join(f"{i}\t0.{i + 5}\t{v}\n" for i, v in enumerate(VAL))
    )
    (folder / "time_left.tsv").write_text("iter\tPassed\tRemaining\n0\t1\t2\n")


@pytest.mark.parametrize("given", ["folder", "files", "parent"])
def test_catboost(tmp_path: Path, given: str) -> None:
    folder = tmp_path / "catboost_info"
    catboost(folder)
    history: Any = {
        "folder": folder,
        "parent": tmp_path,
        "files": [folder / "learn_error.tsv", folder / "test_error.tsv"],
    }[given]
    (run,) = read_runs(history).runs
    assert counted(run) == {("train", "loss"): 4, ("val", "auc"): 4, ("val", "loss"): 4}
    assert (run.history.unit, run.context.framework) == ("iteration", "catboost")


def test_catboost_training_json(tmp_path: Path) -> None:
    meta = {"learn_metrics": [{"name": "RMSE"}], "test_metrics": [{"name": "RMSE"}], "iteration_count": 500}
    iterations = [{"learn": [a], "iteration": i, "test": [[b]]} for i, (a, b) in enumerate(zip(LOSS, VAL, strict=True))]
    (tmp_path / "catboost_training.json").write_text(json.dumps({"meta": meta, "iterations": iterations}))
    run = only(tmp_path)
    assert counted(run) == {("train", "loss"): 4, ("val", "loss"): 4}
    assert run.context.epochs_planned == 500


def lines(rows: list[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_detectron2(tmp_path: Path) -> None:
    rows = [
        {"iteration": 20 * i, "total_loss": 2 / i, "loss_cls": 1 / i, "lr": 0.01, "data_time": 0.1, "eta_seconds": 9}
        for i in range(1, 10)
    ]
    rows = [row | ({"validation_loss": 3 / row["iteration"]} if row["iteration"] % 60 == 0 else {}) for row in rows]
    (tmp_path / "metrics.json").write_text(lines(rows))
    run = only(tmp_path)
    assert counted(run) == {("train", "loss"): 9, ("train", "cls_loss"): 9, ("val", "loss"): 3}
    assert (run.history.unit, run.history.last_step) == ("iteration", 180)


def test_mmengine(tmp_path: Path) -> None:
    rows: list[Mapping[str, Any]] = []
    for epoch in range(1, 5):
        rows += [
            {
                "lr": 0.01,
                "data_time": 0.1,
                "loss": 1 / (epoch * 3 + i),
                "epoch": epoch,
                "iter": epoch * 3 + i - 2,
                "step": epoch * 3 + i - 2,
            }
            for i in range(3)
        ]
        rows.append({"coco/bbox_mAP": 0.1 * epoch, "data_time": 0.1, "step": epoch})
    (tmp_path / "scalars.json").write_text(lines(rows))
    run = only(tmp_path)
    assert counted(run) == {("train", "loss"): 12, ("val", "coco_map"): 4}
    assert run.history.find("val", "coco_map").steps.tolist() == [1, 2, 3, 4]  # type: ignore[union-attr]


def test_mmcv_modes(tmp_path: Path) -> None:
    rows: list[Mapping[str, Any]] = [{"env_info": "x", "seed": 0}]
    for epoch in range(1, 5):
        rows += [{"mode": "train", "epoch": epoch, "iter": 50 * i, "loss": 1 / epoch} for i in (1, 2)]
        rows.append({"mode": "val", "epoch": epoch, "iter": 30, "loss": 2 / epoch, "bbox_mAP": 0.2})
    (tmp_path / "x.log.json").write_text(lines(rows))
    assert counted(only(tmp_path)) == {("train", "loss"): 8, ("val", "loss"): 4, ("val", "map"): 4}


def test_fastai_and_its_times(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(
        "epoch,train_loss,valid_loss,accuracy,time\n0,1.2,1.1,0.5,00:12\n1,1.0,0.9,0.6,00:12\n"
    )
    run = only(tmp_path)
    assert counted(run) == {("train", "loss"): 2, ("val", "loss"): 2, ("val", "accuracy"): 2}
    assert run.sources[0].format == "fastai CSVLogger"


def test_timm_summary(tmp_path: Path) -> None:
    (tmp_path / "summary.csv").write_text(
        "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr\n0,6.9,6.8,0.5,2.0,0.1\n1,6.5,6.3,3.2,10.1,0.1\n"
    )
    run = only(tmp_path)
    assert run.history.find("val", "accuracy").values.tolist() == [0.005, 0.032]  # type: ignore[union-attr]
    assert run.history.find("val", "top5_accuracy") is not None
