"""``diagnose gate``: block a merge, with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec

from diagnose.analyzers import analyzers
from diagnose.cli import FINE, GATE_FAILED, INTERNAL_ERROR, USER_MISTAKE, show_traceback
from diagnose.commands.arguments import RepeatedPairs, context_from, pairs
from diagnose.commands.batch import Batch, count
from diagnose.commands.data import given_data, takes_data
from diagnose.commands.delivery import FORMAT_NAMES, Delivery
from diagnose.config import Config, find_config, read_config
from diagnose.errors import InputError
from diagnose.finding import Diagnosis, Finding, Level, Severity
from diagnose.gating import given_references, judge, known_codes
from diagnose.policy import Policy, Thresholds, check_policy, with_limits
from diagnose.reference import Reference, write_baseline
from diagnose.reports import load_many
from diagnose.reports.wording import MAX_TEXT, one_line

BASELINE = "diagnose-baseline.json"
SAVED = re.compile(rb'"schema_version"\s*:')
MAX_MISSING = 5
"""Runs of a reference that a note names."""
LEVELS = (Level.LIKELY.value, Level.CONFIRMED.value)


@click.command(cls=RepeatedPairs, short_help="Fail where a run is not as it should be: for CI.")
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@takes_data
@click.option("-c", "--context", multiple=True, metavar="KEY=VALUE", help="Known beside the log, as for `audit`.")
@click.option("--context-file", type=click.Path(path_type=Path), metavar="FILE", help="The same as YAML, JSON or TOML.")
@click.option("-m", "--map", "mapped", multiple=True, metavar="MEANING=COLUMN", help="How to read a column.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings; default: the nearest diagnose.toml, pyproject.toml or setup.cfg that holds some.",
)
@click.option("--select", metavar="NAMES", help="Only these: codes, beginnings (OVF) or causes, by comma.")
@click.option("--ignore", metavar="NAMES", help="Never these.")
@click.option("--require", metavar="NAMES", help="Causes or codes to be examined, context to be known (n_val).")
@click.option(
    "--fail-severity", type=click.Choice([s.value for s in Severity]), help="Least severity that fails; warning."
)
@click.option("--fail-probability", type=click.FloatRange(0, 1), help="Least probability that fails; 0.5.")
@click.option("--fail-level", type=click.Choice(LEVELS), help="Least level of the cause's verdict that fails; likely.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Accepted findings: only new or worse ones fail.",
)
@click.option(
    "--write-baseline",
    "accept",
    is_flag=True,
    help=f"Accept what fails now: write it to --baseline ({BASELINE}), and pass.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="REPORT.json",
    help="A previous run: new or worse findings and worse scores fail.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write a report: .html .json .md .txt .xml (JUnit) .sarif …; FOLDER/ gets one a run.",
)
@click.option("--format", "form", type=click.Choice(FORMAT_NAMES), help="What to print on stdout; default text.")
@click.option("-q", "--quiet", is_flag=True, help="Print no report and no progress; errors only.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of every random number that is drawn.")
@click.option("--every-run", is_flag=True, help="Judge each run of a log that holds several.")
@show_traceback
def command(  # noqa: PLR0913 - one parameter an option
    *, paths: tuple[str, ...], context: tuple[str, ...], context_file: Path | None, mapped: tuple[str, ...],
    config_file: Path | None, select: str | None, ignore: str | None, require: str | None, fail_severity: str | None,
    fail_probability: float | None, fail_level: str | None, baseline: Path | None, accept: bool,
    against: Path | None, outputs: tuple[str, ...], form: str | None, quiet: bool, seed: int, every_run: bool,
    **said_of_data: Any,
) -> int:  # fmt: skip
    """Diagnose the runs that PATH… hold and fail where one has a fault: new, likely, and no mere information.

    PATH… are logs and folders as for `audit`, or diagnoses saved as JSON; without any, the `paths` of the settings.
    Data are judged as `audit` compares them, with a log or alone.

    \b
      diagnose gate runs/                                     what fails, and why
      diagnose gate runs/ --write-baseline                    accept today's findings …
      diagnose gate runs/ --baseline diagnose-baseline.json   … so that only new or worse ones fail
      diagnose gate training.csv --against main.json          compare with a previous run
      diagnose gate runs/ --format github -o gate.sarif -o junit.xml

    \b
    Settings stand in diagnose.toml [gate], pyproject.toml [tool.diagnose.gate]
    or setup.cfg [diagnose:gate]; options win over them.

    \b
    Exit codes: 0 passed; 1 something fails; 2 input or settings cannot be used,
    or a log could not be read; 3 an analyzer crashed. The highest that holds.
    """  # noqa: D301 - click wants the character
    config = read_config(config_file) if config_file else find_config(Path())
    least = Thresholds(
        severity=Severity(fail_severity) if fail_severity else None, probability=fail_probability,
        level=Level(fail_level) if fail_level else None,
    )  # fmt: skip
    policy = _merged(config.policy, least, {"select": select, "ignore": ignore, "require": require})
    check_policy(policy, known_codes(), config.where)
    data = given_data(said_of_data)
    places = paths or tuple(str(config.beside(path)) for path in policy.paths)
    if not places and not data:
        there = config.where if config.path else "diagnose.toml, pyproject.toml or setup.cfg"
        raise InputError(f"no runs to judge; give their paths (diagnose gate runs/), or set paths in {there}")
    file = baseline or (config.beside(policy.baseline) if policy.baseline else Path(BASELINE) if accept else None)
    references = given_references(None if accept else file, against)
    door = _Door(policy, tuple(references), alone=not every_run and (not places or _is_one_log(places)))
    delivery = Delivery(outputs, form, quiet=quiet)
    saved = [place for place in places if _is_saved(Path(place))]
    if saved and data:
        raise InputError(
            f"{saved[0]} is a saved diagnosis, to which no data can be added; gate the log, or the data alone"
        )
    late = {"--context": context, "--context-file": context_file, "--map": mapped, "--every-run": every_run}
    if saved and (ignored := [option for option, given in late.items() if given]):
        raise InputError(
            f"{saved[0]} is a saved diagnosis, which {ignored[0]} cannot change; gate the log itself, or leave it out"
        )
    if saved:
        code = _judge_saved(places, saved, config, door, delivery)
    else:
        chosen = with_limits(analyzers(), policy.limits, config.where)
        batch = Batch(delivery, seed, quiet, chosen, door.judged, data.added)
        said = {**policy.context, **context_from(context, context_file)}
        columns = {**policy.map, **pairs(mapped, "--map", "val_loss=my_column")}
        if places:
            code = max(batch.run(places, said, columns, every_run=every_run), _unread(batch, policy))
        else:
            code = batch.alone(data.alone(said))
    if accept and file is not None:
        number = write_baseline(file, door.accepted)
        click.echo(f"{number} finding{'' if number == 1 else 's'} accepted in {file}; commit it", err=True)
        return code
    door.say_what_is_unused()
    return max(code, door.code)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", text) if part)


def _is_one_log(places: Sequence[str]) -> bool:
    """Whether one log is judged: it is compared with one alone, whatever their names."""
    return len(places) == 1 and (not Path(places[0]).exists() or count(Path(places[0])) == 1)


def _unread(batch: Batch, policy: Policy) -> int:
    """Refuse to pass what could not be seen."""
    if not batch.unread or policy.allow_unread:
        return FINE
    first = batch.unread[0]
    click.echo(
        f"diagnose: {len(batch.unread)} of what was given could not be read, so the gate does not pass: "
        f"{one_line(f'{first.where}: {first.why}', MAX_TEXT)}. Repair it, or set allow-unread = true",
        err=True,
    )
    return USER_MISTAKE


def _merged(settings: Policy, least: Thresholds, names: Mapping[str, str | None]) -> Policy:
    """Let options win over settings, each for itself."""
    given = {setting: _names(text) for setting, text in names.items() if text}
    return msgspec.structs.replace(settings, fail_on=least.over(settings.fail_on), **given)


@dataclass
class _Door:
    """Judges diagnoses one by one and remembers whether one failed."""

    policy: Policy
    references: tuple[Reference, ...]
    alone: bool
    code: int = FINE
    accepted: list[tuple[str, tuple[Finding, ...]]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    """Numbers of the suppressions that covered something."""
    names: set[str] = field(default_factory=set)
    """Of the runs that were judged."""

    def judged(self, diagnosis: Diagnosis) -> Diagnosis:
        """Judge one diagnosis."""
        today = date.today()  # noqa: DTZ011 - a user's day
        found = judge(diagnosis, self.policy, self.references, today=today, alone=self.alone)
        if found.gate is not None and not found.gate.passed:
            self.code = GATE_FAILED
        self.accepted.append((found.run.name, found.failing))
        self.names.add(found.run.name)
        self.used |= {number for number, suppression in enumerate(self.policy.suppress) if suppression.holds(found)}
        return found

    def say_what_is_unused(self) -> None:
        """Name the suppressions that covered nothing in any of many runs, and the known runs that are not there.

        Of one run the report says so.
        """
        if self.alone:
            return
        for reference in self.references:
            missing = [one_line(name) for name in sorted(set(reference.findings) - self.names)]
            if missing:
                shown = ", ".join(missing[:MAX_MISSING]) + (" …" if len(missing) > MAX_MISSING else "")
                known = f"{len(missing)} of the runs that {reference.name} holds were not judged: {shown}"
                click.echo(f"diagnose: {known}", err=True)
        for number, suppression in enumerate(self.policy.suppress):
            if number not in self.used:
                click.echo(f"diagnose: the suppression of {suppression.code} matches nothing: remove it", err=True)


def _is_saved(path: Path) -> bool:
    """Whether a path is a diagnosis that was saved as JSON, by its content."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        if not stream.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            return False
        stream.seek(0)
        raw = stream.read()
    return b'"verdicts"' in raw and SAVED.search(raw) is not None


def _judge_saved(places: tuple[str, ...], saved: list[str], config: Config, door: _Door, delivery: Delivery) -> int:
    """Judge diagnoses that were made before."""
    logs = [place for place in places if place not in saved]
    if logs:
        raise InputError(f"{saved[0]} is a saved diagnosis and {logs[0]} is none; judge them by two commands")
    if config.policy.limits:
        raise InputError(
            f"limits in {config.where} cannot change {saved[0]}, which was judged already; gate the log itself"
        )
    diagnoses = [diagnosis for place in saved for diagnosis in load_many(place)]
    door.alone = len(diagnoses) == 1
    found = [door.judged(diagnosis) for diagnosis in diagnoses]
    if len(found) == 1:
        delivery.one(found[0])
    else:
        delivery.many([delivery.each(diagnosis) for diagnosis in found])
    return INTERNAL_ERROR if any(diagnosis.is_broken for diagnosis in found) else FINE
