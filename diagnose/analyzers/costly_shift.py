"""COV118: what the shift of the inputs costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, OPEN, Passed
from diagnose.analyzers.gap_wording import (
    amount,
    between,
    measured,
    of_all,
    of_gap,
    parts_figure,
    scaled,
    told_apart,
    whose,
)
from diagnose.data import Split
from diagnose.finding import Cause, Finding, Severity
from diagnose.measurements import SPLITS
from diagnose.measures.gap_shares import GapShares


@dataclass(frozen=True)
class CostlyShift:
    """The shift of the inputs costs risk.

    ## What it detects
    Validation rows of another kind than the training rows, on which the model does worse *because* they are of another
    kind: a covariate shift that matters, in the unit of the loss.

    ## Why it matters
    Of many rows every difference is detected and most are harmless. A shift that costs nothing needs no remedy; one
    that costs explains a gap that otherwise passes for overfitting.

    ## The evidence
    The covariate part of the gap (see OVF108): the risk on validation inputs minus that on unseen training inputs, both
    with labels given inputs as training has them where the two have rows in common. Without outputs of the model, a
    probe fitted to the training rows out of fold stands in (the best of constant, linear and tree models on held-out
    rows); the report says so, and the claim is likely, not confirmed. How well a classifier tells the splits apart says
    whether a shift is there; what it costs is another question. A stand-in speaks as well where the splits have too few
    rows in common to tell the model's parts; the cost then is that of rows of another kind, whatever their labels mean.

    ## What to do
    Collect or weight training rows towards the validation inputs; augment towards the shift; normalise both alike. If
    validation is not what the model will meet, draw the splits again.

    ## References
    - Cai, Namkoong & Yadlowsky (2023), Diagnosing Model Performance Under Distribution Shift, arXiv 2303.02011
    - Shimodaira (2000), Improving predictive inference under covariate shift by weighting the log-likelihood function
    """

    code: ClassVar[str] = "COV118"
    cause: ClassVar[Cause] = Cause.COVARIATE_SHIFT

    matters: float = 0.01
    """Points of the error rate (of another loss, 5 % of it): less is rarely worth a remedy."""
    harmless: float = 0.03
    """Where the upper end lies below three points (15 %), the shift is judged harmless: the interval of a thousand rows
    is about as wide."""
    certainty: float = 0.95
    """The lower end of a two-sided 90 % interval is passed by one in twenty."""
    of_stand_in: float = 0.8
    """Another model may depend on the inputs that moved more, or less, than the probe does."""
    least_skill: float = 0.1
    """Share of the labels' variance: a probe that knows less says little of what a shift costs a model."""

    def check(self, gap_shares: tuple[GapShares, ...], held_out: tuple[Split, ...]) -> Iterator[Finding | Passed]:
        """Compare what the shift of each split costs with what matters; a split without labels stays open."""
        judged = {shares.split for shares in gap_shares}
        open_ = [
            Passed(f"what other inputs cost in the {SPLITS[split.name]} data is unknown: labels lack, or rows are few",
                   None, f"give the labels of the {SPLITS[split.name]} rows")
            for split in held_out if split.name not in judged
        ]  # fmt: skip
        yield from of_all([*(self._judged(shares) for shares in gap_shares), *open_])

    def _judged(self, shares: GapShares) -> Finding | Passed:
        part = shares.parts.covariate
        words = SPLITS[shares.split]
        common = shares.parts.overlap
        told = told_apart(shares)
        if shares.parts.is_apart:
            told += f"; they share {common.shared:.0%} of their places, too few to see whether labels differ as well"
        if shares.unseen_by is not None:
            told += f"; how the model fares on unseen rows like the training rows, {SPLITS[shares.unseen_by]} rows say"
        if part is None:
            return Passed(
                f"cannot tell what other inputs cost: {told}",
                OPEN, f"give training rows of the kind that {words} holds, or the reverse",
            )  # fmt: skip
        if part.low > scaled(shares, self.matters):
            return Finding(
                self.code,
                self.cause,
                Severity.WARNING,
                self.certainty if shares.is_of_model else self.of_stand_in,
                f"{words} inputs of another kind cost {whose(shares)} {between(part, shares)}{of_gap(part)}; {told}",
                measured(shares, "covariate", scaled(shares, self.matters), "less is rarely worth a remedy"),
                (),
                parts_figure(shares),
            )
        cost = f"what it costs {whose(shares)} is {between(part, shares)}"
        if shares.knows_model and not shares.is_of_model and part.high < scaled(shares, self.harmless):
            return Passed(
                f"{told}; {cost}, and the model may fare otherwise there", OPEN, "give training rows of that kind"
            )
        if part.high < scaled(shares, self.harmless):
            knows = not shares.parts.is_apart and shares.parts.probe_skill >= self.least_skill
            knows = knows or shares.is_of_model
            said = f"{cost}, below {amount(scaled(shares, self.harmless), shares)}"
            return Passed(
                f"{told}; judged harmless: {said}",
                CONTRADICTED if knows else ABSENT, harmless=said if knows else "",
            )  # fmt: skip
        return Passed(f"{told}; {cost}, too uncertain to judge", OPEN, f"give more {words} rows with labels")
