"""What one training is told: hyperparameters under fixed names, and a record of which of them were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from diagnose.finding import RunSummary

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "seed": "whole number; the same for the baseline and every remedy of a round",
        "learning_rate": "number, of all parts, or of the new ones where `pretrained_learning_rate` is given",
        "pretrained_learning_rate": "number, of the pretrained layers",
        "schedule": 'text: "constant" or "cosine" (to zero over the run)',
        "warmup_epochs": "number of epochs over which the learning rate rises",
        "warmup_ratio": "share of all steps over which the learning rate rises",
        "optimizer": "text, such as `adam` or `sgd`",
        "batch_size": "whole number",
        "epochs": "number of epochs, or of boosting rounds",
        "weight_decay": "number: decay, or the strength of an L2 penalty",
        "weight_decay_of_vectors": "number, of biases and normalisation parameters",
        "dropout": "share of units that are dropped in front of the output",
        "label_smoothing": "share of the target that is spread over all classes",
        "augmentation": "True for flips and shifts, or a mapping of what is varied to its range; falsy for none",
        "freeze": '"backbone": all pretrained layers are held fixed',
        "freeze_through": "name of a layer or block: it and all before it are held fixed",
        "unfreeze": '"last block": the last pretrained block is trained too',
        "trainable": "names of the only layers or blocks that are trained",
        "class_weights": "mapping of class to the weight of its rows",
        "sample_weights": "mapping with `file`: a table of training rows (`row`) and their weights (`weight`)",
        "drop_rows": "mapping with `split`, and `file` (a table with a column `row`) or `rows` (their numbers)",
        "deduplicate": "True: of training rows that are equal, one is kept",
        "drop_columns": "names of input columns to leave out",
        "standardise": '"inputs": with the mean and deviation of training',
        "divide_inputs": "number that every input is divided by",
        "shuffle": 'True or "train": training rows are shuffled every epoch',
        "clip_gradient_norm": "number",
        "weight_average_decay": "decay of a running average of the weights, which is what is evaluated",
        "subsample": "share of rows and columns that a tree is grown on",
        "max_depth": "whole number, of trees",
        "capacity_factor": "number that the width of the model is multiplied by",
        "activation": "text: in place of the activation of the layers in `layers`",
        "layers": "names, for `activation` and `pretrained_learning_rate`",
        "initialisation": "text",
        "early_stopping": "True: training stops where validation no longer improves",
    }
)
"""Every key that a configuration may hold, and what its value means."""

_FROM_CONTEXT = ("learning_rate", "schedule", "optimizer", "batch_size", "weight_decay", "dropout", "label_smoothing")


class Settings(Mapping[str, Any]):
    """The configuration of one training: a read-only mapping that remembers which keys were asked for.

    Parameters
    ----------
    values
        By the names in `KEYS`; those of the user's own may join.

    Attributes
    ----------
    read
        Keys that were asked for, whether they are there or not.
    is_taken_whole
        Whether the mapping was walked through (``dict(config)``, ``**config``): then which keys were used is unknown.

    Examples
    --------
    >>> config = Settings({"learning_rate": 0.1})
    >>> config.get("dropout", 0.0), config["learning_rate"], sorted(config.read)
    (0.0, 0.1, ['dropout', 'learning_rate'])
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)
        self.read: set[str] = set()
        self.is_taken_whole = False

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return self._values[key]

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        self.is_taken_whole = True
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Settings({self._values})"


def known_settings(run: RunSummary, own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the run's own hyperparameters under the names of `KEYS`; what the user says of them counts more."""
    context = run.context
    found = {key: context[key] for key in _FROM_CONTEXT if context.get(key) is not None}
    if context.get("augmentation"):
        found["augmentation"] = True
    epochs = context.get("epochs_planned") or (run.last_step if run.unit in ("epoch", "iteration") else None)
    if epochs:
        found["epochs"] = max(round(float(epochs)), 1)
    return {**found, **(own or {})}
