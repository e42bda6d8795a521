"""Development programmes in Keras on images: each takes the callback that a user adds and returns a held-out score."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

from functools import cache

import keras
import numpy as np
from keras import layers

from programs.development_data import digits, shapes


def digits_convnet(hook, *, top="softmax", from_logits=False, smoothing=0.0, rate=1e-3, batch_size=32, epochs=8):
    x_train, x_test, y_train, y_test = digits()
    x_train, x_test = x_train / 16, x_test / 16
    y_train, y_test = keras.utils.to_categorical(y_train), keras.utils.to_categorical(y_test)
    model = keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(16, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu", padding="same"),
        layers.Flatten(),
        layers.Dense(10, activation=top),
    ])  # fmt: skip
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.CategoricalCrossentropy(from_logits=from_logits, label_smoothing=smoothing),
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, validation_split=0.2, callbacks=[hook], verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


def deep_dense(hook, *, activation="relu", init="he_normal", norm=True, depth=6, last_init="glorot_uniform"):
    x_train, x_test, y_train, y_test = digits()
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Rescaling(1 / 16), layers.Flatten()])
    for _ in range(depth):
        start = keras.initializers.RandomNormal(stddev=init) if isinstance(init, float) else init
        model.add(layers.Dense(48, kernel_initializer=start))
        if norm:
            model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.Activation(activation))
    model.add(layers.Dense(10, activation="softmax", kernel_initializer=last_init))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=64, epochs=10, validation_data=(x_test, y_test), callbacks=[hook], verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


def digits_in_order(hook, *, by_class=False, shuffle=False):
    x_train, x_test, y_train, y_test = digits()
    if by_class:
        order = np.argsort(y_train, kind="stable")
        x_train, y_train = x_train[order], y_train[order]
    inputs = keras.Input((8, 8, 1))
    x = layers.Flatten()(inputs / 16.0)
    x = layers.Dense(64, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(10)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.03, momentum=0.9), loss=loss, metrics=["accuracy"])
    model.fit(
        x_train, y_train, epochs=10, shuffle=shuffle, validation_data=(x_test, y_test), callbacks=[hook], verbose=0
    )
    return model.evaluate(x_test, y_test, verbose=0)[1]


def digits_autoencoder(hook, *, out="sigmoid", loss="mse", scale=16.0):
    """A sigmoid with a squared error is right here: pixels lie between 0 and 1."""
    x_train, x_test, _, _ = digits()
    x_train, x_test = x_train.reshape(-1, 64) / scale, x_test.reshape(-1, 64) / scale
    inputs = keras.Input((64,))
    code = layers.Dense(16, activation="relu", name="code")(layers.Dense(32, activation="relu")(inputs))
    outputs = layers.Dense(64, activation=out)(layers.Dense(32, activation="relu")(code))
    model = keras.Model(inputs, outputs)
    model.compile("adam", loss)
    model.fit(x_train, x_train, batch_size=32, epochs=16, validation_data=(x_test, x_test), callbacks=[hook], verbose=0)
    return 1 - np.mean((model.predict(x_test, verbose=0) - x_test) ** 2) / np.var(x_test)


class Denoiser(keras.Model):
    """Adds its own noise in its own training step."""

    def __init__(self):
        super().__init__()
        self.net = keras.Sequential([layers.Dense(96, "relu"), layers.Dense(64, "sigmoid")])
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.loss_tracker]

    def call(self, x):
        return self.net(x)

    def train_step(self, data):
        import tensorflow as tf

        clean = data[0] if isinstance(data, tuple) else data
        with tf.GradientTape() as tape:
            made = self(clean + tf.random.normal(tf.shape(clean), stddev=0.2), training=True)
            loss = tf.reduce_mean(tf.square(made - clean))
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables, strict=True))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data):
        import tensorflow as tf

        clean = data[0] if isinstance(data, tuple) else data
        self.loss_tracker.update_state(tf.reduce_mean(tf.square(self(clean, training=False) - clean)))
        return {"loss": self.loss_tracker.result()}


def denoiser(hook):
    x_train, x_test, _, _ = digits()
    x_train, x_test = x_train.reshape(-1, 64) / 16, x_test.reshape(-1, 64) / 16
    model = Denoiser()
    model.compile(optimizer="adam")
    model.fit(x_train, epochs=12, validation_data=(x_test,), callbacks=[hook], verbose=0)
    return 1 - np.mean((model.predict(x_test, verbose=0) - x_test) ** 2) / np.var(x_test)


@cache
def pretrained():
    """Weights of a backbone that tells six shapes, trained on pixels from −1 to 1."""
    x, y = shapes(("square", "disc", "ring", "stripes", "checks", "bar"), 1500)
    body = backbone()
    model = keras.Sequential([body, layers.Dense(6, activation="softmax")])
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(x / 127.5 - 1, y, epochs=8, verbose=0)
    return body.get_weights()


def backbone():
    inputs = keras.Input((16, 16, 1))
    x = inputs
    for width in (16, 32):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"conv{width}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"bn{width}")(x)
        x = layers.MaxPooling2D(name=f"pool{width}")(layers.ReLU(name=f"relu{width}")(x))
    x = layers.Conv2D(32, 3, activation="relu", name="conv_last")(x)
    return keras.Model(inputs, layers.GlobalMaxPooling2D(name="pool")(x), name="backbone")


def shapes_transfer(
    hook, *, raw=False, phases=2, second_rate=1e-4, recompile=True, only_norms=False, head_rate=1e-2, epochs=10
):
    """Tell two new shapes from few images with a backbone that knows others."""
    x_train, y_train = shapes(("plus", "cross", "ring"), 150, seed=1)
    x_test, y_test = shapes(("plus", "cross", "ring"), 500, seed=2)
    if not raw:
        x_train, x_test = x_train / 127.5 - 1, x_test / 127.5 - 1
    body = backbone()
    body.set_weights(pretrained())
    body.trainable = only_norms
    if only_norms:
        for layer in body.layers:
            layer.trainable = isinstance(layer, layers.BatchNormalization)
    inputs = keras.Input((16, 16, 1))
    x = layers.Dropout(0.2)(body(inputs, training=False))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="head")(x))
    model.compile(keras.optimizers.Adam(head_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    given = {"validation_data": (x_test, y_test), "callbacks": [hook], "verbose": 0}
    model.fit(x_train, y_train, epochs=epochs, **given)
    if phases == 2:
        body.trainable = True
        if recompile:
            rate = keras.optimizers.Adam(second_rate)
            model.compile(rate, "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, epochs=10, **given)
    return model.evaluate(x_test, y_test, verbose=0)[1]
