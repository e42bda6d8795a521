"""The Keras callback: what a run directory holds after `fit`, and what never reaches the program."""

from __future__ import annotations

import numpy as np
import pytest

import diagnose
from diagnose.journal import read_directory, recorded
from diagnose.journal.records import Epoch
from diagnose.recording import QUANTITIES

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


def test_the_learners_program(tmp_path) -> None:
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    x = layers.Dense(256, activation="relu", name="dense")(layers.Flatten(name="flatten")(base.output))
    model = keras.Model(base.input, layers.Dense(10, activation="softmax", name="dense_1")(x))
    draw = np.random.default_rng(0)
    images, labels = draw.random((40, 32, 32, 3)), np.eye(10)[draw.integers(0, 10, 40)]
    for layer in model.layers[:-4]:
        layer.trainable = False
    for layer in model.layers[-4:]:
        layer.trainable = True
    for _ in range(2):
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, validation_split=0.2, verbose=0, callbacks=[DiagnoseCallback(tmp_path)])
        for layer in model.layers[-15:]:
            layer.trainable = True
    found = of(tmp_path)
    assert [stage.because for stage in found.stages] == [
        "training begins",
        "compiled again; 15 of 22 layers trainable instead of 4",
    ]
    trained = [[one.name for one in stage.card.layers if one.trainable_parameters] for stage in found.stages]
    assert trained[0] == ["dense", "dense_1"]
    assert (trained[1][0], len(trained[1])) == ("block3_conv1", 11)
    assert [stage.epoch for stage in found.stages] == [0, 1]
    assert found.inputs_of("train")[0].n == 32
    assert found.inputs_of("val")[0].n == 8
    moved = dict(zip(found.layers.layers, found.layers.of("update_ratio").T, strict=True))
    assert np.nanmax(moved["block5_conv1"][found.layers.epochs <= 1]) == 0
    assert np.nanmin(moved["dense"]) > 0
    diagnosis = diagnose.load(tmp_path / "diagnosis.json")
    assert diagnosis.verdicts
    assert (tmp_path / "report.html").exists()


def test_what_a_run_holds(tmp_path) -> None:
    hook = DiagnoseCallback(tmp_path, share=1.0, report=False)  # so that no look depends on the clock
    history = fit(classifier(), tmp_path, hook=hook, epochs=3, validation_split=1 / 3)
    found = of(tmp_path)
    table = found.layers
    assert table.layers == ("hidden", "head")
    assert set(table.values) <= set(QUANTITIES)
    assert table.steps.tolist() == [1, 2, 4, 5, 8, 9]
    for quantity in ("gradient", "update_ratio", "weight", "activation_std", "spread", "dead_share"):
        assert np.isfinite(table.of(quantity)).all(), quantity
    assert np.isnan(table.of("saturated_share")[:, 0]).all()
    assert len(found.batch_losses.values) == 12
    assert found.batch_losses.values[:4].mean() == pytest.approx(history.history["loss"][0], rel=1e-5)
    assert {facts.on for facts in found.outputs} == {"train", "probe"}
    assert all(facts.sums_to_one == 1 for facts in found.outputs)
    assert found.noise
    assert found.noise[0].batch_size == 16
    assert found.labels_of("train").counts == {str(k): int(n) for k, n in enumerate(np.bincount(Y[:64]))}
    assert found.orders[0].is_shuffled
    assert found.counters == {"overlapping_rows": 0, "compared_rows": 32, "steps": 12, "backward_passes": 12}
    assert found.is_finished
    epochs = [record for segment in read_directory(tmp_path) for record in segment.of(Epoch)]
    assert [record.epoch for record in epochs] == [1, 2, 3]
    assert epochs[-1].values["val_loss"] == pytest.approx(history.history["val_loss"][-1])
    assert epochs[0].learning_rate == pytest.approx(1e-3)


def test_the_gradient_is_the_gradient(tmp_path) -> None:
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1, name="d", use_bias=False)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    kernel = model.get_weights()[0]
    y = Y[:, None].astype("float32")
    fit(model, tmp_path, X[:32], y[:32], epochs=1, batch_size=32)
    expected = 2 * X[:32].T @ (X[:32] @ kernel - y[:32]) / 32
    assert of(tmp_path).layers.of("gradient")[0, 0] == pytest.approx(np.linalg.norm(expected), rel=1e-4)


def test_an_update_is_the_update(tmp_path) -> None:
    model = classifier(optimizer=keras.optimizers.SGD(0.1))
    before = model.get_layer("hidden").get_weights()[0]
    fit(model, tmp_path, epochs=1, batch_size=96)
    after = model.get_layer("hidden").get_weights()[0]
    expected = np.linalg.norm(after - before) / np.linalg.norm(before)
    assert of(tmp_path).layers.of("update_ratio")[0, 0] == pytest.approx(expected, rel=1e-4)


def test_weight_decay_has_a_share(tmp_path) -> None:
    fit(classifier(optimizer=keras.optimizers.AdamW(1e-6, weight_decay=1e4)), tmp_path)
    assert np.nanmin(of(tmp_path).layers.of("decay_ratio")) > 0.9


def test_a_dead_unit_and_a_frozen_batch_normalisation(tmp_path) -> None:
    first = layers.Dense(4, activation="relu", name="d")
    stack = [first, layers.BatchNormalization(name="n"), layers.Dense(2, activation="softmax", name="o")]
    model = keras.Sequential([keras.Input((6,)), *stack])
    kernel = np.ones((6, 4))
    kernel[:, 0] = -1
    model.get_layer("d").set_weights([kernel, np.zeros(4)])
    model.get_layer("n").trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, tmp_path)
    table = of(tmp_path).layers
    d, n = table.layers.index("d"), table.layers.index("n")
    assert table.of("dead_share")[0, d] == pytest.approx(0.25)
    assert np.all(table.of("in_training_mode")[:, n] == 0)
    assert np.all(table.of("statistics_moved")[:, n] == 0)
    assert table.of("statistics_shift")[0, n] > 1


def test_sorted_labels_and_rows_on_both_sides(tmp_path) -> None:
    order = np.argsort(Y, kind="stable")
    x, y = X[order], Y[order]
    fit(classifier(), tmp_path, x, y, shuffle=False, validation_data=(x[:10], y[:10]))
    found = of(tmp_path)
    assert [facts.label_changes for facts in found.orders] == [1, 1]
    assert found.orders[0].digest == found.orders[1].digest
    assert found.orders[0].expected_changes > 20
    assert (found.counters["overlapping_rows"], found.counters["compared_rows"]) == (10, 10)


def test_rows_of_several_inputs_are_compared_as_a_whole(tmp_path) -> None:
    town, size = keras.Input((1,), name="town"), keras.Input((2,), name="size")
    model = keras.Model([town, size], layers.Dense(1, "sigmoid")(layers.Concatenate()([town, size])))
    model.compile("sgd", "binary_crossentropy")
    draw = np.random.default_rng(0)
    x = {"town": draw.integers(0, 3, (60, 1)).astype("float32"), "size": draw.normal(size=(60, 2)).astype("float32")}
    val = {name: np.concatenate([values[:5], values[40:]]) for name, values in x.items()}
    rows = {name: values[:40] for name, values in x.items()}
    fit(model, tmp_path, rows, np.ones(40), validation_data=(val, np.ones(25)))
    counters = of(tmp_path).counters
    assert (counters["overlapping_rows"], counters["compared_rows"]) == (5, 25)


@pytest.mark.parametrize("shuffles", [False, True])
def test_sorted_labels_of_a_pipeline(tmp_path, shuffles) -> None:
    tf = pytest.importorskip("tensorflow")
    order = np.argsort(Y, kind="stable")
    rows = tf.data.Dataset.from_tensor_slices((X[order], Y[order]))
    fit(classifier(), tmp_path, (rows.shuffle(len(X)) if shuffles else rows).batch(16), None,
        batch_size=None, shuffle=False)  # fmt: skip
    found = of(tmp_path)
    assert [facts.is_shuffled for facts in found.orders] == [shuffles] * len(found.orders)
    assert [facts.label_changes for facts in found.orders] == [None if shuffles else 1] * len(found.orders)


def test_several_fits_are_one_run(tmp_path) -> None:
    model = classifier()
    fit(model, tmp_path)
    model.optimizer.learning_rate = 1e-4
    fit(model, tmp_path)
    fit(model, tmp_path)
    found = of(tmp_path)
    assert len(read_directory(tmp_path)) == 1
    assert [stage.because for stage in found.stages] == ["training begins", "learning rate 0.0001 instead of 0.001"]
    assert found.layers.epochs.max() <= 6
    assert found.batch_losses.steps.tolist() == list(range(1, 37))


def test_another_model_is_another_run(tmp_path) -> None:
    fit(classifier(), tmp_path)
    fit(classifier(), tmp_path)
    assert len(read_directory(tmp_path)) == 2


@pytest.mark.skipif(BACKEND != "tensorflow", reason="PyTorch obeys at once, and JAX refuses")
def test_a_flag_that_was_changed_too_late(tmp_path) -> None:
    model = classifier()
    fit(model, tmp_path)
    model.get_layer("hidden").trainable = False
    before = model.get_layer("hidden").get_weights()[0]
    fit(model, tmp_path)
    assert np.any(before != model.get_layer("hidden").get_weights()[0])
    assert [stage.card.stale_layers for stage in of(tmp_path).stages] == [(), ("hidden",)]


def test_a_flag_that_was_changed_in_time(tmp_path) -> None:
    model = classifier()
    model.get_layer("hidden").trainable = False
    fit(model, tmp_path)
    model.get_layer("hidden").trainable = True
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, tmp_path)
    assert [stage.card.stale_layers for stage in of(tmp_path).stages] == [(), ()]


def test_several_outputs_and_counting_on(tmp_path) -> None:
    given = keras.Input((6,))
    hidden = layers.Dense(5)(given)
    model = keras.Model(given, [layers.Dense(2, activation="softmax")(hidden), layers.Dense(1)(hidden)])
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"])
    fit(model, tmp_path, X, [Y, X[:, :1]], epochs=5, initial_epoch=3)
    found = of(tmp_path)
    assert found.stages[0].card.n_outputs == 2
    assert found.stages[0].epoch == 3
    assert found.layers.epochs.min() > 3
    assert not found.outputs


class OwnModel(keras.Model):
    """A subclassed model, which is built in its first step."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = layers.Dense(4, activation="relu", name="first"), layers.Dense(1, name="last")

    def call(self, x):
        return self.last(self.first(x))


def test_a_subclassed_model(tmp_path) -> None:
    model = OwnModel()
    model.compile("adam", "mse")
    fit(model, tmp_path, y=Y.astype("float32"))
    found = of(tmp_path)
    assert found.stages[0].card.parameters == 33
    assert np.isfinite(found.layers.of("gradient")).all()
