"""COV117: the model says other things of one data set than of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Series, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.output_shift import OutputShift

SHOWN = 10


@dataclass(frozen=True)
class OutputsShifted:
    """The model says other things of one data set than of another.

    ## What it detects
    Outputs (probabilities or predicted numbers) that are distributed differently on two data sets. Test is compared
    with validation where both are given: the model was fitted to neither. Held-out data are compared with training data
    otherwise.

    ## Why it matters
    A model's outputs are the few numbers of each input that matter to it. Where they are distributed differently,
    inputs or labels are, in a way that the model reacts to.

    ## The evidence
    The shape of every output (Kolmogorov-Smirnov), all outputs together as in COV116, and how often each class is said
    (χ² of homogeneity), combined by Cauchy's law; of a single output place, spread, shape and tails as in COV111. A
    finding needs that at least one row in a hundred is out of place, by the lower bound of the distance. Outputs on
    training rows are sharper because the model was fitted to them: where its training score is higher than the held-out
    score by a point or more, or unknown, a difference between training and held-out outputs is information only, as
    overfitting makes the same.

    ## What to do
    Compare the inputs (COV111, COV115, COV116) and the labels of both data sets. Give predictions of validation and
    test data both, which no fitting disturbs.

    ## References
    - Lipton, Wang & Smola (2018), Detecting and Correcting for Label Shift with Black Box Predictors, arXiv 1802.03916
    - Rabanser, Günnemann & Lipton (2019), Failing Loudly, arXiv 1810.11953
    """

    code: ClassVar[str] = "COV117"
    cause: ClassVar[Cause] = Cause.COVARIATE_SHIFT

    error_rate: float = 0.01
    """Of a false alarm: inputs are compared at 5 % already, and outputs add little where these agree."""
    least_share: float = 0.01
    """Rows out of place: a score between 0 and 1 differs by at most that share."""
    certainty: float = 0.95
    """At an error rate of 1 %, nine alarms in ten are right even where one data set in ten differs."""
    undecided: float = 0.4
    """Of outputs on training rows: overfitting explains the same."""

    def check(self, output_shifts: tuple[OutputShift, ...]) -> Iterator[Finding | Passed]:
        """Compare the p-value with the error rate, and the lower bound with what matters."""
        rate = self.error_rate / len(output_shifts)
        found = [shift for shift in output_shifts if shift.p <= rate and shift.low > self.least_share]
        yield from (self._finding(shift) for shift in found)
        if not found:
            yield Passed("; ".join(_quiet(shift, rate) for shift in output_shifts), ABSENT)

    def _finding(self, shift: OutputShift) -> Finding:
        order = sorted(range(len(shift.names)), key=lambda k: shift.p_values[k])[:SHOWN]
        k = order[0]
        one, other = SPLITS[shift.reference], SPLITS[shift.split]
        caveat = "" if shift.comparable else "; training outputs are fitted, and overfitting alone does the same"
        return Finding(
            self.code, self.cause,
            Severity.WARNING if shift.comparable else Severity.INFO,
            self.certainty if shift.comparable else self.undecided,
            f"the model says other things of {other} than of {one} rows: mean of {shift.names[k]} "
            f"{shift.means[k][0]:.3g} → {shift.means[k][1]:.3g} (KS distance {shift.distances[k]:.2f}, p of all "
            f"outputs {shift.p:.2g}){caveat}",
            (
                Measured("rows out of place, at least", shift.low, "share", shift.low, None, self.least_share,
                         limit_reason="a score differs by at most that share", effect=True),
                Measured("p-value of all outputs", shift.p, "", limit=self.error_rate, exceeds="below"),
                *(Measured(f"KS distance of {shift.names[i]}", shift.distances[i], "", shift.lows[i])
                  for i in order[:3]),
            ),
            (Where("columns", names=tuple(shift.names[i] for i in order)),),
            Figure("bars", title="Mean output", y_label="mean output",
                   series=tuple(Series(SPLITS[name], tuple(shift.means[i][side] for i in order),
                                       tuple(shift.names[i] for i in order), split=name)
                                for side, name in enumerate((shift.reference, shift.split)))),
            "" if shift.comparable else "give the model's predictions of validation and test data both",
        )  # fmt: skip


def _quiet(shift: OutputShift, rate: float) -> str:
    one, other = SPLITS[shift.reference], SPLITS[shift.split]
    largest = max(shift.distances)
    if shift.p <= rate:
        return f"outputs on {other} and {one} rows differ detectably but immaterially (KS distance {largest:.3f})"
    # Kolmogorov's law: the 95 % power point lies about one band above the critical one
    band = 2 * 1.63 * (1 / shift.n + 1 / shift.m) ** 0.5
    return (f"the model says the same of {other} as of {one} rows: no output differs by more than {largest:.3f} in KS "
            f"distance; {min(band, 1.0):.2f} would have been found")  # fmt: skip
