"""XGBoost's callback: it only looks, its curves are the user's, and it ends training as XGBoost wants it."""

from __future__ import annotations

import doctest
import importlib
import pickle
from pathlib import Path

import numpy as np
import pytest

import diagnose
from diagnose.errors import InputError
from diagnose.hooks import boosting_rounds
from diagnose.hooks.session import Advice, Session
from diagnose.readers import read_runs

pytestmark = pytest.mark.framework
xgboost = pytest.importorskip("xgboost")
hook = importlib.import_module("diagnose.hooks.xgboost")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 5))
Y = (X[:, 0] + RNG.normal(size=300) > 0).astype(int)
TRAIN, VAL = xgboost.DMatrix(X[:200], Y[:200]), xgboost.DMatrix(X[200:], Y[200:])
SETTINGS = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.2, "subsample": 0.5, "seed": 3, "nthread": 1}


def trained(*callbacks, rounds=12, model=None, evals=((TRAIN, "train"), (VAL, "val"))):
    return xgboost.train(
        SETTINGS, TRAIN, rounds, evals=list(evals), verbose_eval=False, callbacks=list(callbacks), xgb_model=model
    )


def test_models_are_identical(tmp_path):
    watched = trained(hook.DiagnoseCallback(tmp_path))
    assert watched.save_raw() == trained().save_raw()


def test_curves_settings_and_unit(tmp_path):
    results = {}
    watch = hook.DiagnoseCallback(tmp_path, context={"n_classes": 2})
    model = xgboost.train(
        SETTINGS, TRAIN, 12, evals=[(TRAIN, "train"), (VAL, "val")], evals_result=results, verbose_eval=False,
        callbacks=[watch],
    )  # fmt: skip
    (run,) = read_runs(tmp_path).runs
    assert run.history.unit == "iteration"
    assert {(c.split, c.quantity) for c in run.history.curves} == {("train", "loss"), ("val", "loss")}
    curve = run.history.find("val", "loss")
    assert curve.values.tolist() == pytest.approx(results["val"]["logloss"])
    assert curve.steps.tolist() == list(range(1, 13))
    assert run.context.learning_rate == pytest.approx(0.2)
    assert run.context.other["max_depth"] == 3
    assert run.context.framework == "xgboost"
    assert run.context.n_classes == 2
    assert watch.diagnosis.run.name == tmp_path.name
    assert (tmp_path / "report.html").stat().st_size
    assert model.num_boosted_rounds() == 12


def test_names_that_the_user_gives(tmp_path):
    splits = {"mine": "train", "yours": "val"}
    trained(hook.DiagnoseCallback(tmp_path, splits=splits), evals=((TRAIN, "mine"), (VAL, "yours")))
    (run,) = read_runs(tmp_path).runs
    assert {c.split for c in run.history.curves} == {"train", "val"}


def test_anonymous_sets_of_an_estimator(tmp_path):
    sets = [(X[:200], Y[:200]), (X[200:], Y[200:])]
    model = xgboost.XGBClassifier(n_estimators=8, callbacks=[hook.DiagnoseCallback(tmp_path)], n_jobs=1)
    model.fit(X[:200], Y[:200], eval_set=sets, verbose=False)
    (run,) = read_runs(tmp_path).runs
    assert {c.split for c in run.history.curves} == {"train", "val"}
    bare = xgboost.XGBClassifier(n_estimators=8, n_jobs=1).fit(X[:200], Y[:200], eval_set=sets, verbose=False)
    assert model.get_booster().save_raw() == bare.get_booster().save_raw()


def test_cross_validation(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path)
    result = xgboost.cv(SETTINGS, TRAIN, 6, nfold=3, callbacks=[watch], as_pandas=False)
    (run,) = read_runs(tmp_path).runs
    assert run.history.find("val", "loss").values.tolist() == pytest.approx(result["test-logloss-mean"])
    assert watch.diagnosis is not None


def test_a_second_training_goes_on_counting(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path)
    first = trained(watch, rounds=5)
    trained(watch, rounds=4, model=first)
    (run,) = read_runs(tmp_path).runs
    assert run.history.find("train", "loss").steps.tolist() == list(range(1, 10))
    assert [one.text for one in run.recording.happenings] == ["another training began after 5 rounds"]
    assert run.model is None


def test_the_round_at_which_another_callback_stops_is_told(tmp_path):
    early = xgboost.callback.EarlyStopping(rounds=2)
    noise = xgboost.DMatrix(X[200:], 1 - Y[200:])
    model = trained(early, hook.DiagnoseCallback(tmp_path), rounds=50, evals=((TRAIN, "train"), (noise, "val")))
    (run,) = read_runs(tmp_path).runs
    assert len(run.history.find("val", "loss")) == model.num_boosted_rounds() < 50


def test_stops_and_keeps_the_best_round(tmp_path, monkeypatch):
    told = Session.epoch_ended

    def advised(session, epoch, *args, **kwargs):
        told(session, epoch, *args, **kwargs)
        return Advice(stop=epoch == 6, why="enough", is_best=epoch == 3)

    monkeypatch.setattr(Session, "epoch_ended", advised)
    monkeypatch.setattr(boosting_rounds, "PAUSE", 0.0)
    assert trained(hook.DiagnoseCallback(tmp_path / "a", stop_early=True), rounds=20).num_boosted_rounds() == 3
    assert trained(hook.DiagnoseCallback(tmp_path / "b", on_finding="stop"), rounds=20).num_boosted_rounds() == 6
    assert b"stopped by diagnose: enough" in (tmp_path / "b" / "journal-0001.jsonl").read_bytes()


def test_raises_where_wanted(tmp_path, monkeypatch):
    def raises(session, epoch, *args, **kwargs):
        raise diagnose.Unhealthy("OVF101: it turned", None)

    monkeypatch.setattr(Session, "epoch_ended", raises)
    with pytest.raises(diagnose.Unhealthy):
        trained(hook.DiagnoseCallback(tmp_path, on_finding="raise"))


def test_an_error_within_is_told_once(tmp_path, monkeypatch, caplog):
    def fails(model):
        raise RuntimeError("no card")

    monkeypatch.setattr(hook, "described", fails)
    watched = trained(hook.DiagnoseCallback(tmp_path))
    assert watched.save_raw() == trained().save_raw()
    assert sum("describe the model" in record.message for record in caplog.records) == 1


def test_a_directory_that_cannot_be_written(tmp_path):
    place = tmp_path / "file"
    place.write_text("no folder")
    watch = hook.DiagnoseCallback(place)
    assert trained(watch).save_raw() == trained().save_raw()
    assert watch.diagnosis is not None


def test_without_evaluation_sets(tmp_path):
    trained(hook.DiagnoseCallback(tmp_path), evals=())
    assert b"the training has no evaluation sets" in (tmp_path / "journal-0001.jsonl").read_bytes()


def test_copies_record_runs_of_their_own(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path)
    trained(watch)
    trained(pickle.loads(pickle.dumps(watch)))
    assert sorted(path.name for path in tmp_path.glob("journal-*")) == ["journal-0001.jsonl", "journal-0002.jsonl"]


def test_a_mistake_is_told_before_training():
    with pytest.raises(InputError, match="on_finding"):
        hook.DiagnoseCallback(Path("a"), on_finding="shout")


def test_the_documented_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(hook).failed == 0
