"""Held-out programmes in Keras on images."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

from functools import cache

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from programs.held_out_data import cells, textures


def last(x):
    return np.transpose(x, (0, 2, 3, 1))


def residual(x, width, stride):
    short = x if stride == 1 else layers.Conv2D(width, 1, strides=stride, use_bias=False)(x)
    y = layers.Activation("swish")(layers.BatchNormalization()(x))
    y = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False)(y)
    y = layers.Activation("swish")(layers.BatchNormalization()(y))
    return layers.add([short, layers.Conv2D(width, 3, padding="same", use_bias=False)(y)])


def textures_residual(
    hook, *, blocks=2, rescale=True, schedule=None, shuffled=False, epochs=4, n=500, batch=48, rate=3e-3
):
    """Pixels from 0 to 255 go in as they are: the first layer scales them."""
    x_train, y_train = textures(n)
    x_test, y_test = textures(500, seed=2)
    if shuffled:
        y_train = np.random.default_rng(0).permutation(y_train)
    inputs = keras.Input((12, 12, 3), name="pixels")
    x = layers.Rescaling(1 / 64, offset=-2)(inputs) if rescale else inputs
    x = layers.Conv2D(12, 3, padding="same")(x)
    for _ in range(blocks):
        x = residual(x, 12, 1)
    x = residual(x, 24, 2)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(4, activation="softmax", name="texture")(x))
    steps = keras.optimizers.schedules.CosineDecayRestarts(rate, 20) if schedule else rate
    model.compile(keras.optimizers.Nadam(steps), "sparse_categorical_crossentropy", metrics=["acc"])
    model.fit(
        last(x_train), y_train, batch_size=batch, epochs=epochs, validation_data=(last(x_test), y_test),
        callbacks=[hook], verbose=0,
    )  # fmt: skip
    return model.evaluate(last(x_test), y_test, verbose=0, return_dict=True)["acc"]


def textures_plain(
    hook, *, rescale=True, rate=0.02, batch=32, init="he_uniform", bias=0.0, epochs=8, momentum=0.9, ordered=False
):
    """Two convolutions and plain descent, fed by tf.data."""
    x_train, y_train = textures(700)
    x_test, y_test = textures(400, seed=2)
    if rescale:
        x_train, x_test = (x_train - 120) / 50, (x_test - 120) / 50
    if ordered:
        order = np.argsort(y_train, kind="stable")
        x_train, y_train = x_train[order], y_train[order]
    train = tf.data.Dataset.from_tensor_slices((last(x_train), y_train))
    train = (train if ordered else train.shuffle(700)).batch(batch).prefetch(2)
    val = tf.data.Dataset.from_tensor_slices((last(x_test), y_test)).batch(200)
    start = keras.initializers.RandomNormal(stddev=init) if isinstance(init, float) else init
    settings = {
        "activation": "relu", "kernel_initializer": start, "bias_initializer": keras.initializers.Constant(bias)
    }  # fmt: skip
    model = keras.Sequential(name="plain")
    model.add(keras.Input((12, 12, 3)))
    model.add(layers.Conv2D(16, 5, **settings))
    model.add(layers.Conv2D(16, 3, **settings))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(4))
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=momentum, nesterov=momentum > 0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
    )
    model.fit(train, validation_data=val, epochs=epochs, callbacks=[hook], verbose=0)
    return model.evaluate(val, verbose=0, return_dict=True)["acc"]


def dice_and_entropy(mask, said):
    overlap = ops.sum(mask * said)
    dice = 1 - (2 * overlap + 1) / (ops.sum(mask) + ops.sum(said) + 1)
    return ops.mean(keras.losses.binary_crossentropy(mask, said)) + dice


def cells_unet(hook, *, scale=1.0, loss="binary_crossentropy", out="sigmoid", epochs=6):
    x_train, m_train = (last(part) for part in cells(250))
    x_test, m_test = (last(part) for part in cells(100, seed=2))
    inputs = keras.Input((16, 16, 1))
    down = layers.Conv2D(12, 3, padding="same", activation="relu")(inputs)
    low = layers.Conv2D(24, 3, padding="same", activation="relu")(layers.MaxPooling2D()(down))
    up = layers.Conv2DTranspose(12, 2, strides=2, activation="relu")(low)
    both = layers.Conv2D(12, 3, padding="same", activation="relu")(layers.Concatenate()([down, up]))
    model = keras.Model(inputs, layers.Conv2D(1, 1, activation=out)(both))
    model.compile(keras.optimizers.Adam(5e-3), dice_and_entropy if loss == "dice" else loss)
    model.fit(
        x_train, m_train * scale, batch_size=16, epochs=epochs, validation_data=(x_test, m_test * scale),
        callbacks=[hook], verbose=0,
    )  # fmt: skip
    said = model.predict(x_test, verbose=0) > 0.5
    return (said & (m_test > 0.5)).sum() / (said | (m_test > 0.5)).sum()


def trunk():
    model = keras.Sequential(name="trunk")
    model.add(keras.Input((12, 12, 3)))
    for width in (16, 24, 32):
        model.add(layers.Conv2D(width, 3, padding="same", name=f"conv_{width}"))
        model.add(layers.BatchNormalization(momentum=0.9, name=f"norm_{width}"))
        model.add(layers.Activation("relu", name=f"relu_{width}"))
    model.add(layers.GlobalAveragePooling2D(name="mean"))
    return model


@cache
def trunk_weights():
    """A trunk that tells finer gratings of four directions, of pixels less their mean of 120."""
    x, y = textures(1200, range(4, 8), seed=7)
    body = trunk()
    model = keras.Sequential([body, layers.Dense(4)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(5e-3), loss)
    model.fit(last(x) - 120, y, epochs=6, batch_size=64, verbose=0)
    return body.get_weights()


def textures_tuned(hook, *, mean=120.0, top=0, rate=3e-3, late_freeze=False, before=True, epochs=20, norms=True):
    """A pretrained trunk under a new head; of the trunk, the last ``top`` layers are tuned."""
    x_train, y_train = textures(120, seed=3)
    x_test, y_test = textures(500, seed=4)
    x_train, x_test = last(x_train) - mean, last(x_test) - mean
    body = trunk()
    body.set_weights(trunk_weights())
    if before:
        for layer in body.layers[: len(body.layers) - top]:
            layer.trainable = False
        for layer in body.layers:
            if isinstance(layer, layers.BatchNormalization) and not norms:
                layer.trainable = False
    model = keras.Sequential([
        keras.Input((12, 12, 3)), body, layers.Dense(24, activation="relu"), layers.Dense(4, activation="softmax")
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    if late_freeze:
        body.trainable = False
    model.fit(
        x_train, y_train, epochs=epochs, batch_size=16, validation_data=(x_test, y_test), callbacks=[hook], verbose=0
    )
    return model.evaluate(x_test, y_test, verbose=0)[1]
