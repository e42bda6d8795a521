"""LKG147: rows of the validation data were trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.data import SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.recording import InputFacts, Recording


@dataclass(frozen=True)
class ValidationInTraining:
    """Rows of the validation data were trained on.

    ## What it detects

    Validation rows that stood, byte for byte, in a training batch.

    ## Why it matters

    The validation score then measures what was learnt by heart, and neither early stopping nor any choice between
    models can rest on it.

    ## The evidence

    Digests of validation rows against those of training batches, as a hook saw them go by; what augmentation changed is
    not recognised, so the share is a lower bound. Rows of a few numbers repeat by chance, which lowers the probability;
    a few copies in a large data set are information.

    ## What to do

    Split before anything else, by whatever belongs together; train on the one part only.

    ## References

    - Kapoor & Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science
    - Kaufman et al. (2012), Leakage in data mining

    """

    code: ClassVar[str] = "LKG147"
    cause: ClassVar[Cause] = Cause.LEAKAGE

    least_told: float = 0.01
    """Share of the validation rows: 3.3 % of CIFAR-10's test images are (nearly) in its training set (Barz & Denzler
    2020), so that less than a percent is the data's habit."""
    grave: float = 0.2
    """Share from which a fifth of the score is not held out."""
    fewest_numbers: int = 8
    """Numbers of a row below which rows repeat by chance where they are whole or rounded."""
    certainty: float = 0.96
    """That so many equal rows are no chance. A judgement."""

    def check(
        self, recording: Recording, input_facts: Mapping[SplitName, tuple[InputFacts, ...]] | None = None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the counts."""
        compared = recording.counters.get("compared_rows", 0)
        overlapping = recording.counters.get("overlapping_rows", 0)
        if not compared:
            raise NotEnoughEvidence("validation rows were not compared with training batches", "train with a hook")
        share = overlapping / compared
        if share < self.least_told:
            yield Passed(f"{overlapping:,} of {compared:,} validation rows stood in a training batch", CONTRADICTED)
            return
        inputs = (input_facts or {}).get("train", ())
        is_narrow = bool(inputs) and sum(prod(facts.shape) for facts in inputs) < self.fewest_numbers
        severity = Severity.ERROR if share >= self.grave else Severity.WARNING
        yield Finding(
            self.code,
            self.cause,
            severity,
            0.6 if is_narrow else self.certainty if share >= self.grave else 0.8,
            f"{overlapping:,} of {compared:,} validation rows ({share:.0%}) stood in training batches",
            (Measured("validation rows that were trained on", share, "share", limit=self.least_told,
                      limit_reason="copies that large data sets hold anyway", effect=True),),
        )  # fmt: skip
