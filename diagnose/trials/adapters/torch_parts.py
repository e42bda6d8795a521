"""What a configuration does to a PyTorch module: which parts are trained, how fast, and with which dropout."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from diagnose.block_names import block_of
from diagnose.errors import InputError

PARTS = frozenset({"freeze", "freeze_through", "unfreeze", "trainable", "dropout"})
"""Keys that are carried out on the module itself."""
RATES = frozenset({"learning_rate", "pretrained_learning_rate", "weight_decay", "weight_decay_of_vectors"})
"""Keys that are carried out on the groups of an optimizer."""


def carry_out(model: Any, config: Mapping[str, Any]) -> None:
    """Freeze and thaw parts of a module, and set its dropout.

    Raises
    ------
    InputError
        A part of that name is not there.
    """
    names = _with_weights(model)
    if config.get("freeze"):
        _hold(model, [name for name in names if name != names[-1]])
    if (through := config.get("freeze_through")) is not None:
        _hold(model, names[: _last_of(names, through) + 1])
    if config.get("unfreeze"):
        before_head = [name for name in names if name != names[-1]]
        block = block_of(before_head[-1]) if before_head else ""
        _thaw(model, [name for name in before_head if block_of(name) == block] + names[-1:])
    if (wanted := config.get("trainable")) is not None:
        given = [wanted] if isinstance(wanted, str) else list(wanted)
        for one in given:
            _last_of(names, one)
        _hold(model, names)
        _thaw(model, [name for name in names if any(_is_in(name, one) for one in given)])
    if (rate := config.get("dropout")) is not None:
        _drop_out(model, float(rate))


def _with_weights(model: Any) -> list[str]:
    """Return the names of parts that have weights of their own, in the order of the module tree."""
    return [name for name, part in model.named_modules() if any(True for _ in part.parameters(recurse=False))]


def _is_in(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.") or block_of(name) == part


def _last_of(names: list[str], part: str) -> int:
    places = [at for at, name in enumerate(names) if _is_in(name, part)]
    if not places:
        raise InputError(f"the model has no part {part!r}; it has: {', '.join(names[:12])}")
    return places[-1]


def _hold(model: Any, names: Iterable[str]) -> None:
    parts = dict(model.named_modules())
    for name in names:
        for parameter in parts[name].parameters(recurse=False):
            parameter.requires_grad_(False)


def _thaw(model: Any, names: Iterable[str]) -> None:
    parts = dict(model.named_modules())
    for name in names:
        for parameter in parts[name].parameters(recurse=False):
            parameter.requires_grad_(True)


def settle_frozen(model: Any) -> None:
    """Keep the statistics of frozen normalisation layers as they are: call it after every ``train()``."""
    for part in model.modules():
        own = list(part.parameters(recurse=False))
        if own and hasattr(part, "running_mean") and not any(p.requires_grad for p in own):
            part.eval()


def _drop_out(model: Any, rate: float) -> None:
    torch: Any = sys.modules["torch"]
    there = [part for part in model.modules() if isinstance(part, torch.nn.modules.dropout._DropoutNd)]  # noqa: SLF001
    for part in there:
        part.p = rate
    linear = [part for part in model.modules() if isinstance(part, torch.nn.Linear)]
    if there or not linear or rate <= 0:
        return

    def drop(part: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return (torch.nn.functional.dropout(given[0], rate, part.training), *given[1:])

    linear[-1].register_forward_pre_hook(drop)


def groups(model: Any, config: Mapping[str, Any], rate: float) -> list[dict[str, Any]]:
    """Return groups for an optimizer: rates of the pretrained parts and the head, decay of matrices alone."""
    names = _with_weights(model)
    head = names[-1] if names else ""
    slow = config.get("pretrained_learning_rate")
    named = config.get("layers")
    decay = float(config.get("weight_decay") or 0.0)
    of_vectors = float(config.get("weight_decay_of_vectors") or 0.0)
    found: dict[tuple[float, float], list[Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        part = name.rpartition(".")[0]
        is_slow = slow is not None and (any(_is_in(part, one) for one in named) if named else part != head)
        key = (float(slow) if slow is not None and is_slow else rate, decay if parameter.ndim > 1 else of_vectors)
        found.setdefault(key, []).append(parameter)
    return [{"params": held, "lr": own, "weight_decay": own_decay} for (own, own_decay), held in found.items()]
