"""What was not examined, and what the user could give so that it would be. Choices of display, no conclusions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from diagnose.finding import Cause, Diagnosis, Level, Status
from diagnose.reports.views import DATA_WISH, CauseRow, cause_rows, needs_data, needs_log, wishes

MAX_WISHES = 6
"""Ways to settle more that a terminal and a comment show."""
LOG_WISH = "give the training log beside the data: diagnose audit LOG --train …"
OUTPUT_WISH = "give what the model says of every row: --prediction COLUMN, or the model itself: --model MODEL"
EMBEDDING_WISH = "give embeddings of the rows: --embedding FILE, or a model whose features serve as such: --model MODEL"
SETTLED_BY_OUTPUTS = (Cause.OVERFITTING, Cause.COVARIATE_SHIFT, Cause.CONCEPT_SHIFT, Cause.EVALUATION)
"""Causes that are judged by the parts of the model's gap, by its outputs, or by how well its score is known."""


@dataclass(frozen=True)
class Request:
    """Something the user could provide, and the causes it would help to examine."""

    what: str
    causes: tuple[str, ...]


def not_examined(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Name what was not examined, in a sentence; what only a training log shows in another, where there is none."""
    rows = [row for row in cause_rows(diagnosis) if row.level is Level.NOT_EXAMINED]
    of_log = [row for row in rows if needs_log(diagnosis, row.cause)]
    others = [row for row in rows if row not in of_log]
    told = (("Not examined", others), ("Not examined, for want of a training log", of_log))
    return tuple(f"{what}: {', '.join(row.title.lower() for row in some)}" for what, some in told if some)


def requests(diagnosis: Diagnosis) -> tuple[Request, ...]:
    """Collect what would settle open causes, each wish once, those that help most causes first.

    Causes that the evidence speaks against are not open; those that need the data share one wish. Where data alone were
    given, what the model says of them comes first, then what is missing of the data, and the training log, which all
    the wishes to log something amount to, comes last.
    """
    helped: dict[str, list[str]] = {}
    for row in cause_rows(diagnosis):
        if row.level in {Level.UNLIKELY, Level.RULED_OUT} or row.cause not in diagnosis.verdicts:
            continue
        for wish in _wishes(diagnosis, row):
            helped.setdefault(wish, []).append(row.title)
    for wish, title in _of_skipped(diagnosis):
        if title not in helped.setdefault(wish, []):
            helped[wish].append(title)
    order = {OUTPUT_WISH: -1, LOG_WISH: 1}
    ranked = sorted(helped.items(), key=lambda item: (order.get(item[0], 0), -len(item[1])))
    return tuple(Request(what, tuple(causes)) for what, causes in ranked)


def _wishes(diagnosis: Diagnosis, row: CauseRow) -> tuple[str, ...]:
    if needs_data(diagnosis, row.cause):
        return (DATA_WISH,)
    if needs_log(diagnosis, row.cause):
        return (LOG_WISH,)
    settle = wishes(diagnosis.verdicts[row.cause].would_settle, diagnosis)
    return tuple(_beside_data(settle)) if _is_of_data(diagnosis) else settle


def _of_skipped(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    """Yield what checks of data that were skipped ask for, and their causes, where data alone were given."""
    if not _is_of_data(diagnosis):
        return
    titles = {row.cause: row.title for row in cause_rows(diagnosis)}
    if len(diagnosis.run.data) > 1 and not any(c.role == "output" for s in diagnosis.run.data for c in s.columns):
        yield from ((OUTPUT_WISH, titles[cause]) for cause in SETTLED_BY_OUTPUTS)
    for outcome in diagnosis.outcomes:
        if outcome.status is Status.SKIPPED:
            for wish in _beside_data(wishes((outcome.settle,), diagnosis)):
                yield wish, titles[outcome.cause]


def _beside_data(ways: Iterable[str]) -> Iterator[str]:
    """Leave out what is a wish for a log; those for predictions are one, and those for embeddings."""
    for way in ways:
        if not is_of_log(way):
            yield OUTPUT_WISH if "predictions" in way else EMBEDDING_WISH if "give embeddings" in way else way


def is_of_log(way: str) -> bool:
    """Whether a way to settle something is to log it, or to say what a log does not.

    Examples
    --------
    >>> is_of_log("log the training loss every epoch"), is_of_log("say which column is the time: --time NAME")
    (True, False)
    """
    return way.startswith("log ") or ("--context" in way and "--prediction" not in way) or "training code" in way


def _is_of_data(diagnosis: Diagnosis) -> bool:
    return bool(diagnosis.run.data) and not diagnosis.run.curves
