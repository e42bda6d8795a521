"""One run while it trains: what a hook hands over is kept, judged after every epoch, and reported at the end."""

from __future__ import annotations

import logging
import os
import platform
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from diagnose.auditing import diagnose_run, with_data
from diagnose.data import SplitName
from diagnose.finding import LIKELY, Diagnosis, Finding, Severity
from diagnose.healthy import Unhealthy
from diagnose.hooks.budget import Budget
from diagnose.hooks.guard import Guard
from diagnose.hooks.options import Options
from diagnose.journal import Journal
from diagnose.journal.records import Began, Ended, Epoch, Found, Happened, Record, Staged
from diagnose.model_card import ModelCard
from diagnose.readers.context import given_context
from diagnose.readers.run_directory import raw_log
from diagnose.readers.understand import understand
from diagnose.recording import Happening, Stage
from diagnose.run import Run

log = logging.getLogger("diagnose")


class Advice(NamedTuple):
    """What a hook should do after an epoch: stop training, with the reason; keep these weights as the best so far."""

    stop: bool = False
    why: str = ""
    is_best: bool = False


class Session:
    """What all hooks share; it knows no framework.

    Parameters
    ----------
    directory
        The run directory.
    framework
        ``"keras"``, ``"torch"`` …
    options
        What the user wants.
    environment
        Versions of the framework and its device, by name.
    """

    def __init__(
        self,
        directory: str | PathLike[str],
        framework: str,
        options: Options | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.options = options or Options()
        self.directory = Path(directory)
        self.guard = Guard()
        self.budget = Budget(self.options.share)
        self.records: list[Record] = []
        self.diagnosis: Diagnosis | None = None
        self._journal = Journal(self.directory)
        self._told: set[str] = set()
        given_context(self.options.context or None)  # a mistake in it is told before anything trains
        self.write(
            Began(
                framework=framework,
                name=self.options.name,
                time=_now(),
                process=os.getpid(),
                environment={"python": platform.python_version(), "platform": platform.platform(),
                             "cores": str(os.cpu_count()), **(environment or {})},
                settings={str(k): v for k, v in self.options.context.items() if isinstance(v, (int, float, str, bool))},
                resumes=self.options.resume,
            )
        )  # fmt: skip

    def write(self, record: Record) -> None:
        """Keep a record, in memory and in the journal; a journal that cannot be written is told once."""
        self.records.append(record)
        with self.guard(f"write to {self.directory}"):
            self._journal.write(record)

    def stage(self, card: ModelCard, *, epoch: float, step: float, because: str, batch_size: int | None = None) -> None:
        """Tell what is trained from here on: once at the beginning, and whenever it has changed."""
        self.write(Staged(Stage(epoch, step, card, because, batch_size)))

    def happened(self, kind: str, text: str, *, epoch: float, step: float) -> None:
        """Note something that the report should say."""
        self.write(Happened(Happening(step, epoch, kind, text)))

    def epoch_ended(
        self,
        epoch: float,
        step: float,
        values: Mapping[str, Any],
        *,
        learning_rate: float | None = None,
        seconds: float | None = None,
    ) -> Advice:
        """Tell what an epoch ended with, by the program's own names; epochs count from 1 through the whole run.

        Raises
        ------
        Unhealthy
            Something was found, and ``on_finding`` is ``"raise"``.
        """
        numbers = {str(name): float(value) for name, value in values.items() if _is_number(value)}
        self.write(Epoch(epoch, step, numbers, learning_rate, seconds))
        with self.guard("sync the journal"):
            self._journal.sync()
        new: list[Finding] = []
        with self.guard("judge the run so far"):
            new = self._look(epoch, step)
        return self._acted(new)

    def finish(self, how: str = "finished") -> Diagnosis | None:
        """Close the journal and write the report; a later epoch opens it again. None where judging failed."""
        self.write(Ended(how, _now()))
        with self.guard("diagnose the run"):
            self.diagnosis = diagnose_run(self.run(with_splits=True))
        if self.diagnosis is not None and self.options.report:
            with self.guard("write the report"):
                for name in ("diagnosis.json", "report.html"):
                    self.diagnosis.save(self.directory / name)
        return self.diagnosis

    def run(self, *, with_splits: bool = False) -> Run:
        """Return what is known so far as a `Run`; with the data that the user gave, where wanted."""
        name = self.options.name or self.directory.resolve().name
        raw = raw_log(name, str(self.directory), self.records)
        found = understand(raw, given=given_context(self.options.context or None))[0]
        given: dict[SplitName, Any] = {"train": self.options.train, "val": self.options.val, "test": self.options.test}
        sources = {split: source for split, source in given.items() if source is not None}
        if not with_splits or not sources:
            return found
        return with_data(found, sources, self.options.data)

    def _look(self, epoch: float, step: float) -> list[Finding]:
        if not self.budget.affords():
            return []
        with self.budget.spending():
            findings = diagnose_run(self.run()).findings
        new = [f for f in findings if f.code not in self._told and _is_told(f)]
        for f in new:
            self._told.add(f.code)
            self.write(Found(step, epoch, f.code, f.cause.value, f.severity.value, f.probability, f.claim))
        return new

    def _acted(self, new: list[Finding]) -> Advice:
        for f in new:
            said = f"{f.code} ({f.probability:.0%}): {f.claim}"
            if self.options.on_finding == "warn":
                warnings.warn(said, stacklevel=4)
            else:
                log.warning(said)
        if not new or self.options.on_finding not in ("raise", "stop"):
            return Advice()
        first = new[0]
        if self.options.on_finding == "raise":
            diagnosis = diagnose_run(self.run())
            raise Unhealthy(f"{first.code}: {first.claim}", diagnosis)
        return Advice(stop=True, why=f"{first.code}: {first.claim}")


def _is_told(finding: Finding) -> bool:
    return finding.severity is not Severity.INFO and finding.probability >= LIKELY


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
