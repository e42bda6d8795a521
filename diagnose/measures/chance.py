"""How good a score is against guessing, and between which levels its sampling error lets it lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.movement import ACCURACIES, Movement, movement_of
from diagnose.run import Context, Curve, History
from diagnose.stats.shares import NORMAL_95, wilson

__all__ = ["NORMAL_95", "Skill", "train_skill", "val_skill", "wilson"]


@dataclass(frozen=True)
class Skill:
    """A score whose level under guessing is known or can be told.

    Attributes
    ----------
    name, quantity
        Of the curve.
    chance
        Its level under guessing, or None where the number of classes is unknown.
    kappa
        (end - chance) / (1 - chance): the share of what guessing leaves that was learnt; None where chance is unknown.
    movement
        How the score moved.
    """

    name: str
    quantity: str
    chance: float | None
    kappa: float | None
    movement: Movement


def train_skill(history: History, context: Context) -> Skill:
    """Return the first training score that guessing has a level for: accuracy, AUC or R²."""
    return _first(history.of("train"), context, "training")


def val_skill(history: History, context: Context) -> Skill:
    """Return the same of the held-out data."""
    return _first(history.of("val") or history.of("test"), context, "validation")


def _first(curves: tuple[Curve, ...], context: Context, split: str) -> Skill:
    for quantity in (*ACCURACIES, "auc", "r2"):
        for curve in curves:
            if curve.quantity == quantity and len(curve.finite) >= 2:
                return _skill(curve, context)
    raise NotEnoughEvidence(
        f"the log holds no {split} score with a known chance level (accuracy, AUC, R²)",
        f"log the {split} accuracy, or R² for a regression; a loss alone has no absolute level",
    )


def _skill(curve: Curve, context: Context) -> Skill:
    known = {"auc": 0.5, "r2": 0.0}
    chance = known.get(curve.quantity, 1 / context.n_classes if (context.n_classes or 0) > 1 else None)  # type: ignore[operator]
    movement = movement_of(curve)
    kappa = None if chance is None else float(np.clip((movement.end - chance) / (1 - chance), -1e6, 1.0))
    return Skill(curve.name, curve.quantity, chance, kappa, movement)
