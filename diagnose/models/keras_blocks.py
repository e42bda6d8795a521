"""Blocks of a Keras model: by the names of its layers, the layers and models that hold others, and where it narrows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diagnose.block_names import block_of
from diagnose.model_card import Role
from diagnose.models.block_parts import ModelBlock, Part, blocks_from, in_order
from diagnose.models.keras_card_initial import looks_initial
from diagnose.models.keras_card_layers import blocks as models_within
from diagnose.models.keras_card_layers import children, is_model, leaves, role_of, shape_of, size


def keras_blocks(
    model: Any,
    chosen: Sequence[str] | None = None,
    order: Sequence[str] = (),
    structured: Mapping[str, bool] | None = None,
) -> tuple[ModelBlock, ...]:
    """Return the blocks of a Keras model; parameters as of `torch_blocks`."""
    whole = tuple(_composites(model, ""))
    ends = dict(_ends(model))
    trainable = {id(variable) for variable in model.trainable_variables}
    known = structured or {}
    parts = []
    for leaf in leaves(model):
        key = next((path for path in whole if leaf.name == path or leaf.name.startswith(f"{path}/")), "")
        shape = _shape(leaf.layer)
        parts.append(
            Part(
                name=leaf.name,
                key=key or block_of(leaf.name),
                role=role_of(leaf.layer),
                parameters=sum(map(size, leaf.weights)),
                trainable_parameters=sum(size(v) for v in leaf.weights if id(v) in trainable),
                is_initial=looks_initial(leaf.layer, leaf.weights, leaf.statistics),
                has_running_statistics=has_statistics(leaf.layer),
                is_own=bool(children(leaf.layer)) and not key,
                is_structured=known.get(leaf.name, None if shape is None else len(shape) > 1),
                ends=ends.get(leaf.name, True),
            )
        )
    parts = in_order(parts, order) if order else parts
    parts = [part for part in parts if part.role is not Role.INPUT] or parts
    return blocks_from(parts, "/", chosen, lambda found: tuple(part.name for part in found if part.parameters))


def has_statistics(layer: Any) -> bool:
    """Whether a layer normalises by a mean and a variance that it keeps of its training batches."""
    return getattr(layer, "moving_mean", None) is not None and getattr(layer, "moving_variance", None) is not None


def _composites(parent: Any, prefix: str) -> Iterator[str]:
    """Yield the paths of layers that are made of layers, and are no models: the user's own blocks."""
    for layer in children(parent):
        if is_model(layer):
            yield from _composites(layer, f"{prefix}{layer.name}/")
        elif children(layer):
            yield f"{prefix}{layer.name}"


def _shape(layer: Any) -> tuple[int | None, ...] | None:
    node = next(iter(getattr(layer, "_inbound_nodes", ())), None)
    tensors = list(getattr(node, "output_tensors", ()))
    return shape_of(getattr(tensors[0], "shape", None)) if tensors else None


def _ends(model: Any) -> Iterator[tuple[str, bool]]:
    """Yield for the layers of functional models whether all that comes later goes through the layer's own output."""
    for path, inside in models_within(model):
        graph = getattr(inside, "_functional", None) or inside
        layers = list(getattr(graph, "layers", ()))
        if not hasattr(graph, "_run_through_graph"):
            continue
        place = {id(layer): at for at, layer in enumerate(layers)}
        reach: dict[int, int] = {}
        for at, layer in enumerate(layers):
            for node in layer._inbound_nodes[:1]:  # noqa: SLF001  where the graph is kept
                for tensor in node.input_tensors:
                    source = place.get(id(tensor._keras_history.operation))  # noqa: SLF001
                    if source is not None:
                        reach[source] = max(reach.get(source, source), at)
        farthest = -1
        for at, layer in enumerate(layers):
            yield (f"{path}/" if path else "") + layer.name, farthest <= at
            farthest = max(farthest, reach.get(at, at))
