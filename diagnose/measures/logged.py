"""The curves as they were logged, NaN and infinities included, for questions about broken or short logs."""

from __future__ import annotations

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.curves import score_rank
from diagnose.run import Curve, History


def logged_train_loss(history: History) -> Curve:
    """Return the training loss with every logged point, finite or not; at least one."""
    curve = history.find("train", "loss") or next((c for c in history.of("train") if c.is_loss), None)
    if curve is None or not len(curve):
        raise NotEnoughEvidence("the log holds no training loss", "log the training loss every epoch")
    return curve


def logged_val_loss(history: History) -> Curve:
    """Return the validation loss (the test loss without one) with every logged point; at least one."""
    held_out = history.of("val") or history.of("test")
    curve = next((c for c in held_out if c.quantity == "loss"), None) or next((c for c in held_out if c.is_loss), None)
    if curve is None or not len(curve):
        raise NotEnoughEvidence("the log holds no validation loss", "log the validation loss every epoch")
    return curve


def logged_scores(history: History) -> tuple[Curve, ...]:
    """All held-out scores with at least one point, the principal ones first; at least one."""
    held_out = history.of("val") or history.of("test")
    found = [curve for curve in held_out if not curve.is_loss and len(curve)]
    if not found:
        raise NotEnoughEvidence(
            "the log holds no validation score", "log a validation score such as accuracy every epoch"
        )
    return tuple(sorted(found, key=lambda c: score_rank(c.quantity)))
