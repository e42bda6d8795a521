"""Which output activation goes with which loss over classes: the whole table, and why each cell is right or wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnose.finding import Severity
from diagnose.model_card import Labels, LossCard, Wants

CATEGORICAL = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy",
                         "categorical_focal_crossentropy", "cross_entropy", "crossentropy"})  # fmt: skip
BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
LIKELIHOOD = frozenset({"negative_log_likelihood"})
DIVERGENCE = frozenset({"kl_divergence"})
HINGE = frozenset({"hinge", "squared_hinge"})
REGRESSION = frozenset({
    "mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "mean_squared_logarithmic_error",
    "mean_absolute_percentage_error",
})  # fmt: skip
"""Losses of a distance between outputs and targets; others of values (triplets, rankings) compare something else."""
CLASS_LOSSES = CATEGORICAL | BINARY | LIKELIHOOD | DIVERGENCE | HINGE
LINEAR = frozenset({"", "linear", "identity"})
RECTIFIERS = frozenset({"relu", "relu6"})
BOUNDED = {"softmax": (0.0, 1.0), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hard_sigmoid": (0.0, 1.0),
           "softsign": (-1.0, 1.0)}  # fmt: skip
"""Activations and the range that their values can't leave."""
CLEAR, KNOWN_TO_WORK = 0.97, 0.9


@dataclass(frozen=True)
class Cell:
    """What is wrong with an activation under a loss.

    ``why`` follows "``loss`` after ``activation``: "; ``floor`` is the least value that the loss can take then;
    ``is_fatal`` where nothing can be learnt, so that a run that learns contradicts it.
    """

    why: str
    severity: Severity = Severity.ERROR
    probability: float = CLEAR
    floor: float | None = None
    is_fatal: bool = False


def cell(  # noqa: PLR0911 - one return a family of losses
    activation: str, loss: LossCard, width: int | None, written: Labels | None
) -> Cell | None:
    """Return what is wrong, or None where it is right or not known to be wrong.

    Parameters
    ----------
    activation
        What the outputs went through last.
    loss
        One of `CLASS_LOSSES`.
    width
        Of the outputs.
    written
        How the labels are written, where that is known.
    """
    act = "linear" if activation in LINEAR else activation
    if loss.name in CATEGORICAL:
        if width == 1:
            return _one_output(act, loss)
        return _logits(act, width) if loss.wants is Wants.LOGITS else _categorical(act, width, loss.wants)
    if loss.name in BINARY:
        if act == "softmax" and width == 1:
            return Cell("softmax over one output is 1 for every input", is_fatal=True)
        return _binary_logits(act) if loss.wants is Wants.LOGITS else _binary(act, written, loss.wants)
    if loss.name in LIKELIHOOD:
        return _log_probabilities(act, "the loss is then minus a probability, not minus its logarithm")
    if loss.name in DIVERGENCE:
        return _divergence(act, loss.wants)
    return _hinge(act)


def _one_output(act: str, loss: LossCard) -> Cell:
    what = "softmax over one output is 1 for every input" if act == "softmax" or loss.wants is Wants.LOGITS else (
        "divided by its sum, a single output is 1 for every input")  # fmt: skip
    return Cell(f"{what}, so the loss is 0 or constant; one output wants a sigmoid and binary cross-entropy",
                probability=0.98, is_fatal=True)  # fmt: skip


def floor_of(act: str, width: int | None) -> float | None:
    """Return the least cross-entropy of logits that are bounded, all classes but the right one at the lower end.

    Examples
    --------
    >>> round(floor_of("softmax", 10), 3), round(floor_of("tanh", 10), 3)
    (1.461, 0.797)
    """
    if act not in BOUNDED or width is None or width < 2:
        return None
    low, high = BOUNDED[act]
    return math.log1p((width - 1) * math.exp(low - high))


def _logits(act: str, width: int | None) -> Cell | None:
    if act in BOUNDED:
        floor = floor_of(act, width)
        least = f", so that it can't fall below {floor:.2f} with {width} classes" if floor is not None else ""
        twice = "the loss applies softmax itself: it is applied twice" if act == "softmax" else (
            f"{act} keeps the logits between {BOUNDED[act][0]:g} and {BOUNDED[act][1]:g}")  # fmt: skip
        return Cell(f"{twice}{least}", floor=floor)
    if act in RECTIFIERS:
        return Cell("logits can't be negative, and an output that falls to 0 for a sample gets no gradient from it",
                    Severity.WARNING, 0.85)  # fmt: skip
    return None


def _categorical(act: str, width: int | None, wants: Wants | None) -> Cell | None:
    if wants is not Wants.PROBABILITIES:
        return None
    if act == "linear":
        return Cell("it takes logarithms of probabilities and is given unbounded numbers", is_fatal=True)
    if act in {"sigmoid", "hard_sigmoid"}:
        if width == 2:
            return Cell("two sigmoids for two exclusive classes do what softmax does, less directly", Severity.INFO)
        return Cell(f"each of the {width or 'several'} outputs is judged alone, but only one class is right: "
                    "the probabilities don't sum to 1")  # fmt: skip
    if act in RECTIFIERS or act in {"tanh", "log_softmax", "elu", "selu", "gelu", "silu", "swish", "leaky_relu"}:
        return Cell(f"{act} gives no probabilities", is_fatal=act not in RECTIFIERS)
    return None


def _binary_logits(act: str) -> Cell | None:
    if act in {"sigmoid", "hard_sigmoid"}:
        return Cell("the loss applies sigmoid itself: it is applied twice, and no probability can fall below 0.5")
    if act == "softmax":
        return Cell("the loss applies sigmoid to what are probabilities already: none can fall below 0.5")
    if act in RECTIFIERS:
        return Cell("logits can't be negative, so no probability can fall below 0.5")
    if act in {"tanh", "softsign"}:
        return Cell(f"{act} keeps probabilities between 0.27 and 0.73")
    return None


def _binary(act: str, written: Labels | None, wants: Wants | None) -> Cell | None:
    if wants is not Wants.PROBABILITIES:
        return None
    if act == "softmax":
        if written is Labels.MULTI_HOT:
            return Cell("labels may be several at once, but the outputs are made to sum to 1", probability=0.92)
        return Cell("it works on one-hot labels; categorical cross-entropy is the loss of this output", Severity.INFO)
    if act == "linear":
        return Cell("it takes logarithms of probabilities and is given unbounded numbers", is_fatal=True)
    if act in RECTIFIERS or act in {"tanh", "softsign", "log_softmax", "elu", "selu", "gelu", "leaky_relu"}:
        return Cell(f"{act} gives no probabilities: values outside 0 to 1 are cut off and get no gradient")
    return None


def _log_probabilities(act: str, of_probabilities: str) -> Cell | None:
    if act in {"softmax", "sigmoid"}:
        return Cell(f"it expects log-probabilities, and {of_probabilities}")
    if act == "linear":
        return Cell("it expects log-probabilities; of raw outputs it has no lower bound", is_fatal=True)
    return Cell(f"it expects log-probabilities, which {act} does not give") if act in RECTIFIERS else None


def _divergence(act: str, wants: Wants | None) -> Cell | None:
    if wants is Wants.LOG_PROBABILITIES:
        return _log_probabilities(act, "it is given probabilities")
    if wants is Wants.PROBABILITIES and act == "linear":
        return Cell("it compares probabilities and is given unbounded numbers", probability=KNOWN_TO_WORK)
    return None


def _hinge(act: str) -> Cell | None:
    if act in {"sigmoid", "softmax", *RECTIFIERS}:
        return Cell(f"the margin of the class -1 is beyond 0, where {act} ends", Severity.WARNING, KNOWN_TO_WORK)
    return None
