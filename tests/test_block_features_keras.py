"""Features behind the blocks of Keras models: flat, nested and subclassed; what a model of taps gives by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diagnose.errors import InputError
from diagnose.models.block_drift import drift
from diagnose.models.block_features import block_features
from diagnose.models.model_blocks import blocks_of_model

pytestmark = pytest.mark.framework
keras = pytest.importorskip("keras", reason="needs Keras: pip install keras tensorflow-cpu")
layers = keras.layers

RNG = np.random.default_rng(0)
IMAGES = RNG.random((24, 32, 32, 3), np.float32)
LABELS = np.arange(24) % 4


def body(name: str = "small") -> Any:
    given = keras.Input((32, 32, 3))
    found = layers.Conv2D(4, 3, activation="relu", name="block1_conv1")(given)
    found = layers.MaxPooling2D(4, name="block1_pool")(found)
    inner = layers.Conv2D(4, 3, padding="same", name="block2_conv1")(found)
    inner = layers.BatchNormalization(name="block2_bn")(inner)
    found = layers.Add(name="block2_add")([found, layers.ReLU(name="block2_relu")(inner)])
    return keras.Model(given, found, name=name)


def nested(seed: int = 0) -> Any:
    keras.utils.set_random_seed(seed)
    return keras.Sequential([
        keras.Input((32, 32, 3)), layers.Rescaling(2.0), body(), layers.GlobalAveragePooling2D(),
        layers.Dense(5, activation="relu", name="hidden"), layers.Dropout(0.5), layers.Dense(4, name="answer"),
    ])  # fmt: skip


def test_a_nested_backbone_gives_what_its_layers_give() -> None:
    model = nested()
    found = block_features(model, (IMAGES, LABELS))
    assert found.names == ("input", "small/block1", "small/block2", "hidden")
    inside = model.get_layer("small")
    taps = keras.Model(inside.inputs, [inside.get_layer(name).output for name in ("block1_pool", "block2_add")])
    first, second = (np.asarray(one) for one in taps.predict(IMAGES * 2, verbose=0))
    np.testing.assert_allclose(found.at("small/block1"), first.mean((1, 2)), atol=1e-5)
    np.testing.assert_allclose(found.at("small/block2"), second.mean((1, 2)), atol=1e-5)
    np.testing.assert_array_equal(found.labels, LABELS)
    assert [block.name for block in found.blocks if block.is_head] == ["hidden", "answer"]
    assert found.block("small/block2").paths == ("small/block2_conv1", "small/block2_bn")
    assert found.block("small/block2").has_running_statistics


def test_a_short_last_batch_is_told_once() -> None:
    model = nested()
    many = np.concatenate([IMAGES] * 13)[:300]
    found = block_features(model, many)
    assert all(len(one) == 300 for one in found.features)
    np.testing.assert_allclose(found.at("hidden")[:20], found.at("hidden")[24:44], atol=1e-5)


def test_nothing_is_left_behind() -> None:
    model = nested()
    model.get_layer("small").trainable = False
    before = [np.array(weight) for weight in model.get_weights()]
    nodes = [len(layer._inbound_nodes) for layer in model._flatten_layers()]
    block_features(model, (IMAGES, LABELS))
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert nodes == [len(layer._inbound_nodes) for layer in model._flatten_layers()]
    assert not any("call" in layer.__dict__ for layer in model._flatten_layers())
    assert not model.get_layer("small").trainable
    with pytest.raises(InputError, match="does not take these rows"):
        block_features(model, RNG.random((9, 5), np.float32))
    assert not any("call" in layer.__dict__ for layer in model._flatten_layers())


def test_running_statistics_against_the_data() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((32, 32, 3)), layers.Conv2D(4, 3, name="conv"), layers.BatchNormalization(name="norm"),
        layers.Flatten(), layers.Dense(2),
    ])  # fmt: skip
    given = np.asarray(keras.Model(model.inputs, model.get_layer("conv").output).predict(IMAGES, verbose=0))
    mean, variance = given.mean((0, 1, 2)), given.var((0, 1, 2))
    norm = model.get_layer("norm")
    norm.moving_mean.assign(mean - 3 * np.sqrt(variance + norm.epsilon))
    norm.moving_variance.assign(variance)
    (one,) = block_features(model, IMAGES).batch_norms
    assert one.shift == pytest.approx(3, rel=1e-2)
    assert one.scale == pytest.approx(1, rel=1e-2)


def test_flat_applications_by_their_names() -> None:
    model = keras.applications.MobileNetV2(weights=None, input_shape=(32, 32, 3), alpha=0.35, classes=4)
    names = [block.name for block in blocks_of_model(model)]
    assert names[:3] == ["Conv1", "expanded_conv", "block_1"]
    assert names[-2:] == ["Conv_1", "predictions"]
    assert len(names) == 20
    blocks = blocks_of_model(model, ["block_13", "block_1"])
    assert {"block_13_expand", "block_13_project_BN"} <= set(next(b for b in blocks if b.name == "block_13").layers)
    with pytest.raises(InputError, match="no layers of 'block_99'"):
        blocks_of_model(model, ["block_99"])


def test_blocks_end_where_nothing_goes_around() -> None:
    given = keras.Input((16, 16, 3))
    found = layers.Conv2D(4, 3, padding="same", name="stem")(given)
    for at in range(5):
        branches = [layers.Conv2D(4, k, padding="same", name=f"c{at}_{k}x")(found) for k in (1, 3)]
        found = layers.Concatenate(name=f"mixed{at}")(branches)
    model = keras.Model(given, layers.Dense(2, name="answer")(layers.GlobalAveragePooling2D()(found)))
    blocks = blocks_of_model(model)
    assert len(blocks) == 7
    assert all(f"mixed{at}" in block.layers for at, block in enumerate(blocks[1:6]))


def test_a_subclassed_model_of_layers_of_layers() -> None:
    class Attending(layers.Layer):  # type: ignore[misc,name-defined,unused-ignore]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.norm, self.inner = layers.LayerNormalization(), layers.Dense(6)

        def call(self, given: Any) -> Any:
            return given + self.inner(self.norm(given))

    class Words(keras.Model):  # type: ignore[misc,name-defined,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.answer = layers.Dense(2, name="answer")
            self.first, self.second = Attending(name="first"), Attending(name="second")
            self.words, self.pool = layers.Embedding(20, 6, name="words"), layers.GlobalAveragePooling1D()

        def call(self, given: Any) -> Any:
            return self.answer(self.pool(self.second(self.first(self.words(given)))))

    model = Words()
    ids = RNG.integers(0, 20, (10, 5))
    with pytest.raises(InputError, match="not built"):
        block_features(model, ids)
    model(ids[:2])
    found = block_features(model, (ids, np.arange(10) % 2))
    assert found.names == ("input", "words", "first", "second")
    told = keras.ops.convert_to_numpy(model.first(model.words(ids)))
    np.testing.assert_allclose(found.at("first"), told.mean(1), atol=1e-5)


def test_drift_from_weights_and_from_a_function() -> None:
    model = nested()
    before = model.get_weights()
    assert all(one.distance == pytest.approx(0, abs=1e-6) for one in drift(model, before, IMAGES))
    kernel = model.get_layer("small").get_layer("block2_conv1").kernel
    kernel.assign(kernel * 2)
    by_weights = {one.name: one for one in drift(model, before, IMAGES)}
    assert by_weights["small/block1"].distance == pytest.approx(0, abs=1e-6)
    assert by_weights["small/block1"].weights == 0
    assert by_weights["small/block2"].distance > 0.01
    assert by_weights["small/block2"].weights == pytest.approx(1, abs=0.5)
    by_function = {one.name: one for one in drift(model, nested, IMAGES)}
    assert by_function["small/block2"].distance == pytest.approx(by_weights["small/block2"].distance, rel=1e-4)


def test_a_data_set_of_tensorflow() -> None:
    tensorflow = pytest.importorskip("tensorflow")
    model = nested()
    data = tensorflow.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(7)
    found = block_features(model, data, most_rows=10)
    assert found.of == 24
    np.testing.assert_array_equal(found.labels, LABELS[found.rows])
    whole = block_features(model, IMAGES)
    np.testing.assert_allclose(found.at("small/block2"), whole.at("small/block2")[found.rows], atol=1e-5)
