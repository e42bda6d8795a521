"""JSON and mappings: lists, rows, nesting, lists of different lengths, damage."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from diagnose import audit
from diagnose.errors import UnreadableInput
from diagnose.readers import read_runs
from diagnose.readers.json_log import JsonReader
from diagnose.readers.json_text import parse_json
from diagnose.readers.protocol import Log
from diagnose.run import Run

LOSS, VAL = [1.0, 0.8, 0.6, 0.5, 0.45, 0.44], [1.1, 0.9, 0.8, 0.75, 0.8, 0.85]


def read(tmp_path: Path, value: Any) -> tuple[Run, ...]:
    path = tmp_path / "history.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return read_runs(path).runs


def curves(run: Run) -> dict[tuple[str, str], list[float]]:
    return {(c.split, c.quantity): c.values.tolist() for c in run.history.curves}


@pytest.mark.parametrize(
    "value",
    [
        {"loss": LOSS, "val_loss": VAL},
        {"train_loss": LOSS, "val_loss": VAL},
        {"train_losses": LOSS, "valid_losses": VAL},
        {"train": {"loss": LOSS}, "val": {"loss": VAL}},
        {"loss": {"train": LOSS, "val": VAL}},
        {"history": {"loss": LOSS, "val_loss": VAL}, "config": {"hidden": [64, 32]}},
        {"resnet50": {"loss": LOSS, "val_loss": VAL}},
        {"epochs": [{"train_loss": a, "val_loss": b} for a, b in zip(LOSS, VAL, strict=True)]},
        [
            {"epoch": i, "train": {"loss": a}, "val": {"loss": b}}
            for i, (a, b) in enumerate(zip(LOSS, VAL, strict=True))
        ],
        {"loss": [[v] for v in LOSS], "val_loss": [str(v) for v in VAL]},
        {"training": {"l2": LOSS}, "valid_1": {"l2": VAL}},
        {"validation_0": {"logloss": LOSS}, "validation_1": {"logloss": VAL}},
        "\n".join(json.dumps({"train_loss": a, "val_loss": b}) for a, b in zip(LOSS, VAL, strict=True)),
        str({"loss": LOSS, "val_loss": VAL}),
        f"{{'loss': array({LOSS}), 'val_loss': [np.float32({VAL[0]}), " + ", ".join(map(str, VAL[1:])) + "]}",
    ],
)
def test_every_way_of_writing_the_same_history(tmp_path: Path, value: Any) -> None:
    (run,) = read(tmp_path, value)
    assert curves(run) == {("train", "loss"): LOSS, ("val", "loss"): VAL}


@pytest.mark.parametrize(
    "value",
    [
        {"fold_1": {"loss": LOSS, "val_loss": VAL}, "fold_2": {"loss": VAL, "val_loss": LOSS}},
        [{"name": "a", "loss": LOSS, "val_loss": VAL}, {"name": "b", "loss": VAL, "val_loss": LOSS}],
    ],
)
def test_several_runs_are_kept_apart_and_name_each_other(tmp_path: Path, value: Any) -> None:
    first, second = read(tmp_path, value)
    assert curves(first)["train", "loss"] == LOSS
    assert curves(second)["train", "loss"] == VAL
    assert first.siblings == (second.name,)


def test_config_and_single_numbers_beside_the_curves(tmp_path: Path) -> None:
    (run,) = read(tmp_path, {"config": {"batch_size": 16, "lr": 0.1}, "loss": LOSS, "val_loss": VAL, "test_acc": 0.9})
    assert (run.context.batch_size, run.context.learning_rate) == (16, 0.1)
    assert any("test_acc 0.9" in note for note in run.notes)


def test_boosting_counts_iterations(tmp_path: Path) -> None:
    (run,) = read(tmp_path, {"training": {"auc": LOSS}, "valid_1": {"auc": VAL}})
    assert (run.history.unit, run.context.framework) == ("iteration", "lightgbm")


def test_validation_every_few_epochs_keeps_its_own_steps(tmp_path: Path) -> None:
    (run,) = read(tmp_path, {"loss": [1 / i for i in range(1, 31)], "val_loss": VAL})
    assert run.history.find("val", "loss").steps.tolist() == [5, 10, 15, 20, 25, 30]  # type: ignore[union-attr]


def test_losses_per_batch_are_placed_inside_epochs(tmp_path: Path) -> None:
    (run,) = read(tmp_path, {"train_loss": [1.0] * 600, "val_loss": VAL})
    train = run.history.find("train", "loss")
    assert train is not None
    assert (train.steps[0], train.steps[-1]) == (0.01, 6)
    assert run.history.find("val", "loss").steps.tolist() == [1, 2, 3, 4, 5, 6]  # type: ignore[union-attr]


def test_a_second_stage_is_not_appended_to_the_first(tmp_path: Path) -> None:
    stage = {f"fine_tune_{k}": v[:4] for k, v in {"loss": LOSS, "val_loss": VAL}.items()}
    first, second = read(tmp_path, {"loss": LOSS, "val_loss": VAL, **stage})
    assert len(first.history.curves[0]) == 6
    assert len(second.history.curves[0]) == 4


def test_outputs_of_one_model_are_not_stages(tmp_path: Path) -> None:
    (run,) = read(tmp_path, {"loss": LOSS, "dense_1_loss": LOSS, "val_loss": VAL, "val_dense_1_loss": VAL})
    assert {c.quantity for c in run.history.curves} == {"loss", "dense_1_loss"}


def test_a_cut_off_history_keeps_what_is_complete(tmp_path: Path) -> None:
    text = json.dumps({"loss": LOSS, "val_loss": VAL})
    (run,) = read(tmp_path, text[: text.index("0.75") + 3])
    assert curves(run) == {("train", "loss"): LOSS, ("val", "loss"): VAL[:3]}
    assert any("cut off" in u.why for u in run.unread)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    lines = [json.dumps({"epoch": i, "loss": v}) for i, v in enumerate(LOSS)]
    (run,) = read(tmp_path, "\n".join([*lines[:3], "{oops", *lines[3:], '{"epoch": 9, "lo']))
    assert curves(run) == {("train", "loss"): LOSS}
    assert [u.where.rsplit(" ", 1)[1] for u in run.unread] == ["4", "8"]


def test_nan_null_and_huge_numbers(tmp_path: Path) -> None:
    (run,) = read(tmp_path, '{"loss": [NaN, null, 1e999, "-inf", ' + "9" * 400 + "]}")
    found = run.history.curves[0]
    assert math.isnan(found.values[0])
    assert found.values[1:].tolist() == [math.inf, -math.inf, math.inf]
    assert found.steps.tolist() == [1, 3, 4, 5]


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "x", "loss": "huber", "layers": [1, 2]}',
        '{"val_loss": 0.3, "epoch": 12}',
        '[{"image_id": 1, "score": 0.9}, {"image_id": 2, "score": 0.8}]',
        '{"cat": {"precision": 1, "recall": 1}, "dog": {"precision": 1, "recall": 0.5}}',
        "[1, 2, 3]",
        "epoch,loss\n1,2\n",
    ],
)
def test_json_that_is_no_log_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert not JsonReader().recognises(Log(tmp_path / "x.json"))


def test_nesting_without_end_is_refused_kindly(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput):
        read(tmp_path, '{"loss": ' + "[" * 100_000)


@pytest.mark.parametrize(
    ("text", "value", "problem"),
    [
        ('{"a": [1, 2], "b": [3, 4', {"a": [1.0, 2.0], "b": [3.0]}, "cut off"),
        ("{'a': [1, None, nan]", {"a": [1.0, None, math.nan]}, "cut off"),
        ('{"a": [1, 2,], }', {"a": [1.0, 2.0]}, ""),
        ('{"a": [1}', {"a": [1.0]}, "not valid JSON"),
        ("defaultdict(<class 'list'>, {'a': [tensor(0.5, device='cuda:0')]})", {"a": [0.5]}, ""),
    ],
)
def test_salvage(text: str, value: Any, problem: str) -> None:
    found = parse_json(text)
    assert json.dumps(found.value) == json.dumps(value)
    assert found.problem == problem


@pytest.mark.parametrize(
    ("value", "framework"),
    [
        ({"loss": LOSS, "val_loss": VAL, "accuracy": VAL, "val_accuracy": VAL, "lr": LOSS, "test_loss": 0.5}, "keras"),
        ({"loss": LOSS, "val_loss": VAL, "f1": VAL}, None),
        ([{"loss": a, "val_loss": a} for a in LOSS], None),
    ],
)
def test_lists_under_the_names_of_keras_are_taken_for_its_history(
    tmp_path: Path, value: Any, framework: str | None
) -> None:
    assert read(tmp_path, value)[0].context.framework == framework


@pytest.mark.parametrize(
    "sparse",
    [
        [None, None, None, 0.9, None, None, None, 0.8, None, None],
        [None, None, None, 0.9, None, None, None, None, None, None],
        [0.9, None, None, None, None, 0.8, None, None, None, None],
    ],
)
def test_a_list_of_mostly_nulls_is_read_where_it_has_values(tmp_path: Path, sparse: list[float | None]) -> None:
    history = {"loss": [1 / (i + 1) for i in range(10)], "val_loss": sparse}
    (run,) = read(tmp_path, history)
    val = run.history.find("val", "loss")
    assert val is not None
    assert dict(zip(val.steps.tolist(), val.values.tolist(), strict=True)) == {
        float(row): value for row, value in enumerate(sparse, start=1) if value is not None
    }
    summary = next(c for c in audit(str(tmp_path / "history.json")).run.curves if c.name == "val_loss")
    assert len(summary.values) == len(val)
