"""CPT131: labels given inputs are not the same in both splits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, OPEN, Passed
from diagnose.analyzers.gap_wording import between, measured, of_all, of_gap, parts_figure, scaled, whose
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
    Where the splits have less than 30 % of their places in common, nothing is claimed: what was learnt of labels would
    be carried from one place to another. Up to 60 % the claim is likely, not confirmed.
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

    in_part: float = 0.7
    """The same where places are shared in part: likely, never confirmed, and below a covariate shift."""
    mostly: float = 0.6
    """Share of places in common from which most rows have some to be compared with; below, what was learnt of labels
    is carried from where one split is to where the other is, and that errs."""

    def check(self, gap_shares: tuple[GapShares, ...]) -> Iterator[Finding | Passed]:
        """Compare both p-values of each split with their error rates, and the cost with what matters."""
        known = [shares for shares in gap_shares if shares.p_labels is not None]
        if not known:
            raise NotEnoughEvidence(
                "labels given inputs cannot be compared without labels of both splits",
                "say which column is the label: --label NAME",
            )
        yield from of_all(self._judged(shares, shares.p_labels) for shares in known if shares.p_labels is not None)

    def _judged(self, shares: GapShares, p: float) -> Finding | Passed:
        words, shared = SPLITS[shares.split], shares.parts.overlap.shared
        rows = f"{shares.n:,} training and {shares.m:,} {words} rows"
        if shares.parts.is_apart:
            return Passed(
                f"labels given inputs cannot be compared: {rows} have {shared:.0%} of their places in common", OPEN,
                f"give training rows of the kind that {words} holds, or the reverse",
            )  # fmt: skip
        if p > self.alpha:
            return Passed(f"labels given inputs are the same as far as {rows} can tell (p = {p:.2g})", ABSENT)
        if shares.p_inputs is not None and shares.p_inputs > self.alpha_shares:
            return Passed(
                f"labels given inputs differ as they do where only the shares of the classes changed (LBL121): inputs "
                f"within a class are the same (p = {shares.p_inputs:.2g})", ABSENT,
            )  # fmt: skip
        part = shares.parts.concept
        costs = part is not None and part.low > scaled(shares, self.matters)
        return Finding(
            self.code,
            self.cause,
            Severity.WARNING if costs or part is None else Severity.INFO,
            self.certainty if shared >= self.mostly else self.in_part,
            f"{words} rows have other labels than training rows with the same inputs (p = {p:.1g}, {rows}, with "
            f"{shared:.0%} of their places in common)"
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
