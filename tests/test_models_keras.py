"""Keras models are asked and left as they were; `tf.data` is read once, batched or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diagnose.data import Split
from diagnose.errors import InputError
from diagnose.models import load_model, with_model
from diagnose.readers.data import read_split
from image_examples import pictures, save_classes

pytestmark = [
    pytest.mark.framework,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
keras = pytest.importorskip("keras", reason="needs Keras and TensorFlow: pip install tensorflow-cpu keras")
tensorflow = pytest.importorskip("tensorflow")

IMAGES, LABELS = pictures(90, side=16), np.arange(90) % 3


def convolutional(activation: str | None = "softmax") -> Any:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.RandomFlip(),
            keras.layers.Conv2D(5, 3, activation="relu"),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, activation=activation, name="head"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    if activation:
        model.fit(IMAGES[:32], LABELS[:32], epochs=2, verbose=0)
    return model


def splits() -> dict[Any, Split]:
    return {
        "train": read_split((IMAGES[:60], LABELS[:60]), "train"),
        "val": read_split((IMAGES[60:], LABELS[60:]), "val"),
    }


def test_outputs_losses_and_features_are_those_of_keras() -> None:
    model = convolutional()
    found = with_model(splits(), model)["val"]
    theirs = model.predict(IMAGES[60:], verbose=0)
    np.testing.assert_allclose(found.outputs, theirs, atol=1e-6)
    losses = keras.losses.sparse_categorical_crossentropy(LABELS[60:], theirs)
    np.testing.assert_allclose(found.losses, keras.ops.convert_to_numpy(losses), atol=1e-5)
    assert found.embedded_by == "input of the layer 'head'"
    head = model.get_layer("head")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(head(found.embeddings)), found.outputs, atol=1e-6)
    assert not [note for note in found.notes if "logits" in note]


def test_nothing_of_the_model_changes() -> None:
    model = convolutional()
    weights = [weight.copy() for weight in model.get_weights()]
    optimizer = [np.array(variable) for variable in model.optimizer.variables]
    graph, layers = model.to_json(), [layer.name for layer in model.layers]
    flags = [layer.trainable for layer in model.layers]
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    once, twice = with_model(splits(), model), with_model(splits(), model)
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))
    assert all(np.array_equal(a, np.array(b)) for a, b in zip(optimizer, model.optimizer.variables, strict=True))
    assert (model.to_json(), [layer.name for layer in model.layers]) == (graph, layers)
    assert [layer.trainable for layer in model.layers] == flags
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    np.testing.assert_array_equal(once["val"].outputs, twice["val"].outputs)
    model.fit(IMAGES[:32], LABELS[:32], epochs=1, verbose=0)  # and can still be trained


def test_logits_are_recognised() -> None:
    model = convolutional(None)
    found = with_model(splits(), model)["train"]
    theirs = keras.activations.softmax(keras.ops.convert_to_tensor(model.predict(IMAGES[:60], verbose=0)))
    np.testing.assert_allclose(found.outputs, keras.ops.convert_to_numpy(theirs), atol=1e-6)
    assert any("logits" in note for note in found.notes)


def test_an_activation_of_its_own_is_not_the_last_layer() -> None:
    inputs = keras.Input((4,))
    features = keras.layers.Dense(6, activation="relu", name="features")(inputs)
    outputs = keras.layers.Softmax()(keras.layers.Dense(3, name="scores")(features))
    model = keras.Model(inputs, outputs)
    rows = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    found = with_model({"train": read_split((rows, np.arange(40) % 3), "train")}, model)["train"]
    assert found.embedded_by == "input of the layer 'scores'"
    assert found.embeddings.shape == (40, 6)
    np.testing.assert_allclose(found.outputs, model.predict(rows, verbose=0), atol=1e-6)


def test_a_model_of_code_has_no_features() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.drop, self.dense = keras.layers.Dropout(0.5), keras.layers.Dense(3, activation="softmax")

        def call(self, rows: Any, training: bool = False) -> Any:
            return self.dense(self.drop(rows, training=training))

    model = Own()
    rows = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    found = with_model({"train": read_split((rows, np.arange(40) % 3), "train")}, model)["train"]
    np.testing.assert_allclose(found.outputs, model.predict(rows, verbose=0), atol=1e-6)
    assert found.embeddings is None


def test_a_file_is_read_in_safe_mode(tmp_path: Path) -> None:
    model = convolutional()
    model.save(tmp_path / "m.keras")
    found = with_model(splits(), load_model(str(tmp_path / "m.keras")))["val"]
    np.testing.assert_allclose(found.outputs, model.predict(IMAGES[60:], verbose=0), atol=1e-6)
    code = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x), keras.layers.Dense(3)])
    code.save(tmp_path / "code.keras")
    with pytest.raises(InputError, match="Lambda layer"):
        load_model(str(tmp_path / "code.keras"))


def test_a_folder_of_images_is_resized_for_the_model(tmp_path: Path) -> None:
    large = pictures(30, side=40)
    folder = save_classes(tmp_path, large, ["a", "b", "c"] * 10)
    model = convolutional()
    found = with_model({"train": read_split(folder, "train")}, model)["train"]
    theirs = keras.utils.image_dataset_from_directory(
        folder, image_size=(16, 16), shuffle=False, verbose=False, interpolation="bilinear"
    )
    assert found.classes == tuple(theirs.class_names)
    outputs = model.predict(theirs, verbose=0)
    assert np.corrcoef(found.outputs.ravel(), outputs.ravel())[0, 1] > 0.9  # their resizing does not smooth
    assert found.outputs.shape == (30, 3)


def test_rows_that_do_not_fit() -> None:
    with pytest.raises(InputError, match="does not take these rows"):
        with_model({"train": read_split(np.zeros((40, 5)), "train")}, convolutional())


# data sets


def assert_rows(split: Split) -> None:
    whole = read_split((IMAGES, LABELS), "train")
    np.testing.assert_array_equal(split.digests["exact"], whole.digests["exact"])
    np.testing.assert_array_equal(split.label.values, whole.label.values)
    np.testing.assert_array_equal(np.concatenate(list(split.batches(7))), IMAGES)


@pytest.mark.parametrize("size", [None, 9, 40])
def test_images_batched_or_not(size: int | None) -> None:
    source = tensorflow.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    assert_rows(read_split(source if size is None else source.batch(size).prefetch(1), "train"))


def test_a_data_set_that_shuffles_is_read_once() -> None:
    source = tensorflow.data.Dataset.from_tensor_slices((IMAGES, LABELS)).shuffle(90).batch(16)
    split = read_split(source, "train")
    model = convolutional()
    found = with_model({"train": split}, model)["train"]
    rows = np.concatenate(list(split.batches(16)))
    np.testing.assert_allclose(found.outputs, model.predict(rows, verbose=0), atol=1e-6)
    order = [int(np.flatnonzero((row == IMAGES).all(axis=(1, 2, 3)))[0]) for row in rows]
    assert [int(split.label.levels[code]) for code in split.label.values] == LABELS[order].tolist()


@pytest.mark.parametrize("batched", [True, False])
def test_rows_of_numbers_and_names(batched: bool) -> None:
    rows = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    source = tensorflow.data.Dataset.from_tensor_slices((rows, LABELS[:50]))
    split = read_split(source.batch(8) if batched else source, "train")
    np.testing.assert_array_equal(np.column_stack([column.values for column in split.columns]), rows)
    table = {"age": np.arange(50.0) / 3, "city": np.array(["Ulm", "Köln"] * 25)}
    named = tensorflow.data.Dataset.from_tensor_slices((table, LABELS[:50]))
    split = read_split(named.batch(8) if batched else named, "train")
    assert split.column("city").levels == ("Köln", "Ulm")
    assert split.label.levels == ("0", "1", "2")
