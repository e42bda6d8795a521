"""The Keras callback when something goes wrong: in the program, in the hook itself, or on the disk."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

import diagnose
from diagnose.errors import InputError
from diagnose.journal import read_directory, recorded

pytestmark = pytest.mark.framework
keras = pytest.importorskip("keras")

from diagnose.hooks.keras import DiagnoseCallback  # noqa: E402

layers = keras.layers
BACKEND = keras.backend.backend()
X = np.random.default_rng(0).random((96, 6), dtype=np.float32)
Y = (X.sum(axis=1) > 3).astype("int32")


def classifier(**compiled):
    keras.utils.set_random_seed(0)
    stack = [layers.Dense(8, activation="relu", name="hidden"), layers.Dense(2, activation="softmax", name="head")]
    model = keras.Sequential([keras.Input((6,)), *stack])
    compiled = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled}
    model.compile(**compiled)
    return model


def fit(model, place, x=X, y=Y, hook=None, **named):
    hook = hook or DiagnoseCallback(place, report=False)
    return model.fit(x, y, verbose=0, callbacks=[hook], **{"epochs": 2, "batch_size": 16, **named})


def of(place):
    segments = read_directory(place)
    assert not any(segment.broken for segment in segments)
    return recorded(segments[-1].records)


@pytest.mark.parametrize(
    ("loss", "kind", "layer"),
    [
        (None, "input", "x"),
        ("mse", "activation", "logarithm"),
        (lambda t, p: keras.ops.mean(keras.ops.log(p - 1e9)), "loss", ""),
    ],
)
def test_the_origin_of_a_number_that_is_none(tmp_path, loss, kind, layer) -> None:
    given = keras.Input((6,))
    logarithm = layers.Lambda((lambda v: keras.ops.log(v - 100)) if kind == "activation" else abs, name="logarithm")
    model = keras.Model(given, layers.Dense(1, name="head")(logarithm(layers.Dense(4, name="first")(given))))
    model.compile("adam", loss or "mse")
    x = X.copy()
    if kind == "input":
        x[5, 3] = np.nan
    fit(model, tmp_path, x, Y.astype("float32"), epochs=1)
    origin = of(tmp_path).non_finite
    assert (origin.kind, origin.layer) == (kind, layer)


def test_an_explosion_is_caught_at_its_step(tmp_path) -> None:
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, name="a"), layers.Dense(1, name="b")])
    model.compile(keras.optimizers.SGD(1e18), "mse")
    fit(model, tmp_path, y=Y.astype("float32"))
    origin = of(tmp_path).non_finite
    assert origin.step <= 4
    assert origin.kind in {"loss", "activation"}  # squares of 1e36 have no place in 32 bits
    assert "e+" in origin.before


def test_healthy_training_has_no_origin(tmp_path) -> None:
    fit(classifier(), tmp_path)
    assert of(tmp_path).non_finite is None


def test_it_stops_early_and_puts_the_best_weights_back(tmp_path) -> None:
    x, y = X, np.random.default_rng(1).integers(0, 2, len(X))
    model = classifier(optimizer=keras.optimizers.Adam(0.05))
    history = fit(model, tmp_path, x, y, DiagnoseCallback(tmp_path, stop_early=True, report=False), epochs=150,
                  validation_split=0.3)  # fmt: skip
    assert len(history.history["loss"]) < 150
    best = min(history.history["val_loss"])
    assert model.evaluate(x[-29:], y[-29:], verbose=0)[0] == pytest.approx(best, rel=1e-4)
    assert [happening.kind for happening in of(tmp_path).happenings] == ["stopped early"]


def test_a_finding_can_stop_and_raise(tmp_path) -> None:
    x = X.copy()
    x[0, 0] = np.nan
    history = fit(classifier(), tmp_path / "a", x, hook=DiagnoseCallback(tmp_path / "a", on_finding="stop"), epochs=9)
    assert len(history.history["loss"]) < 9
    with pytest.raises(diagnose.Unhealthy):
        fit(classifier(), tmp_path / "b", x, hook=DiagnoseCallback(tmp_path / "b", on_finding="raise"), epochs=9)
    assert (tmp_path / "b" / "report.html").exists()


def test_evaluating_and_predicting_begin_no_run(tmp_path) -> None:
    model, hook = classifier(), DiagnoseCallback(tmp_path / "a")
    model.evaluate(X, Y, verbose=0, callbacks=[hook])
    model.predict(X, verbose=0, callbacks=[hook])
    assert not (tmp_path / "a").exists()


def test_a_mistake_in_the_options_is_told_at_once(tmp_path) -> None:
    with pytest.raises(InputError, match="on_finding"):
        DiagnoseCallback(tmp_path, on_finding="shout")


PARTS = (
    "keras.run.card_of", "keras.run.facts_of", "keras.run.overlap", "keras.run.order_of", "keras.run.rate_of",
    "keras.run.batch_losses", "keras.run.kept", "keras.probe.Probe.look", "keras.run.KerasRun.batch_ended",
)  # fmt: skip
SOME = (
    PARTS,
    ("keras.run.fit_call",),
    ("keras.run.probe_rows", "keras.weights.Samples.read"),
    ("keras.run.KerasRun.epoch_ends", "keras.run.KerasRun.batch_begins"),
    ("keras.run.KerasRun.fit_begins", "keras.run.KerasRun.epoch_begins"),
)


@pytest.mark.parametrize("parts", SOME)
def test_no_failure_reaches_training(tmp_path, monkeypatch, caplog, parts) -> None:
    for part in parts:

        def fails(*_, name=part, **__):
            raise RuntimeError(f"injected into {name}!")

        monkeypatch.setattr(f"diagnose.hooks.{part}", fails)
    with caplog.at_level(logging.WARNING, logger="diagnose"):
        history = fit(classifier(), tmp_path, epochs=3, validation_split=0.25)
    assert len(history.history["loss"]) == 3
    told = [caplog.text.count(f"injected into {part}!") for part in parts]
    assert told == [1] * len(parts)


def test_a_directory_that_cannot_be_written(tmp_path) -> None:
    place = tmp_path / "file"
    place.write_text("no directory")
    history = fit(classifier(), place)
    assert all(math.isfinite(loss) for loss in history.history["loss"])
