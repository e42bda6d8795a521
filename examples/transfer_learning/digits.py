"""What the tutorial trains on without a download: handwritten digits, and a small VGG that has seen half of them.

The digits come with scikit-learn. Those from 0 to 4 stand for what the backbone was pretrained on, those from 5
to 9 for
the new task, of which there are few images.
"""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

SIZE = 32  # the smallest image that five poolings leave something of; also VGG16's own lower limit
OLD, NEW = range(5), range(5, 10)
FILTERS = (32, 64, 128, 128, 128)  # VGG16 has 64, 128, 256, 512, 512
N_VAL = 300
CONVOLUTIONS = (2, 2, 3, 3, 3)  # as VGG16

Images = tuple[np.ndarray, np.ndarray]


def load(classes: range) -> Images:
    """Load the images of some digits as RGB from 0 to 255, ``(n, 32, 32, 3)``, and their labels from 0 on."""
    digits = load_digits()
    chosen = np.isin(digits.target, classes)
    images = np.kron(digits.images[chosen], np.ones((SIZE // 8, SIZE // 8)))  # 8 x 8 pixels, enlarged
    rgb = np.repeat(images[..., None], 3, axis=-1) * (255 / 16)
    return rgb.astype("float32"), digits.target[chosen] - classes.start


def split(per_class: int, seed: int) -> tuple[Images, Images, Images]:
    """Draw the images for training, ``per_class`` of each new class, for validation, and for the very end.

    The last two are the same however many there are to train on, so that runs can be compared.
    """
    images, labels = load(NEW)
    order = np.random.default_rng(seed).permutation(len(labels))
    validation, test, pool = np.split(order, [N_VAL, 2 * N_VAL])
    train = np.concatenate([pool[labels[pool] == label][:per_class] for label in range(len(NEW))])
    return (images[train], labels[train]), (images[validation], labels[validation]), (images[test], labels[test])


def pretrained_backbone(seed: int) -> keras.Model:
    """Build a VGG16 with fewer filters, its layers named alike, and train it on the old classes.

    The weights are kept beside this file, so that only the first run pays for them.
    """
    weights = Path(os.environ.get("SMALL_BACKBONE", Path(__file__).with_name("small_backbone.weights.h5")))
    keras.utils.set_random_seed(seed)
    backbone = _backbone()
    if weights.is_file():
        backbone.load_weights(weights)
        return backbone
    images, labels = load(OLD)
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            backbone,
            keras.layers.Flatten(),
            keras.layers.Dense(len(OLD), activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, epochs=12, batch_size=32, verbose=2)
    backbone.save_weights(weights)
    return backbone


def _backbone() -> keras.Model:
    inputs = signal = keras.Input((SIZE, SIZE, 3))
    for block, (filters, convolutions) in enumerate(zip(FILTERS, CONVOLUTIONS, strict=True), start=1):
        for index in range(1, convolutions + 1):
            signal = keras.layers.Conv2D(
                filters, 3, padding="same", activation="relu", kernel_initializer="he_normal",
                name=f"block{block}_conv{index}",
            )(signal)  # fmt: skip
        signal = keras.layers.MaxPooling2D(name=f"block{block}_pool")(signal)
    return keras.Model(inputs, signal, name="small_vgg")
