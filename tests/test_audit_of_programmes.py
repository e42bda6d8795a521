"""An audit that is given a model and its data, and no hook, judges the programme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diagnose
from diagnose.finding import Severity

pytestmark = pytest.mark.framework

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 8)).astype("float32")
Y = RNG.integers(0, 3, 300)


def loud(**given: Any) -> set[str]:
    """Return the codes of programme faults that are claimed."""
    found = diagnose.audit(train=(given.pop("x", X), given.pop("y", Y)), **given)
    assert not found.is_broken
    return {f.code for f in found.findings
            if f.severity is not Severity.INFO and f.code.startswith(("PRG9", "FRZ8"))}  # fmt: skip


def keras_net(loss: Any, activation: str | None, width: int = 3, *, front: tuple[Any, ...] = ()) -> Any:
    keras = pytest.importorskip("keras")
    layers = [keras.Input((8,)), *front, keras.layers.Dense(16, activation="relu"),
              keras.layers.Dense(width, activation=activation)]  # fmt: skip
    model = keras.Sequential(layers)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    ("loss", "activation", "width", "code"),
    [
        ("sparse_categorical_crossentropy", None, 3, "PRG902"),
        ("categorical_crossentropy", "softmax", 3, "PRG904"),
        ("mse", "sigmoid", 1, "PRG902"),
    ],
)
def test_a_keras_model_with_a_fault(loss: str, activation: str | None, width: int, code: str) -> None:
    y = RNG.normal(size=300) if width == 1 else Y
    assert code in loud(model=keras_net(loss, activation, width), y=y)


@pytest.mark.parametrize(("loss", "activation"), [("sparse_categorical_crossentropy", "softmax")])
def test_a_right_keras_model(loss: str, activation: str) -> None:
    assert loud(model=keras_net(loss, activation)) == set()
    keras = pytest.importorskip("keras")
    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert loud(model=keras_net(logits, None)) == set()
    assert loud(model=keras_net("categorical_crossentropy", activation), y=np.eye(3, dtype="float32")[Y]) == set()
    assert loud(model=keras_net("mse", None, 1), y=RNG.normal(size=300)) == set()


def test_unscaled_columns_of_keras_and_the_layer_that_scales_them() -> None:
    keras = pytest.importorskip("keras")
    x = (X * np.array([1, 1, 1, 1, 1, 1, 1, 50_000])).astype("float32")
    assert loud(model=keras_net("sparse_categorical_crossentropy", "softmax"), x=x) == {"PRG905"}
    for mean, variance, said in ((x.mean(0), x.var(0), set()), (np.zeros(8), np.ones(8), {"PRG905"})):
        front = (keras.layers.Normalization(mean=mean, variance=variance),)  # the second one changes nothing
        assert loud(model=keras_net("sparse_categorical_crossentropy", "softmax", front=front), x=x) == said


def test_a_torch_module_says_what_it_can() -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    assert loud(model=model) == set()
    x = (X * 1000).astype("float32")
    assert loud(model=model, x=x) == {"PRG905"}
    model.requires_grad_(False)
    assert loud(model=model) == {"FRZ803"}
