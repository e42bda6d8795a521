"""How far each block has moved from its pretrained state: in what it says of the same rows, and in its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.models.block_features import MOST_ROWS, BlockFeatures, block_features
from diagnose.models.block_parts import ModelBlock
from diagnose.models.block_rows import Rows, rows_of
from diagnose.models.feature_arrays import Singles
from diagnose.models.keras_card_layers import leaves as keras_leaves
from diagnose.models.model_blocks import blocks_of_model, framework_of
from diagnose.models.predictor import Array
from diagnose.models.pretrained_states import fitting, pretrained_model
from diagnose.models.torch_blocks import opened

LEAST_ROWS = 4
"""The unbiased estimate divides by n (n - 3)."""
LACKING = "the pretrained state of the model is not at hand"
SETTLE = "give the weights that training began with: --pretrained FILE, or a function that returns the model as it was"


@dataclass(frozen=True)
class BlockDrift:
    """One block now against its pretrained state.

    Attributes
    ----------
    name
        Of the block, or ``"input"``.
    cka
        Linear centred kernel alignment of its features, 0 to 1: 1 where they are the same but for rotation and scale.
    cka_unbiased
        The same without the bias that grows with width over rows; may be slightly negative.
    distance
        Frobenius norm of the difference of centred features over that of the pretrained ones; 0 where nothing moved.
    weights
        Euclidean distance of its weights over the norm of the pretrained ones; None where they are not known.
    """

    name: str
    cka: float
    cka_unbiased: float
    distance: float
    weights: float | None = None


def linear_cka(first: Singles, second: Singles, *, is_unbiased: bool = False) -> float:
    """Linear centred kernel alignment of two representations of the same rows.

    Parameters
    ----------
    first, second
        Shape ``(n, d)`` and ``(n, e)``.
    is_unbiased
        Whether HSIC is estimated without bias (Song et al. 2012, eq. 5), as for few rows of wide features.

    References
    ----------
    Kornblith et al. (2019), Similarity of Neural Network Representations Revisited, eq. 4

    Examples
    --------
    >>> x = np.array([[0, 0], [1, 0], [0, 1], [2, 1], [1, 3]], np.float32)
    >>> round(linear_cka(x, 3 * x[:, ::-1] + 7), 6), round(linear_cka(x, x[::-1]), 2)
    (1.0, 0.76)
    """
    x, y = _centred(first), _centred(second)
    if is_unbiased:
        grams = _hollow(x), _hollow(y)
        cross, one, other = (_hsic(grams[i], grams[j]) for i, j in ((0, 1), (0, 0), (1, 1)))
        return float(cross / math.sqrt(one * other)) if one > 0 and other > 0 else math.nan
    if len(x) < max(x.shape[1], y.shape[1]):
        k, m = x @ x.T, y @ y.T
        cross, norms = float((k * m).sum()), float(np.linalg.norm(k) * np.linalg.norm(m))
    else:
        cross = float(np.linalg.norm(x.T @ y) ** 2)
        norms = float(np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))
    return min(1.0, cross / norms) if norms > 0 else math.nan


def relative_distance(before: Singles, now: Singles) -> float:
    """Return the Frobenius norm of the difference of centred features over that of the earlier ones.

    Examples
    --------
    >>> x = np.array([[0.0], [2.0]], np.float32)
    >>> relative_distance(x, 1.5 * x)
    0.5
    """
    x, y = _centred(before), _centred(now)
    norm = float(np.linalg.norm(x))
    return float(np.linalg.norm(y - x)) / norm if norm > 0 else math.nan


def feature_drift(
    before: BlockFeatures, now: BlockFeatures, weights: Mapping[str, float] | None = None
) -> tuple[BlockDrift, ...]:
    """Compare the features of two states of a model at the depths that both have, in the order of ``now``.

    Parameters
    ----------
    before, now
        Of the same rows.
    weights
        Distance of weights by block, where it is known.

    Raises
    ------
    InputError
        They are of other rows, or of models without a block in common.
    """
    if len(before.rows) != len(now.rows) or not np.array_equal(before.rows, now.rows):
        raise InputError("drift: the features are of different rows; pass the same rows through both states of the "
                         "model: the same data, seed and most_rows")  # fmt: skip
    common = [name for name in now.names if name in before.names and _fit(before.at(name), now.at(name))]
    if not any(name != "input" for name in common):
        raise InputError(f"drift: no block in common: {', '.join(before.names)} against {', '.join(now.names)}")
    known = weights or {}
    return tuple(_compared(name, before.at(name), now.at(name), known.get(name)) for name in common)


def drift(  # noqa: PLR0913
    model: Any,
    pretrained: Any,
    data: Any,
    *,
    blocks: Sequence[str] | None = None,
    most_rows: int = MOST_ROWS,
    seed: int = 0,
    now: BlockFeatures | None = None,
    name: SplitName = "train",
) -> tuple[BlockDrift, ...]:
    """Return how far each block of a model has drifted from its pretrained state.

    Parameters
    ----------
    model
        As it is now; it is not changed.
    pretrained
        As it was: a model of the same blocks, a function that returns one, a state dict, the list of a Keras model's
        weights (`get_weights`), or a file of weights. A state dict may lack layers (a new head), which keep what they
        have.
    data, blocks, most_rows, seed, name
        As for `block_features`; or the `Rows` of an earlier call.
    now
        The model's own features, where they are there already, of the same data, seed and rows.

    Raises
    ------
    NotEnoughEvidence
        No pretrained state was given; the error says what to give.
    InputError
        It is of another model.
    """
    if pretrained is None:
        raise NotEnoughEvidence(LACKING, SETTLE)
    rows = data if isinstance(data, Rows) else rows_of(data, most_rows, seed, name=name)
    after = now or block_features(model, rows, blocks=blocks)
    other = pretrained_model(model, pretrained)
    before = block_features(other, rows, blocks=blocks)
    return feature_drift(before, after, weight_drift(model, other, after.blocks))


def weight_drift(model: Any, pretrained: Any, blocks: Sequence[ModelBlock] | None = None) -> dict[str, float]:
    """Return by block the distance of its weights from their pretrained values, over these values' norm.

    Parameters
    ----------
    model
        As it is now.
    pretrained
        A model as it was, or a state dict (PyTorch).
    blocks
        Of the model; found where None.

    Returns
    -------
    dict
        Of the blocks that have weights in both; running statistics are no weights.
    """
    known = blocks if blocks is not None else blocks_of_model(model)
    after, before = _weights(model), pretrained if isinstance(pretrained, Mapping) else _weights(pretrained)
    both = fitting({name: tuple(value.shape) for name, value in after.items()}, before)
    found = {}
    for block in known:
        names = [n for n in both if n in after and any(_holds(path, n) for path in block.paths)]
        squares = [_squares(_plain(after[name]), _plain(both[name])) for name in names]
        norm = math.fsum(square for _, square in squares)
        if norm > 0:
            found[block.name] = math.sqrt(math.fsum(moved for moved, _ in squares) / norm)
    return found


def _squares(after: Array, before: Array) -> tuple[float, float]:
    return float(((after - before) ** 2).sum()), float((before**2).sum())


def _holds(path: str, weight: str) -> bool:
    return weight == path or weight.startswith((f"{path}.", f"{path}/"))


def _weights(model: Any) -> dict[str, Any]:
    if framework_of(model) == "keras":
        return {f"{leaf.name}/{at}": v for leaf in keras_leaves(model) for at, v in enumerate(leaf.weights)}
    return dict(opened(model).named_parameters())


def _plain(value: Any) -> Array:
    inner = getattr(value, "value", value) if not hasattr(value, "detach") else value
    told = inner.detach().cpu().double().numpy() if hasattr(inner, "detach") else inner
    return np.asarray(told, np.float64)


def _fit(before: Singles, now: Singles) -> bool:
    return before.shape == now.shape


def _compared(name: str, before: Singles, now: Singles, weights: float | None) -> BlockDrift:
    unbiased = linear_cka(before, now, is_unbiased=True) if len(before) >= LEAST_ROWS else math.nan
    return BlockDrift(name, linear_cka(before, now), unbiased, relative_distance(before, now), weights)


def _centred(features: Singles) -> Array:
    whole = np.asarray(features, np.float64)
    return np.asarray(whole - whole.mean(0))


def _hollow(centred: Array) -> Array:
    gram: Array = centred @ centred.T
    np.fill_diagonal(gram, 0)
    return gram


def _hsic(k: Array, m: Array) -> float:
    """Unbiased Hilbert-Schmidt independence criterion of two kernel matrices with empty diagonals."""
    n = len(k)
    sums = float(k.sum() * m.sum()) / ((n - 1) * (n - 2))
    crossed = 2 * float(k.sum(0) @ m.sum(0)) / (n - 2)
    return (float((k * m).sum()) + sums - crossed) / (n * (n - 3))
