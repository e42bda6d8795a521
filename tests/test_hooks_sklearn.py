"""scikit-learn's monitor: the same models as without it, curves of what the estimators can say, reports at the end."""

from __future__ import annotations

import doctest
import importlib
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier, SGDRegressor
from sklearn.metrics import hinge_loss, log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import diagnose
from diagnose.errors import InputError
from diagnose.hooks.session import Advice, Session
from diagnose.hooks.sklearn import DiagnoseMonitor
from diagnose.hooks.sklearn.layers import activation_facts
from diagnose.hooks.sklearn.scores import chances_scores, scores, thinned
from diagnose.readers import read_runs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 6))
Y = np.array(["no", "yes"])[(X[:, 0] + RNG.normal(size=400) > 0).astype(int)]
T = X[:, 0] + 0.3 * RNG.normal(size=400)
TRAIN, VAL = slice(0, 300), slice(300, 400)
QUICK = {"report": False}

FITTED = [
    GradientBoostingClassifier(n_estimators=12, subsample=0.5, random_state=0),
    HistGradientBoostingClassifier(max_iter=12, early_stopping=True, random_state=0),
    AdaBoostClassifier(n_estimators=8, random_state=0),
    MLPClassifier((8,), max_iter=12, early_stopping=True, random_state=0),
    SGDClassifier(random_state=0),
    Perceptron(random_state=0),
    LogisticRegression(),
    LinearSVC(),
    RandomForestClassifier(n_estimators=5, random_state=0),
    make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=12, random_state=0)),
]


@pytest.fixture(autouse=True)
def _data_are_not_audited(monkeypatch, request):
    """The audit of the data takes half a second, and is tested elsewhere."""
    if "documented" not in request.node.name:
        monkeypatch.setattr("diagnose.hooks.session.with_data", lambda run, *_, **__: run)


def state(model):
    """Everything a model has learnt, without what its callbacks and its wrapping are."""
    return pickle.dumps(model)


def read(place):
    (run,) = read_runs(place).runs
    return run


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", FITTED, ids=lambda m: type(m).__name__)
def test_fit_gives_the_same_model(model, tmp_path):
    bare = clone(model).fit(X[TRAIN], Y[TRAIN])
    monitor = DiagnoseMonitor(clone(model), tmp_path, val=(X[VAL], Y[VAL]), **QUICK)
    watched = monitor.fit(X[TRAIN], Y[TRAIN])
    assert state(watched) == state(bare)
    assert monitor.diagnosis is not None
    assert not monitor.session.guard.failures
    assert read(tmp_path).recording.is_finished


@pytest.mark.parametrize(
    ("model", "target"),
    [
        (SGDClassifier(loss="log_loss", random_state=1), Y),
        (SGDRegressor(random_state=1), T),
        (Perceptron(random_state=1), Y),
        (GaussianNB(), Y),
        (MLPClassifier((8,), random_state=1), Y),
        (MLPRegressor(hidden_layer_sizes=(8,), random_state=1), T),
    ],
    ids=lambda value: type(value).__name__,
)
def test_loops_give_the_same_model(model, target, tmp_path):
    first = {"classes": np.unique(target)} if hasattr(model, "predict_proba") or target is Y else {}
    bare = clone(model)
    watched = clone(model)
    with DiagnoseMonitor(watched, tmp_path, val=(X[VAL], target[VAL]), **QUICK) as monitor:
        for _ in range(5):
            for batch in range(0, 300, 100):
                rows = slice(batch, batch + 100)
                bare.partial_fit(X[rows], target[rows], **first)
                monitor.partial_fit(X[rows], target[rows], **first)
            assert not monitor.epoch().stop
    assert state(watched) == state(bare)
    assert not monitor.session.guard.failures
    run = read(tmp_path)
    assert {(c.split, c.quantity) for c in run.history.curves} >= {("train", "loss"), ("val", "loss")}
    assert len(run.history.find("val", "loss")) == 5


def test_boosting_has_curves_of_every_round(tmp_path):
    model = GradientBoostingClassifier(n_estimators=12, random_state=0)
    DiagnoseMonitor(model, tmp_path, val=(X[VAL], Y[VAL]), **QUICK).fit(X[TRAIN], Y[TRAIN])
    run = read(tmp_path)
    assert run.history.unit == "iteration"
    curve = run.history.find("val", "loss")
    assert len(curve) == 12
    assert curve.values[-1] == pytest.approx(log_loss(Y[VAL], model.predict_proba(X[VAL])))
    assert run.history.find("train", "accuracy").values[-1] == model.score(X[TRAIN], Y[TRAIN])
    assert run.context.learning_rate == 0.1
    assert run.context.framework == "sklearn"
    assert not run.recording.inputs  # trees do not mind scale


def test_regressors_have_squared_errors(tmp_path):
    model = GradientBoostingRegressor(n_estimators=6, random_state=0)
    DiagnoseMonitor(model, tmp_path, val=(X[VAL], T[VAL]), **QUICK).fit(X[TRAIN], T[TRAIN])
    run = read(tmp_path)
    expected = np.mean((model.predict(X[VAL]) - T[VAL]) ** 2)
    assert run.history.find("val", "loss").values[-1] == pytest.approx(expected)
    assert run.history.find("val", "r2").values[-1] == pytest.approx(model.score(X[VAL], T[VAL]))


def test_a_solver_that_takes_callbacks_is_seen_live(tmp_path):
    model = LogisticRegression(C=100.0)
    if not hasattr(model, "set_callbacks"):
        pytest.skip("this scikit-learn has no callbacks")
    DiagnoseMonitor(model, tmp_path, val=(X[VAL], Y[VAL]), **QUICK).fit(X[TRAIN], Y[TRAIN])
    run = read(tmp_path)
    assert run.history.unit == "iteration"
    assert len(run.history.find("train", "loss")) >= model.n_iter_[0] - 1 > 2
    assert not hasattr(model, "_skl_callbacks")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_network_has_a_card_layers_and_its_own_curves(tmp_path):
    model = make_pipeline(StandardScaler(), MLPClassifier((8, 4), max_iter=12, alpha=0.01, early_stopping=True,
                                                          random_state=0))  # fmt: skip
    DiagnoseMonitor(model, tmp_path, val=(X[VAL], Y[VAL]), **QUICK).fit(X[TRAIN] * 255, Y[TRAIN])
    run = read(tmp_path)
    network = model[-1]
    assert run.history.unit == "epoch"
    assert run.history.find("train", "loss").values.tolist() == pytest.approx(network.loss_curve_)
    assert run.history.find("val", "accuracy").values.tolist() == pytest.approx(network.validation_scores_)
    assert [layer.name for layer in run.model.layers] == ["coefs_[0]", "coefs_[1]", "coefs_[2]"]
    assert run.model.parameters == sum(w.size for w in (*network.coefs_, *network.intercepts_))
    assert [layer.activation for layer in run.model.layers] == ["relu", "relu", "sigmoid"]
    assert run.model.optimizer.name == "Adam"
    assert run.context.weight_decay == 0.01
    assert run.recording.layers.of("dead_share").shape == (1, 3)
    (inputs,) = run.recording.inputs_of("train")
    assert inputs.reached_as == "the last step of the pipeline"
    assert inputs.std == pytest.approx(1, abs=0.01)


def test_a_loop_of_single_steps_has_update_ratios(tmp_path):
    model = MLPClassifier((8,), random_state=0)
    with DiagnoseMonitor(model, tmp_path, share=1.0, **QUICK) as monitor:
        monitor.partial_fit(X[:100], Y[:100], classes=["no", "yes"])
        before = [w.copy() for w in model.coefs_]
        monitor.epoch()
        monitor.partial_fit(X[:100], Y[:100])
        monitor.epoch()
    recording = read(tmp_path).recording
    table = recording.layers
    assert recording.batch_losses.values.tolist() == pytest.approx(model.loss_curve_)
    assert recording.counters["steps"] == 2
    expected = [np.linalg.norm(w - b) / np.linalg.norm(b) for w, b in zip(model.coefs_, before, strict=True)]
    assert table.of("update_ratio")[-1].tolist() == pytest.approx(expected)
    assert table.of("distance")[-1].tolist() == pytest.approx(expected)


def test_activations_are_those_of_the_network():
    rows = np.array([[1.0, -1.0], [2.0, 3.0]])
    model = MLPRegressor(hidden_layer_sizes=(2,), max_iter=1, random_state=0)
    with pytest.warns(UserWarning, match="iterations"):
        model.fit(rows, [0.0, 1.0])
    model.coefs_[0][:] = [[1.0, 0.0], [0.0, 0.0]]
    model.intercepts_[0][:] = [0.0, -1.0]
    facts = activation_facts(model, rows)
    assert facts["dead_share"][0] == 0.5
    assert facts["zero_share"][0] == 0.5
    assert facts["activation_mean"][0] == 0.75


def test_the_users_own_numbers_count(tmp_path):
    with DiagnoseMonitor(SGDClassifier(), tmp_path, val=(X[VAL], Y[VAL]), **QUICK) as monitor:
        monitor.partial_fit(X[TRAIN], Y[TRAIN], classes=["no", "yes"])
        monitor.epoch(loss=0.5, val_loss=0.6)
        monitor.model.partial_fit(X[TRAIN], Y[TRAIN])
        monitor.epoch(X[TRAIN], Y[TRAIN])
    run = read(tmp_path)
    assert run.history.find("val", "loss").values[0] == 0.6
    assert run.history.find("train", "loss").values[0] == 0.5
    assert run.history.find("val", "accuracy").values[-1] == monitor.model.score(X[VAL], Y[VAL])


def test_a_second_fit_goes_on(tmp_path):
    model = GradientBoostingClassifier(n_estimators=5, random_state=0)
    DiagnoseMonitor(model, tmp_path, **QUICK).fit(X, Y)
    DiagnoseMonitor(model, tmp_path, **QUICK).fit(X, Y)
    assert read(tmp_path).history.find("train", "loss").steps.tolist() == list(range(1, 11))


def test_stops_raises_and_keeps_the_best(tmp_path, monkeypatch):
    monkeypatch.setattr(
        Session, "epoch_ended", lambda s, epoch, *_, **__: Advice(stop=epoch == 1, why="", is_best=True)
    )
    model = SGDClassifier(random_state=0)
    with DiagnoseMonitor(model, tmp_path, keep_best=True, **QUICK) as monitor:
        monitor.partial_fit(X[TRAIN], Y[TRAIN], classes=["no", "yes"])
        best = model.coef_.copy()
        assert monitor.epoch().stop
        monitor.partial_fit(X[TRAIN], Y[TRAIN])
    assert model.coef_.tolist() == best.tolist()

    def raises(*_, **__):
        raise diagnose.Unhealthy("OVF101", None)

    monkeypatch.setattr(Session, "epoch_ended", raises)
    with pytest.raises(diagnose.Unhealthy), DiagnoseMonitor(model, tmp_path, **QUICK) as monitor:
        monitor.epoch(X, Y)


def test_an_error_within_is_told_once_and_training_goes_on(tmp_path, monkeypatch, caplog):
    def fails(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr("diagnose.hooks.sklearn.monitor.scores", fails)
    monkeypatch.setattr("diagnose.hooks.sklearn.monitor.history", fails)
    monitor = DiagnoseMonitor(SGDClassifier(random_state=0), tmp_path, val=(X, Y), **QUICK)
    for _ in range(3):
        monitor.partial_fit(X, Y, classes=["no", "yes"])
        monitor.epoch(loss=0.1)
    assert sum("compute the losses" in record.message for record in caplog.records) == 1
    forest = DiagnoseMonitor(RandomForestClassifier(n_estimators=3), tmp_path / "b", **QUICK).fit(X, Y)
    assert len(forest.estimators_) == 3


def test_a_directory_that_cannot_be_written(tmp_path):
    place = tmp_path / "file"
    place.write_text("no folder")
    monitor = DiagnoseMonitor(GradientBoostingClassifier(n_estimators=5), place)
    assert monitor.fit(X, Y).n_estimators_ == 5
    assert monitor.diagnosis is not None


def test_an_error_of_the_program_is_noted(tmp_path):
    with pytest.raises(ZeroDivisionError), DiagnoseMonitor(SGDClassifier(), tmp_path, **QUICK):
        raise ZeroDivisionError("own")
    assert b"failed: ZeroDivisionError: own" in (tmp_path / "journal-0001.jsonl").read_bytes()


def test_a_mistake_is_told_at_once(tmp_path):
    with pytest.raises(InputError, match="on_finding"):
        DiagnoseMonitor(SGDClassifier(), tmp_path, on_finding="shout")


def test_scores_are_those_of_scikit_learn():
    for model in (SGDClassifier(random_state=0), LinearSVC()):
        model.fit(X, Y)
        assert scores(model, X, Y)["loss"] == pytest.approx(hinge_loss(Y, model.decision_function(X)))
    three = np.array(["a", "b", "c"])[RNG.integers(0, 3, 400)]
    model = GaussianNB().fit(X, three)
    assert scores(model, X, three)["loss"] == pytest.approx(log_loss(three, model.predict_proba(X)))
    assert scores(SGDClassifier(random_state=0).fit(X, three), X, three)["loss"] > 0


def test_a_label_that_training_never_saw_is_a_miss_not_an_error():
    found = chances_scores(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1]), np.array([0, 7]))
    assert found["accuracy"] == 0.5
    assert 17 < found["loss"] < 18


def test_large_tables_are_thinned():
    x, y = thinned(np.arange(50).reshape(-1, 1), np.arange(50), 10)
    assert y.tolist() == x.ravel().tolist()
    assert (len(y), y[0], y[-1]) == (10, 0, 49)


def test_the_documented_examples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module("diagnose.hooks.sklearn")).failed == 0
    assert (tmp_path / "runs" / "fit" / "report.html").is_file()
