"""PRG905: inputs are of a scale that networks are not initialised for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, EXPLAINED, NotApplicable, Passed
from diagnose.analyzers.faults import SURE, Fault, finding
from diagnose.data import SplitName
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.backbones import backbones, begins_with_embedding, normalises_inputs
from diagnose.measures.learning import Learning
from diagnose.measures.programme import Programme
from diagnose.recording import InputFacts
from diagnose.run import Context


@dataclass(frozen=True)
class UnscaledInputs:
    """Inputs are of a scale that networks are not initialised for.

    ## What it detects

    Values of 0 to 255, or columns of which one varies a thousand times as much as another, that reach a network which
    neither rescales nor normalises them; values that are all near zero; inputs that are no finite numbers. Constant
    columns are information.

    ## Why it matters

    Initialisers suppose inputs of about unit size (LeCun et al. 1998, §4.3). A hundred times that makes activations and
    gradients a hundred times as large, so that a rate that suits them suits nothing else; columns of small scale are
    never used.

    ## The evidence

    Root mean square and range of the inputs as the model gets them, and the model's first layers: rescaling,
    normalisation, BatchNorm before or right behind the first weights, and embeddings make the scale right. It is a fact
    that inputs are unscaled; whether that hurts is a probability, which a run that learns well lowers to information.
    Inputs of a pretrained backbone are PRG906's.

    ## What to do

    Divide pixels by 255 (in the model: `Rescaling(1/255)`), standardise columns with training's mean and deviation.

    ## References

    - LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, §4.3
    - Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks

    """

    code: ClassVar[str] = "PRG905"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    largest: float = 10.0
    """Root mean square of an input: ten times what initialisers suppose multiplies gradients of the first layer by ten,
    the factor between usual learning rates and diverging ones."""
    smallest: float = 0.01
    """Root mean square below which the first layer gives a hundredth of what the others are initialised for."""
    largest_ratio: float = 1_000.0
    """Of the largest to the smallest deviation of columns: adaptive rates level a hundred, float32 sums lose 1,000²."""
    likely: float = 0.85
    """Probability that unscaled inputs hurt where nothing is known of the run's learning. A judgement."""
    partly: float = 0.6
    """The same where the run learns, but not all there is. A judgement."""

    def check(
        self,
        programme: Programme,
        input_facts: Mapping[SplitName, tuple[InputFacts, ...]],
        learning: Learning,
        context: Context,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Look at every input of the training data."""
        inputs = input_facts.get("train") or next(iter(input_facts.values()))
        faults = [fault for facts in inputs for fault in self._non_finite(facts)]
        excuse = self._excuse(programme, context)
        for facts in inputs:
            faults += [self._hurts(fault, learning) for fault in self._scale(facts)] if not excuse else []
            faults += list(_constant(facts))
        if faults:
            yield from (finding(self.code, self.cause, programme, fault, list(programme.phases)) for fault in faults)
        elif excuse:
            yield Passed(excuse, EXPLAINED)
        else:
            shown = "; ".join(f"{facts.name}: {_rms(facts):.3g}" for facts in inputs[:3])
            yield Passed(f"inputs are of a usual size (root mean square of {shown})", ABSENT)

    def _excuse(self, programme: Programme, context: Context) -> str:
        card = programme.last
        if begins_with_embedding(card):
            return "the model looks its inputs up in an embedding"
        layer = normalises_inputs(card)
        if layer is not None:
            return f"the model brings inputs to scale itself ({layer.name!r})"
        found = backbones(card, programme, context)
        if any(backbone.is_pretrained is not False for backbone in found):
            return f"{found[0].words} has a preprocessing of its own: that is PRG906's"
        return ""

    @staticmethod
    def _non_finite(facts: InputFacts) -> Iterator[Fault]:
        if facts.non_finite > 0:
            yield Fault(
                f"{facts.non_finite:.2%} of the values of {_named(facts)} are no finite numbers",
                evidence=(Measured("values that are no finite numbers", facts.non_finite, "share", limit=0.0,
                                   limit_reason="one makes the loss of its batch NaN"),),
            )  # fmt: skip

    def _scale(self, facts: InputFacts) -> Iterator[Fault]:
        rms = _rms(facts)
        if facts.kind == "tokens" or facts.low == facts.high or self._is_single(facts):
            return
        columns = _scales(facts)
        ratio = float(columns.max() / columns.min()) if len(columns) > 1 else 1.0
        if facts.kind == "table" and ratio > self.largest_ratio:
            severity = Severity.WARNING if columns.max() > self.largest else Severity.INFO
            yield Fault(
                f"columns of {_named(facts)} differ {ratio:,.0f}-fold in their standard deviation, and the model does "
                "not normalise them", severity, self.likely,
                (Measured("largest over smallest deviation of a column", ratio, "", limit=self.largest_ratio,
                          limit_reason="adaptive rates level about a hundred"),),
            )  # fmt: skip
        elif rms > self.largest:
            severity = Severity.INFO if facts.kind in {"sequence", "other"} else Severity.WARNING
            yield Fault(
                f"{_named(facts)} lies between {facts.low:.4g} and {facts.high:.4g} (root mean square {rms:.3g}), and "
                "the model does not rescale it", severity, self.likely, (self._measured(rms),),
            )  # fmt: skip
        elif rms < self.smallest:
            twice = ": divided by 255 twice?" if facts.kind == "image" and facts.high <= 1.05 / 255 else ""
            yield Fault(
                f"{_named(facts)} is tiny: between {facts.low:.3g} and {facts.high:.3g}{twice}", Severity.WARNING,
                self.likely if twice else self.partly,
                (Measured("root mean square of the input", rms, limit=self.smallest, exceeds="below",
                          limit_reason="a hundredth of what initialisers suppose"),),
            )  # fmt: skip

    @staticmethod
    def _is_single(facts: InputFacts) -> bool:
        """Whether it is one quantity in its own unit: the first layer's bias and rate adapt to one scale."""
        return facts.kind in {"table", "other"} and math.prod(facts.shape) == 1

    def _measured(self, rms: float) -> Measured:
        return Measured("root mean square of the input", rms, limit=self.largest,
                        limit_reason="ten times what initialisers suppose")  # fmt: skip

    def _hurts(self, fault: Fault, learning: Learning) -> Fault:
        if learning.is_good:
            return replace(fault, claim=f"{fault.claim}; it learns all the same ({learning.words})",
                           severity=Severity.INFO)  # fmt: skip
        return replace(fault, probability=min(fault.probability, self.partly)) if learning.is_shown else fault


def _constant(facts: InputFacts) -> Iterator[Fault]:
    if facts.constant_features and facts.kind == "table":
        count = facts.constant_features
        columns = f"{count} columns of {facts.name!r} are" if count > 1 else f"1 column of {facts.name!r} is"
        yield Fault(f"{columns} one value in all {facts.n:,} rows that were looked at", Severity.INFO, SURE,
                    (Measured("constant columns", float(count), "columns", limit=0.0,
                              limit_reason="they carry nothing"),))  # fmt: skip


def _scales(facts: InputFacts) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the deviations of the columns that vary, without flags: a rare one deviates little by nature."""
    means, stds = np.array(facts.feature_means), np.array(facts.feature_stds)
    if not len(stds):
        return np.array([])
    is_flag = np.isclose(stds**2, means * (1 - means), rtol=0.02) & (means >= 0) & (means <= 1)
    return np.asarray(stds[(stds > 0) & ~is_flag])


def _rms(facts: InputFacts) -> float:
    return math.hypot(facts.mean, facts.std)


def _named(facts: InputFacts) -> str:
    where = "" if facts.reached_as == "the model's input" else f" (behind {facts.reached_as!r})"
    return f"the input {facts.name!r}{where}"
