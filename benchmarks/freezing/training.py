"""One training at one depth: the first share of the blocks stays as it was shipped, the rest and a new head are tuned.

The recipe is one for all depths, backbones and data: the linear head first, on the features as they are (Kumar et al.
2022, "Fine-tuning can distort pretrained features"), then head and tuned blocks together, as programmes in two phases
do. AdamW, a cosine to nothing, batches of 16, a fixed number of epochs, no augmentation. Normalisation is in evaluation
mode where frozen and in training mode where tuned. The head sees features scaled by the training rows' mean and
deviation before tuning, so that its learning rate means the same for every backbone.

The frozen part runs once over the rows; its outputs are kept, so that deep freezing costs little.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from backbones import Backbone, State
from rows import SHUFFLE, Labelled
from torch import nn
from torch.nn import functional

RECIPE = "head 30 epochs 3e-3, all 12 epochs 1e-3 and the backbone's rate, AdamW 1e-2, cosine, batches of 16"
HEAD_EPOCHS, EPOCHS, BATCH = 30, 12, 16
HEAD_RATE, HEAD_RATE_LATER, DECAY = 3e-3, 1e-3, 1e-2
VALIDATION = 1000
"""Rows that validate, or 70 % of the rows where there are not enough for that."""


@dataclass(frozen=True)
class Split:
    """Row numbers that train (drawn by a seed) and that validate (the same for every seed), and the training labels."""

    train: np.ndarray
    val: np.ndarray
    labels: np.ndarray


@dataclass
class Kept:
    """Validation rows' activations at cuts, kept between trainings of one pair."""

    val: dict[int, State] = field(default_factory=dict)


def split(data: Labelled, rows: int, seed: int) -> Split:
    """Draw the training rows by seed, equally many of each class where there are as many; validation never changes."""
    shuffled = np.random.default_rng(SHUFFLE).permutation(len(data.labels))
    n_val = min(VALIDATION, max(len(shuffled) * 7 // 10, len(shuffled) - 2000), len(shuffled) - rows)
    val, pool = shuffled[:n_val], shuffled[n_val:]
    draw = np.random.default_rng([SHUFFLE, seed])
    pool = draw.permutation(pool)
    rank = np.empty(len(pool), dtype=np.int64)  # the how-manieth of its class a row is
    for k in range(data.classes):
        mine = data.labels[pool] == k
        rank[mine] = np.arange(mine.sum())
    train = draw.permutation(pool[np.argsort(rank, kind="stable")[:rows]])
    labels = data.labels[train].copy()
    wrong = draw.permutation(rows)[: round(data.wrong * rows)]
    labels[wrong] = (labels[wrong] + draw.integers(1, data.classes, len(wrong))) % data.classes
    return Split(train, val, labels)


def cut_at(backbone: Backbone, depth: float) -> int:
    """Return how many blocks are frozen: the share rounded half up."""
    return int(depth * len(backbone.blocks) + 0.5)


def trained(  # noqa: PLR0913, PLR0917  one training is these six
    backbone: Backbone, data: Labelled, drawn: Split, depth: float, seed: int, kept: Kept
) -> np.ndarray:
    """Train at one depth and return which validation rows are right, (n,) of bool.

    Parameters
    ----------
    backbone : Backbone
        Is not changed: the tuned part is a copy.
    data : Labelled
        All rows.
    drawn : Split
        Which of them train and validate.
    depth : float
        Share of the blocks that stays frozen, 0 to 1.
    seed : int
        Of the order of the rows and of dropout.
    kept : Kept
        Activations of earlier trainings of the same pair; new ones are added.
    """
    torch.manual_seed(seed)
    cut, n = cut_at(backbone, depth), len(backbone.blocks)
    labels = torch.from_numpy(drawn.labels)
    state = run(backbone, backbone.prepare(data.take(drawn.train)), 0, cut)
    if cut not in kept.val:
        kept.val[cut] = run(backbone, backbone.prepare(data.take(drawn.val)), 0, cut)
    pooled = backbone.pooled(run(backbone, state, cut, n))
    mean, deviation = pooled.mean(0), pooled.std(0)
    deviation = deviation.clamp_min(max(1e-6, 1e-3 * float(deviation.max())))
    scaled = (pooled - mean) / deviation
    order = np.random.default_rng([seed, 1])
    head = first_head(scaled, labels, data.classes, order)
    tuned = copy.copy(backbone)
    tuned.blocks = copy.deepcopy(backbone.blocks)
    for block in tuned.blocks[cut:]:
        block.train()

    def scores(part: State) -> torch.Tensor:
        out: torch.Tensor = head((tuned.pooled(tuned.through(part, cut, n)) - mean) / deviation)
        return out

    groups = [{"params": head.parameters(), "lr": HEAD_RATE_LATER}]
    if cut < n:
        groups.append({"params": tuned.blocks[cut:].parameters(), "lr": backbone.rate})
    fit(groups, lambda at: scores(some(state, at)) if cut < n else head(scaled[at]), labels, EPOCHS, order)
    tuned.blocks.eval()
    val = kept.val[cut]
    with torch.no_grad():
        guessed = torch.cat([scores(some(val, at)).argmax(1) for at in hundreds(len(val[0]))])
    right: np.ndarray = guessed.numpy() == data.labels[drawn.val]
    return right


def first_head(scaled: torch.Tensor, labels: torch.Tensor, classes: int, order: np.random.Generator) -> nn.Linear:
    """Return a linear head that was trained from nothing on features as they are."""
    head = nn.Linear(scaled.shape[1], classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    fit([{"params": head.parameters(), "lr": HEAD_RATE}], lambda at: head(scaled[at]), labels, HEAD_EPOCHS, order)
    return head


def hundreds(n: int) -> list[torch.Tensor]:
    """Return row numbers, a hundred at a time."""
    return [torch.arange(start, min(start + 100, n)) for start in range(0, n, 100)]


def fit(
    groups: list[dict[str, Any]],
    scores: Callable[[Any], Any],
    labels: torch.Tensor,
    epochs: int,
    order: np.random.Generator,
) -> None:
    """Minimise the cross-entropy: AdamW over the groups, a cosine over all steps."""
    optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
    per_epoch = max(1, round(len(labels) / BATCH))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * per_epoch)
    for _ in range(epochs):
        for at in np.array_split(order.permutation(len(labels)), per_epoch):
            rows = torch.from_numpy(at)
            loss: Any = functional.cross_entropy(scores(rows), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def some(state: State, at: torch.Tensor) -> State:
    """Return some rows of activations."""
    x, padding = state
    return x[at], None if padding is None else padding[at]


def run(backbone: Backbone, state: State, start: int, stop: int) -> State:
    """Run blocks in evaluation mode over all rows, 100 at a time."""
    with torch.no_grad():
        parts = [backbone.through(some(state, at), start, stop)[0] for at in hundreds(len(state[0]))]
    return torch.cat(parts), state[1]
