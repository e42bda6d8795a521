"""The model and its training as a report shows them: plain data, no more than a page of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ShownBlock:
    """Layers that belong together.

    Attributes
    ----------
    name
        As its layers are called: ``"block5"``, ``"layer4.0"``.
    layers
        Number of layers.
    parameters
        Number of weights.
    trained
        Of those, how many train: one number for each stage.
    distance
        How far the weights have moved since the hook began, as a share of their norm: the median of its layers; None
        where it was not recorded.
    update_ratio
        Change in one step over the weight, the median over its layers and the looks of the last stage; None likewise.
    """

    name: str
    layers: int
    parameters: int
    trained: tuple[int, ...] = ()
    distance: float | None = None
    update_ratio: float | None = None


@dataclass(frozen=True)
class ShownModel:
    """What was trained, and what a hook saw of it.

    Attributes
    ----------
    name, framework
        As the program calls it.
    facts
        Name and value of what is known of it: its loss, optimizer, inputs, outputs, parameters.
    stages
        What began each stage of its training, in words, after the epoch at which it began.
    blocks
        In forward order; ``left_out`` counts those beyond what a page holds.
    recorded
        Name and value of what a hook recorded: steps, looks, counters that are no zero.
    happenings
        What the hook itself could not do, or did.
    """

    name: str
    framework: str
    facts: tuple[tuple[str, str], ...] = ()
    stages: tuple[str, ...] = ()
    blocks: tuple[ShownBlock, ...] = ()
    left_out: int = 0
    recorded: tuple[tuple[str, str], ...] = ()
    happenings: tuple[str, ...] = ()
