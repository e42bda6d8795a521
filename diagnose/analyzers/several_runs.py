"""EVA905: the log holds several runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import Passed
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.run import History, Run

ATTEMPT = re.compile(r"\(attempt \d+ of \d+\)$")
"""How the readers name a run that started anew in the same file."""


@dataclass(frozen=True)
class SeveralRuns:
    """The log holds several runs.

    ## What it detects
    Several trainings in one log: attempts appended to the same file, folds, seeds, stages. They are kept apart, and
    only one is judged here; or epochs that restart within the run judged.

    ## Why it matters
    A picture of the whole file shows jumps that no training made. Attempts appended to one file also mean that nobody
    can say which settings, code or split belong to which rows.

    ## The evidence
    What the reader found: names of the other runs, or phases that begin because epochs restart. Folds, seeds, stages
    and files of their own are in order and only mentioned; attempts in one file are an error, since any
    figure read off it may be of another attempt.

    ## What to do
    Write every run to a file or folder of its own (`CSVLogger(..., append=False)`, a run name with date and seed). To
    have them all judged: `diagnose audit PATH`, which lists every run.

    ## References
    - Keras documentation, CSVLogger (`append`)
    - Pineau et al. (2021), Improving Reproducibility in Machine Learning Research, the reproducibility checklist
    """

    code: ClassVar[str] = "EVA905"
    cause: ClassVar[Cause] = Cause.EVALUATION

    certainty_attempts: float = 0.6
    """That appended attempts spoil the conclusion: the reader keeps them apart, so a little more than even."""
    certainty_others: float = 0.9
    """That the runs are several: restarting epochs, folds and stages are read off names and counters."""

    def check(self, run: Run, history: History) -> Iterator[Finding | Passed]:
        """Report siblings and restarts."""
        restarts = [p for p in history.phases if "restart" in p.because]
        attempts = bool(ATTEMPT.search(run.name)) and bool(run.siblings)
        if run.siblings:
            total = len(run.siblings) + 1
            kind = "attempts were appended to one log" if attempts else "runs stand in this log"
            yield Finding(
                self.code,
                self.cause,
                Severity.ERROR if attempts else Severity.INFO,
                self.certainty_attempts if attempts else self.certainty_others,
                f"{total} {kind}; this is the verdict on {run.name!r} alone",
                (Measured("runs in the log", float(total), "runs", limit=1.0, limit_reason="one verdict, one run"),),
                (),
            )
        elif restarts:
            yield Finding(
                self.code,
                self.cause,
                Severity.INFO,
                self.certainty_others,
                f"epochs restart {len(restarts)} time{'s' * (len(restarts) > 1)} within this run "
                f"(first at {history.unit} {restarts[0].start:g}): training was resumed, or a second stage began",
                (
                    Measured(
                        "restarts", float(len(restarts)), "restarts", limit=0.0, limit_reason="one training, one count"
                    ),
                ),
                tuple(Where("epochs", p.start, p.end) for p in restarts),
            )
        else:
            yield Passed("the log holds one run, counted through")
