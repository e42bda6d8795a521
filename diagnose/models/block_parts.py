"""Layers put together to blocks: joined, merged and named, whatever the framework."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from diagnose.errors import InputError
from diagnose.model_card import Role

MOST_BLOCKS = 24
"""A curve over more depths is not read, and each costs a probe; the deepest usual backbones have 24 blocks or fewer
(BERT and ViT large), those with more have them in stages."""
MULTIPLYING = (Role.DENSE, Role.CONVOLUTION, Role.RECURRENT, Role.ATTENTION, Role.EMBEDDING)
"""Roles of layers that begin a block of their own; what normalises, rescales or has no weights goes with these."""
SEQUENCED = (Role.CONVOLUTION, Role.RECURRENT, Role.ATTENTION, Role.EMBEDDING)
"""Roles of layers that give places or steps, as far as can be told without running them."""
_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d+)")


@dataclass(frozen=True)
class Part:
    """A layer as the blocks see it.

    Attributes
    ----------
    name
        The path to it, as of `LayerCard`.
    key
        Of the block that it belongs to by its place in the module tree.
    role, parameters, trainable_parameters, is_initial
        As of `LayerCard`.
    has_running_statistics
        Whether it keeps a mean and variance of what it saw in training.
    is_own
        Whether these are weights that a block holds beside its layers (a class token).
    is_structured
        Whether its output has places or steps; None where unknown.
    ends
        Whether the model may be cut behind it, for nothing goes around.
    """

    name: str
    key: str
    role: Role = Role.OTHER
    parameters: int = 0
    trainable_parameters: int = 0
    is_initial: bool | None = None
    has_running_statistics: bool = False
    is_own: bool = False
    is_structured: bool | None = None
    ends: bool = True

    @property
    def begins(self) -> bool:
        """Whether it can stand alone: it has weights that multiply."""
        return self.parameters > 0 and not self.is_own and self.role not in (
            Role.NORMALISATION, Role.BATCH_NORMALISATION, Role.RESCALING
        )  # fmt: skip


@dataclass(frozen=True)
class ModelBlock:
    """A stretch of a model that is frozen or trained as one.

    Attributes
    ----------
    name
        As the user spells it: ``"layer1.0"``, ``"block_13"``, ``"blocks.0–2"`` where several were merged.
    layers
        Names of its layers in forward order, as of `LayerCard`.
    parameters, trainable_parameters
        Number of weights, and of those that get a gradient.
    is_head
        Whether it comes behind the pooled features: the last layers, which a new task replaces.
    is_output
        Whether it gives the model's answer.
    has_running_statistics
        Whether it holds normalisation with running statistics.
    is_initial
        Whether its weights look as freshly initialised, never trained; None where that can't be told.
    paths
        How code names it. PyTorch: paths of modules (or of single weights, such as ``"cls_token"``) that hold these
        layers and no others; a weight belongs to the block if its name is a path or begins with one and a dot. Keras:
        names of the layers that hold weights, ``"vgg16/block5_conv1"`` within a nested model.
    """

    name: str
    layers: tuple[str, ...]
    parameters: int
    trainable_parameters: int
    is_head: bool
    is_output: bool
    has_running_statistics: bool
    is_initial: bool | None
    paths: tuple[str, ...]

    @property
    def is_trainable(self) -> bool:
        """Whether any of its weights gets a gradient."""
        return self.trainable_parameters > 0


@dataclass(frozen=True)
class Unit:
    """Parts that stay together, and a name."""

    name: str
    parts: tuple[Part, ...]
    is_chosen: bool = False

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(part.parameters for part in self.parts)

    @property
    def is_trainable(self) -> bool:
        """Whether any of its weights gets a gradient."""
        return any(part.trainable_parameters for part in self.parts)


def blocks_from(
    parts: Sequence[Part],
    separator: str,
    chosen: Sequence[str] | None,
    paths: Callable[[tuple[Part, ...]], tuple[str, ...]],
) -> tuple[ModelBlock, ...]:
    """Return the blocks of a model.

    Parameters
    ----------
    parts
        Its layers in forward order.
    separator
        Of the names of merged blocks: ``"."`` or ``"/"``.
    chosen
        Names or prefixes that the user wants to be blocks; None for those of the module tree.
    paths
        From a block's parts to how code names it.

    Raises
    ------
    InputError
        The model has no weights, or a chosen block no layers.
    """
    if not any(part.parameters for part in parts):
        raise InputError("the model has no layers with weights, so that nothing of it can be frozen; a Keras model has "
                         "them once it is built: call it on a batch")  # fmt: skip
    found = _whole(_joined([Unit(key, tuple(members)) for key, members in groupby(parts, lambda part: part.key)]))
    merged = _short(found, separator)
    found = merged if chosen is None else _short(_chosen(found, merged, parts, chosen), separator)
    first = _first_of_head(found)
    names = _distinct([unit.name for unit in found])
    return tuple(
        _block(replace(unit, name=name), at >= first, at == len(found) - 1, paths)
        for at, (unit, name) in enumerate(zip(found, names, strict=True))
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """Tell blocks apart whose name comes back after another's."""
    seen = Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def _joined(units: Sequence[Unit]) -> list[Unit]:
    """Put what cannot stand alone to the block before it; at the very beginning, to the one behind."""
    found: list[Unit] = []
    waiting: tuple[Part, ...] = ()
    for unit in units:
        if not any(part.begins for part in unit.parts):
            if found:
                found[-1] = replace(found[-1], parts=found[-1].parts + unit.parts)
            else:
                waiting += unit.parts
            continue
        if found and found[-1].name == unit.name:
            found[-1] = replace(found[-1], parts=found[-1].parts + unit.parts)
            continue
        found.append(replace(unit, parts=waiting + unit.parts))
        waiting = ()
    return found or [Unit(units[0].name, waiting)]


def _whole(units: list[Unit]) -> list[Unit]:
    """Join units between which something goes around, where the model has enough places without."""
    found: list[Unit] = []
    for unit in units:
        if found and not found[-1].parts[-1].ends:
            found[-1] = Unit(range_name(found[-1].name, unit.name, "/"), found[-1].parts + unit.parts)
        else:
            found.append(unit)
    return found if len(found) >= min(len(units), 5) else units


def _short(units: list[Unit], separator: str) -> list[Unit]:
    """Merge what is in front of the head until there are few blocks."""
    head = _first_of_head(units)
    return _merged(units[:head], separator, MOST_BLOCKS - min(len(units) - head, 4)) + units[head:]


def _chosen(units: list[Unit], merged: list[Unit], parts: Sequence[Part], chosen: Sequence[str]) -> list[Unit]:
    """Return the blocks that the user names; what none of the names covers stays as it was found."""
    wanted = {name: {part.name for part in parts if is_within(part.name, name)} for name in chosen}
    wanted |= {unit.name: {part.name for part in unit.parts} for unit in (*merged, *units) if unit.name in chosen}
    lacking = [name for name in chosen if not wanted[name]]
    if lacking:
        raise InputError(f"blocks={list(chosen)!r}: no layers of {lacking[0]!r}; the model has the blocks "
                         f"{', '.join(unit.name for unit in merged)}; give some of these, or prefixes of the names of "
                         "layers")  # fmt: skip
    by_length = sorted(chosen, key=len, reverse=True)
    automatic = {part.name: unit.name for unit in units for part in unit.parts}
    owner = [next((name for name in by_length if part.name in wanted[name]), "") for part in parts]
    named = [(name or automatic[part.name], bool(name), part) for name, part in zip(owner, parts, strict=True)]
    grouped = groupby(named, key=lambda item: item[:2])
    found = [Unit(name, tuple(item[2] for item in members), own) for (name, own), members in grouped]
    return _joined_unless_chosen(found)


def _joined_unless_chosen(units: list[Unit]) -> list[Unit]:
    found: list[Unit] = []
    for unit in units:
        if found and not unit.is_chosen and not any(part.begins for part in unit.parts):
            found[-1] = replace(found[-1], parts=found[-1].parts + unit.parts)
        else:
            found.append(unit)
    return found


def is_within(layer: str, block: str) -> bool:
    """Whether a layer belongs to a block by its name: the same, within the module, or of the same flat prefix."""
    return layer == block or layer.startswith((f"{block}.", f"{block}/", f"{block}_"))


def _first_of_head(units: Sequence[Unit]) -> int:
    """Return where the head begins: behind the last unit with places or steps; the last unit is always of it."""
    told = [_is_structured(unit) for unit in units]
    if any(told):
        last = max(at for at, is_structured in enumerate(told) if is_structured)
        return min(last + 1, len(units) - 1)
    return len(units) - 1


def _is_structured(unit: Unit) -> bool:
    seen = [part.is_structured for part in unit.parts if part.parameters and part.is_structured is not None]
    if seen:
        return any(seen)
    begun = [part for part in unit.parts if part.begins]
    return any(part.role in SEQUENCED for part in begun) or len(begun) > 2


def _merged(units: list[Unit], separator: str, most: int) -> list[Unit]:
    """Merge neighbours, the smallest first, within one parent before across, across frozen and trained only at last."""
    found = list(units)
    while len(found) > most:
        pairs = [at for at in range(len(found) - 1) if not (found[at].is_chosen or found[at + 1].is_chosen)]
        if not pairs:
            break

        def cost(at: int) -> tuple[bool, bool, int]:
            one, other = found[at], found[at + 1]
            size = one.parameters + other.parameters
            return one.is_trainable != other.is_trainable, not _are_siblings(one.name, other.name), size

        at = min(pairs, key=cost)
        name = range_name(found[at].name, found[at + 1].name, separator)
        found[at : at + 2] = [Unit(name, found[at].parts + found[at + 1].parts)]
    return found


def _are_siblings(one: str, other: str) -> bool:
    return _stem(one.partition("–")[0]) == _stem(other.partition("–")[0])


def _stem(name: str) -> str:
    numbered = _NUMBERED.fullmatch(name)
    return numbered["stem"] if numbered else name


def range_name(first: str, last: str, separator: str = ".") -> str:
    """Return the name of two neighbouring blocks in one.

    Examples
    --------
    >>> range_name("blocks.0–1", "blocks.2"), range_name("block_1", "block_2"), range_name("conv1", "layer1.0–1")
    ('blocks.0–2', 'block_1–2', 'conv1–layer1.1')
    """
    begin, end = first.partition("–")[0], last
    if "–" in last:
        start, _, tail = last.partition("–")
        end = tail if not tail.isdecimal() else _stem(start) + tail
    one, other = _NUMBERED.fullmatch(begin), _NUMBERED.fullmatch(end)
    if one and other and one["stem"] == other["stem"] and one["stem"].rstrip(separator):
        return f"{begin}–{other['number']}"
    return f"{begin}–{end}"


def _block(
    unit: Unit, is_head: bool, is_output: bool, paths: Callable[[tuple[Part, ...]], tuple[str, ...]]
) -> ModelBlock:
    told = [part.is_initial for part in unit.parts if part.parameters and part.is_initial is not None]
    return ModelBlock(
        name=unit.name,
        layers=tuple(part.name for part in unit.parts),
        parameters=unit.parameters,
        trainable_parameters=sum(part.trainable_parameters for part in unit.parts),
        is_head=is_head,
        is_output=is_output,
        has_running_statistics=any(part.has_running_statistics for part in unit.parts),
        is_initial=all(told) if told else None,
        paths=paths(unit.parts),
    )


def in_order(parts: Sequence[Part], order: Sequence[str]) -> list[Part]:
    """Return parts in the order in which they ran.

    One that did not run stays behind the one that it is defined after; blocks of which nothing ran come first.
    """
    place = {name: at for at, name in enumerate(order)}
    ran = {part.key for part in parts if part.name in place}
    before = 0.0
    ranks: dict[str, float] = {}
    for part in parts:
        if part.parameters and part.key not in ran and not part.is_own:
            ranks[part.name] = -1.0
            continue
        before = ranks[part.name] = float(place[part.name]) if part.name in place else before + 1e-6
    return sorted(parts, key=lambda part: ranks[part.name])


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without repeats, in order."""
    return tuple(dict.fromkeys(names))
