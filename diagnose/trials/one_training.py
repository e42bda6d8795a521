"""Run one training: whatever it does, it ends as a score or as a message."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from diagnose.errors import InputError
from diagnose.trials.ledger import Ledger, Ticket, Trial
from diagnose.trials.metric import Metric, Outcome, outcome_of
from diagnose.trials.settings import Settings

Train = Callable[..., Any]
LONGEST = 300
"""Letters of a message that are kept."""


class Dropped(Exception):  # noqa: N818  no error: raised inside a training to end it
    """What ``report`` raises in a training that is to end: it falls too far behind, or the time is up."""

    def __init__(self, why: str, *, is_late: bool) -> None:
        super().__init__(why)
        self.is_late = is_late


class Caught(AbstractContextManager["Caught"]):
    """Keeps whatever a training raises from ending all others; interrupts of the user go through."""

    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return error is not None and not isinstance(error, KeyboardInterrupt | GeneratorExit)


class Reporter:
    """The second argument of a training: call it with the epoch and the validation score, as they come.

    Parameters
    ----------
    ticket
        Of the trial.
    metric
        Which score counts, where several are given.
    is_late
        Whether the time is up.
    may_drop
        Whether the training can be dropped; the baseline can't.
    """

    def __init__(self, ticket: Ticket, metric: Metric, is_late: Callable[[], bool], *, may_drop: bool) -> None:
        self._ticket, self._metric, self._is_late, self._may_drop = ticket, metric, is_late, may_drop

    def __call__(self, epoch: float, score: float | Mapping[str, float]) -> None:
        """Take the score of an epoch, or all scores of it by the names of their curves.

        Raises
        ------
        Dropped
            The training is not worth its time any more. Let it go through.
        """
        if isinstance(score, Mapping):
            names = (self._metric.name, f"val_{self._metric.quantity}", f"eval_{self._metric.quantity}")
            score = next((score[name] for name in names if name in score), math.nan)
        falls_behind = self._ticket.report(round(epoch), float(score))
        if self._may_drop and falls_behind:
            raise Dropped(f"dropped at epoch {round(epoch)}: it lags far behind the run without it", is_late=False)
        if self._may_drop and self._is_late():
            raise Dropped("the time was up", is_late=True)


def takes_report(train: Train) -> bool:
    """Whether a training takes a second argument."""
    try:
        parameters = list(inspect.signature(train).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in positional if p.default is p.empty]
    return len(needed) > 1 or any(p.name == "report" for p in parameters)


def run(  # noqa: PLR0913  what is trained, how, and where it is noted
    train: Train,
    values: Mapping[str, Any],
    ledger: Ledger,
    metric: Metric,
    *,
    candidate: str,
    title: str,
    is_late: Callable[[], bool],
    expected: float | None = None,
) -> Trial:
    """Train once and note the result; a training that the time ended is left unfinished."""
    seed = int(values["seed"])
    config = Settings(values)
    ticket = ledger.begin(candidate, seed, title, expected)
    report = Reporter(ticket, metric, is_late, may_drop=candidate != "")
    started = time.monotonic()
    outcome: Outcome | None = None
    with Caught() as caught:
        outcome = outcome_of(_called(train, config, report), metric)
    seconds = time.monotonic() - started
    state, why = _ending(caught.error)
    result = Trial(candidate, seed, state, seconds, outcome, why, tuple(sorted(config.read)), config.is_taken_whole)
    if not (isinstance(caught.error, Dropped) and caught.error.is_late):
        ticket.end(result)
    return result


def _called(train: Train, config: Settings, report: Reporter) -> Any:
    if not takes_report(train):
        return train(config)
    kinds = inspect.signature(train).parameters
    by_name = "report" in kinds and kinds["report"].kind is inspect.Parameter.KEYWORD_ONLY
    return train(config, report=report) if by_name else train(config, report)


def _ending(error: BaseException | None) -> tuple[Any, str]:
    if error is None:
        return "done", ""
    if isinstance(error, Dropped):
        return "dropped", str(error)
    said = " ".join(str(error).split())[:LONGEST]
    if isinstance(error, InputError):
        return "failed", said
    return "failed", f"{type(error).__name__}: {said}" if said else type(error).__name__
