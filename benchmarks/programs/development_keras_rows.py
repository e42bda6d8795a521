"""Development programmes in Keras on tables, text and sequences."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import keras
import numpy as np
from keras import layers
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.preprocessing import StandardScaler

from programs.development_data import WORDS, diabetes, digits, fraud, reviews, waves, wine


def wine_dense(hook, *, scale=True, layer=False, rate=1e-2, epochs=25, holes=False, batch_size=16):
    x_train, x_test, y_train, y_test = wine()
    if scale:
        scaler = StandardScaler().fit(x_train)
        x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
    if holes:
        x_train[::29, 4] = np.nan
    model = keras.Sequential([keras.Input((13,))])
    if layer:
        normalization = layers.Normalization()
        normalization.adapt(x_train)
        model.add(normalization)
    model.add(layers.Dense(16, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        x_train, y_train, batch_size=batch_size, epochs=epochs, validation_data=(x_test, y_test), callbacks=[hook],
        verbose=0,
    )  # fmt: skip
    return model.evaluate(x_test, y_test, verbose=0)[1]


def diabetes_regression(hook, *, out="linear", dropout=0.1, batch_size=32, rate=1e-2, epochs=25, decay=0.0):
    x_train, x_test, y_train, y_test = diabetes()
    reg = keras.regularizers.L2(decay) if decay else None
    model = keras.Sequential([
        keras.Input((10,)),
        layers.Dense(32, activation="relu", kernel_regularizer=reg),
        layers.Dropout(dropout),
        layers.Dense(32, activation="relu", kernel_regularizer=reg),
        layers.Dropout(dropout),
        layers.Dense(1, activation=out),
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(rate), loss="mse", metrics=["mae"])
    model.fit(
        x_train, y_train, batch_size=batch_size, epochs=epochs, validation_data=(x_test, y_test), callbacks=[hook],
        verbose=0,
    )  # fmt: skip
    return r2_score(y_test, model.predict(x_test, verbose=0)[:, 0])


def word_vectors():
    """Vectors of words by what stands beside them in reviews without labels, computed beforehand."""
    x, _ = reviews(2000, seed=8)
    present = np.zeros((len(x), len(WORDS)))
    np.put_along_axis(present, x, 1, axis=1)
    present[:, 0] = 0
    found, sizes, _ = np.linalg.svd(np.corrcoef(present[:, 1:].T))
    vectors = np.concatenate([np.zeros((1, 16)), (found * np.sqrt(sizes))[:, :16]])
    return keras.initializers.Constant(vectors.astype("float32"))


def reviews_bag(
    hook, *, width=1, out="sigmoid", signed=False, trained=True, overlap=False, n=500, loss=None, epochs=15
):
    x_train, y_train = reviews(n)
    x_val, y_val = reviews(200, seed=1)
    x_test, y_test = reviews(600, seed=2)
    if overlap:
        x_train, y_train = np.concatenate([x_train, x_val]), np.concatenate([y_train, y_val])
    y_fit, y_check = (2 * y_train - 1, 2 * y_val - 1) if signed else (y_train, y_val)
    model = keras.Sequential([
        keras.Input((20,), dtype="int32"),
        layers.Embedding(
            len(WORDS), 16, embeddings_initializer="uniform" if trained else word_vectors(), trainable=trained
        ),
        layers.GlobalAveragePooling1D(),
        layers.Dense(16, activation="relu"),
        layers.Dense(width, activation=out),
    ])  # fmt: skip
    default = "binary_crossentropy" if width == 1 else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(1e-2), loss or default, metrics=[] if loss else ["accuracy"])
    model.fit(x_train, y_fit, epochs=epochs, validation_data=(x_val, y_check), callbacks=[hook], verbose=0)
    said = model.predict(x_test, verbose=0)
    cut = 0 if out in {"linear", "tanh"} else 0.5
    return np.mean((said.argmax(1) if width > 1 else said[:, 0] > cut) == y_test)


def waves_recurrent(hook, *, cell="SimpleRNN", rate=3e-3, clip=1.0, epochs=10, init="orthogonal"):
    x_train, y_train = waves(400)
    x_test, y_test = waves(300, seed=1)
    recurrent = getattr(layers, cell)
    model = keras.Sequential([
        keras.Input((30, 1)), recurrent(24, recurrent_initializer=init), layers.Dense(1)
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(rate, clipnorm=clip), "mse")
    model.fit(x_train, y_train, epochs=epochs, validation_data=(x_test, y_test), callbacks=[hook], verbose=0)
    return r2_score(y_test, model.predict(x_test, verbose=0))


def fraud_dense(hook, *, weighed=True, metric="auc"):
    x_train, y_train = fraud(3000)
    x_test, y_test = fraud(4000, seed=1)
    model = keras.Sequential([
        keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")
    ])  # fmt: skip
    metrics = [keras.metrics.AUC(name="auc"), keras.metrics.Recall(name="recall")] if metric == "auc" else [metric]
    model.compile(keras.optimizers.Adam(5e-3), "binary_crossentropy", metrics=metrics)
    weights = {0: 1.0, 1: float((y_train == 0).sum() / y_train.sum())} if weighed else None
    model.fit(x_train, y_train, epochs=15, class_weight=weights, validation_split=0.25, callbacks=[hook], verbose=0)
    return balanced_accuracy_score(y_test, model.predict(x_test, verbose=0)[:, 0] > 0.5)


def counts(hook, *, out="relu"):
    """Counts with a Poisson loss: an output that is rectified is right."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1500, 4)).astype("float32")
    y = rng.poisson(np.exp(1 + x @ np.array([1.0, -0.8, 0.5, 0.0])))
    inputs = keras.Input((4,))
    x1 = layers.Dense(32, activation="relu")(inputs)
    model = keras.Model(inputs, layers.Dense(1, activation=out, bias_initializer="ones")(x1))
    model.compile(keras.optimizers.Adam(5e-3), "poisson")
    model.fit(x[:1000], y[:1000], epochs=15, validation_data=(x[1000:], y[1000:]), callbacks=[hook], verbose=0)
    return r2_score(y[1000:], model.predict(x[1000:], verbose=0)[:, 0])


def even_and_large(hook, *, rate=2e-3, epochs=18, out="sigmoid", loss="binary_crossentropy"):
    """Four labels of a digit at once: even, above four, round, odd and small."""
    x_train, x_test, y_train, y_test = digits()
    x_train, x_test = x_train.reshape(-1, 64) / 16, x_test.reshape(-1, 64) / 16
    tags = np.array([[d % 2 == 0, d > 4, d in {0, 6, 8, 9}, d in {1, 3}] for d in range(10)], dtype="float32")
    inputs = keras.Input((64,))
    h = layers.LayerNormalization()(layers.Dense(64, activation="gelu")(inputs))
    model = keras.Model(inputs, layers.Dense(4, activation=out)(h))
    model.compile(keras.optimizers.AdamW(rate), loss, metrics=[keras.metrics.BinaryAccuracy(name="hit")])
    model.fit(
        x_train, tags[y_train], epochs=epochs, validation_data=(x_test, tags[y_test]), callbacks=[hook], verbose=0
    )
    return np.mean((model.predict(x_test, verbose=0) > 0.5) == tags[y_test])
