"""How a Keras model was compiled: its loss, its optimizer and its metrics, in words that hold for every framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from diagnose.model_card import GroupCard, Labels, LossCard, OptimizerCard, Setting, Wants
from diagnose.models.keras_card_layers import NORMALISATIONS, Leaf, size, snake

SHORT: Mapping[str, str] = MappingProxyType(
    {
        "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
        "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence",
        "kullback_leibler_divergence": "kl_divergence", "logcosh": "log_cosh", "acc": "accuracy",
    }
)  # fmt: skip
CROSS_ENTROPIES: Mapping[str, Labels | None] = MappingProxyType(
    {
        "categorical_crossentropy": Labels.ONE_HOT,
        "sparse_categorical_crossentropy": Labels.INDICES,
        "binary_crossentropy": None,
        "binary_focal_crossentropy": None,
        "categorical_focal_crossentropy": Labels.ONE_HOT,
        "crossentropy": None,
    }
)
REGRESSIONS = frozenset({
    "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
    "huber", "log_cosh", "poisson", "cosine_similarity",
})  # fmt: skip
HINGES: Mapping[str, Labels | None] = MappingProxyType(
    {"hinge": None, "squared_hinge": None, "categorical_hinge": Labels.ONE_HOT}
)
"""The binary ones take 0 and 1 as well: Keras turns them into -1 and 1."""
OF_PROBABILITIES = frozenset({"kl_divergence", "dice", "tversky"})


def loss_card(model: Any, width: int | None, *, class_weights: bool = False) -> LossCard | None:
    """Return the loss of a model's one output; None where there is none or there are several."""
    given = getattr(model, "loss", None)
    while isinstance(given, (list, tuple, dict)):
        items = list(given.values()) if isinstance(given, dict) else list(given)
        if len(items) != 1:
            return None
        given = items[0]
    if given is None:
        return None
    name = _loss_name(model, given)
    settings: dict[str, Setting] = {}
    for setting in ("from_logits", "label_smoothing", "reduction"):
        value = _setting(given, setting)
        if isinstance(value, (bool, int, float, str)):
            settings[setting] = value if isinstance(value, (bool, str)) else float(value)
    if class_weights:
        settings["class_weights"] = True
    wants, labels = _expects(name, from_logits=settings.get("from_logits") is True, width=width)
    return LossCard(name, wants, labels, _spelt(given), settings)


def _loss_name(model: Any, given: Any) -> str:
    if isinstance(given, str):
        name = SHORT.get(given.lower(), snake(given) if given != given.lower() else given)
        return _resolved(model) or "crossentropy" if name in ("ce", "crossentropy") else name
    plain = getattr(given, "__name__", None) or snake(type(given).__name__)
    if plain == "loss_function_wrapper":
        plain = str(getattr(getattr(given, "fn", None), "__name__", plain))
    return SHORT.get(str(plain), str(plain))


def _resolved(model: Any) -> str:
    """Return the loss that ``"crossentropy"`` became when the first labels were seen."""
    losses = getattr(getattr(model, "_compile_loss", None), "_flat_losses", None) or ()
    first = next(iter(losses), None)
    function = getattr(getattr(first, "loss", None), "fn", None)
    return str(getattr(function, "__name__", ""))


def _setting(given: Any, name: str) -> Any:
    kwargs = getattr(given, "_fn_kwargs", None) or {}
    return getattr(given, name, kwargs.get(name)) if not isinstance(given, str) else None


def _expects(name: str, *, from_logits: bool, width: int | None) -> tuple[Wants | None, Labels | None]:
    if name in CROSS_ENTROPIES:
        labels = CROSS_ENTROPIES[name]
        if name.startswith("binary") and width == 1:
            labels = Labels.BINARY
        return (Wants.LOGITS if from_logits else Wants.PROBABILITIES), labels
    if name in REGRESSIONS:
        return Wants.VALUES, Labels.VALUES
    if name in HINGES:
        return Wants.VALUES, HINGES[name]
    if name in OF_PROBABILITIES:
        return Wants.PROBABILITIES, None
    return None, None


def _spelt(given: Any) -> str:
    if isinstance(given, str):
        return repr(given)
    return str(given.__name__) if hasattr(given, "__name__") else f"{type(given).__name__}()"


def inner_optimizer(model: Any) -> Any:
    """Return the optimizer that steps, without the scaling of mixed precision around it; None where there is none."""
    optimizer = getattr(model, "optimizer", None)
    return getattr(optimizer, "inner_optimizer", optimizer)


def held_by(optimizer: Any) -> list[Any] | None:
    """Return the variables that an optimizer was built with; None where it was not built yet."""
    if optimizer is None or not getattr(optimizer, "built", False):
        return None
    return list(getattr(optimizer, "_trainable_variables", ()))


def optimizer_card(model: Any, found: Sequence[Leaf]) -> OptimizerCard | None:
    """Return the optimizer; not yet built, it will hold what is trainable now."""
    optimizer = inner_optimizer(model)
    if optimizer is None or not hasattr(optimizer, "_learning_rate"):
        return None
    trainable = {id(v): v for v in model.trainable_variables}
    built = held_by(optimizer)
    held = list(trainable.values()) if built is None else built
    ids = {id(v) for v in held}
    owners = {id(v): leaf for leaf in found for v in leaf.weights}
    decay = float(optimizer.weight_decay or 0.0)
    momentum = getattr(optimizer, "momentum", None)
    group = GroupCard(
        learning_rate=rate_of(optimizer),
        weight_decay=decay,
        momentum=float(momentum) if isinstance(momentum, (int, float)) else None,
        parameters=sum(map(size, held)),
        layers=tuple(leaf.name for leaf in found if any(id(v) in ids for v in leaf.weights)),
        decayed_vectors=sum(size(v) for v in held if _is_vector(v, owners) and decays(optimizer, v)),
        frozen_parameters=sum(size(v) for v in held if id(v) in owners and id(v) not in trainable),
    )
    norms = (getattr(optimizer, name, None) for name in ("clipnorm", "global_clipnorm"))
    return OptimizerCard(
        name=type(optimizer).__name__,
        groups=(group,),
        missing=tuple(_names(found, set(trainable) - ids)) if built is not None else (),
        foreign=sum(size(v) for v in held if id(v) not in owners and id(v) not in trainable),
        clip_norm=next((float(norm) for norm in norms if norm), None),
        schedule=_schedule(optimizer),
        is_decoupled=decay > 0,  # Keras takes it off the weight itself, whatever the optimizer
    )


def decays(optimizer: Any, variable: Any) -> bool:
    """Whether an optimizer's weight decay acts on a variable."""
    uses = getattr(optimizer, "_use_weight_decay", None)
    return bool(optimizer.weight_decay) and (uses is None or bool(uses(variable)))


def _is_vector(variable: Any, owners: Mapping[int, Leaf]) -> bool:
    leaf = owners.get(id(variable))
    kind = type(leaf.layer).__name__ if leaf is not None else ""
    return len(variable.shape) <= 1 or kind in (*NORMALISATIONS, "BatchNormalization")


def _names(found: Iterable[Leaf], ids: set[int]) -> Iterable[str]:
    return (f"{leaf.name}/{v.name}" for leaf in found for v in leaf.weights if id(v) in ids)


def rate_of(optimizer: Any) -> float | None:
    """Return the learning rate as it is now, of a schedule at the steps taken."""
    rate = getattr(optimizer, "learning_rate", None)
    if rate is None:
        return None
    value = getattr(rate, "value", rate)
    return float(value.detach() if hasattr(value, "detach") else value)


def _schedule(optimizer: Any) -> str:
    rate = getattr(optimizer, "_learning_rate", None)
    if hasattr(rate, "get_config") and not hasattr(rate, "assign"):
        return type(rate).__name__
    return "function" if callable(rate) and not hasattr(rate, "assign") else ""


def metric_names(model: Any) -> tuple[str, ...]:
    """Return the metrics that the model was compiled with, in canonical names."""
    compiled = getattr(model, "_compile_metrics", None)
    given = [getattr(compiled, "_user_metrics", None), getattr(compiled, "_user_weighted_metrics", None)]
    return tuple(dict.fromkeys(_metric(item) for item in _flat(given) if item is not None))


def _metric(item: Any) -> str:
    if isinstance(item, str):
        return SHORT.get(item.lower(), item if item == item.lower() else snake(item))
    plain = getattr(item, "__name__", None)
    return str(plain) if plain else snake(type(item).__name__)


def _flat(items: Any) -> Iterable[Any]:
    if isinstance(items, dict):
        items = list(items.values())
    if not isinstance(items, (list, tuple)):
        return [items]
    return [one for item in items for one in _flat(item)]
