"""The demonstration: its faults are really planted, and what it says of them is what was found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import diagnose
from diagnose import cli
from diagnose.demo import PLANTED, Planted, Trained, train
from diagnose.demo_logs import Epochs, keras_console, keras_csv, loop_csv, loop_jsonl, saved_history
from diagnose.finding import Diagnosis

Curves = dict[tuple[str, str], np.ndarray]
BY_NAME = {planted.name: planted for planted in PLANTED}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    folder = tmp_path_factory.mktemp("logs")
    return {planted.name: train(planted, folder) for planted in PLANTED}


@pytest.fixture(scope="module")
def diagnoses(trained: dict[str, Trained]) -> dict[str, Diagnosis]:
    return {name: run.diagnose() for name, run in trained.items()}


def curves(diagnosis: Diagnosis) -> Curves:
    return {(c.split, c.quantity): np.array(c.values, dtype=float) for c in diagnosis.run.curves}


@pytest.mark.parametrize("name", BY_NAME)
def test_all_of_a_log_is_read(diagnoses: dict[str, Diagnosis], name: str) -> None:
    read = curves(diagnoses[name])
    assert set(read) == {(split, quantity) for split in ("train", "val") for quantity in ("loss", "accuracy")}
    assert all(len(values) == BY_NAME[name].epochs for values in read.values())
    assert all((values <= 1).all() for key, values in read.items() if key[1] == "accuracy"), "percent is understood"


def test_overfit_turns_up_while_training_falls(diagnoses: dict[str, Diagnosis]) -> None:
    read = curves(diagnoses["overfit"])
    val, loss = read["val", "loss"], read["train", "loss"]
    assert val[-1] > 1.1 * val.min()
    assert loss[-1] < 0.3 * loss[val.argmin()]


def test_underfit_ends_poor_on_both_and_flat(diagnoses: dict[str, Diagnosis]) -> None:
    read = curves(diagnoses["underfit"])
    assert read["train", "accuracy"][-1] < 0.5
    assert read["train", "loss"][-20] - read["train", "loss"][-1] < 0.03


def test_shifted_has_its_gap_from_the_start_and_no_turn(diagnoses: dict[str, Diagnosis]) -> None:
    read = curves(diagnoses["shifted"])
    gap = read["val", "loss"] - read["train", "loss"]
    assert gap[3] > 0.3
    assert read["val", "loss"][-1] < 1.02 * read["val", "loss"].min()


def test_the_data_settle_what_curves_leave_open(diagnoses: dict[str, Diagnosis], trained: dict[str, Trained]) -> None:
    open_, settled = diagnoses["shifted"], diagnoses["shifted-with-data"]
    assert curves(open_)["val", "loss"].tolist() == curves(settled)["val", "loss"].tolist()
    assert open_.verdicts["covariate_shift"].level not in {"confirmed", "ruled_out"}
    assert settled.verdicts["covariate_shift"].level == "confirmed"
    assert settled.verdicts["overfitting"].level == "unlikely"
    assert sorted(path.name for path in trained["shifted-with-data"].data.values()) == ["train.npz", "val.npz"]
    assert not trained["shifted"].data


def test_healthy_is_healthy(diagnoses: dict[str, Diagnosis]) -> None:
    read = curves(diagnoses["healthy"])
    assert read["val", "accuracy"][-1] > 0.94
    assert abs(read["val", "loss"][-1] - read["train", "loss"][-1]) < 0.05


def test_a_learning_rate_that_is_too_high_keeps_the_loss_jumping(diagnoses: dict[str, Diagnosis]) -> None:
    loss = curves(diagnoses["learning-rate-too-high"])["train", "loss"]
    half = loss[len(loss) // 2 :]
    assert half.max() > 5 * half.min()
    assert (np.diff(half) > 0).mean() > 0.25


@pytest.mark.parametrize("name", BY_NAME)
def test_the_diagnosis_agrees_with_what_was_planted(diagnoses: dict[str, Diagnosis], name: str) -> None:
    found = diagnoses[name]
    assert BY_NAME[name].agrees(found), f"expected {BY_NAME[name].expected}; found {found.main}: {found.sentence}"


def test_the_same_seed_writes_the_same_log(trained: dict[str, Trained], tmp_path: Path) -> None:
    again = train(BY_NAME["overfit"], tmp_path)
    assert again.log.read_bytes() == trained["overfit"].log.read_bytes()
    other = train(BY_NAME["overfit"], tmp_path, seed=1)
    assert other.log.read_bytes() != trained["overfit"].log.read_bytes()


def test_one_run_leaves_its_log_and_its_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "-o", str(tmp_path), "--only", "overfit"]) == cli.FINE
    assert (tmp_path / "logs" / "overfit" / "training.csv").is_file()
    assert (tmp_path / "reports" / "index.html").is_file()
    assert len(list((tmp_path / "reports").glob("*.html"))) == 2
    shown = capsys.readouterr().out
    assert "overfit" in shown
    assert str(tmp_path) in shown.replace("\n", "")


def test_a_miss_is_shown_as_a_miss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong: Planted = replace(BY_NAME["healthy"], expected="something else", agrees=lambda _: False, epochs=12)
    monkeypatch.setattr("diagnose.commands.demo.PLANTED", (wrong,))
    assert cli.main(["demo", "-o", str(tmp_path)]) == cli.FINE
    shown = capsys.readouterr().out
    assert "missed" in shown
    assert "0 of 1" in shown
    assert "something else" in shown


EPOCHS = Epochs([1.0, 0.5], [0.25, 0.5], [1.25, 0.75], [0.125, 0.375])


@pytest.mark.parametrize("write", [keras_csv, loop_csv, loop_jsonl, saved_history, keras_console])
def test_every_form_of_log_reads_back(write: object, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(write(EPOCHS))  # type: ignore[operator]
    read = curves(diagnose.audit(history=log))
    for key, expected in (
        (("train", "loss"), EPOCHS.loss),
        (("train", "accuracy"), EPOCHS.accuracy),
        (("val", "loss"), EPOCHS.val_loss),
        (("val", "accuracy"), EPOCHS.val_accuracy),
    ):
        np.testing.assert_allclose(read[key], expected, atol=1e-4)


def test_the_jsonl_form_is_json() -> None:
    assert [json.loads(line)["epoch"] for line in loop_jsonl(EPOCHS).splitlines()] == [1, 2]
