"""The losses of PyTorch, as modules or functions, by the names that hold for every framework."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from diagnose.model_card import Labels, LossCard, Setting, Wants

Known = tuple[str, Wants | None, Labels | None]
_LOGITS, _PROBABILITIES, _LOGS, _VALUES = Wants.LOGITS, Wants.PROBABILITIES, Wants.LOG_PROBABILITIES, Wants.VALUES
LOSSES: Mapping[str, Known] = MappingProxyType({
    "crossentropy": ("categorical_crossentropy", _LOGITS, None),
    "nll": ("negative_log_likelihood", _LOGS, Labels.INDICES),
    "nllloss2d": ("negative_log_likelihood", _LOGS, Labels.INDICES),
    "bce": ("binary_crossentropy", _PROBABILITIES, None),
    "bcewithlogits": ("binary_crossentropy", _LOGITS, None),
    "binarycrossentropy": ("binary_crossentropy", _PROBABILITIES, None),
    "binarycrossentropywithlogits": ("binary_crossentropy", _LOGITS, None),
    "mse": ("mean_squared_error", _VALUES, Labels.VALUES),
    "l1": ("mean_absolute_error", _VALUES, Labels.VALUES),
    "smoothl1": ("huber", _VALUES, Labels.VALUES),
    "huber": ("huber", _VALUES, Labels.VALUES),
    "hingeembedding": ("hinge", _VALUES, Labels.SIGNS),
    "softmargin": ("soft_margin", _LOGITS, Labels.SIGNS),
    "multimargin": ("multi_margin", _LOGITS, Labels.INDICES),
    "multilabelmargin": ("multi_label_margin", _LOGITS, None),
    "multilabelsoftmargin": ("multi_label_soft_margin", _LOGITS, Labels.MULTI_HOT),
    "kldiv": ("kl_divergence", _LOGS, None),
    "ctc": ("ctc", _LOGS, None),
    "cosineembedding": ("cosine_embedding", _VALUES, Labels.SIGNS),
    "marginranking": ("margin_ranking", _VALUES, Labels.SIGNS),
    "tripletmargin": ("triplet_margin", _VALUES, None),
    "gaussiannll": ("gaussian_negative_log_likelihood", _VALUES, Labels.VALUES),
    "poissonnll": ("poisson_negative_log_likelihood", _VALUES, Labels.VALUES),
})  # fmt: skip
"""Class or function names, lower case, without underscores and "loss"."""
FUNCTIONS = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss", "l1_loss",
    "smooth_l1_loss", "huber_loss", "hinge_embedding_loss", "soft_margin_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "kl_div", "ctc_loss", "cosine_embedding_loss",
    "margin_ranking_loss", "triplet_margin_loss", "gaussian_nll_loss", "poisson_nll_loss",
)  # fmt: skip
"""Those of ``torch.nn.functional``."""
OF_CLASSES = frozenset({"categorical_crossentropy", "negative_log_likelihood", "multi_margin"})
"""Losses of one class out of several, canonical."""


def loss_card(loss: Any, settings: Mapping[str, Any] | None = None) -> LossCard | None:
    """Return the card of a loss.

    Parameters
    ----------
    loss
        A criterion, a function, or the name of a function of ``torch.nn.functional``; None where there is none.
    settings
        Arguments that a function was called with.
    """
    if loss is None:
        return None
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    known = LOSSES.get(_plain(name))
    if known is None and not isinstance(loss, str) and not hasattr(loss, "__name__"):
        known = next((LOSSES[_plain(k.__name__)] for k in type(loss).__mro__ if _plain(k.__name__) in LOSSES), None)
    given = dict(settings or {}) if isinstance(loss, str) else vars(loss) | _weights(loss)
    canonical, wants, labels = known or (name, None, None)
    return LossCard(canonical, wants, labels, _spelt(loss, name), MappingProxyType(_settings(given)))


def _plain(name: str) -> str:
    return name.lower().replace("_", "").removesuffix("loss")


def _weights(loss: Any) -> dict[str, Any]:
    return {name: getattr(loss, name, None) for name in ("weight", "pos_weight")}


def _settings(given: Mapping[str, Any]) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    if isinstance(given.get("reduction"), str):
        found["reduction"] = given["reduction"]
    for name in ("label_smoothing", "delta", "beta", "margin"):
        if isinstance(given.get(name), (int, float)) and given[name]:
            found[name] = float(given[name])
    for name, said in (("weight", "class_weights"), ("pos_weight", "positive_weight")):
        if given.get(name) is not None:
            found[said] = True
    return found


def _spelt(loss: Any, name: str) -> str:
    if isinstance(loss, str):
        return f"F.{name}"
    if not hasattr(loss, "named_parameters"):
        return name
    changed = [f"{key}={value}" for key, value in _settings(vars(loss)).items()
               if (key, value) != ("reduction", "mean")]  # fmt: skip
    return f"{name}({', '.join(changed)})"
