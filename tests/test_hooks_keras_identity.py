"""Training with the Keras callback is bit for bit the training without it: weights, statistics, history, randomness."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

pytestmark = pytest.mark.framework
keras = pytest.importorskip("keras")

from diagnose.hooks.keras import DiagnoseCallback  # noqa: E402

layers = keras.layers
BACKEND = keras.backend.backend()
OTHERS = tuple(name for name in ("tensorflow", "torch", "jax") if name != BACKEND)


def rows(n: int = 96, width: int = 8):
    x = np.random.rand(n, width)  # noqa: NPY002 - what the program draws is part of what must not change
    return x, (x.sum(axis=1) > width / 2).astype("int32")


def dropout_and_class_weights(hooks):
    x, y = rows()
    stack = [layers.Dense(8, activation="relu"), layers.Dropout(0.3), layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((8,)), *stack])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    weights = {0: 1.0, 1: 2.0}
    found = model.fit(x, y, epochs=3, validation_split=0.2, class_weight=weights, verbose=0, callbacks=hooks)
    return model, found.history


def statistics_and_augmentation(hooks):
    x, y = np.random.randint(0, 255, (64, 8, 8, 3)).astype("uint8"), np.random.randint(0, 3, 64)  # noqa: NPY002
    stack = [
        layers.RandomFlip(), layers.Rescaling(1 / 255), layers.Conv2D(4, 3, use_bias=False),
        layers.BatchNormalization(), layers.ReLU(), layers.GlobalAveragePooling2D(), layers.Dense(3),
    ]  # fmt: skip
    model = keras.Sequential([keras.Input((8, 8, 3)), *stack])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=1e-3), loss, metrics=["accuracy"])
    found = model.fit(x, y, epochs=3, batch_size=16, validation_data=(x[:32], y[:32]), verbose=0, callbacks=hooks)
    return model, found.history


def two_fits(hooks):
    x, y = rows()
    stack = [layers.Dense(8, activation="tanh", name="a"), layers.BatchNormalization(), layers.Dense(1)]
    model = keras.Sequential([keras.Input((8,)), *stack])
    model.get_layer("a").trainable = False
    model.compile("adam", "mse")
    first = dict(model.fit(x, y, epochs=2, verbose=0, callbacks=hooks).history)
    model.get_layer("a").trainable = True
    model.compile(keras.optimizers.AdamW(1e-3), "mae")
    return model, {"first": first, "second": model.fit(x, y, epochs=2, verbose=0, callbacks=hooks).history}


def a_shuffled_pipeline(hooks):
    tf = pytest.importorskip("tensorflow")
    x, y = rows()
    pipeline = tf.data.Dataset.from_tensor_slices((x.astype("float32"), y)).map(lambda a, b: (a * 2, b))
    pipeline = pipeline.shuffle(96, seed=3).batch(16).prefetch(2)
    named = {"epochs": 2, "shuffle": False, "verbose": 0, "callbacks": hooks}
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1, activation="sigmoid")])
    model.compile("rmsprop", "binary_crossentropy")
    first = dict(model.fit(pipeline, validation_data=pipeline, **named).history)
    return model, {"first": first, "second": model.fit(pipeline, **named).history}


class Noisy(keras.Model):
    """Subclassed, built in its first step, with noise and a step of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.noise, self.drop = layers.GaussianNoise(0.1), layers.Dropout(0.5)
        self.first, self.last = layers.Dense(8, activation="relu"), layers.Dense(1)

    def call(self, x, training=False):
        return self.last(self.drop(self.noise(self.first(x), training=training), training=training))

    def train_step(self, *given):
        return super().train_step(*given)


def a_step_of_its_own(hooks):
    x, y = rows()
    model = Noisy()
    model.compile("adam", "mse", metrics=["mae"])
    return model, model.fit(x, y, epochs=3, verbose=0, callbacks=hooks).history


def digest(program: Callable, hooks) -> str:
    """Return a digest of all that a program leaves behind, and of the random numbers that come next."""
    keras.utils.set_random_seed(7)
    model, history = program(hooks)
    found = hashlib.sha256(repr(history).encode())
    for variable in (*model.variables, *model.optimizer.variables):
        found.update(np.ascontiguousarray(np.asarray(variable)).tobytes())
    found.update(repr((random.random(), np.random.rand())).encode())  # noqa: NPY002
    found.update(np.asarray(keras.ops.convert_to_numpy(keras.random.normal((3,)))).tobytes())
    if BACKEND == "torch":
        found.update(sys.modules["torch"].rand(3).numpy().tobytes())
    if BACKEND == "tensorflow":
        found.update(sys.modules["tensorflow"].random.normal((3,)).numpy().tobytes())
    return found.hexdigest()


@pytest.mark.parametrize(
    "program",
    [dropout_and_class_weights, statistics_and_augmentation, two_fits, a_shuffled_pipeline, a_step_of_its_own],
    ids=lambda program: program.__name__,
)
def test_nothing_changes(tmp_path, program) -> None:
    hook = DiagnoseCallback(tmp_path, share=1.0, report=False)
    assert digest(program, [hook]) == digest(program, [])
    assert (tmp_path / "journal-0001.jsonl").exists()


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_nothing_changes_on_other_backends(backend) -> None:
    pytest.importorskip(backend)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", "not other", __file__]
    done = subprocess.run(
        command, env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
