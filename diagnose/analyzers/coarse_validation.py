"""EVA901: the validation set is too small for what is read off it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from diagnose.analyzer import Passed
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.sampling import Sampling


@dataclass(frozen=True)
class CoarseValidation:
    """The validation set is too small to tell.

    ## What it detects
    A validation set of so few samples that its score can take few values and jumps with each sample. Where the size
    is not known it is read off the score: accuracies in fifths come from five samples (or a multiple that never
    showed).

    ## Why it matters
    A difference smaller than the sampling interval is no difference. Early stopping and model choice then follow
    noise, and any verdict on these curves does too.

    ## The evidence
    The number of samples, given or implied: the smallest n of which every logged accuracy is a multiple of 1/n, if
    the odds of that by chance are below one in a thousand. Wilson's 95 % interval of the last accuracy against all
    the change in the run. An interval wider than the change is information only: a run that began near its best
    changes little by nature.

    ## What to do
    Validate on more samples; with few samples in all, cross-validate (five folds, repeated) and judge by the mean
    with its standard error.

    ## References
    - Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference
    - Varoquaux (2018), Cross-validation failure: small sample sizes lead to large error bars
    """

    code: ClassVar[str] = "EVA901"
    cause: ClassVar[Cause] = Cause.EVALUATION

    least_samples: int = 30
    """Below this Wilson's 95 % interval of a score near a half is wider than a third of the whole scale (0.33 to 0.67
    at 30)."""
    certainty: float = 0.95
    """The count is a fact where it is given, and read off the score at odds of 1 : 1,000; one in twenty is left for
    counts of batches that a log calls samples."""

    def check(self, sampling: Sampling) -> Iterator[Finding | Passed]:
        """Compare the number of samples with the least, and the interval with the change."""
        origin = "" if sampling.known else ", as the steps of its score betray,"
        evidence = [Measured("validation samples", float(sampling.n), "samples", limit=float(self.least_samples),
                             exceeds="below", limit_reason="95 % interval a third of the scale wide")]  # fmt: skip
        width = sampling.high - sampling.low
        if isfinite(width):
            evidence += [
                Measured(f"last {sampling.score}", sampling.end, "share", sampling.low, sampling.high),
                Measured("width of its 95 % interval", width, "share", limit=sampling.change,
                         limit_reason="all the change in the run"),
            ]  # fmt: skip
        where = (Where("curves", names=(sampling.score,)),) if sampling.score else ()
        few = sampling.n < self.least_samples
        if few or (isfinite(width) and width > sampling.change > 0):
            said = (
                f": {sampling.score} of {sampling.end:.3g} may be {sampling.low:.2f} to {sampling.high:.2f}"
                if where
                else ""
            )
            yield Finding(
                self.code,
                self.cause,
                Severity.WARNING if few else Severity.INFO,
                self.certainty,
                f"the validation set has {sampling.n} samples{origin}{said}"
                + ("" if few else f", wider than the {sampling.change:.2g} it changed in the whole run"),
                tuple(evidence),
                where,
            )
            return
        yield Passed(f"{sampling.n} validation samples carry the differences seen", 1 - self.certainty)
