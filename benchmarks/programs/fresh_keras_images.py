"""Fresh programmes in Keras on images."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

from functools import cache

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from programs.fresh_data import clocks, letters, numerals, turned


def last(x):
    return np.transpose(x, (0, 2, 3, 1))


class Mixed(keras.Model):
    """Trains on mixtures of two rows, and is judged on rows as they are."""

    def train_step(self, data):
        x, y = data
        n = ops.shape(x)[0]
        order = tf.random.shuffle(tf.range(n))
        share = keras.random.uniform((n, 1, 1, 1), 0.6, 1.0)
        x = share * x + (1 - share) * ops.take(x, order, axis=0)
        share = ops.reshape(share, (n, 1))
        y = share * y + (1 - share) * ops.take(y, order, axis=0)
        return super().train_step((x, y))


def letters_convnet(
    hook, *, mix=False, smooth=0.0, epochs=16, rows=900, rate=3e-3, out="softmax", batch=36, patience=6,
    shuffled=False,
):  # fmt: skip
    """Stops early, and takes the best epoch's weights back."""
    x_train, y_train = letters(rows)
    x_val, y_val = letters(500, seed=2)
    x_test, y_test = letters(500, seed=3)
    if shuffled:
        y_train = np.random.default_rng(1).permutation(y_train)
    inputs = keras.Input((12, 12, 1))
    x = layers.Conv2D(16, 3, use_bias=False)(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, use_bias=False)(x)
    x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Flatten()(x)
    x = layers.Dropout(0.4)(x)
    model = (Mixed if mix else keras.Model)(inputs, layers.Dense(8, out)(x))
    model.compile(
        keras.optimizers.Adam(rate), keras.losses.CategoricalCrossentropy(label_smoothing=smooth), metrics=["accuracy"]
    )
    one_hot = keras.utils.to_categorical
    stop = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    reduce = keras.callbacks.ReduceLROnPlateau(factor=0.3, patience=3)
    model.fit(
        last(x_train), one_hot(y_train, 8), epochs=epochs, batch_size=batch, callbacks=[hook, reduce, stop],
        validation_data=(last(x_val), one_hot(y_val, 8)), verbose=0,
    )  # fmt: skip
    return np.mean(model.predict(last(x_test), verbose=0).argmax(1) == y_test)


def clocks_angle(hook, *, out="tanh", rate=3e-3, epochs=15, rows=800, initial="glorot_uniform", act="relu", l2=0.0):
    """Sine and cosine lie between -1 and 1, and so does what the last layer can say."""
    x_train, y_train = clocks(rows)
    x_val, y_val = clocks(400, seed=2)
    start = keras.initializers.Constant(initial) if isinstance(initial, float) else initial
    settings = {"kernel_initializer": start, "kernel_regularizer": keras.regularizers.L2(l2) if l2 else None}
    model = keras.Sequential([
        keras.Input((14, 14, 1)),
        layers.Conv2D(12, 3, activation=act, **settings),
        layers.AveragePooling2D(2),
        layers.Conv2D(24, 3, activation=act, **settings),
        layers.Flatten(),
        layers.Dropout(0.2),
        layers.Dense(32, act, **settings),
        layers.Dense(2, out, **settings),
    ])  # fmt: skip
    steps = keras.optimizers.schedules.CosineDecay(rate, epochs * (rows // 32))
    model.compile(keras.optimizers.AdamW(steps, weight_decay=1e-3), "mse", metrics=["mae"])
    model.fit(
        x_train, y_train, epochs=epochs, batch_size=32, validation_data=(x_val, y_val), callbacks=[hook], verbose=0
    )
    said = model.predict(x_val, verbose=0)
    return 1 - ((said - y_val) ** 2).sum() / ((y_val - y_val.mean(0)) ** 2).sum()


def numerals_denoised(hook, *, scale=16.0, width=12, epochs=30, rate=5e-3, batch=64, drop=0.0):
    """An autoencoder that is given noisy digits, and digits as they are to give back."""
    x_train, x_val, _, _ = numerals()
    x_train, x_val = x_train / scale, x_val / scale
    inputs = keras.Input((64,))
    x = layers.GaussianNoise(0.2)(inputs)
    x = layers.Dense(96, "relu")(x)
    code = layers.Dropout(drop)(layers.Dense(width, name="code")(x))
    x = layers.Dense(96, "relu")(code)
    model = keras.Model(inputs, layers.Dense(64, "sigmoid")(x))
    steps = keras.optimizers.schedules.ExponentialDecay(rate, 200, 0.7)
    model.compile(keras.optimizers.Adam(steps), "mean_squared_error")
    model.fit(
        x_train, x_train, epochs=epochs, batch_size=batch, shuffle=True, validation_data=(x_val, x_val),
        callbacks=[hook], verbose=0,
    )  # fmt: skip
    said = model.predict(x_val, verbose=0)
    return 1 - np.mean((said - x_val) ** 2) / np.mean((x_val - x_train.mean(0)) ** 2)


MEAN, STD = 110.0, 60.0


def body():
    model = keras.Sequential(name="body")
    model.add(keras.Input((12, 12, 3)))
    for i, width in enumerate((16, 24, 32)):
        model.add(layers.Conv2D(width, 3, padding="same", strides=2 if i else 1, use_bias=False, name=f"conv{i}"))
        model.add(layers.BatchNormalization(momentum=0.9, name=f"bn{i}"))
        model.add(layers.ReLU(name=f"relu{i}"))
    model.add(layers.GlobalAveragePooling2D(name="pool"))
    return model


@cache
def body_weights():
    """Pretrained on how far patches of photographs are turned, of standardized pixels."""
    x, y = turned(1500)
    net = body()
    model = keras.Sequential([net, layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(last(x - MEAN) / STD, y, epochs=8, batch_size=50, verbose=0)
    return net.get_weights()
