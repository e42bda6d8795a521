"""The evidence: what is known of one training run, as plain immutable data.

Nothing here reads, computes a statistic or judges; readers and hooks build these, measures use them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from diagnose.data import FloatArray as FloatArray  # noqa: PLC0414 - curves share the type
from diagnose.data import Split
from diagnose.data import SplitName as SplitName  # noqa: PLC0414 - and the name
from diagnose.model_card import ModelCard
from diagnose.profiles.profile import Profile
from diagnose.recording import InputFacts, LabelFacts, Recording

Better = Literal["lower", "higher"]
Unit = Literal["epoch", "step", "iteration", "sample size"]

OVERFLOW = 1e100
"""A value beyond is as lost as an infinite one: its squares and products, which every fit forms, overflow."""


def _frozen(values: npt.ArrayLike) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def _lost_is_infinite(values: npt.ArrayLike) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    lost = np.abs(array) > OVERFLOW
    array[lost] = np.copysign(np.inf, array[lost])
    return _frozen(array)


@dataclass(frozen=True, eq=False)
class Curve:
    """One logged quantity over training.

    Attributes
    ----------
    name
        As the log spells it, e.g. ``"val/box_loss"``.
    split
        The data it was computed on.
    quantity
        The canonical name of what is measured, the same for every split: ``"loss"``, ``"accuracy"``,
        ``"f1"``, ``"map50"`` …
    better
        Whether lower or higher values are better.
    steps
        Shape ``(n,)``, in the history's unit (float epochs where known), non-decreasing.
    values
        Shape ``(n,)``; NaN and infinities are kept where they were logged, and what lies beyond ``OVERFLOW`` is
        infinite. Scores that the log gave in percent are divided by 100.
    derived
        How it was computed where the log does not hold it as such, e.g. ``"sum of train/box_loss, train/cls_loss"``.
    """

    name: str
    split: SplitName
    quantity: str
    better: Better
    steps: FloatArray
    values: FloatArray
    derived: str = ""

    def __post_init__(self) -> None:
        steps, values = _frozen(self.steps), _lost_is_infinite(self.values)
        if steps.ndim != 1 or steps.shape != values.shape:
            raise ValueError(
                f"curve {self.name!r}: steps {steps.shape} and values {values.shape} must be equal 1-d shapes"
            )
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_loss(self) -> bool:
        """Whether this is a loss (any lower-is-better objective named as one)."""
        return self.quantity == "loss" or self.quantity.endswith("_loss")

    @property
    def finite(self) -> Curve:
        """The same curve without its NaN and infinite points, and without steps that are none."""
        keep = np.isfinite(self.values) & (np.abs(self.steps) <= OVERFLOW)
        return self if keep.all() else self.replaced(self.steps[keep], self.values[keep])

    def replaced(self, steps: npt.ArrayLike, values: npt.ArrayLike) -> Curve:
        """Return the same quantity with other points."""
        return Curve(self.name, self.split, self.quantity, self.better, _frozen(steps), _frozen(values), self.derived)

    def between(self, start: float, end: float) -> Curve:
        """Return the points with ``start <= step <= end``."""
        keep = (self.steps >= start) & (self.steps <= end)
        return self.replaced(self.steps[keep], self.values[keep])


@dataclass(frozen=True)
class Phase:
    """A stretch of training with one set of hyperparameters, e.g. head only, then unfrozen.

    ``start`` and ``end`` are in the history's unit, both inclusive. ``because`` says what marks its beginning
    ("epochs restart at 0", "learning rate 0.001 → 0.0001", "recompiled"). Unknown hyperparameters are None.
    """

    start: float
    end: float
    because: str = ""
    learning_rate: float | None = None
    batch_size: int | None = None
    optimizer: str | None = None
    weight_decay: float | None = None
    trainable_layers: tuple[str, ...] | None = None


@dataclass(frozen=True)
class History:
    """What was logged: curves, the learning rate, and the phases that the log or a hook states.

    ``unit`` is what ``steps`` count. ``extra`` holds other numeric columns that are evidence but neither loss nor
    score (``"grad_norm"``), by name.
    """

    curves: tuple[Curve, ...]
    unit: Unit = "epoch"
    learning_rate: Curve | None = None
    phases: tuple[Phase, ...] = ()
    extra: tuple[Curve, ...] = ()

    def find(self, split: SplitName, quantity: str) -> Curve | None:
        """Return the first curve of that split and quantity, or None."""
        return next((c for c in self.curves if c.split == split and c.quantity == quantity), None)

    def of(self, split: SplitName) -> tuple[Curve, ...]:
        """Return all curves of a split, in the log's order."""
        return tuple(c for c in self.curves if c.split == split)

    @property
    def last_step(self) -> float:
        """The last step that any curve reached; 0.0 when there are no points."""
        reached = (float(c.steps[-1]) for c in self.curves if len(c))
        return max((step for step in reached if math.isfinite(step)), default=0.0)


@dataclass(frozen=True)
class Context:
    """What is known beside the curves: the user's ``context=``, or config files next to the log.

    Every field may be None: unknown. ``origins`` says for each known field where it was found.
    """

    n_train: int | None = None
    n_val: int | None = None
    n_classes: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    warmup: float | None = None
    optimizer: str | None = None
    weight_decay: float | None = None
    dropout: float | None = None
    label_smoothing: float | None = None
    augmentation: bool | None = None
    patience: float | None = None
    epochs_planned: float | None = None
    best_weights_kept: bool | None = None
    parameters: int | None = None
    trainable_parameters: int | None = None
    frozen: str | None = None
    pretrained: bool | None = None
    framework: str | None = None
    task: str | None = None
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    other: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class ColumnReading:
    """How one column (key, tag) of a log was understood, or why it was left out.

    ``role`` is ``"curve"``, ``"step"``, ``"learning rate"``, ``"hyperparameter"``, ``"extra"`` or ``"ignored"``.
    """

    name: str
    role: str
    meaning: str
    source: str = ""


@dataclass(frozen=True)
class Source:
    """Where a piece of the run came from: its path (or a description of the object) and the reader that read it."""

    where: str
    format: str


@dataclass(frozen=True)
class Unread:
    """Something that was found and could not be read, and why."""

    where: str
    why: str


@dataclass(frozen=True)
class Run:
    """All the evidence of one training run, with where each piece came from."""

    name: str
    history: History
    context: Context = field(default_factory=Context)
    sources: tuple[Source, ...] = ()
    columns: tuple[ColumnReading, ...] = ()
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()
    """What the reader did that a reader of the report should know ("scores divided by 100")."""
    siblings: tuple[str, ...] = ()
    """Names of the other runs that the same log holds (folds, seeds, restarts), in its order."""
    splits: Mapping[SplitName, Split] = field(default_factory=lambda: MappingProxyType({}))
    """The data, by split, where they were given."""
    profiles: Mapping[SplitName, Profile] = field(default_factory=lambda: MappingProxyType({}))
    """What is known of data that were given without their rows; no split is in both."""
    model: ModelCard | None = None
    """What the model is, where it was given or a hook saw it."""
    recording: Recording | None = None
    """What a hook recorded while it trained."""
    facts: tuple[InputFacts | LabelFacts, ...] = ()
    """Inputs and labels as they were given with the data, before they became columns: what the loss gets of them."""
