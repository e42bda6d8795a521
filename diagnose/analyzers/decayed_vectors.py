"""REG205: weight decay acts on biases and on normalisation layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import NotApplicable, Passed
from diagnose.analyzers.faults import SURE, Fault, findings
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.programme import Programme
from diagnose.model_card import ModelCard


@dataclass(frozen=True)
class DecayedVectors:
    """Weight decay acts on biases and on normalisation layers.

    ## What it detects

    Parameter groups with weight decay that hold biases, or scales and shifts of normalisation layers.

    ## Why it matters

    Decay of weights restrains how much a model fits; that of biases and scales restrains where outputs lie, for little
    in return. It is the default of every framework and correct programmes have it: information.

    ## The evidence

    The optimizer's groups and the layers that own what is in them.

    ## What to do

    Two groups: matrices with decay, vectors without.

    ## References

    - He et al. (2019), Bag of Tricks for Image Classification, arXiv 1812.01187, §3.1
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §7.1

    """

    code: ClassVar[str] = "REG205"
    cause: ClassVar[Cause] = Cause.REGULARIZATION

    least_share: float = 0.0
    """Share of the decayed values that are vectors: any, as it is a mere remark."""

    def check(self, programme: Programme) -> Iterator[Finding | Passed | NotApplicable]:
        """Look into the groups, phase by phase."""
        if all(phase.card.optimizer is None for phase in programme.phases):
            raise NotEnoughEvidence("the optimizer is not known", "give it to the hook: optimizer=")
        found = list(findings(self.code, self.cause, programme, self._judged))
        yield from found
        if not found:
            yield Passed("no weight decay acts on biases or normalisation layers")

    def _judged(self, card: ModelCard) -> Iterator[Fault]:
        groups = [g for g in (card.optimizer.groups if card.optimizer else ()) if g.weight_decay and g.decayed_vectors]
        vectors, decayed = sum(g.decayed_vectors for g in groups), sum(g.parameters for g in groups)
        share = vectors / decayed if decayed else 0.0
        if share > self.least_share:
            yield Fault(
                f"weight decay of {max(g.weight_decay for g in groups):g} acts on {vectors:,} values of biases and "
                "normalisation layers too, as frameworks do by default",
                Severity.INFO, SURE,
                (Measured("vectors among the decayed values", share, "share", limit=self.least_share,
                          limit_reason="any is told"),),
            )  # fmt: skip
