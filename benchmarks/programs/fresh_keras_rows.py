"""Fresh programmes in Keras on tables, text and sequences."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops
from sklearn.metrics import r2_score

from programs.fresh_data import TOWNS, clients, currents, reviews, shells


def shells_averaged(
    hook, *, out="softmax", width=64, bias=0.0, epochs=25, rate=5e-3, batch=40, ordered=False, average=True, rows=None,
    decay=3e-4,
):  # fmt: skip
    """The optimizer keeps an average of the weights, which takes their place at the end of each epoch."""
    x_train, x_val, y_train, y_val = shells()
    x_train, y_train = x_train[:rows], y_train[:rows]
    if ordered:
        order = np.argsort(y_train, kind="stable")
        x_train, y_train = x_train[order], y_train[order]
    model = keras.Sequential([keras.Input((5,))])
    for _ in range(2):
        model.add(
            layers.Dense(
                width, "relu", kernel_regularizer=keras.regularizers.L2(decay),
                bias_initializer=keras.initializers.Constant(bias),
            )
        )  # fmt: skip
    model.add(layers.Dense(3, out))
    optimizer = keras.optimizers.SGD(
        keras.optimizers.schedules.CosineDecay(rate * 10, epochs * -(-len(x_train) // batch)), momentum=0.9,
        use_ema=average, ema_momentum=0.95,
    )  # fmt: skip
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    swap = [keras.callbacks.SwapEMAWeights()] if average else []
    model.fit(
        x_train, y_train, batch_size=batch, epochs=epochs, validation_data=(x_val, y_val), shuffle=not ordered,
        callbacks=[*swap, hook], verbose=0,
    )  # fmt: skip
    return np.mean(model.predict(x_val, verbose=0).argmax(1) == y_val)


class Currents(keras.Model):
    """Subclassed: normal columns, a wide way and a deep way."""

    def __init__(self, x=None, units=48, drop=0.0, act="relu", l2=0.0):
        super().__init__()
        self.normal = layers.Normalization()
        if x is not None:
            self.normal.adapt(x)
        else:
            self.normal = layers.Identity()
        kernel = keras.regularizers.L2(l2) if l2 else None
        self.first = layers.Dense(units, act, kernel_regularizer=kernel)
        self.second = layers.Dense(units, act, kernel_regularizer=kernel)
        self.drop = layers.Dropout(drop)
        self.wide, self.deep = layers.Dense(1), layers.Dense(1)

    def call(self, x, training=None):
        x = self.normal(x)
        deep = self.drop(self.second(self.first(x)), training=training)
        return self.wide(x) + self.deep(deep)


def currents_huber(hook, *, scale=True, rate=1e-2, epochs=25, batch=40, drop=0.0, l2=0.0, warm=True):
    """Targets are standardized; the rate warms up, then falls along a cosine."""
    x_train, x_val, y_train, y_val = currents()
    mean, std = y_train.mean(), y_train.std()
    y_train, y_val = (y_train - mean) / std, (y_val - mean) / std
    model = Currents(x_train if scale else None, drop=drop, l2=l2)
    steps = epochs * -(-len(x_train) // batch)
    if warm:
        rate = keras.optimizers.schedules.CosineDecay(rate / 10, steps - 80, warmup_target=rate, warmup_steps=80)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), keras.losses.Huber())
    model.fit(
        x_train, y_train, batch_size=batch, epochs=epochs, validation_data=(x_val, y_val), callbacks=[hook], verbose=0
    )
    return r2_score(y_val, model.predict(x_val, verbose=0)[:, 0])


def clients_two_answers(hook, *, rate=5e-3, epochs=18, drop=0.2, batch=50, rows=1200):
    """Numbers of towns and trades are embedded; one trunk answers whether a client left, and what was spent."""
    train, val = clients(rows), clients(800, seed=2)
    town, trade = keras.Input((), dtype="int32", name="town"), keras.Input((), dtype="int32", name="trade")
    measures = keras.Input((4,), name="measures")
    x = layers.Concatenate()([layers.Embedding(TOWNS, 6)(town), layers.Embedding(5, 3)(trade), measures])
    x = layers.Dropout(drop)(layers.Dense(48, "gelu")(x))
    x = layers.Dropout(drop)(layers.Dense(48, "gelu")(x))
    left = layers.Dense(1, "sigmoid", name="left")(x)
    spent = layers.Dense(1, name="spent")(x)
    model = keras.Model({"town": town, "trade": trade, "measures": measures}, {"left": left, "spent": spent})
    model.compile(
        keras.optimizers.Nadam(keras.optimizers.schedules.CosineDecay(rate, epochs * -(-rows // batch))),
        loss={"left": "binary_crossentropy", "spent": "mse"}, loss_weights={"left": 1.0, "spent": 0.2},
    )  # fmt: skip

    def split(part):
        return {name: part[name] for name in ("town", "trade", "measures")}, {
            name: part[name][:, None] for name in ("left", "spent")
        }

    model.fit(*split(train), batch_size=batch, epochs=epochs, validation_data=split(val), callbacks=[hook], verbose=0)
    said = model.predict(split(val)[0], verbose=0)
    return np.mean((said["left"][:, 0] > 0.5) == val["left"])


class Encoder(layers.Layer):
    """Attention and a feed-forward part, each with its norm before it."""

    def __init__(self, width, heads=2, drop=0.1):
        super().__init__()
        self.attention = layers.MultiHeadAttention(heads, width // heads, dropout=drop)
        self.norms = [layers.LayerNormalization(), layers.LayerNormalization()]
        self.forward = keras.Sequential([layers.Dense(2 * width, "gelu"), layers.Dropout(drop), layers.Dense(width)])
        self.supports_masking = True

    def call(self, x, mask=None, training=None):
        seen = None if mask is None else ops.expand_dims(mask, 1)
        n = self.norms[0](x)
        x = x + self.attention(n, n, attention_mask=seen, training=training)
        return x + self.forward(self.norms[1](x), training=training)


def reviews_read(
    hook, *, reader="gru", width=16, rows=1200, epochs=12, rate=6e-3, drop=0.3, patience=4, frozen=False, decay=1e-3,
):  # fmt: skip
    """Praise or blame, which a word before may turn round; the padding is masked."""
    x_train, y_train = reviews(rows)
    x_val, y_val = reviews(800, seed=2)
    inputs = keras.Input((18,), dtype="int32")
    embedding = layers.Embedding(60, width, mask_zero=True)
    x = layers.Dropout(drop)(embedding(inputs))
    if reader == "gru":
        x = layers.Bidirectional(layers.GRU(width))(x)
    else:
        places = layers.Embedding(18, width, name="places")
        x = Encoder(width)(x + places(ops.arange(18)))
        x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(drop)(x)
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(x))
    if frozen:
        for layer in model.layers[:-1]:
            layer.trainable = False
    model.compile(keras.optimizers.AdamW(rate, weight_decay=decay), "binary_crossentropy", metrics=["binary_accuracy"])
    extra = []
    if patience:
        extra = [
            keras.callbacks.ReduceLROnPlateau(factor=0.3, patience=2, min_delta=1e-3),
            keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True),
        ]
    model.fit(
        x_train, y_train, batch_size=50, epochs=epochs, validation_data=(x_val, y_val), callbacks=[hook, *extra],
        verbose=0,
    )  # fmt: skip
    return np.mean((model.predict(x_val, verbose=0)[:, 0] > 0.5) == y_val)
