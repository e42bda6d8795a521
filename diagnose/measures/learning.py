"""Whether a run demonstrably learns: a programme that does contradicts faults that would keep it from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from diagnose.data import SplitName
from diagnose.measures.movement import ACCURACIES
from diagnose.recording import LabelFacts
from diagnose.run import Context, Curve, History

LEARNT = 0.4
"""Above, agreement is at least moderate (Landis & Koch 1977): no such score is had without learning."""
WELL = 0.9
"""Nearly all of what guessing leaves was learnt."""
LEAST_POINTS = 2


@dataclass(frozen=True)
class Learning:
    """What the logged training scores say.

    Attributes
    ----------
    share
        Of what guessing (the most frequent class) leaves, how much was learnt at the best point; None where no score
        with a known chance level was logged. Of R², the value itself.
    chance
        Level of guessing; None where unknown.
    name
        Of the score.
    least_loss
        Least logged training loss; None where none was logged.
    points
        Logged points of the score.
    """

    share: float | None = None
    chance: float | None = None
    name: str = ""
    least_loss: float | None = None
    points: int = 0

    @property
    def is_shown(self) -> bool:
        """Whether the run learns beyond doubt."""
        return self.share is not None and self.share >= LEARNT

    @property
    def is_good(self) -> bool:
        """Whether it learnt nearly all there is."""
        return self.share is not None and self.share >= WELL

    @property
    def words(self) -> str:
        """How well, for a sentence."""
        if self.share is None:
            return ""
        return f"{self.name} shows {max(self.share, 0.0):.0%} of what guessing leaves"


def learning(history: History, context: Context, label_facts: Mapping[SplitName, LabelFacts] | None = None) -> Learning:
    """Return what the log shows of learning; nothing is known without a log, and that is no error."""
    loss = history.find("train", "loss")
    values = loss.finite.values if loss is not None else np.array([])
    least = float(values.min()) if len(values) else None
    labels = (label_facts or {}).get("train")
    for split in ("train", "val"):
        for curve in history.of(split):
            chance = _chance(curve, context, labels)
            held = curve.finite.values
            if chance is None or len(held) < LEAST_POINTS:
                continue
            # the median of the best third: one lucky epoch is no learning
            best = float(np.median(np.sort(held)[-max(1, len(held) // 3) :]))
            return Learning((best - chance) / (1 - chance), chance, curve.name, least, len(held))
    return Learning(least_loss=least)


def _chance(curve: Curve, context: Context, labels: LabelFacts | None) -> float | None:
    if curve.quantity in {"auc", "r2"}:
        return {"auc": 0.5, "r2": 0.0}[curve.quantity]
    if curve.quantity not in ACCURACIES:
        return None
    guessed = 1 / context.n_classes if context.n_classes and context.n_classes > 1 else None
    counts = labels.counts if labels is not None else {}
    total = sum(counts.values())
    most = max(counts.values()) / total if total and len(counts) > 1 else None
    known = [value for value in (guessed, most) if value is not None and value < 1]
    return max(known, default=None)
