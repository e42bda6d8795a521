"""Which curves the questions are asked of: the losses, and the score that people look at first."""

from __future__ import annotations

from dataclasses import replace

from diagnose.errors import NotEnoughEvidence
from diagnose.run import Curve, History

MIN_POINTS = 4
"""Fewest points that show a trend and its noise apart (a line and two second differences)."""

PRINCIPAL_SCORES = (
    "accuracy", "balanced_accuracy", "map50-95", "map", "map50", "f1", "dice", "iou", "auc", "ssim", "bleu", "wer",
    "cer", "r2", "top1", "precision", "recall", "rmse", "mae", "mse",
)  # fmt: skip
"""Scores in the order in which people judge a run by them; a run's own order decides among others."""


def _held_out(history: History) -> tuple[Curve, ...]:
    return history.of("val") or history.of("test")


def _usable(curve: Curve | None, what: str, settle: str) -> Curve:
    if curve is None:
        raise NotEnoughEvidence(f"the log holds no {what}", settle)
    finite = curve.finite
    if len(finite) < MIN_POINTS:
        raise NotEnoughEvidence(
            f"the {what} has {len(finite)} finite points; a trend needs {MIN_POINTS}",
            f"log at least {MIN_POINTS} points of the {what}: train longer, or evaluate more often",
        )
    return finite


def train_loss(history: History) -> Curve:
    """Return the training loss, finite points only; the principal score's error where the log holds none."""
    curve = history.find("train", "loss") or next((c for c in history.of("train") if c.is_loss), None)
    return _usable(curve or _error(history.of("train")), "training loss", "log the training loss every epoch")


def val_loss(history: History) -> Curve:
    """Return the validation loss (the test loss where no validation split was logged), finite points only.

    Where the log holds none, or nothing but NaN, the principal score's error takes its place (`as_error`).
    """
    losses = sorted((c for c in _held_out(history) if c.is_loss), key=lambda c: c.quantity != "loss")
    finite = next((c for c in losses if len(c.finite)), None)
    curve = finite or _error(_held_out(history)) or (losses[0] if losses else None)
    return _usable(curve, "validation loss", "log the validation loss every epoch")


def as_error(score: Curve) -> Curve:
    """Turn a score into a cost that falls as the model gets better: 1 - score for shares, else its negative.

    The name stays the score's, so that figures find the curve; ``derived`` says what was done.
    """
    if score.better == "lower":
        return score
    finite = score.finite.values
    is_share = len(finite) > 0 and finite.min() >= 0 and finite.max() <= 1
    return replace(
        score,
        quantity=f"{score.quantity} error",
        better="lower",
        values=(1.0 if is_share else 0.0) - score.values,
        derived=f"1 - {score.quantity}" if is_share else f"-{score.quantity}",
    )


def noun(cost: Curve) -> str:
    """Return what a claim calls a cost: ``"loss"``, or ``"error (1 - accuracy)"`` where a score stands in for it."""
    return "loss" if cost.is_loss else f"error ({cost.derived or cost.quantity})"


def _error(curves: tuple[Curve, ...]) -> Curve | None:
    scores = [c for c in curves if not c.is_loss and len(c.finite) >= MIN_POINTS]
    return as_error(min(scores, key=lambda c: score_rank(c.quantity))) if scores else None


def val_score(history: History) -> Curve:
    """Return the principal validation score, finite points only."""
    scores = [c for c in _held_out(history) if not c.is_loss and len(c.finite) >= MIN_POINTS]
    ranked = sorted(scores, key=lambda c: score_rank(c.quantity))
    return _usable(
        ranked[0] if ranked else None, "validation score", "log a validation score such as accuracy every epoch"
    )


def train_score(history: History, val_score: Curve) -> Curve:
    """Return the same score on the training split, finite points only."""
    curve = history.find("train", val_score.quantity)
    return _usable(curve, f"training {val_score.quantity}", f"log {val_score.quantity} on the training split too")


def score_rank(quantity: str) -> int:
    """How early people look at a score: 0 first; all that are not listed rank alike, last."""
    return PRINCIPAL_SCORES.index(quantity) if quantity in PRINCIPAL_SCORES else len(PRINCIPAL_SCORES)
