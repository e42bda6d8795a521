"""From remedies to settings of a training: what each action becomes, and what no training can try."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from diagnose.errors import InputError
from diagnose.trials.candidates import candidates_of, further, joined, of_remedy
from diagnose.trials.metric import Metric, metric_of, outcome_of
from diagnose.trials.settings import KEYS, Settings, known_settings
from diagnose.trials.trying import seconds_of
from trial_worlds import HISTORY, audited, diagnosed, remedy

BASE = {"learning_rate": 0.1, "batch_size": 32, "epochs": 10, "dropout": 0.2, "weight_decay": 0.0}


@pytest.mark.parametrize(
    ("action", "changes"),
    [
        ({"learning_rate": 0.03}, {"learning_rate": 0.03}),
        ({"learning_rate_factor": 0.333}, {"learning_rate": 0.0333}),
        ({"batch_size_factor": 4}, {"batch_size": 128}),
        ({"batch_size": 8, "learning_rate": 0.025}, {"batch_size": 8, "learning_rate": 0.025}),
        ({"regularisation_factor": 0.5}, {"dropout": 0.1}),
        ({"learning_rate_schedule": "cosine"}, {"schedule": "cosine"}),
        ({"train_until": 19.5, "unit": "epoch"}, {"epochs": 20}),
        ({"freeze": "backbone"}, {"freeze": "backbone"}),
        ({"freeze_through": "block4"}, {"freeze_through": "block4"}),
        ({"trainable": ["fc"]}, {"trainable": ["fc"]}),
        ({"unfreeze": "last block", "pretrained_learning_rate": 1e-4},
         {"unfreeze": "last block", "pretrained_learning_rate": 1e-4}),
        ({"pretrained_learning_rate_factor": 0.1}, {"pretrained_learning_rate": pytest.approx(0.01)}),
        ({"class_weights": {"a": 2.0}}, {"class_weights": {"a": 2.0}}),
        ({"augment": {"brightness": [0.8, 1.2]}}, {"augmentation": {"brightness": [0.8, 1.2]}}),
        ({"dropout": 0.2, "weight_decay": 0.01}, {"weight_decay": 0.01}),
    ],
)  # fmt: skip
def test_an_action_becomes_settings(action: dict[str, Any], changes: dict[str, Any]) -> None:
    (made,) = of_remedy(remedy(action), BASE)
    assert made.changes == changes  # type: ignore[union-attr]
    assert set(changes) <= set(KEYS)


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ({"collect": []}, "not there yet"),
        ({"n_val": 1000}, "can't be compared"),
        ({"drop_rows": {"split": "val", "file": "drop_val_rows.csv", "rows": 3}}, "can't be compared"),
        ({"review_labels": {"split": "train", "file": "no_such_file.csv", "rows": 3}}, "files=FOLDER"),
        ({"dropout": 0.2}, "already"),
        ({"something_new": 1}, "something_new"),
        ({"train_until": 900, "unit": "step"}, "steps"),
    ],
)
def test_what_no_training_can_try_says_why(action: dict[str, Any], why: str) -> None:
    said = of_remedy(remedy(action), BASE)
    assert isinstance(said, str)
    assert why in said


def test_a_factor_needs_what_it_multiplies() -> None:
    assert "config={'learning_rate': …}" in str(of_remedy(remedy({"learning_rate_factor": 0.3}), {}))


def test_a_search_tries_both_ways() -> None:
    made = of_remedy(remedy({"learning_rate_range_test": [1e-6, 1.0]}), BASE)
    assert [one.changes["learning_rate"] for one in made] == [0.01, 1.0]  # type: ignore[union-attr]


def test_a_rate_that_helped_is_taken_further_the_same_way() -> None:
    (down,) = of_remedy(remedy({"learning_rate": 0.03}), BASE)  # type: ignore[misc]
    (up,) = of_remedy(remedy({"learning_rate": 0.3}), BASE)  # type: ignore[misc]
    assert further(down, BASE).changes["learning_rate"] < 0.03  # type: ignore[union-attr]
    assert further(up, BASE).changes["learning_rate"] > 0.3  # type: ignore[union-attr]
    assert further(of_remedy(remedy({"dropout": 0.5}), BASE)[0], BASE) is None  # type: ignore[arg-type]


def test_rows_come_from_the_audit_s_files(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("row,label,meant,why\n3,a,b,c\n")
    (made,) = of_remedy(remedy({"review_labels": {"split": "train", "file": "labels.csv", "rows": 1}}), BASE, tmp_path)
    assert made.changes["drop_rows"]["file"] == str(tmp_path / "labels.csv")  # type: ignore[union-attr]


def test_joined_remedies_set_nothing_twice() -> None:
    one, two, three = (
        of_remedy(remedy(a), BASE)[0] for a in ({"dropout": 0.5}, {"dropout": 0.7, "epochs": 20}, {"weight_decay": 0.1})
    )
    together = joined([one, two, three])  # type: ignore[list-item]
    assert together is not None
    assert together.changes == {"dropout": 0.5, "weight_decay": 0.1}
    assert joined([one]) is None  # type: ignore[list-item]


def test_more_remedies_than_asked_for_are_listed() -> None:
    found, untried = candidates_of(diagnosed({"dropout": 0.5}, {"weight_decay": 0.1}), BASE, None, 1)
    assert len(found) == 1
    assert "first 1" in untried[0].why


def test_settings_remember_what_was_asked_for() -> None:
    config = Settings({"dropout": 0.1})
    assert config.get("epochs", 3) == 3
    assert "batch_size" not in config
    assert config.read == {"epochs", "batch_size"}
    assert not config.is_taken_whole
    assert dict(config) == {"dropout": 0.1}
    assert config.is_taken_whole


def test_the_run_s_own_settings_are_known() -> None:
    known = known_settings(audited().run, {"dropout": 0.4})
    assert known["learning_rate"] == 0.1
    assert known["dropout"] == 0.4
    assert known["epochs"] == 10


def test_the_score_is_the_one_people_judge_by() -> None:
    assert metric_of(audited()) == Metric("val_accuracy", "accuracy", "val", "higher")
    assert metric_of(audited(), "val_loss").better == "lower"
    assert metric_of(audited(), "val_kappa", "higher").quantity == "kappa"
    with pytest.raises(InputError, match="val_accuracy"):
        metric_of(audited(), "kappa")


def test_outcomes_are_read_at_the_best_epoch() -> None:
    loss = Metric("val_loss", "loss", "val", "lower")
    assert outcome_of({"loss": [3, 2, 1], "val_loss": [3, 1, 2]}, loss).score == 1
    assert outcome_of(HISTORY, Metric("val_accuracy", "accuracy", "val", "higher")).score == HISTORY["val_accuracy"][-1]
    assert outcome_of(0.25, loss).score == 0.25
    assert outcome_of({"val_loss": 0.5, "val_accuracy": 0.9}, loss).score == 0.5
    for nothing, said in ((None, "nothing"), ({"loss": [1, 2]}, "val_loss"), (float("nan"), "finite")):
        with pytest.raises(InputError, match=said):
            outcome_of(nothing, loss)


@pytest.mark.parametrize("budget", ["", "ten", "-3", "0m", "3x"])
def test_a_budget_that_is_none(budget: str) -> None:
    with pytest.raises(InputError, match="budget"):
        seconds_of(budget)
