"""Layers that should move and don't, and layers that shouldn't and do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import RECORD, StageSamples
from diagnose.model_card import Role

LEAST_SAMPLES = 3
"""One sample may fall on a step that was skipped, two on a warm-up's rate of 0 and such a step."""
ROUNDING = 1e-5
"""A hundred roundings of single precision: what moves less did not move."""


@dataclass(frozen=True)
class StageStalls:
    """Of one stage.

    Attributes
    ----------
    epoch, until
        When the stage began and its last sample.
    samples
        Their number.
    cut_off
        Layers that the framework gives a gradient, and none ever arrives though they are called.
    uncalled
        Those that no forward pass went through, while others were seen to be called.
    unmoved
        Layers that get a gradient and are held by the optimizer, and no step moves them.
    moving
        Trained layers that move.
    thawed
        Frozen layers whose weights moved, with how far, relative to their norm.
    rate
        The highest learning rate of the optimizer's groups; None where unknown.
    """

    epoch: float
    until: float
    samples: int
    cut_off: tuple[str, ...]
    uncalled: tuple[str, ...]
    unmoved: tuple[str, ...]
    moving: tuple[str, ...]
    thawed: tuple[tuple[str, float], ...]
    rate: float | None


def layer_stalls(layer_samples: tuple[StageSamples, ...]) -> tuple[StageStalls, ...]:
    """Measure every stage of at least three samples, in order.

    Raises
    ------
    NotEnoughEvidence
        No stage has so many.
    """
    found = tuple(_of(part) for part in layer_samples if part.n >= LEAST_SAMPLES)
    if not found:
        raise NotEnoughEvidence(f"no stage of training was sampled {LEAST_SAMPLES} times", RECORD)
    return found


def _of(part: StageSamples) -> StageStalls:
    updates, gradients, distance = (part.table.of(q) for q in ("update_ratio", "gradient", "distance"))
    cut_off: list[str] = []
    uncalled: list[str] = []
    called = np.asarray(np.isfinite(part.table.of("activation_std")).any(axis=0))
    unmoved: list[str] = []
    moving: list[str] = []
    thawed: list[tuple[str, float]] = []
    for at, card in enumerate(part.cards):
        if card is None or not card.parameters:
            continue
        name, steps, slopes = part.table.layers[at], updates[:, at], gradients[:, at]
        steps, slopes = steps[np.isfinite(steps)], slopes[np.isfinite(slopes)]
        if not card.trainable_parameters:
            away = distance[np.isfinite(distance[:, at]), at]
            moved = float(np.ptp(away)) if len(away) > 1 else 0.0
            if moved > ROUNDING:
                thawed.append((name, moved))
        elif len(steps) >= LEAST_SAMPLES and steps.max() > 0:
            moving.append(name)
        elif len(steps) >= LEAST_SAMPLES and card.optimized_parameters != 0 and card.role is not Role.EMBEDDING:
            # the sampled values of an embedding may belong to tokens that did not come
            reached = len(slopes) and slopes.max() > 0
            (unmoved if reached else cut_off if called[at] or not called.any() else uncalled).append(name)
    optimizer = part.card.optimizer
    rates = [g.learning_rate for g in (optimizer.groups if optimizer else ()) if g.learning_rate is not None]
    return StageStalls(
        part.stage.epoch, float(part.table.epochs[-1]), part.n, tuple(cut_off), tuple(uncalled), tuple(unmoved),
        tuple(moving), tuple(thawed), max(rates, default=None),
    )  # fmt: skip
