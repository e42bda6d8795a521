"""Held-out programmes in Keras on tables, text and sequences."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from sklearn.metrics import r2_score

from programs.held_out_data import blobs, flowers, friedman, messages, tumours, walks


class TumourNet(keras.Model):
    """Subclassed, with a layer of statistics that were computed beforehand."""

    def __init__(self, mean=0.0, std=1.0, act="elu", units=20):
        super().__init__()
        self.mean, self.std = mean, std
        self.hidden = [layers.Dense(units, activation=act), layers.Dense(units, activation=act)]
        self.decision = layers.Dense(1, name="decision")

    def call(self, x, training=None):
        x = (x - self.mean) / self.std
        for layer in self.hidden:
            x = layer(x)
        return self.decision(x)


def tumours_subclassed(hook, *, scale=True, optimizer="adam", rate=3e-3, epochs=15, batch=32):
    x_train, x_test, y_train, y_test = tumours()
    statistics = (x_train.mean(0), x_train.std(0)) if scale else (0.0, 1.0)
    model = TumourNet(*statistics)
    chosen = keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": rate}})
    model.compile(
        chosen, keras.losses.BinaryCrossentropy(from_logits=True), metrics=[keras.metrics.BinaryAccuracy(threshold=0)]
    )
    train = tf.data.Dataset.from_tensor_slices((x_train, y_train[:, None])).shuffle(400).batch(batch)
    model.fit(train, epochs=epochs, validation_data=(x_test, y_test[:, None]), callbacks=[hook], verbose=0)
    return np.mean((model.predict(x_test, verbose=0)[:, 0] > 0) == y_test)


def flowers_tiny_batch(hook, *, batch=4, epochs=20, rate=1e-2, out="softmax", depth=1):
    """A batch of four is small, and right for ninety rows."""
    x_train, x_test, y_train, y_test = flowers()
    mean, std = x_train.mean(0), x_train.std(0)
    x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
    net = keras.Sequential([keras.Input((4,))])
    for _ in range(depth):
        net.add(layers.Dense(10, "tanh"))
    net.add(layers.Dense(3, out))
    net.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    net.fit(x_train, y_train, batch, epochs, validation_data=(x_test, y_test), callbacks=[hook], verbose=0)
    return np.mean(net.predict(x_test, verbose=0).argmax(1) == y_test)


def friedman_huber(hook, *, out=None, rate=1e-2, epochs=30, decay=0.0):
    x_train, x_test, y_train, y_test = friedman()
    inputs = keras.Input((10,))
    normal = layers.Normalization(name="normal")
    normal.adapt(x_train)
    x = normal(inputs)
    for units in (48, 24):
        x = layers.Dense(units, "relu", kernel_regularizer=keras.regularizers.L2(decay))(x)
    model = keras.Model(inputs, layers.Dense(1, out)(x))
    model.compile(keras.optimizers.Adam(rate), keras.losses.Huber(2.0), metrics=["mean_absolute_error"])
    model.fit(x_train, y_train, batch_size=24, epochs=epochs, validation_split=0.2, callbacks=[hook], verbose=0)
    return r2_score(y_test, model.predict(x_test, verbose=0))


def messages_filters(hook, *, rows=800, width=16, epochs=6, drop=0.3, rate=4e-3):
    x_train, y_train = messages(rows)
    x_test, y_test = messages(500, seed=2)
    tokens = keras.Input((24,), dtype="int32", name="tokens")
    x = layers.SpatialDropout1D(drop)(layers.Embedding(80, width)(tokens))
    x = layers.Conv1D(2 * width, 3, activation="relu")(x)
    x = layers.Dropout(drop)(layers.GlobalMaxPooling1D()(x))
    model = keras.Model(tokens, layers.Dense(3, "softmax", name="topic")(x))
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy", metrics=["categorical_accuracy"])
    one_hot = keras.utils.to_categorical
    model.fit(
        x_train, one_hot(y_train), epochs=epochs, callbacks=[hook], verbose=0,
        validation_data=(x_test, one_hot(y_test)),
    )  # fmt: skip
    return np.mean(model.predict(x_test, verbose=0).argmax(1) == y_test)


def walks_memory(hook, *, cell="lstm", start="orthogonal", clip=1.0, rate=5e-3, epochs=9, activation="tanh", scale=1.0):
    x_train, y_train = walks(500)
    x_test, y_test = walks(400, seed=2)
    x_train, x_test = (np.diff(x, axis=1) * 6 * scale for x in (x_train, x_test))
    initial = keras.initializers.RandomNormal(stddev=start) if isinstance(start, float) else start
    make = layers.LSTM if cell == "lstm" else layers.SimpleRNN
    model = keras.Sequential([
        keras.Input((39, 2)),
        make(20, activation=activation, recurrent_initializer=initial),
        layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    optimizer = keras.optimizers.RMSprop(rate, global_clipnorm=clip)
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(
        x_train, y_train, epochs=epochs, batch_size=50, validation_data=(x_test, y_test), callbacks=[hook], verbose=0
    )
    return np.mean((model.predict(x_test, verbose=0)[:, 0] > 0.5) == y_test)


def blobs_wide(
    hook,
    *,
    width=128,
    rows=None,
    epochs=12,
    classes=6,
    noise=0.0,
    decay=0.0,
    drop=0.0,
    rate=2e-3,
    log=False,
    ordered=False,
):
    """Several clusters in twenty columns; with ``log`` the loss is written by hand."""
    x_train, x_test, y_train, y_test = blobs(noise=noise)
    x_train, y_train = x_train[:rows] / 3, y_train[:rows]
    if ordered:
        order = np.argsort(y_train, kind="stable")
        x_train, y_train = x_train[order], y_train[order]
    model = keras.Sequential([keras.Input((20,))])
    for _ in range(2):
        model.add(layers.Dense(width, "relu", kernel_initializer="he_normal"))
        model.add(layers.Dropout(drop))
    model.add(layers.Dense(classes, "softmax"))

    def by_hand(y, p):
        return -ops.sum(ops.one_hot(ops.cast(y[:, 0], "int32"), classes) * ops.log(p), axis=-1)

    optimizer = keras.optimizers.AdamW(rate, weight_decay=decay)
    model.compile(optimizer, by_hand if log else "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        x_train, y_train[:, None], epochs=epochs, shuffle=not ordered, validation_data=(x_test / 3, y_test[:, None]), callbacks=[hook],
        verbose=0,
    )  # fmt: skip
    return np.mean(model.predict(x_test / 3, verbose=0).argmax(1) == y_test)
