"""LightGBM's callback: it only looks, its curves are the user's, and it ends training as LightGBM wants it."""

from __future__ import annotations

import doctest
import gc
import importlib
import pickle

import numpy as np
import pytest

import diagnose
from diagnose.hooks import boosting_rounds
from diagnose.hooks.session import Advice, Session
from diagnose.readers import read_runs

pytestmark = pytest.mark.framework
lightgbm = pytest.importorskip("lightgbm")
hook = importlib.import_module("diagnose.hooks.lightgbm")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 5))
Y = (X[:, 0] + RNG.normal(size=300) > 0).astype(int)
SETTINGS = {
    "objective": "binary", "num_leaves": 7, "learning_rate": 0.2, "bagging_fraction": 0.5, "bagging_freq": 1,
    "seed": 3, "num_threads": 1, "deterministic": True, "verbose": -1, "min_data_in_leaf": 5,
}  # fmt: skip


def trained(*callbacks, rounds=12, model=None, names=("train", "val"), flipped=False):
    train = lightgbm.Dataset(X[:200], Y[:200])
    val = train.create_valid(X[200:], 1 - Y[200:] if flipped else Y[200:])
    sets = [train, val] if names else None
    return lightgbm.train(
        SETTINGS, train, rounds, valid_sets=sets, valid_names=list(names) or None, callbacks=list(callbacks),
        init_model=model,
    )  # fmt: skip


def test_models_are_identical(tmp_path):
    assert trained(hook.DiagnoseCallback(tmp_path)).model_to_string() == trained().model_to_string()


def test_curves_settings_and_unit(tmp_path):
    results = {}
    watch = hook.DiagnoseCallback(tmp_path)
    trained(watch, lightgbm.record_evaluation(results), lightgbm.reset_parameter(learning_rate=lambda i: 0.2 * 0.9**i))
    (run,) = read_runs(tmp_path).runs
    assert run.history.unit == "iteration"
    curve = run.history.find("val", "loss")
    assert curve.values.tolist() == pytest.approx(results["val"]["binary_logloss"])
    assert curve.steps.tolist() == list(range(1, 13))
    assert run.history.learning_rate.values[-1] == pytest.approx(0.2 * 0.9**11)
    assert run.context.framework == "lightgbm"
    assert run.context.other["num_leaves"] == 7
    assert run.recording.is_finished
    assert watch.diagnosis.run.name == tmp_path.name
    assert (tmp_path / "report.html").stat().st_size


def test_anonymous_sets_of_an_estimator(tmp_path):
    sets = [(X[:200], Y[:200]), (X[200:], Y[200:])]
    model = lightgbm.LGBMClassifier(n_estimators=8, verbose=-1, n_jobs=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lightgbm.sklearn, "_validate_eval_set_Xy", lambda eval_set, **_: eval_set, raising=False)
        model.fit(X[:200], Y[:200], eval_set=sets, callbacks=[hook.DiagnoseCallback(tmp_path)])
    (run,) = read_runs(tmp_path).runs
    assert {c.split for c in run.history.curves} == {"train", "val"}


def test_cross_validation(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path)
    result = lightgbm.cv(SETTINGS, lightgbm.Dataset(X, Y), 6, nfold=3, callbacks=[watch], eval_train_metric=True)
    (run,) = read_runs(tmp_path).runs
    assert run.history.find("val", "loss").values.tolist() == pytest.approx(result["valid binary_logloss-mean"])
    assert watch.diagnosis is not None


def test_a_second_training_goes_on_counting(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path)
    first = trained(watch, rounds=5)
    trained(watch, rounds=4, model=first)
    (run,) = read_runs(tmp_path).runs
    assert run.history.find("train", "loss").steps.tolist() == list(range(1, 10))
    assert [one.text for one in run.recording.happenings] == ["another training began after 5 rounds"]
    assert run.model is None


def test_a_training_that_early_stopping_ends_is_reported_when_the_callback_goes(tmp_path):
    stopping = lightgbm.early_stopping(2, verbose=False)
    model = trained(hook.DiagnoseCallback(tmp_path), stopping, rounds=50, flipped=True)
    gc.collect()
    (run,) = read_runs(tmp_path).runs
    assert len(run.history.find("val", "loss")) == model.best_iteration + 2
    assert run.recording.is_finished
    assert (tmp_path / "report.html").is_file()


def test_or_when_its_diagnosis_is_asked_for(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path)
    assert watch.diagnosis is None
    trained(watch, lightgbm.early_stopping(2, verbose=False), rounds=50, flipped=True)
    assert not (tmp_path / "report.html").is_file()
    assert watch.diagnosis is watch.diagnosis is not None


def test_stops_and_keeps_the_best_round(tmp_path, monkeypatch):
    told = Session.epoch_ended

    def advised(session, epoch, *args, **kwargs):
        told(session, epoch, *args, **kwargs)
        return Advice(stop=epoch == 6, why="enough", is_best=epoch == 3)

    monkeypatch.setattr(Session, "epoch_ended", advised)
    monkeypatch.setattr(boosting_rounds, "PAUSE", 0.0)
    best = trained(hook.DiagnoseCallback(tmp_path / "a", stop_early=True), rounds=20)
    assert best.best_iteration == 3
    stopped = trained(hook.DiagnoseCallback(tmp_path / "b", on_finding="stop"), rounds=20)
    assert (stopped.best_iteration, stopped.current_iteration()) == (6, 6)


def test_raises_where_wanted(tmp_path, monkeypatch):
    def raises(session, epoch, *args, **kwargs):
        raise diagnose.Unhealthy("OVF101: it turned", None)

    monkeypatch.setattr(Session, "epoch_ended", raises)
    with pytest.raises(diagnose.Unhealthy):
        trained(hook.DiagnoseCallback(tmp_path, on_finding="raise"))


def test_an_error_within_is_told_once(tmp_path, monkeypatch, caplog):
    def fails(env):
        raise RuntimeError("no card")

    monkeypatch.setattr(hook, "described", fails)
    assert trained(hook.DiagnoseCallback(tmp_path)).model_to_string() == trained().model_to_string()
    assert sum("describe the model" in record.message for record in caplog.records) == 1


def test_a_directory_that_cannot_be_written(tmp_path):
    place = tmp_path / "file"
    place.write_text("no folder")
    watch = hook.DiagnoseCallback(place)
    assert trained(watch).model_to_string() == trained().model_to_string()
    assert watch.diagnosis is not None


def test_without_evaluation_sets(tmp_path):
    trained(hook.DiagnoseCallback(tmp_path), names=())
    assert b"the training has no evaluation sets" in (tmp_path / "journal-0001.jsonl").read_bytes()


def test_copies_record_runs_of_their_own(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path)
    trained(watch)
    trained(pickle.loads(pickle.dumps(watch)))
    assert sorted(path.name for path in tmp_path.glob("journal-*")) == ["journal-0001.jsonl", "journal-0002.jsonl"]


def test_the_documented_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(hook).failed == 0
