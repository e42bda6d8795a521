"""Blocks of a PyTorch model, by its module tree: items of lists, stages opened, what is small and named left whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from diagnose.errors import InputError
from diagnose.model_card import Role
from diagnose.models.block_parts import ModelBlock, Part, blocks_from, in_order, unique
from diagnose.models.torch_initial import looks_initial
from diagnose.models.torch_layers import inner, leaves, role_of

HALF = 0.5
"""A module with more than this share of the model's layers is a backbone or a wrapper, and is opened."""
LEAST_LAYERS = 2
"""An item of a stage has at least two layers that multiply; one alone is part of a block."""
_BUSY = (Role.DENSE, Role.CONVOLUTION, Role.RECURRENT, Role.ATTENTION)


def torch_blocks(
    model: Any,
    chosen: Sequence[str] | None = None,
    order: Sequence[str] = (),
    structured: Mapping[str, bool] | None = None,
) -> tuple[ModelBlock, ...]:
    """Return the blocks of a module.

    Parameters
    ----------
    model
        The module; of a wrapper (data-parallel, compiled) the one inside.
    chosen
        Names or prefixes of the user's own blocks.
    order, structured
        Names of layers as they came in a forward pass, and whether their outputs have places or steps; known once the
        model has run.
    """
    model = opened(model)
    cuts = tuple(_cuts(model))
    known = structured or {}
    found = [_part(leaf, cuts, known.get(leaf.name)) for leaf in leaves(model)]
    found = in_order(found, order) if order else found
    weighted = [part.name for part in found if part.parameters]

    def paths(parts: tuple[Part, ...]) -> tuple[str, ...]:
        return _covering([part.name for part in parts if part.parameters], weighted)

    return tuple(_named(block, model) for block in blocks_from(found, ".", chosen, paths))


def opened(model: Any) -> Any:
    """Return the model itself, out of wrappers.

    Raises
    ------
    InputError
        Its layers cannot be told apart, or its weights lie on several machines.
    """
    torch: Any = sys.modules["torch"]
    if type(model).__name__ == "FullyShardedDataParallel":
        raise InputError("model: its weights are sharded (FullyShardedDataParallel), and no process has them all; give "
                         "the module itself, with its weights loaded")  # fmt: skip
    found = inner(model)
    if isinstance(found, torch.jit.ScriptModule):
        raise InputError("model: TorchScript's parts have lost their classes, so that blocks can't be told; give the "
                         "module that it was made of")  # fmt: skip
    return found


def _part(leaf: Any, cuts: Sequence[str], is_structured: bool | None) -> Part:
    key = max((cut for cut in cuts if leaf.name == cut or leaf.name.startswith(f"{cut}.")), key=len, default=leaf.name)
    weights = [weight for _, weight in leaf.weights]
    is_own = bool(weights) and next(leaf.module.children(), None) is not None
    return Part(
        name=leaf.name,
        key=key,
        role=role_of(leaf.module),
        parameters=sum(weight.numel() for weight in weights),
        trainable_parameters=sum(weight.numel() for weight in weights if weight.requires_grad),
        is_initial=None if is_own else looks_initial(leaf.module, leaf.weights),
        has_running_statistics=has_statistics(leaf.module),
        is_own=is_own and key == leaf.name,
        is_structured=is_structured,
    )


def has_statistics(module: Any) -> bool:
    """Whether a module normalises by a mean and a variance that it keeps."""
    return getattr(module, "running_mean", None) is not None and getattr(module, "running_var", None) is not None


def _cuts(model: Any) -> Iterator[str]:
    """Yield the paths of modules that are blocks, or parts of blocks, as wholes."""
    total = _busy(model)
    yield from (cut for name, child in model.named_children() for cut in _within(name, child, total, _is_list(model)))


def _within(path: str, module: Any, total: int, is_item: bool) -> Iterator[str]:
    children = list(module.named_children())
    is_opened = _is_stage(module) or any(_is_stage(child) for _, child in children if _is_list(child))
    if not is_item:
        is_list = _is_list(module) and _busy(module) >= LEAST_LAYERS
        is_opened = is_list or _holds_stage(module) or _busy(module) > max(LEAST_LAYERS, HALF * total)
    if not children or not is_opened:
        yield path
        return
    for name, child in children:
        yield from _within(f"{path}.{name}", child, total, _is_list(module))


def _is_list(module: Any) -> bool:
    torch: Any = sys.modules["torch"]
    return type(module) in (torch.nn.Sequential, torch.nn.ModuleList)


def _is_stage(module: Any) -> bool:
    """Whether it is a list of blocks, each of several layers."""
    return _is_list(module) and len(module) > 0 and all(_busy(item) >= LEAST_LAYERS for item in module)


def _holds_stage(module: Any) -> bool:
    return _is_stage(module) or any(_holds_stage(child) for child in module.children() if not _is_list(module))


def _busy(module: Any) -> int:
    return sum(role_of(part) in _BUSY and next(part.children(), None) is None for part in module.modules())


def _covering(wanted: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the shortest paths under which all layers are wanted, in the order of the layers."""
    here, found = set(wanted), []
    for name in wanted:
        pieces = name.split(".")
        shortest = name
        for depth in range(len(pieces) - 1, 0, -1):
            path = ".".join(pieces[:depth])
            if any((other == path or other.startswith(f"{path}.")) and other not in here for other in known):
                break
            shortest = path
        found.append(shortest)
    return unique(found)


def _named(block: ModelBlock, model: Any) -> ModelBlock:
    """Call a block after the list that it is the whole of: ``"block1"``, not ``"block1.0"``."""
    path = block.paths[0] if len(block.paths) == 1 else ""
    if not path or not block.name.startswith(f"{path}."):
        return block
    module = next((part for name, part in model.named_modules() if name == path), None)
    return replace(block, name=path) if module is not None and _is_list(module) and not _is_stage(module) else block
