"""Features behind every block of a user's model, over the user's data, from one forward pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import SplitName
from diagnose.errors import InputError
from diagnose.models.block_parts import ModelBlock
from diagnose.models.block_rows import Rows, rows_of
from diagnose.models.block_statistics import BatchNormShift
from diagnose.models.feature_arrays import Passed, Singles, raw_features
from diagnose.models.keras_features import keras_features
from diagnose.models.model_blocks import framework_of
from diagnose.models.predictor import Array
from diagnose.models.torch_features import torch_features
from diagnose.randomness import kept_random_states
from diagnose.waiting import watched

INPUT = "input"
"""Name of depth 0: the rows themselves, pooled."""
MOST_ROWS = 2_000
"""Rows of the pass: a probe's error rate of 20 % is then known to ± 1.8 points (95 %, binomial)."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class BlockFeatures:
    """Pooled features by depth, of the same rows.

    Attributes
    ----------
    blocks
        Of the model, in forward order, those of the head included.
    names
        Of the depths that have features: ``"input"``, then blocks. The block that gives the answer has none.
    features
        For each depth, shape ``(n, d)``, float32, d up to 2,048.
    pooled
        For each depth, how.
    labels
        Shape ``(n,)``: as the data give them, or codes into ``classes``; None where there are none.
    classes
        Names of the classes, where they are known.
    rows
        Shape ``(n,)``: numbers of the rows in the data.
    of
        Rows of the data; None where a stream was left before its end.
    seconds
        Of the whole pass; ``model_seconds`` are those of the model with what was taken of it.
    batch_norms
        Of each layer with running statistics, these against the data's own.
    notes
        What a reader of a report should know.
    """

    blocks: tuple[ModelBlock, ...]
    names: tuple[str, ...]
    features: tuple[Singles, ...]
    pooled: tuple[str, ...]
    labels: Array | None
    classes: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    of: int | None
    seconds: float
    model_seconds: float
    batch_norms: tuple[BatchNormShift, ...]
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Rows that were passed."""
        return len(self.rows)

    def at(self, name: str) -> Singles:
        """Return the features of one depth.

        Raises
        ------
        KeyError
            There is no depth of that name.
        """
        return dict(zip(self.names, self.features, strict=True))[name]

    def block(self, name: str) -> ModelBlock:
        """Return a block by its name.

        Raises
        ------
        KeyError
            There is none.
        """
        return {block.name: block for block in self.blocks}[name]

    def batch_norm_shift(self, name: str) -> tuple[float, float] | None:
        """Return shift and scale of a block's layers with running statistics together; None where it has none.

        The shift is the root mean square over its layers, the scale the median.
        """
        here = [one for one in self.batch_norms if one.block == name and one.rows]
        if not here:
            return None
        return float(np.sqrt(np.mean([one.shift**2 for one in here]))), float(np.median([one.scale for one in here]))


def block_features(  # noqa: PLR0913
    model: Any,
    data: Any,
    *,
    blocks: Sequence[str] | None = None,
    most_rows: int = MOST_ROWS,
    seed: int = 0,
    progress: Progress | None = None,
    name: SplitName = "train",
) -> BlockFeatures:
    """Pass rows through a model once, and return the pooled features behind every block.

    The model is asked in evaluation mode and without gradients, and is left bit for bit as it was: weights, statistics,
    modes, random states.

    Parameters
    ----------
    model
        A Keras model or a PyTorch module.
    data
        What `diagnose.audit` takes for a network: arrays, ``(inputs, labels)``, a mapping, a data set or loader of
        PyTorch, TensorFlow or Hugging Face, a `Split`, a path, an iterable of batches, or `Rows` that were drawn.
    blocks
        Names of blocks, or prefixes of layers' names, instead of those that are found.
    most_rows
        Rows that are drawn.
    seed
        Of the draw.
    progress
        Called with the rows done and their number; a bar is shown on a terminal where None.
    name
        Which split is wanted, where the data hold several.

    Raises
    ------
    InputError
        The model is none of these or does not take the rows, the data cannot be read, or ``blocks`` names none.
    """
    framework = framework_of(model)
    if most_rows < 1:
        raise InputError(f"most_rows={most_rows}: expected 1 or more")
    chosen = (blocks,) if isinstance(blocks, str) else blocks
    started = time.perf_counter()
    with kept_random_states():
        rows = rows_of(data, most_rows, seed, name=name, like=_image_size(model, framework))
        reading = _Reading(rows, progress, channels_last=framework == "keras")
        run = keras_features if framework == "keras" else torch_features
        passed = run(model, reading.batches, rows.few(), chosen, rows.n)
    return _joined(passed, reading, rows, time.perf_counter() - started, _told(model))


class _Reading:
    """Gives inputs batch by batch, and keeps what comes along: labels, and the rows' own features."""

    def __init__(self, rows: Rows, progress: Progress | None, *, channels_last: bool) -> None:
        self.rows, self.progress, self.channels_last = rows, progress, channels_last
        self.labels: list[Array] = []
        self.raw: list[Singles] = []

    def batches(self) -> Iterator[Any]:
        size, done = self.rows.size(), 0
        pairs = self.rows.pairs(size)
        total = -(-self.rows.n // size)
        for inputs, labels in watched(pairs, "features behind blocks", total) if self.progress is None else pairs:
            if labels is not None:
                self.labels.append(labels)
            self.raw.append(raw_features(inputs, channels_last=self.channels_last))
            yield inputs
            done += len(self.raw[-1])
            if self.progress is not None:
                self.progress(done, self.rows.n)


def _joined(passed: Passed, reading: _Reading, rows: Rows, seconds: float, told: tuple[str, ...]) -> BlockFeatures:
    names = tuple(block.name for block in passed.blocks if block.name in passed.features)
    whole = np.concatenate(reading.raw)
    lacking = [b.name for b in passed.blocks if b.name not in passed.features and not b.is_output]
    wrong = [name for name in names if len(passed.features[name]) != len(whole)]
    if wrong:
        raise InputError(f"block {wrong[0]!r} gives {len(passed.features[wrong[0]]):,} rows of features to "
                         f"{len(whole):,} rows of data; set blocks= to leave it within another one")  # fmt: skip
    notes = [*rows.notes, *told]
    if lacking:
        notes.append(f"no features were found behind {', '.join(lacking)}: not run, or no tensor of one row each")
    return BlockFeatures(
        blocks=passed.blocks,
        names=(INPUT, *names),
        features=(whole, *(passed.features[name] for name in names)),
        pooled=("the rows themselves, pooled", *(passed.words[name] for name in names)),
        labels=np.concatenate(reading.labels) if len(reading.labels) == len(reading.raw) else None,
        classes=rows.classes,
        rows=rows.numbers,
        of=rows.of,
        seconds=seconds,
        model_seconds=passed.seconds,
        batch_norms=passed.batch_norms,
        notes=tuple(notes),
    )


def _image_size(model: Any, framework: str) -> tuple[int, int, int] | None:
    shape = getattr(model, "input_shape", None) if framework == "keras" else None
    if isinstance(shape, tuple) and len(shape) == 4 and all(isinstance(side, int) for side in shape[1:]):
        return shape[1], shape[2], shape[3]
    return None


def _told(model: Any) -> tuple[str, ...]:
    kind = type(model).__name__
    if kind in ("DistributedDataParallel", "DataParallel"):
        return (f"the module within {kind} was asked, in this process alone",)
    return ("the module before it was compiled was asked",) if hasattr(model, "_orig_mod") else ()
