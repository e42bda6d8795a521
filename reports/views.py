"""What reports of every format choose to show first, in which order. Choices of display, no conclusions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnose.finding import Cause, Diagnosis, Finding, Level, Outcome, Severity, Status, Verdict
from diagnose.reports.numbers import number
from diagnose.reports.wording import LEVELS, SPLITS, STATUSES, Wording, cause_title

LEVEL_ORDER = tuple(Level)
SEVERITY_ORDER = tuple(Severity)
STATUS_ORDER = (Status.BROKEN, Status.FINDINGS, Status.PASSED, Status.SKIPPED, Status.NOT_APPLICABLE)
STATUS_WORDS = {status: STATUSES[status].word for status in STATUS_ORDER}
EXAMPLE = re.compile(r"(?:, or give it)?(?:,? e\.g\.|:)? (?P<example>--context(?P<pairs>(?: \w+=[^\s;,)]+)+))")
"""What to type, in a wish, with the words that lead to it."""
TOP_REMEDIES = 3
DATA_CAUSES = (Cause.COVARIATE_SHIFT, Cause.LABEL_SHIFT, Cause.CONCEPT_SHIFT, Cause.LEAKAGE, Cause.LABEL_ERRORS)
"""Causes that no training log can show."""
DATA_REASON = "no log shows it, only the data themselves"
LOG_REASON = "no data show it, only the training log"
DATA_WISH = "give the training and the validation data, which no log shows: --train DATA --val DATA --label COLUMN"


@dataclass(frozen=True)
class CauseRow:
    """One line of the cause table."""

    cause: Cause
    title: str
    level: Level
    wording: Wording
    probability: float | None
    reason: str
    more: tuple[str, ...]
    codes: tuple[str, ...]
    is_main: bool

    @property
    def bar(self) -> int | None:
        """Length of the bar that shows the probability, in percent; None where there is none."""
        if self.probability is None or not math.isfinite(self.probability):
            return None
        return round(100 * min(max(self.probability, 0.0), 1.0))


def cause_rows(diagnosis: Diagnosis) -> tuple[CauseRow, ...]:
    """All fifteen causes, the surest first, what was not examined last."""
    rows = [_cause_row(diagnosis, cause) for cause in Cause]
    return tuple(sorted(rows, key=lambda r: (
        LEVEL_ORDER.index(r.level), needs_log(diagnosis, r.cause), not r.is_main, -(r.probability or 0.0)
    )))  # fmt: skip


def _cause_row(diagnosis: Diagnosis, cause: Cause) -> CauseRow:
    verdict = diagnosis.verdicts.get(cause, Verdict(cause, Level.NOT_EXAMINED))
    reason, *more = _reasons(verdict, diagnosis)
    if needs_data(diagnosis, cause):
        reason, more = DATA_REASON, [reason, *more]
    elif needs_log(diagnosis, cause):
        reason, more = LOG_REASON, [reason, *more]
    return CauseRow(
        cause, cause_title(cause), verdict.level, LEVELS[verdict.level], verdict.probability, reason, tuple(more),
        verdict.codes, diagnosis.main == cause,
    )  # fmt: skip


def _reasons(verdict: Verdict, diagnosis: Diagnosis) -> list[str]:
    """Reasons of a verdict, the one its probability rests on first; at least one, perhaps empty.

    A finding is that reason where there is one, however unlikely the cause; else the check that passed and leaves the
    cause most likely.
    """
    settle = [f"to tell: {way}" for way in wishes(verdict.would_settle, diagnosis)]
    against = sorted(verdict.reasons_against, key=lambda reason: -_left_by(reason, verdict.cause, diagnosis))
    if verdict.level is Level.NOT_EXAMINED:
        ordered = [*settle, *verdict.reasons_for, *against]
    elif verdict.reasons_for:
        ordered = [*verdict.reasons_for, *(f"against: {reason}" for reason in against), *settle]
    else:
        ordered = [*against, *settle]
    return ordered or [""]


def _left_by(reason: str, cause: Cause, diagnosis: Diagnosis) -> float:
    """Probability that the checks that passed for this reason leave to their cause; below all where they don't say.

    A reason that no single check gave joins several, and leads.
    """
    said = [o.probability for o in diagnosis.outcomes if o.cause is cause and o.why == reason]
    if not said:
        return 2.0
    return max((p for p in said if p is not None and math.isfinite(p)), default=-1.0)


def needs_data(diagnosis: Diagnosis, cause: Cause) -> bool:
    """Whether no check speaks of this cause because none could from a log."""
    verdict = diagnosis.verdicts.get(cause)
    is_open = verdict is not None and verdict.level is Level.NOT_EXAMINED
    return is_open and cause in DATA_CAUSES and not any(outcome.cause is cause for outcome in diagnosis.outcomes)


def needs_log(diagnosis: Diagnosis, cause: Cause) -> bool:
    """Whether a cause that was not examined is one of training, and data alone were given."""
    verdict = diagnosis.verdicts.get(cause)
    is_open = verdict is not None and verdict.level is Level.NOT_EXAMINED
    has_log = bool(diagnosis.run.curves) or not diagnosis.run.data
    return is_open and not has_log and cause not in {*DATA_CAUSES, Cause.EVALUATION}


def main_row(diagnosis: Diagnosis) -> CauseRow | None:
    """Find the row of the main cause; None where the run is healthy or nothing can be told."""
    return next((row for row in cause_rows(diagnosis) if row.is_main), None)


def findings_by_weight(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Order findings, the most severe first, then the most probable."""
    return tuple(sorted(diagnosis.findings, key=lambda f: (SEVERITY_ORDER.index(f.severity), -f.probability)))


def outcomes_by_status(diagnosis: Diagnosis) -> tuple[tuple[Status, tuple[Outcome, ...]], ...]:
    """Outcomes grouped by status, broken ones first; groups without members are left out."""
    groups = ((s, tuple(o for o in diagnosis.outcomes if o.status is s)) for s in STATUS_ORDER)
    return tuple((status, members) for status, members in groups if members)


def broken(diagnosis: Diagnosis) -> tuple[Outcome, ...]:
    """Analyzers that crashed."""
    return tuple(o for o in diagnosis.outcomes if o.status is Status.BROKEN)


def wishes(ways: Iterable[str], diagnosis: Diagnosis) -> tuple[str, ...]:
    """Ways to settle a cause as this user may take them: without what was given, and without made-up values.

    An example such as ``--context n_train=800`` names the keys that are missing; numbers in it are the user's to fill
    in.
    """
    shown = (_wish(way, diagnosis.run.context) for way in ways)
    return tuple(dict.fromkeys(way for way in shown if way))


def _wish(way: str, known: Mapping[str, Any]) -> str:
    found = EXAMPLE.search(way)
    if found is None:
        return way
    pairs = [pair.partition("=")[::2] for pair in found["pairs"].split()]
    missing = [f"{key}={'…' if _is_number(value) else value}" for key, value in pairs if key not in known]
    given = [key for key, _ in pairs if key in known]
    if missing:
        rest = f"; {', '.join(given)} {'is' if len(given) == 1 else 'are'} known" if given else ""
        example = f"--context {' '.join(missing)}{rest}"
        return f"{way[: found.start('example')]}{example}{way[found.end() :]}"
    if way.startswith(("give ", "say ")):
        return ""
    return way[: found.start()] + way[found.end() :]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def worst_first(diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Many runs in the order in which they want attention; equals keep the order they were given in."""
    return sorted(diagnoses, key=_attention)


def _attention(diagnosis: Diagnosis) -> tuple[int, int, float]:
    row = main_row(diagnosis)
    severity = min((SEVERITY_ORDER.index(f.severity) for f in diagnosis.findings), default=len(SEVERITY_ORDER))
    if row is None:
        return len(LEVEL_ORDER) + (diagnosis.main == "healthy"), severity, 0.0
    return LEVEL_ORDER.index(row.level), severity, -(row.probability or 0.0)


@dataclass(frozen=True)
class EndPoint:
    """Where a curve ended, and its best value where it is held out."""

    name: str
    split: str
    last: float | None
    best: float | None
    best_step: float | None


def end_points(diagnosis: Diagnosis) -> tuple[EndPoint, ...]:
    """Last and best values of all curves, in the log's order, then of those that were not drawn."""
    run = diagnosis.run
    splits = {curve.name: SPLITS.get(curve.split, curve.split) for curve in run.curves}
    names = [*splits, *sorted((set(run.final) | set(run.best)) - set(splits))]
    return tuple(_end_point(diagnosis, name, splits.get(name, "")) for name in names)


def _end_point(diagnosis: Diagnosis, name: str, split: str) -> EndPoint:
    best = diagnosis.run.best.get(name, {})
    last, value, step = (
        v if v is not None and math.isfinite(v) else None
        for v in (diagnosis.run.final.get(name), best.get("value"), best.get("step"))
    )
    return EndPoint(name, split, last, value, step)


def validation_loss(diagnosis: Diagnosis) -> EndPoint | None:
    """End point of the validation loss, or else of the first held-out curve."""
    run = diagnosis.run
    held_out = [c for c in run.curves if c.split != "train"]
    chosen = next((c for c in held_out if c.quantity == "loss"), held_out[0] if held_out else None)
    return _end_point(diagnosis, chosen.name, SPLITS.get(chosen.split, chosen.split)) if chosen else None


def extent(diagnosis: Diagnosis) -> str:
    """How long the run is, and how many rows of data stand beside it, in words."""
    run = diagnosis.run
    rows = [f"{number(split.n)} {SPLITS.get(split.name, split.name)}" for split in run.data]
    of_data = f"{' and '.join(rows)} rows" if rows else ""
    if of_data and not run.n_points:
        return of_data
    of_log = f"{number(run.n_points)} points up to {run.unit} {number(run.last_step)}"
    return f"{of_log}; {of_data}" if of_data else of_log
