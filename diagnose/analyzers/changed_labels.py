"""CPT131: labels given inputs are not the same in both splits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, OPEN, Passed
from diagnose.analyzers.gap_wording import between, measured, of_gap, parts_figure, scaled, whose
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measurements import SPLITS
from diagnose.measures.gap_shares import GapShares
from diagnose.stats.decomposition import Part


@dataclass(frozen=True)
class ChangedLabels:
    """The same inputs have other labels.

    ## What it detects
    Rows alike in every input whose labels differ between training and validation: a relation that changed with time or
    place, another annotator, another unit, or an input that matters and is missing.

    ## Why it matters
    No weighting of rows and no regularisation helps where the training labels say something else. More training data of
    the same source make it no better.

    ## The evidence
    Labels minus their mean given inputs, times the split minus its mean given inputs, both learnt out of fold: the
    product averages to zero where labels depend on the inputs alone, *however far the inputs shifted* (generalised
    covariance measure), overall and along a direction learnt on other folds. Of classes a second test asks whether
    inputs given the class differ: where only the classes' shares changed they do not, and LBL121 is the one to speak.
    What it costs is the concept part of the gap (see OVF108).

    ## What to do
    Compare rows of both splits that are alike in their inputs and differ in their labels; ask how, when and by whom the
    labels were made, and whether an input that matters was left out. Train on labels of the validation's kind.

    ## References
    - Shah & Peters (2020), The hardness of conditional independence testing and the generalised covariance measure
    - Lundborg, Kim, Shah & Samworth (2022), The Projected Covariance Measure, arXiv 2211.02039
    - Cai, Namkoong & Yadlowsky (2023), Diagnosing Model Performance Under Distribution Shift, arXiv 2303.02011
    """

    code: ClassVar[str] = "CPT131"
    cause: ClassVar[Cause] = Cause.CONCEPT_SHIFT

    alpha: float = 0.01
    """Error rate of the test: a changed relation is rare, and most alarms at five in a hundred would be false."""
    alpha_shares: float = 0.05
    """Error rate at which a mere change of the classes' shares is excluded."""
    matters: float = 0.01
    """Points of the error rate (of another loss, 5 % of it), as for COV118."""
    certainty: float = 0.9
    """Changed labels given *these* inputs: a missing input that shifted looks the same."""

    def check(self, gap_shares: GapShares) -> Iterator[Finding | Passed]:
        """Compare both p-values with their error rates, and the cost with what matters."""
        shares = gap_shares
        if shares.p_labels is None:
            raise NotEnoughEvidence(
                "labels given inputs cannot be compared without labels of both splits",
                "say which column is the label: --label NAME",
            )
        p, words = shares.p_labels, SPLITS[shares.split]
        rows = f"{shares.n:,} training and {shares.m:,} {words} rows"
        if p > self.alpha:
            if shares.parts.is_apart:
                shared = f"{shares.parts.overlap.shared:.0%} of their places"
                yield Passed(f"labels given inputs cannot be compared: {rows} share {shared}", OPEN)
                return
            yield Passed(f"labels given inputs are the same as far as {rows} can tell (p = {p:.2g})", ABSENT)
            return
        if shares.p_inputs is not None and shares.p_inputs > self.alpha_shares:
            yield Passed(
                f"labels given inputs differ as they do where only the shares of the classes changed (LBL121): inputs "
                f"within a class are the same (p = {shares.p_inputs:.2g})", ABSENT,
            )  # fmt: skip
            return
        part = shares.parts.concept
        costs = part is not None and part.low > scaled(shares, self.matters)
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING if costs or part is None else Severity.INFO,
            self.certainty,
            f"{words} rows have other labels than training rows with the same inputs (p = {p:.1g}, {rows})"
            + _cost(part, shares),
            (
                Measured("p-value of equal labels given inputs", p, "", limit=self.alpha, exceeds="below",
                         limit_reason="error rate whatever the shift of the inputs"),
                *measured(shares, "concept", scaled(shares, self.matters), "less is rarely worth a remedy"),
            ),
            (),
            parts_figure(shares),
        )  # fmt: skip


def _cost(part: Part | None, shares: GapShares) -> str:
    if part is None:
        return ""
    return f"; it costs {whose(shares)} {between(part, shares)}{of_gap(part)}"
