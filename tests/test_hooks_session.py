"""The session behind every hook: what it says while training goes on, how it ends, and that it only looks."""

from __future__ import annotations

import gc
import json
import logging
import math
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import diagnose
from diagnose.errors import InputError
from diagnose.finding import Cause, Finding, Severity
from diagnose.hooks import running
from diagnose.hooks.budget import Budget
from diagnose.hooks.live import EARLIEST, LASTING, SURE, Looks, live_analyzers
from diagnose.hooks.memory import MOST_LOSSES, MOST_VALUES, Memory
from diagnose.hooks.options import Options
from diagnose.hooks.session import Session
from diagnose.journal import read_directory
from diagnose.journal.records import Began, Counts, Ended, Epoch, Found, Happened, Layers, Losses
from diagnose.model_card import LayerCard, ModelCard
from diagnose.readers import read_runs

CARD = ModelCard("net", "torch", (LayerCard("fc", "Linear", parameters=10, trainable_parameters=10),))


class Model:
    """Anything that can be referred to weakly."""


def losses(e: int) -> dict[str, float]:
    return {"loss": 1 / e, "val_loss": 1 / min(e, 10) + 0.03 * max(e - 10, 0)}


def healthy(e: int) -> dict[str, float]:
    return {"loss": 0.3 + 0.6**e, "val_loss": 0.32 + 0.6**e}


def train(session: Session, epochs: int, values: Any = losses) -> list[Any]:
    first = int(session.epochs_done)
    return [session.epoch_ended(first + e, 10 * (first + e), values(first + e)) for e in range(1, epochs + 1)]


def eager(**said: Any) -> Options:
    """Options with which every epoch is looked at."""
    return Options(share=1.0, trackers=False, **said)


@pytest.fixture(autouse=True)
def _looks_at_every_epoch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Budget, "affords", lambda self: self.share > 0)
    yield
    running._unfinished.clear()  # so that none reports when the tests end


def test_overfitting_is_told_once_with_its_remedy_and_where_the_report_will_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train(Session(tmp_path, "torch", eager()), 40)
    told = [record.getMessage() for record in caplog.records if "OVF101" in record.getMessage()]
    assert len(told) == 1
    assert "First: " in told[0]
    assert str(tmp_path / "report.html") in told[0]
    (segment,) = read_directory(tmp_path)
    assert [found.code for found in segment.of(Found)].count("OVF101") == 1


def test_a_healthy_run_is_not_spoken_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    session = Session(tmp_path, "torch", eager())
    assert not any(advice.stop for advice in train(session, 40, healthy))
    assert not caplog.records
    assert not read_directory(tmp_path)[0].of(Found)


def test_warn(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="OVF101 after epoch"):
        train(Session(tmp_path, "torch", eager(on_finding="warn")), 40)


def test_stop(tmp_path: Path) -> None:
    advice = train(Session(tmp_path, "torch", eager(on_finding="stop")), 40)
    stopped = [a for a in advice if a.stop]
    assert stopped
    assert stopped[0].why.startswith("OVF10")


def test_raise_comes_from_the_hook_with_the_diagnosis(tmp_path: Path) -> None:
    session = Session(tmp_path, "torch", eager(on_finding="raise"))
    with pytest.raises(diagnose.Unhealthy, match="OVF10") as caught:
        train(session, 40)
    assert caught.value.diagnosis.main == "overfitting"


def test_a_function_gets_the_finding_and_its_word_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Finding] = []

    def answer(finding: Finding) -> str | None:
        seen.append(finding)
        return "stop" if finding.code == "OVF101" else None

    advice = train(Session(tmp_path, "torch", eager(on_finding=answer)), 40)
    assert "OVF101" in {finding.code for finding in seen}
    assert any(a.stop for a in advice)
    assert all("OVF101" in record.getMessage() for record in caplog.records)


def test_what_is_found_at_the_end_only_is_handed_over_then(tmp_path: Path) -> None:
    seen: list[str] = []
    session = Session(tmp_path, "torch", Options(share=0, trackers=False, on_finding=lambda f: seen.append(f.code)))
    train(session, 40)
    assert seen == []
    session.finish()
    assert "OVF101" in seen
    once = list(seen)
    session.finish()
    assert seen == once


def test_the_end_warns_where_that_is_wanted(tmp_path: Path) -> None:
    session = Session(tmp_path, "torch", Options(share=0, trackers=False, on_finding="warn"))
    train(session, 40)
    with pytest.warns(UserWarning, match="OVF101"):
        session.finish()


def test_an_error_in_the_function_is_told_and_training_goes_on(tmp_path: Path) -> None:
    session = Session(tmp_path, "torch", eager(on_finding=lambda finding: 1 / 0))
    assert not any(advice.stop for advice in train(session, 40))
    assert any("tell the finding: ZeroDivisionError" in failure for failure in session.guard.failures)


@pytest.mark.parametrize("wrong", ["shout", 3, None])
def test_an_unknown_policy_is_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match="a function of the finding"):
        Options(on_finding=wrong)


def test_a_mistake_in_the_context_is_told_before_anything_trains(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Session(tmp_path, "torch", Options(context={"n_classes": "many"}))


def test_nothing_is_said_live_of_too_little_training() -> None:
    speaking = {analyzer.code for analyzer in live_analyzers()}
    assert not speaking & {"UTR401", "UTR402", "UNF301", "UNF302", "EVA901", "EVA902", "EVA907", "LRN602", "LRN603"}
    assert {"INS501", "OVF101", "LKG141"} <= speaking


def found(code: str, cause: Cause, probability: float = 0.95) -> Finding:
    return Finding(code, cause, Severity.WARNING, probability, "a claim")


def test_a_fact_of_the_program_is_told_at_once_and_once() -> None:
    looks = Looks()
    fault = found("PRG902", Cause.TRAINING_PROGRAM, 0.6)
    assert looks.new([fault], 1) == [fault]
    assert looks.new([fault], 2) == []


def test_what_curves_say_must_last_and_be_sure() -> None:
    looks, turn = Looks(), found("OVF101", Cause.OVERFITTING)
    assert looks.new([turn], EARLIEST - 1) == []
    assert looks.new([turn], 20) == []
    assert looks.new([turn], 21) == []
    assert looks.new([], 22) == []  # it has gone: it begins anew
    assert looks.new([turn], 24) == []
    assert looks.new([turn], 25) == []
    assert looks.new([turn], 29) == [turn]
    unsure = Looks()
    assert unsure.new([found("OVF101", Cause.OVERFITTING, 0.7)], 50) == []
    assert unsure.new([found("OVF101", Cause.OVERFITTING, 0.7)], 90) == []


def test_the_committed_false_alarms_are_of_these_limits() -> None:
    measured = json.loads((Path(__file__).parents[1] / "calibration" / "live_findings.json").read_text("utf-8"))
    for source in ("healthy", "trained"):
        row = measured[source][f"still there after {LASTING:g} times the epochs, {SURE:.0%} sure"]
        assert row["with a false alarm"] <= 0.05


def test_the_best_epoch_is_advised(tmp_path: Path) -> None:
    advice = train(Session(tmp_path, "torch", Options(share=0)), 20)
    assert [a.is_best for a in advice] == [True] * 10 + [False] * 10


def test_stop_early(tmp_path: Path) -> None:
    advice = train(Session(tmp_path, "torch", Options(share=0, stop_early=True)), 40)
    first = next(n for n, a in enumerate(advice, 1) if a.stop)
    assert first <= 22
    assert "epoch 10" in advice[first - 1].why
    (segment,) = read_directory(tmp_path)
    assert segment.of(Happened)[0].happening.kind == "stopped early"


def test_without_stop_early_it_goes_on(tmp_path: Path) -> None:
    assert not any(a.stop for a in train(Session(tmp_path, "torch", Options(share=0)), 40))


def test_a_loss_that_is_no_number_stops_early(tmp_path: Path) -> None:
    session = Session(tmp_path, "torch", Options(share=0, stop_early=True))
    assert session.epoch_ended(1, 1, {"loss": math.nan}).stop


def test_finish_writes_the_report(tmp_path: Path) -> None:
    session = Session(tmp_path, "torch", Options(trackers=False))
    train(session, 40)
    diagnosis = session.finish()
    assert diagnosis is not None
    assert diagnosis.main == "overfitting"
    assert json.loads((tmp_path / "diagnosis.json").read_text(encoding="utf-8"))
    assert (tmp_path / "report.html").stat().st_size > 1000
    assert read_directory(tmp_path)[0].of(Ended)[0].how == "finished"
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]


def test_no_report_where_none_is_wanted(tmp_path: Path) -> None:
    session = Session(tmp_path, "torch", Options(report=False))
    train(session, 5)
    session.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["journal-0001.jsonl"]


def test_data_join_the_report(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 3))
    data = {"train": (rows, rows[:, 0] > 0), "val": (rows[:80], rows[:80, 0] > 0)}
    session = Session(tmp_path, "torch", Options(trackers=False, **data))
    train(session, 12, healthy)
    diagnosis = session.finish()
    assert diagnosis is not None
    assert "LKG141" in {finding.code for finding in diagnosis.findings}


def test_a_second_fit_of_the_same_model_is_one_run(tmp_path: Path) -> None:
    model = Model()
    first = Session.of(tmp_path, model, "keras", Options(trackers=False))
    train(first, 5)
    first.finish()
    second = Session.of(tmp_path, model, "keras", Options(trackers=False, on_finding="stop"))
    assert second is first
    assert second.options.on_finding == "stop"
    assert second.epochs_done == 5
    assert second.steps_done == 50
    train(second, 5)
    second.finish()
    (run,) = read_runs(tmp_path).runs
    assert list(run.history.curves[0].steps) == list(range(1, 11))


def test_another_model_or_directory_is_another_run(tmp_path: Path) -> None:
    model, other = Model(), Model()
    first = Session.of(tmp_path / "a", model, "keras")
    assert Session.of(tmp_path / "a", other, "keras") is not first
    assert Session.of(tmp_path / "b", model, "keras") is not first
    assert Session.of(tmp_path / "a", None, "keras") is not Session.of(tmp_path / "a", None, "keras")
    assert Session.of(tmp_path / "a", 3, "keras") is not first  # nothing can refer to a number weakly


def test_a_session_does_not_keep_its_model_alive(tmp_path: Path) -> None:
    model = Model()
    first = Session.of(tmp_path, model, "keras")
    del model
    gc.collect()
    assert Session.of(tmp_path, Model(), "keras") is not first


def test_resume_joins_the_run_that_the_directory_holds(tmp_path: Path) -> None:
    train(Session(tmp_path, "torch"), 6)
    session = Session(tmp_path, "torch", Options(resume=True))
    assert (session.epochs_done, session.steps_done) == (6, 60)
    assert not train(session, 1, lambda e: {"loss": 1.0, "val_loss": 1.0})[0].is_best
    train(session, 4)
    assert len(session.run().history.curves[0]) == 11
    (run,) = read_runs(tmp_path).runs
    assert list(run.history.curves[0].steps) == list(range(1, 12))


def test_a_new_run_in_a_used_directory_is_a_further_one(tmp_path: Path) -> None:
    for _ in range(2):
        train(Session(tmp_path, "torch"), 6)
    assert len(read_runs(tmp_path).runs) == 2


def test_resume_of_nothing_begins(tmp_path: Path) -> None:
    session = Session(tmp_path / "new", "torch", Options(resume=True))
    assert session.epochs_done == 0
    assert not session.guard.failures


ENDING = """
import sys
from diagnose.hooks.session import Session
session = Session(sys.argv[1], "torch")
for e in range(1, 6):
    session.epoch_ended(e, e, {"loss": 1 / e, "val_loss": 1 / e})
"""


@pytest.mark.parametrize(
    ("ending", "how"),
    [
        ("", "ended with the program"),
        ("raise KeyboardInterrupt", "failed: KeyboardInterrupt"),
        ("raise ValueError('mistake')", "failed: ValueError"),
        ("sys.exit(3)", "ended with the program"),
        ("session.finish()", "finished"),
    ],
)
def test_however_the_program_ends_there_is_a_report(tmp_path: Path, ending: str, how: str) -> None:
    subprocess.run([sys.executable, "-c", ENDING + ending, str(tmp_path)], capture_output=True, check=False)
    (segment,) = read_directory(tmp_path)
    assert [ended.how for ended in segment.of(Ended)] == [how]
    assert (tmp_path / "report.html").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_says_nothing(tmp_path: Path) -> None:
    code = (
        ENDING
        + "import os\nif os.fork() == 0:\n    session.epoch_ended(9, 9, {'loss': 1})\n    sys.exit()\nos.wait()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=True)
    (segment,) = read_directory(tmp_path)
    assert len(segment.of(Epoch)) == 5
    assert len(segment.of(Ended)) == 1


def test_an_error_while_judging_does_not_reach_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(tmp_path, "torch", eager())
    monkeypatch.setattr(session, "run", lambda **_: 1 / 0)
    train(session, 12)
    assert session.finish() is None
    assert len(session.guard.failures) == 2
    assert len(read_directory(tmp_path)[0].of(Epoch)) == 12


def test_random_states_stay_what_they_are(tmp_path: Path) -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = (random.getstate(), np.random.get_state()[1].tolist())  # type: ignore[index]  # noqa: NPY002
    session = Session(tmp_path, "torch", eager())
    train(session, 40)
    session.finish()
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # type: ignore[index]  # noqa: NPY002


def test_memory_stays_bounded_and_the_journal_has_all(tmp_path: Path) -> None:
    memory = Memory()
    values = [0.5] * 200
    names = tuple(f"layer {i}" for i in range(200))
    for step in range(1, 2001):
        memory.keep(Layers(step, step, names, dict.fromkeys(("gradient", "weight", "update_ratio"), values)))
        memory.keep(Losses([step], [step / 10], [1.0]))
        memory.keep(Counts({"steps": step}))
    samples = [record for record in memory.records if isinstance(record, Layers)]
    assert sum(3 * 200 for _ in samples) <= MOST_VALUES
    assert len(samples) > MOST_VALUES / 600 / 3
    assert samples[0].step == 1
    assert samples[-1].step == 2000
    assert [sample.step for sample in samples] == sorted(sample.step for sample in samples)
    assert [record for record in memory.records if isinstance(record, Counts)] == [Counts({"steps": 2000})]


def test_many_batch_losses_are_thinned_evenly() -> None:
    memory = Memory()
    for step in range(0, 10 * MOST_LOSSES, 100):
        many = [float(step + i) for i in range(100)]
        memory.keep(Losses(many, many, many))
    steps = [s for record in memory.records if isinstance(record, Losses) for s in record.steps]
    assert MOST_LOSSES / 4 <= len(steps) <= MOST_LOSSES
    assert steps == sorted(steps)


def test_epochs_and_stages_are_never_thinned(tmp_path: Path) -> None:
    session = Session(tmp_path, "torch", Options(share=0))
    session.stage(CARD, epoch=0, step=0, because="training begins")
    train(session, 3000, healthy)
    assert sum(isinstance(record, Epoch) for record in session.records) == 3000
    assert isinstance(session.records[0], Began)
    assert session.run().model == CARD


def test_values_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    session = Session(tmp_path, "torch", Options(share=0))
    session.epoch_ended(1, 1, {"loss": np.float32(0.5), "note": "good", "big": 10**400, "list": [1], "none": None})
    (epoch,) = read_directory(tmp_path)[0].of(Epoch)
    assert epoch.values == {"loss": 0.5}


def test_nothing_is_warned_of_with_the_defaults(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session = Session(tmp_path, "torch")
        train(session, 40)
        session.finish()


def test_the_end_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    session = Session(tmp_path, "torch", Options(share=0, trackers=False))
    train(session, 40)
    with caplog.at_level(logging.INFO):
        session.finish()
    assert "Report: " in caplog.records[-1].getMessage()
