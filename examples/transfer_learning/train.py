"""Fine-tune a VGG16 as many first tutorials do, and log it: see docs/transfer-learning.md.

A new head and the last four layers are trained first; then the last fifteen layers are unfrozen, the model is compiled
again and trained on::

    python train.py                                   ImageNet's weights (keras downloads 59 MB the first time)
    python train.py --backbone small                  no download, under a minute on two cores
    python train.py --backbone small --unfreeze 4 …   the options are what a report of `diagnose` may advise
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import keras
from digits import NEW, SIZE, pretrained_backbone, split

BATCH = 20


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Fine-tune a VGG16 on five digits and log it.")
    parser.add_argument("--backbone", choices=("vgg16", "small"), default="vgg16")
    parser.add_argument("--weights", default="imagenet", help="of vgg16: imagenet, none or a file")
    parser.add_argument("--log", default="training.csv")
    parser.add_argument("--per-class", type=int, default=8, help="training images of each class")
    parser.add_argument("--head-epochs", type=int, default=15)
    parser.add_argument("--epochs", type=int, default=25, help="after unfreezing")
    parser.add_argument("--unfreeze", type=int, default=15, help="layers trained in the second fit, from the end")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate of Adam")
    parser.add_argument("--tune-rate", type=float, help="learning rate after unfreezing; default the same")
    parser.add_argument("--patience", type=int, help="stop after so many epochs without a better validation loss")
    parser.add_argument("--dropout", type=float, default=0.0, help="share of the head's inputs")
    parser.add_argument("--augment", action="store_true", help="shift and turn the training images a little")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def build(given: argparse.Namespace) -> tuple[keras.Model, keras.Model]:
    """Put a new head on the backbone; return the whole model and the backbone."""
    if given.backbone == "small":
        backbone, prepare = pretrained_backbone(given.seed), keras.layers.Rescaling(1 / 127.5, offset=-1)
    else:
        weights = None if given.weights == "none" else given.weights
        backbone = keras.applications.VGG16(weights=weights, include_top=False, input_shape=(SIZE, SIZE, 3))
        prepare = keras.layers.Lambda(keras.applications.vgg16.preprocess_input)
    keras.utils.set_random_seed(given.seed)
    augment = [keras.layers.RandomTranslation(0.1, 0.1), keras.layers.RandomRotation(0.03)] if given.augment else []
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            *augment,
            prepare,
            backbone,
            keras.layers.Flatten(),
            keras.layers.Dropout(given.dropout),
            keras.layers.Dense(len(NEW), activation="softmax"),
        ]
    )
    return model, backbone


def compile_with(model: keras.Model, backbone: keras.Model, trainable: int, rate: float) -> None:
    """Freeze all but the last ``trainable`` layers of the backbone, and compile: what is frozen counts from then on."""
    first = len(backbone.layers) - trainable
    for index, layer in enumerate(backbone.layers):
        layer.trainable = index >= first  # `backbone.trainable = True` alone does nothing where it is True already
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])


def main() -> None:
    """Train in two phases, with one log."""
    given = options()
    Path(given.log).unlink(missing_ok=True)
    train, validation, test = split(given.per_class, given.seed)
    model, backbone = build(given)
    log = keras.callbacks.CSVLogger(given.log, append=True)
    show_rate = keras.callbacks.LearningRateScheduler(lambda _, rate: rate)  # changes nothing, but puts it in the log

    def fit(epochs: int) -> None:
        callbacks = [show_rate, log]
        if given.patience:
            callbacks.append(
                keras.callbacks.EarlyStopping("val_loss", patience=given.patience, restore_best_weights=True)
            )
        model.fit(*train, validation_data=validation, epochs=epochs, batch_size=BATCH, callbacks=callbacks, verbose=2)

    compile_with(model, backbone, 4, given.rate)
    fit(given.head_epochs)
    compile_with(model, backbone, given.unfreeze, given.tune_rate or given.rate)
    print(f"unfrozen from {backbone.layers[-given.unfreeze].name}")
    fit(given.epochs)

    context = {
        "n_train": len(train[1]),
        "n_val": len(validation[1]),
        "n_classes": len(NEW),
        "batch_size": BATCH,
        "trainable_parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "pretrained": str(given.backbone == "small" or given.weights != "none").lower(),
        "augmentation": str(given.augment).lower(),
        "dropout": given.dropout,
        "weight_decay": 0,
    }
    accuracy = model.evaluate(*test, verbose=0)[1]
    lines = [f"{name}: {value}" for name, value in context.items()]
    lines.append(f"# test accuracy {accuracy:.3f} on {len(test[1])} images kept for the end")
    Path(given.log).with_suffix(".yaml").write_text("\n".join((*lines, "")), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
