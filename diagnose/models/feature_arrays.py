"""Features as arrays: collected batch by batch, bounded in width, and of the raw input itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.models.block_parts import ModelBlock
from diagnose.models.block_statistics import BatchNormShift
from diagnose.models.block_taps import Tap
from diagnose.models.predictor import Array

Singles = npt.NDArray[np.float32]

WIDEST = 2_048
"""Numbers that are kept of a row and depth; more are projected at random to as many, which keeps distances to 3 %
(1 / √2048 = 0.02, Johnson & Lindenstrauss 1984; signs and places as of Charikar, Chen & Farach-Colton 2002)."""
GRID = 8
"""Side of the grid that an image is averaged over as the input's own features, and segments of a sequence."""
MASKS = ("attention_mask", "padding_mask", "mask")
"""Names under which a batch says which tokens count."""
INPUTS = ("pixel_values", "input_values", "input_features", "inputs_embeds", "input_ids", "token_ids", "x", "inputs")
"""Names of the input itself among the parts of a batch."""


@dataclass(frozen=True, eq=False)
class Passed:
    """What a pass has found.

    Attributes
    ----------
    blocks
        In forward order.
    features
        Shape ``(n, d)`` each, by block, of those that have features.
    words
        How each was pooled.
    batch_norms
        By layer.
    seconds
        That the model took.
    """

    blocks: tuple[ModelBlock, ...]
    features: Mapping[str, Singles]
    words: Mapping[str, str]
    batch_norms: tuple[BatchNormShift, ...]
    seconds: float


@dataclass
class Pooled:
    """Features by block, batch after batch."""

    _parts: dict[str, list[Singles]] = field(default_factory=dict)
    _widths: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, features: Array) -> None:
        """Take those of one batch, shape ``(b, d)``; wide ones are narrowed."""
        self._widths[name] = features.shape[1]
        self._parts.setdefault(name, []).append(narrowed(features))

    def arrays(self, names: Iterable[str]) -> dict[str, Singles]:
        """Return all of them by block, in the order of the names."""
        return {name: np.concatenate(self._parts[name]) for name in names if name in self._parts}

    def words(self, taps: Mapping[str, Tap]) -> dict[str, str]:
        """Say how each was pooled."""
        return {name: tap.words + self._projection(name) for name, tap in taps.items()}

    def _projection(self, name: str) -> str:
        width = self._widths.get(name, 0)
        return f", {width:,} numbers projected to {WIDEST:,}" if width > WIDEST else ""


def narrowed(features: Array) -> Singles:
    """Return at most `WIDEST` numbers a row, always projected in the same way."""
    flat = np.asarray(features, np.float32).reshape(len(features), -1)
    width = flat.shape[1]
    if width <= WIDEST:
        return flat
    rng = np.random.default_rng(width)
    places = np.sort(rng.integers(0, WIDEST, width))
    mixed = flat[:, rng.permutation(width)] * rng.choice(np.array([-1.0, 1.0], np.float32), width)
    found = np.zeros((len(flat), WIDEST), np.float32)
    kept, starts = np.unique(places, return_index=True)
    found[:, kept] = np.add.reduceat(mixed, starts, axis=1)
    return found


def mask_of(batch: Any) -> Array | None:
    """Return which tokens of a batch count, shape ``(b, tokens)``; None where it does not say."""
    if not isinstance(batch, Mapping):
        return None
    found = next((np.asarray(batch[name]) for name in MASKS if name in batch), None)
    return found if found is not None and found.ndim == 2 else None


def input_of(batch: Any) -> Any:
    """Return the input itself among the parts of a batch."""
    if isinstance(batch, Mapping):
        return next((batch[name] for name in INPUTS if name in batch), next(iter(batch.values())))
    return batch[0] if isinstance(batch, (tuple, list)) else batch


def raw_features(batch: Any, *, channels_last: bool) -> Singles:
    """Return a batch's own features, shape ``(b, d)``: what a probe finds without any model.

    Images are averaged over a grid of 8 × 8, sequences over 8 segments, tokens are counted (in 2,048 places), and
    numbers are what they are.
    """
    given = np.asarray(input_of(batch))
    if given.dtype.kind in "iu" and given.ndim == 2 and given.dtype != np.uint8:
        return _counted(given, mask_of(batch))
    whole = given.astype(np.float32, copy=False)
    if whole.ndim < 3:
        return narrowed(whole.reshape(len(whole), -1))
    is_last = channels_last or (whole.ndim > 3 and whole.shape[1] not in (1, 3, 4) and whole.shape[-1] in (1, 3, 4))
    axes = range(1, whole.ndim - 1) if is_last or whole.ndim == 3 else range(2, whole.ndim)
    for axis in axes:
        whole = _averaged(whole, axis)
    return narrowed(whole)


def _averaged(whole: Array, axis: int) -> Array:
    side = whole.shape[axis]
    if side <= GRID:
        return whole
    starts = np.arange(GRID) * side // GRID
    sizes = np.diff(np.append(starts, side)).astype(np.float32)
    shape = [1] * whole.ndim
    shape[axis] = GRID
    return np.asarray(np.add.reduceat(whole, starts, axis=axis) / sizes.reshape(shape))


def _counted(tokens: Array, mask: Array | None) -> Singles:
    """Return shares of tokens, by a hash of their number where there are more than `WIDEST`."""
    places = (tokens.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)) % np.uint64(WIDEST)
    weights = np.ones(tokens.shape, np.float32) if mask is None or mask.shape != tokens.shape else mask
    found = np.zeros((len(tokens), WIDEST), np.float32)
    np.add.at(found, (np.arange(len(tokens))[:, None], places.astype(np.int64)), weights)
    return np.asarray(found / np.maximum(found.sum(1, keepdims=True), 1), np.float32)
