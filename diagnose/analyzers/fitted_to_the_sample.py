"""OVF108: the part of the gap that is fitting to the sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, OPEN, Passed
from diagnose.analyzers.gap_wording import amount, between, measured, of_all, of_gap, parts_figure, scaled
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Severity
from diagnose.measurements import SPLITS
from diagnose.measures.gap_shares import GapShares
from diagnose.stats.decomposition import Part


@dataclass(frozen=True)
class FittedToTheSample:
    """Most of the gap is fitting to the sample.

    ## What it detects
    A model whose risk on unseen rows of the *training* distribution is far above its risk on the training rows: what
    overfitting is, freed of whatever else differs between training and validation.

    ## Why it matters
    Curves and scores cannot tell overfitting from validation data of another kind, and the remedies differ: against
    overfitting help data, augmentation, regularisation and a smaller model; against a shift none of these.

    ## The evidence
    The gap between validation and training risk is split into fitting to the sample, covariate shift and concept shift
    with 90 % intervals that sum to it. The model's outputs on validation rows say how it treats unseen rows; weighted
    towards the training inputs, and with the training labels, they give the risk on unseen training rows (doubly
    robust; the estimands and what they assume stand in `diagnose.stats.decomposition`). Where only losses are known,
    fitting and concept shift cannot be told apart by risks; then it is called fitting only where a test finds labels
    given inputs unchanged, and never confirmed. Where training and validation share too little input space, nothing is
    claimed. Good models live with a gap of some points, so that a small one is information.

    ## What to do
    More training data or augmentation, more regularisation (weight decay, dropout), earlier stopping, a smaller model
    or more frozen layers.

    ## References
    - Cai, Namkoong & Yadlowsky (2023), Diagnosing Model Performance Under Distribution Shift, arXiv 2303.02011
    - Chernozhukov et al. (2018), Double/debiased machine learning for treatment and structural parameters
    - Li, Morgan & Zaslavsky (2018), Balancing Covariates via Propensity Score Weighting
    """

    code: ClassVar[str] = "OVF108"
    cause: ClassVar[Cause] = Cause.OVERFITTING

    grave: float = 0.15
    """Points of the error rate (of another loss, 75 % of it): as OVF107, no rated run without overfitting has as
    many."""
    named: float = 0.05
    """From here on it is named, and left undecided: the best forests live with as much."""
    certainty: float = 0.95
    """The lower end of a two-sided 90 % interval is passed by one in twenty."""
    undecided: float = 0.4
    """Below an even chance: it is fitting, but hardly a fault."""
    of_losses: float = 0.8
    """Likely, never confirmed: a concept shift too small to be found may hide in it."""
    same_labels: float = 0.1
    """p-value from which labels given inputs pass for the same."""

    def check(self, gap_shares: tuple[GapShares, ...]) -> Iterator[Finding | Passed]:
        """Compare the part that is fitting with what good models live with."""
        known = [shares for shares in gap_shares if shares.knows_model and shares.unseen_by is None]
        if not known:
            raise NotEnoughEvidence(
                "how far the model fitted its sample shows in its own outputs, and none were given",
                "give what the model says of every row of both splits: --prediction COLUMN",
            )
        told = [shares for shares in known if self._part(shares) is not None]
        yield from of_all(self._judged(shares) for shares in told or known[:1])

    def _judged(self, shares: GapShares) -> Finding | Passed:
        part = self._part(shares)
        words = SPLITS[shares.split]
        if part is None:
            return Passed(
                "cannot tell fitting from shift: " + _why_not(shares), OPEN,
                f"give the model's predictions, and {words} rows of the kind that training holds",
            )  # fmt: skip
        if part.low <= scaled(shares, self.named):
            most = f"fitting to the sample adds at most {amount(max(part.high, 0.0), shares)} to the {words} risk"
            return Passed(most, CONTRADICTED if part.high < scaled(shares, self.grave) else ABSENT)
        is_grave = part.low > scaled(shares, self.grave)
        certainty = self.certainty if shares.parts.fitting is not None else self.of_losses
        return Finding(
            self.code,
            self.cause,
            Severity.WARNING if is_grave else Severity.INFO,
            certainty if is_grave else self.undecided,
            f"on unseen rows like the training rows the model would lose {between(part, shares)} more than on the "
            f"training rows: fitting to the sample{of_gap(part)}",
            measured(shares, "fitting" if shares.parts.fitting is not None else "unexplained",
                     scaled(shares, self.grave), "no rated run without overfitting has as much (OVF107)"),
            (),
            parts_figure(shares),
        )  # fmt: skip

    def _part(self, shares: GapShares) -> Part | None:
        parts = shares.parts
        if not shares.is_of_model:
            return None
        if parts.fitting is not None:
            return parts.fitting
        same = shares.p_labels is not None and shares.p_labels >= self.same_labels
        return parts.unexplained if parts.covariate is not None and same else None


def _why_not(shares: GapShares) -> str:
    common = shares.parts.overlap
    if shares.parts.covariate is None or not shares.is_of_model:
        return (f"training and {SPLITS[shares.split]} rows have only {common.shared:.0%} of their places in common, "
                f"worth {min(common.first, common.second, common.covered):.0f} rows")  # fmt: skip
    return "only losses were given, and labels given inputs may differ"
