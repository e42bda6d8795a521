"""The loss that a running hook watches: the best so far, and whether more epochs are worth their time."""

from __future__ import annotations

import math
from collections.abc import Mapping

from diagnose.readers.names import parse_name
from diagnose.stats.stopping import Decision, StoppingRule

PLAIN = {"val": ("val_loss", "eval_loss"), "train": ("loss", "train_loss")}


def watched_name(values: Mapping[str, float]) -> tuple[str, bool] | None:
    """Return which value is the validation loss, or the training loss where there is none, and whether it is the first.

    Examples
    --------
    >>> watched_name({"loss": 0.2, "val_accuracy": 0.9, "val_loss": 0.3})
    ('val_loss', True)
    >>> watched_name({"loss": 0.2, "accuracy": 0.9})
    ('loss', False)
    """
    for split in PLAIN:
        known = _loss_of(split, values)
        if known is not None:
            return known, split == "val"
    return None


def _loss_of(split: str, values: Mapping[str, float]) -> str | None:
    known = next((name for name in PLAIN[split] if name in values), None)
    return known or next((name for name in values if _is_loss(name, split)), None)


def _is_loss(name: str, split: str) -> bool:
    meaning = parse_name(name)
    return meaning.kind == "loss" and (meaning.split or "train") == split


class Watched:
    """One run's watched loss, epoch by epoch.

    Attributes
    ----------
    best, best_epoch
        The least value so far and its epoch; infinite and None before there is one.
    """

    def __init__(self) -> None:
        self.best = math.inf
        self.best_epoch: float | None = None
        self._rule = StoppingRule()
        self._is_validation = False

    def next(self, epoch: float, values: Mapping[str, float]) -> tuple[bool, Decision | None]:
        """Take an epoch's values; return whether it is the best so far, and what the stopping rule says of it.

        The rule is asked of the validation loss alone: a training loss says nothing of when to stop, but where it is no
        number any more. Where validation begins later than training, the best is that of validation from there on.
        """
        found = watched_name(values)
        if found is None:
            return False, None
        name, is_validation = found
        if is_validation and not self._is_validation:
            self.best, self.best_epoch, self._is_validation = math.inf, None, True
        if self._is_validation and not is_validation:
            return False, None  # an epoch without validation
        value = values[name]
        is_best = value < self.best
        if is_best:
            self.best, self.best_epoch = value, epoch
        if not is_validation:
            return is_best, None if math.isfinite(value) else self._rule.next(epoch, value)
        training = _loss_of("train", values)
        return is_best, self._rule.next(epoch, value, math.nan if training is None else values[training])
