"""What a hook recorded while a model trained: plain immutable data, the same for every framework.

Hooks write it, `diagnose.journal` keeps it, measures read it. Nothing here computes or judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from diagnose.data import FloatArray, SplitName
from diagnose.model_card import Labels, ModelCard

QUANTITIES: Mapping[str, str] = MappingProxyType({
    "gradient": "L2 norm of the loss's gradient with respect to the weight, before clipping",
    "weight": "L2 norm of the weight",
    "size": "number of values of the weight: its root mean square is weight / sqrt(size)",
    "update_ratio": "L2 norm of one optimizer step's change of the weight, over the weight's before it",
    "distance": "L2 norm of the weight minus what it was when the hook began, over that one's norm",
    "decay_ratio": "L2 norm of what weight decay alone takes off in one step, over the norm of the whole change",
    "activation_mean": "mean of the layer's outputs over a batch",
    "activation_std": "standard deviation of the layer's outputs over a batch and all units",
    "spread": "root mean square over units of their standard deviation between samples, over activation_std; 0 where "
              "every sample gets the same",
    "zero_share": "share of the outputs that are exactly 0",
    "dead_share": "share of the units (channels, features) that are 0 for every sample and place of the batch",
    "saturated_share": "share of the outputs of sigmoid, tanh or softmax within 1 % of the end of their range",
    "statistics_shift": "root mean square over channels of (batch mean - running mean) / sqrt(running variance)",
    "statistics_scale": "median over channels of batch variance / running variance",
    "statistics_moved": "root mean square over channels of the running mean's change since the hook began, over "
                        "sqrt(running variance) then",
    "in_training_mode": "1 where the layer is in training mode in a step that trains, else 0",
})  # fmt: skip
"""What is recorded of a layer, by name, and its definition. "The weight" is the layer's largest weight tensor: biases
start at zero, and ratios to them say nothing. Norms may be estimated from 4,096 values of it, drawn once and scaled by
sqrt(size / 4096)."""

COUNTERS: Mapping[str, str] = MappingProxyType({
    "steps": "optimizer steps",
    "backward_passes": "backward passes",
    "steps_on_old_gradients": "steps whose first backward pass added to gradients that an earlier step had used",
    "steps_without_gradients": "steps at which no weight had a gradient",
    "training_passes_in_evaluation_mode": "forward passes with a backward pass while the model was in evaluation mode",
    "evaluation_passes": "forward passes without gradients, or in evaluation mode without a backward pass",
    "evaluation_passes_in_training_mode": "of those, how many in training mode with a dropout or batch normalisation",
    "evaluation_passes_with_gradients": "forward passes of evaluation data that recorded a graph",
    "steps_of_others": "steps of optimizers that hold none of the model's weights: another network trains beside it",
    "skipped_steps": "steps that a gradient scaler skipped for gradients that overflowed",
    "broadcast_losses": "losses of targets and outputs of different shape, which pairs each with all",
    "overlapping_rows": "validation rows that stood in a training batch too, byte for byte",
    "compared_rows": "validation rows that were compared with those of training batches",
})  # fmt: skip
"""What is counted over the run, by name."""


@dataclass(frozen=True, eq=False)
class LayerTable:
    """Samples of what each layer did.

    Attributes
    ----------
    layers
        Names as in `ModelCard.layers`, in forward order.
    steps, epochs
        Shape ``(n,)``: optimizer steps from 1, and float epochs, at which a sample was taken.
    values
        Quantity (`QUANTITIES`) to an array of shape ``(n, len(layers))``; NaN where it was not recorded.
    """

    layers: tuple[str, ...]
    steps: FloatArray
    epochs: FloatArray
    values: Mapping[str, FloatArray]

    def of(self, quantity: str) -> FloatArray:
        """Return one quantity, all NaN where it was never recorded."""
        found = self.values.get(quantity)
        return np.full((len(self.steps), len(self.layers)), np.nan) if found is None else found


@dataclass(frozen=True, eq=False)
class BatchLosses:
    """The training loss of single batches, thinned in long runs; arrays of shape ``(n,)``."""

    steps: FloatArray
    epochs: FloatArray
    values: FloatArray


@dataclass(frozen=True)
class GradientNoise:
    """Gradients of several batches at (nearly) the same weights.

    Attributes
    ----------
    batch_size
        Samples behind each gradient.
    gradients
        Their number, at least 2.
    squared
        Mean of their squared norms.
    product
        Mean product of two different ones: an unbiased estimate of the true gradient's squared norm.
    """

    step: float
    epoch: float
    batch_size: int
    gradients: int
    squared: float
    product: float


@dataclass(frozen=True)
class OutputFacts:
    """One look at the model's outputs for a batch.

    Attributes
    ----------
    on
        ``"train"``: a training batch as it came by; ``"probe"``: the same samples each time, in evaluation mode.
    n, width
        Samples, and values of one output.
    low, high
        Least and largest output.
    spread
        Root mean square over outputs of their standard deviation between samples.
    level
        Root mean square of the outputs, to compare the spread with.
    top_share
        Share of the samples whose largest output is the most frequent one of the batch; None for one output.
    label_top_share
        Share of the most frequent label among the same samples; None where labels are unknown.
    confidence
        Mean of the largest probability; None where the outputs are no probabilities or logits of classes.
    sums_to_one
        Share of the samples whose outputs lie in [0, 1] and sum to 1 within 1 %.
    in_unit_interval
        Share of the outputs in [0, 1].
    non_finite
        Share of the outputs that are no finite numbers.
    """

    step: float
    epoch: float
    on: Literal["train", "probe"]
    n: int
    width: int
    low: float
    high: float
    spread: float
    level: float
    top_share: float | None = None
    label_top_share: float | None = None
    confidence: float | None = None
    sums_to_one: float | None = None
    in_unit_interval: float | None = None
    non_finite: float = 0.0


@dataclass(frozen=True)
class InputFacts:
    """One input of the model over the samples that were looked at (a few batches, or the arrays that were given).

    Attributes
    ----------
    shape
        Of one sample.
    kind
        ``"image"`` (two or three axes, the channels at ``channel_axis``), ``"table"`` (one axis), ``"tokens"`` (whole
        numbers for an embedding), ``"sequence"`` or ``"other"``.
    low, high, mean, std
        Over all values.
    channel_means, channel_stds
        Of an image's channels; empty otherwise.
    feature_means, feature_stds
        Of a table's first 512 columns; empty otherwise.
    non_finite
        Share of the values that are no finite numbers.
    constant_features
        Columns of a table that are one value.
    reached_as
        Where the values were seen: ``"the model's input"``, or the name of the layer behind the model's own rescaling.
    """

    split: SplitName
    name: str
    shape: tuple[int, ...]
    dtype: str
    kind: Literal["image", "table", "tokens", "sequence", "other"]
    n: int
    low: float
    high: float
    mean: float
    std: float
    channel_means: tuple[float, ...] = ()
    channel_stds: tuple[float, ...] = ()
    feature_means: tuple[float, ...] = ()
    feature_stds: tuple[float, ...] = ()
    non_finite: float = 0.0
    constant_features: int = 0
    reached_as: str = "the model's input"


@dataclass(frozen=True)
class LabelFacts:
    """The labels as the loss gets them, over the samples that were looked at.

    Attributes
    ----------
    shape
        Of one sample: ``()`` for class indices, ``(10,)`` for one-hot rows.
    written
        How they look; None where that can't be told.
    low, high
        Least and largest value.
    distinct
        Number of different values, at most 1,001.
    counts
        Class to number of samples, where there are at most 1,000 classes.
    is_whole
        Whether all values are whole numbers.
    mean, std
        Of the values.
    is_complete
        Whether ``n`` is the number of all samples of the split, not only of those that were looked at.
    """

    split: SplitName
    shape: tuple[int, ...]
    dtype: str
    n: int
    low: float
    high: float
    distinct: int
    written: Labels | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    is_whole: bool = False
    mean: float = 0.0
    std: float = 0.0
    is_complete: bool = False


@dataclass(frozen=True)
class OrderFacts:
    """In which order one epoch's training samples came.

    Attributes
    ----------
    digest
        Of the inputs of its first batches in their order; equal digests are equal orders.
    n
        Samples that were looked at.
    label_changes
        Neighbours with different labels, of ``n - 1`` pairs; None where labels are no classes.
    expected_changes
        What a random order of the same labels has on average.
    is_shuffled
        What the program says, where it says it (``shuffle=True``, a ``RandomSampler``); None where unknown.
    """

    epoch: float
    digest: str
    n: int
    label_changes: int | None = None
    expected_changes: float | None = None
    is_shuffled: bool | None = None


@dataclass(frozen=True)
class NonFinite:
    """Where the first value that is no finite number arose.

    ``kind`` is ``"input"``, ``"label"``, ``"weight"`` (it was there before the step), ``"activation"``, ``"loss"``
    (outputs are finite) or ``"gradient"`` (the loss is finite); ``layer`` is the first such layer in forward order (of
    gradients: the first one met going backward), empty where it is none. ``before`` describes the step before: the
    largest absolute weight, activation or gradient that was seen.
    """

    step: float
    epoch: float
    kind: Literal["input", "label", "weight", "activation", "loss", "gradient"]
    layer: str = ""
    before: str = ""


@dataclass(frozen=True)
class Stage:
    """A stretch of training with one model card: from ``epoch`` until the next stage begins.

    ``because`` says what began it: ``"recompiled; 15 of 22 layers trainable instead of 4"``.
    """

    epoch: float
    step: float
    card: ModelCard
    because: str = ""
    batch_size: int | None = None


@dataclass(frozen=True)
class Happening:
    """Something that a hook saw or did, such as ``"hook failed"`` or ``"stopped"``."""

    step: float
    epoch: float
    kind: str
    text: str


@dataclass(frozen=True, eq=False)
class Recording:
    """Everything that a hook recorded of one run."""

    framework: str
    stages: tuple[Stage, ...] = ()
    layers: LayerTable | None = None
    batch_losses: BatchLosses | None = None
    noise: tuple[GradientNoise, ...] = ()
    outputs: tuple[OutputFacts, ...] = ()
    inputs: tuple[InputFacts, ...] = ()
    labels: tuple[LabelFacts, ...] = ()
    orders: tuple[OrderFacts, ...] = ()
    counters: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    non_finite: NonFinite | None = None
    happenings: tuple[Happening, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    is_finished: bool = False
    computed: tuple[str, ...] = ()
    """Names of logged values that the hook computed, as the program logs none of the kind."""

    def inputs_of(self, split: SplitName) -> tuple[InputFacts, ...]:
        """Return what is known of the inputs of a split."""
        return tuple(facts for facts in self.inputs if facts.split == split)

    def labels_of(self, split: SplitName) -> LabelFacts | None:
        """Return what is known of the labels of a split; of a model with several, the first."""
        return next((facts for facts in self.labels if facts.split == split), None)
