"""A learner's first transfer learning, as it was written down, and one line of diagnose.

A VGG16 without its top, a new Dense head, everything frozen but the last four layers; trained; then the last fifteen
unfrozen, compiled again with the same Adam and trained on::

    python keras_vgg16.py                        # at full size: about an hour on two cores
    python keras_vgg16.py --size 32 --images 300 # the same program in a minute

The images and their labels are random, as in the notes. ``runs/vgg16/report.html`` says what is to be learnt from that.
"""

from __future__ import annotations

import argparse

import keras
import numpy as np

from diagnose.hooks.keras import DiagnoseCallback


def main(arguments: argparse.Namespace) -> None:
    """Train in two phases."""
    keras.utils.set_random_seed(arguments.seed)
    size = arguments.size
    images = np.random.random((arguments.images, size, size, 3)).astype("float32")  # noqa: NPY002 - as it was written
    labels = keras.utils.to_categorical(np.random.randint(10, size=arguments.images), 10)  # noqa: NPY002

    weights = None if arguments.weights == "none" else arguments.weights
    base = keras.applications.VGG16(weights=weights, include_top=False, input_shape=(size, size, 3))
    x = keras.layers.Flatten()(base.output)
    x = keras.layers.Dense(256, activation="relu")(x)
    model = keras.Model(base.input, keras.layers.Dense(10, activation="softmax")(x))

    hook = DiagnoseCallback(arguments.run)  # the one line, and its name in the two calls of fit

    for layer in model.layers[:-4]:
        layer.trainable = False
    for layer in model.layers[-4:]:
        layer.trainable = True
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, epochs=arguments.epochs, batch_size=32, validation_split=0.2, callbacks=[hook])

    for layer in model.layers[-15:]:
        layer.trainable = True
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, epochs=arguments.tune_epochs, batch_size=32, validation_split=0.2, callbacks=[hook])

    print(model.evaluate(images, labels))


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=224, help="height and width of the images")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=3, help="of the head alone")
    parser.add_argument("--tune-epochs", type=int, default=3, help="with the last fifteen layers")
    parser.add_argument("--weights", default="none", help="none (random), imagenet (a download) or a file")
    parser.add_argument("--run", default="runs/vgg16", help="the run directory")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main(parsed())
