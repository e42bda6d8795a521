"""FRZ803: what each phase trains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.analyzers.faults import SURE, Fault, finding, some
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.learning import Learning
from diagnose.measures.programme import Programme, ProgramPhase
from diagnose.measures.trained_part import Counted, TrainedPart, trained_part
from diagnose.model_card import Role
from diagnose.run import Context

MOST_SPELT = 6


@dataclass(frozen=True)
class WhatIsTrained:
    """What each phase trains: the layers that hold the weights which move.

    ## What it detects

    It tells for every phase of a partly frozen model which layers are trained, from where to where, and how many
    parameters that is for how many samples: feature extraction, the last layers, low and high ones with frozen ones
    between, normalisation layers or adapters alone. It warns where a phase cannot do what it is for: nothing is
    trainable, frozen layers hold random weights, or layers that were counted from the end hold no weights but the head.

    ## Why it matters

    "The last four layers" of a VGG16 with a new head are a pooling, a reshape and two dense layers: no convolution is
    tuned. Layers that are frozen as they were initialised compute random features.

    ## The evidence

    The layers' flags and weights phase by phase, as the framework reports them. Whether frozen weights are fresh is
    told from their distribution against their initialiser's. Random features that a run learns from all the same are
    information, as long as the outputs are not made of them.

    ## What to do

    Choose by layers that hold weights, or by name: from `block5_conv1` on. To learn whether unfreezing pays, look at
    the score in training: one that ends poor with all frozen says that the features don't serve.

    ## References

    - Yosinski et al. (2014), How transferable are features in deep neural networks?, arXiv 1411.1792
    - Lee et al. (2023), Surgical Fine-Tuning Improves Adaptation to Distribution Shifts, arXiv 2210.11466
    """

    code: ClassVar[str] = "FRZ803"
    cause: ClassVar[Cause] = Cause.FREEZING

    random_frozen: float = 0.85
    """Probability that frozen random layers are a mistake: reservoirs and random features are the rest. A judgement."""
    least_random: float = 0.3
    """Share of the model's weights below which frozen random ones that don't make the outputs are a detail: a fixed
    projection, a position code."""
    counted: float = 0.7
    """Probability that somebody who unfreezes a pooling layer of a frozen backbone meant its convolutions. A
    judgement."""

    def check(
        self, programme: Programme, context: Context, learning: Learning | None = None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Describe every phase of a partly frozen model, and judge it."""
        if not any(phase.card.with_weights() for phase in programme.phases):
            yield NotApplicable("the model's layers hold no weights")
            return
        found: list[Finding] = []
        described: dict[str, tuple[Fault, list[ProgramPhase]]] = {}
        for phase in programme.phases:
            part = trained_part(phase.card, programme.phases[0].card)
            if not part.frozen:
                continue
            for fault in self._faults(part, context, learns=learning is not None and learning.is_shown):
                described.setdefault(f"{fault.claim}{fault.severity}", (fault, []))[1].append(phase)
        found += [finding(self.code, self.cause, programme, fault, phases) for fault, phases in described.values()]
        yield from found
        if not found:
            whole = programme.last.trainable_parameters
            yield Passed(f"all layers are trained ({whole:,} parameters)", ABSENT)

    def _faults(self, part: TrainedPart, context: Context, *, learns: bool) -> Iterator[Fault]:
        measured = _measured(part, context)
        names = tuple(layer.name for layer in part.trained)
        if not part.trained:
            yield Fault(f"nothing is trained: all {part.whole:,} parameters are frozen", Severity.ERROR, SURE, measured)
            return
        yield from self._random(part, measured, learns=learns)
        counted = part.counted
        if counted is not None and counted.weightless_of_backbone and part.is_head_only:
            yield Fault(f"{_of_the_last(counted)}: no {_what(part)} is tuned", Severity.WARNING, self.counted, measured,
                        counted.names)  # fmt: skip
        yield Fault(_description(part, context), Severity.INFO, SURE, measured, names)

    def _random(self, part: TrainedPart, measured: tuple[Measured, ...], *, learns: bool) -> Iterator[Fault]:
        values = sum(layer.parameters for layer in part.random)
        share = values / part.whole
        makes_outputs = bool(part.random) and part.random[-1] is part.last
        if (share < self.least_random and not makes_outputs) or part.is_efficient:
            return
        named = some(repr(layer.name) for layer in part.random)
        yield Fault(
            f"{_layers(part)} ({named}) {'hold' if len(part.random) > 1 else 'holds'} "
            f"random weights as initialised, {share:.0%} of the model: what comes out of there is random",
            Severity.INFO if learns and not makes_outputs else Severity.ERROR,
            self.random_frozen,
            (
                Measured("frozen random weights", share, "share of the model", limit=self.least_random,
                         limit_reason="a fixed projection is a detail"),
                *measured,
            ),
            tuple(layer.name for layer in part.random),
        )  # fmt: skip


def _measured(part: TrainedPart, context: Context) -> tuple[Measured, ...]:
    values = Measured("trainable parameters", float(part.values), "parameters", limit=float(part.whole),
                      exceeds="below", limit_reason="all of the model's")  # fmt: skip
    if not context.n_train:
        return (values,)
    return values, Measured("trainable parameters a training sample", part.values / context.n_train, "parameters")


def _description(part: TrainedPart, context: Context) -> str:
    samples = f" for {context.n_train:,} training samples" if context.n_train else ""
    sizes = f"{part.values:,} of {part.whole:,} parameters{samples}"
    trained = [layer.name for layer in part.trained]
    if part.is_efficient:
        return f"small layers within a frozen model are trained ({some(map(repr, trained), 2)}): {sizes}"
    if part.is_head_only:
        head = some(map(repr, trained))
        verb = "is" if len(trained) == 1 else "are"
        said = f"feature extraction: only {head} {verb} trained, {sizes}; all in front is frozen"
        counted = part.counted
        has_more = counted is not None and len(counted.names) > len(counted.holding)
        return f"{said}; {_of_the_last(counted)}, so no {_what(part)} is tuned" if counted and has_more else said
    if part.only_normalisation:
        return f"normalisation layers are trained, beside {trained[-1]!r}; the rest is frozen: {sizes}"
    if len(part.stretches) == 2 and part.stretches[1].is_trained:
        return _tail(part, sizes)
    shown = "; ".join(f"{stretch.words} {'trained' if stretch.is_trained else 'frozen'}"
                      for stretch in part.stretches[:MOST_SPELT])  # fmt: skip
    more = f"; and {len(part.stretches) - MOST_SPELT} more stretches" if len(part.stretches) > MOST_SPELT else ""
    return f"trained and frozen layers alternate: {shown}{more}; {sizes}"


def _tail(part: TrainedPart, sizes: str) -> str:
    first = part.stretches[1].layers[0].name
    counted = part.counted
    trained = f"{len(part.trained)} layers with weights are trained, {sizes}"
    if counted is None:
        return f"from {first!r} on, {trained}"
    last = f"the last {_spelt(len(counted.names))} layers begin at {counted.names[0]!r}"
    return f"{last}: {trained}" if counted.names[0] == first else f"{last}, weights at {first!r}: {trained}"


def _of_the_last(counted: Counted) -> str:
    spelt = _spelt(len(counted.names))
    holding = " and ".join(map(repr, counted.holding)) or "none"
    named = f" ({some(map(repr, counted.names), MOST_SPELT)})"
    return f"of the last {spelt} layers{named} only {holding} hold{'s' if len(counted.holding) == 1 else ''} weights"


def _layers(part: TrainedPart) -> str:
    return "1 frozen layer" if len(part.random) == 1 else f"{len(part.random)} frozen layers"


def _spelt(count: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
             "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")  # fmt: skip
    return words[count] if count < len(words) else f"{count:,}"


def _what(part: TrainedPart) -> str:
    return "convolution" if any(layer.role is Role.CONVOLUTION for layer in part.frozen) else "layer in front"
