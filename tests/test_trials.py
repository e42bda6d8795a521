"""The public call: what is measured and what is not, the new ranking, interruptions, failures, pruning."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import diagnose
from diagnose.errors import InputError
from diagnose.finding import Basis
from diagnose.reports.json_schema import committed_schema
from diagnose.trials.ledger import JOURNAL, mended
from diagnose.trials.tried import Ending
from trial_worlds import diagnosed, world

pytest.importorskip("optuna")
ACTIONS = ({"dropout": 0.3}, {"weight_decay": 0.01}, {"label_smoothing": 0.1})


def endings(tried: Any) -> dict[str, Ending]:
    return {one.remedy.title: one.ending for one in tried.remedies}


def quietly(train: Any, *actions: Mapping[str, Any], **more: Any) -> Any:
    return diagnose.try_remedies(train, diagnosed(*actions), progress=False, **more)


def test_what_helps_comes_first_and_what_does_not_last() -> None:
    train = world({"dropout": -0.1, "weight_decay": 0.1, "label_smoothing": 0.0})
    tried = quietly(train, *ACTIONS, {"freeze": "backbone"}, {"collect": []})
    found = endings(tried)
    assert found["weight_decay"] is Ending.HELPED
    assert found["dropout"] is Ending.DROPPED
    assert found["freeze"] is Ending.NOT_UNDERSTOOD
    assert found["collect"] is Ending.NOT_TRIED
    order = [one.title for one in tried.diagnosis.remedies]
    assert order[0] == "weight_decay"
    assert order[-1] in {"dropout", "label_smoothing"}
    first = tried.diagnosis.remedies[0]
    assert first.basis is Basis.MEASURED
    assert first.effect is not None
    assert first.effect.low is not None
    assert first.effect.low > 0
    assert "helps most" in tried.diagnosis.sentence
    assert all(r.basis is not Basis.MEASURED for r in tried.diagnosis.remedies if r.title in {"freeze", "collect"})


def test_no_remedy_helped_is_said() -> None:
    tried = quietly(world(dict.fromkeys(("dropout", "weight_decay"), 0.0)), *ACTIONS[:2])
    assert not tried.winners
    assert "no remedy helped" in tried.diagnosis.sentence


def test_the_new_diagnosis_is_one_that_every_report_shows(tmp_path: Path) -> None:
    tried = quietly(world({"dropout": 0.1}), *ACTIONS)
    written = tried.save(tmp_path / "tried.json")
    jsonschema.validate(json.loads(written.read_text()), committed_schema())
    assert diagnose.load(written) == tried.diagnosis
    page = tried.save(tmp_path / "tried.html").read_text()
    assert "tried: it helps" in page
    assert "measured" in page
    assert "dropout" in str(tried)


def test_the_same_call_says_the_same() -> None:
    train = world({"dropout": 0.05, "weight_decay": 0.0})
    one, other = (quietly(train, *ACTIONS[:2]) for _ in range(2))
    assert [(r.remedy.title, r.ending, r.effect) for r in one.remedies] == [
        (r.remedy.title, r.ending, r.effect) for r in other.remedies
    ]


def test_a_loss_that_falls_is_a_gain() -> None:
    def train(config: Mapping[str, Any]) -> dict[str, list[float]]:
        level = 0.5 + 0.01 * config["seed"] - 0.1 * (config.get("dropout", 0) > 0) + 0.001 * (config["seed"] % 2)
        return {"val_loss": [1.0, level]}

    tried = quietly(train, ACTIONS[0], metric="val_loss")
    effect = tried.diagnosis.remedies[0].effect
    assert tried.winners
    assert effect is not None
    assert effect.value == pytest.approx(-0.1)


def test_a_stop_is_measured_on_the_runs_as_they_are() -> None:
    calls = []

    def train(config: Mapping[str, Any]) -> dict[str, list[float]]:
        calls.append(config["seed"])
        return {"val_accuracy": [0.5, 0.8 + 0.01 * config["seed"], 0.7, 0.6 + 0.012 * config["seed"]]}

    tried = quietly(train, {"stop_at": 2.0, "unit": "epoch", "patience": 3, "restore_best_weights": True})
    assert len(calls) == 5
    assert endings(tried)["stop_at unit patience restore_best_weights"] is Ending.HELPED


def test_a_failing_trial_is_reported_and_skipped() -> None:
    def train(config: Mapping[str, Any]) -> float:
        if config.get("dropout"):
            raise RuntimeError("out of\nmemory")
        return float("nan") if config.get("label_smoothing") else world({"weight_decay": 0.1}, curve=False)(config)

    tried = quietly(train, *ACTIONS)
    why = {one.remedy.title: one.why for one in tried.remedies}
    assert endings(tried)["weight_decay"] is Ending.HELPED
    assert "RuntimeError: out of memory" in why["dropout"]
    assert "finite" in why["label_smoothing"]


def test_a_training_that_fails_without_any_remedy_is_the_user_s_mistake() -> None:
    def train(config: Mapping[str, Any]) -> float:
        raise KeyError("data")

    with pytest.raises(InputError, match="KeyError"):
        quietly(train, ACTIONS[0])


def test_keys_that_were_not_read_are_not_measured() -> None:
    trained = []

    def train(config: Mapping[str, Any]) -> float:
        trained.append(config.get("dropout", 0.0))
        return 0.5 + 0.01 * config["seed"]

    tried = quietly(train, {"weight_decay": 0.1}, {"dropout": 0.5, "label_smoothing": 0.1})
    assert set(endings(tried).values()) == {Ending.NOT_UNDERSTOOD}
    assert trained.count(0.5) == 1  # the second hangs on a key that is read: one run has to show it
    assert all(r.basis is Basis.RULE_OF_THUMB for r in tried.diagnosis.remedies)


def test_what_train_says_it_understands_counts() -> None:
    def train(config: Mapping[str, Any]) -> float:
        return dict(config)["seed"] * 0.01 + 0.1

    assert endings(quietly(train, ACTIONS[0], understands=["learning_rate"]))["dropout"] is Ending.NOT_UNDERSTOOD
    tried = quietly(train, ACTIONS[0])
    assert endings(tried)["dropout"] is Ending.DROPPED
    assert "no better" in tried.remedies[0].why


def test_what_lags_far_behind_is_ended_in_the_middle() -> None:
    epochs: dict[float, int] = {}

    def train(config: Mapping[str, Any], report: Any) -> dict[str, list[float]]:
        dropout, scores = config.get("dropout", 0.0), []
        for epoch in range(1, 11):
            epochs[dropout] = epoch
            scores.append(0.1 if dropout else 0.1 + 0.05 * epoch + 0.001 * config["seed"])
            report(epoch, scores[-1])
        return {"val_accuracy": scores}

    tried = quietly(train, ACTIONS[0])
    assert epochs == {0.0: 10, 0.3: 5}
    assert "lags far behind" in tried.remedies[0].why


def test_the_time_is_kept() -> None:
    def train(config: Mapping[str, Any]) -> float:
        config.get("dropout")
        time.sleep(0.05)
        return 0.1 * config["seed"]

    began = time.monotonic()
    tried = quietly(train, ACTIONS[0], budget=0.3, seeds=50)
    assert time.monotonic() - began < 3
    assert "time" in " ".join(tried.notes)


def test_a_folder_keeps_what_finished(tmp_path: Path) -> None:
    calls = []
    inner = world({"dropout": 0.1, "weight_decay": 0.0})

    def train(config: Mapping[str, Any]) -> Any:
        calls.append(dict(config))
        return inner(config)

    one = quietly(train, *ACTIONS[:2], place=tmp_path, understands=["dropout", "weight_decay"])
    before = len(calls)
    other = quietly(train, *ACTIONS[:2], place=tmp_path, understands=["dropout", "weight_decay"])
    assert len(calls) == before
    assert other.resumed == before
    assert other.diagnosis == one.diagnosis


SCRIPT = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
import diagnose
from trial_worlds import diagnosed, world

inner = world({{"dropout": 0.1, "weight_decay": 0.0}})

def train(config):
    with open({log!r}, "a") as file:
        print("begin", config["seed"], config["dropout"], config["weight_decay"], file=file, flush=True)
    time.sleep({sleep})
    found = inner(config)
    with open({log!r}, "a") as file:
        print("end", config["seed"], config["dropout"], config["weight_decay"], file=file, flush=True)
    return found

remedies = {{"dropout": 0.3}}, {{"weight_decay": 0.01}}
tried = diagnose.try_remedies(
    train, diagnosed(*remedies), place={place!r}, progress=False, seeds=4, budget="1h"
)
print(tried.resumed, [one.ending.value for one in tried.remedies])
"""


def test_a_killed_call_resumes_and_repeats_nothing_that_finished(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = tmp_path / "call.py"
    settings = {"tests": str(Path(__file__).parent), "log": str(log), "place": str(tmp_path / "kept"), "sleep": 0.15}
    script.write_text(SCRIPT.format(**settings))
    killed = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + 120
    while (not log.exists() or log.read_text().count("end") < 4) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=120)
    resumed = int(done.stdout.split()[0])
    lines = log.read_text().split("\n")
    ended = [line for line in lines if line.startswith("end")]
    assert resumed >= 3
    assert "helped" in done.stdout
    # the one that ran when the process was killed may have ended, and not been written: it alone may run again
    assert len(ended) - len(set(ended)) <= 1


def test_half_a_line_at_the_end_of_a_journal_is_cut_off(tmp_path: Path) -> None:
    quietly(world({"dropout": 0.1}), ACTIONS[0], place=tmp_path)
    journal = tmp_path / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code":8,"work')
    mended(journal)
    assert journal.read_bytes() == whole


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seeds": 0}, "seeds=0"),
        ({"seeds": [1, 1]}, "differ"),
        ({"budget": "soon"}, "budget"),
        ({"understands": "dropout"}, "several names"),
        ({"metric": "nothing"}, "nothing"),
    ],
)
def test_arguments_that_cannot_be_used(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        quietly(world({"dropout": 0.1}), ACTIONS[0], **more)
