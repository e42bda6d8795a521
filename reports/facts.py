"""The tables at the end of a report: what was read, what was known, what was examined."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diagnose.finding import Diagnosis, Outcome, Status
from diagnose.reports import missing, read_data, views
from diagnose.reports.numbers import MISSING, plain
from diagnose.reports.wording import clean

GIVEN = "given by you"
"""Origin of what the user said of the run."""
IN_MEMORY = " in memory"
"""A source that ends so is an object, not a path."""
MAX_ROWS = 200
"""Rows of one table; what is left out is counted, and the JSON holds it."""


@dataclass(frozen=True)
class Known:
    """One value of the context and where it came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class KnownPhase:
    """One phase of training in words."""

    span: str
    because: str
    settings: str


@dataclass(frozen=True)
class Facts:
    """Everything below the findings."""

    outcomes: tuple[tuple[Status, tuple[Outcome, ...]], ...]
    counts: str
    broken: tuple[Outcome, ...]
    requests: tuple[missing.Request, ...]
    known: tuple[Known, ...]
    limits: tuple[tuple[str, str, str], ...]
    phases: tuple[KnownPhase, ...]
    end_points: tuple[views.EndPoint, ...]
    extent: str
    command: str
    data: read_data.DataView
    max_rows: int = MAX_ROWS


def of(diagnosis: Diagnosis) -> Facts:
    """Collect the facts of a diagnosis, in an order that does not depend on how it was loaded."""
    outcomes = views.outcomes_by_status(diagnosis)
    return Facts(
        outcomes=outcomes,
        counts=", ".join(f"{len(members)} {views.STATUS_WORDS[status]}" for status, members in outcomes),
        broken=views.broken(diagnosis),
        requests=missing.requests(diagnosis),
        known=_known(diagnosis),
        limits=tuple(
            (code, name, plain(value))
            for code, named in sorted(diagnosis.limits.items())
            for name, value in sorted(named.items())
        ),
        phases=tuple(_phase(phase) for phase in diagnosis.run.phases),
        end_points=views.end_points(diagnosis),
        extent=views.extent(diagnosis),
        command=_command(diagnosis),
        data=read_data.of(diagnosis),
    )


def _known(diagnosis: Diagnosis) -> tuple[Known, ...]:
    run = diagnosis.run
    fields = {key: value for key, value in run.context.items() if key != "other"}
    other = run.context.get("other")
    known = {**other, **fields} if isinstance(other, Mapping) else dict(run.context)
    given = ((key, plain(value)) for key, value in sorted(known.items()))
    origins = run.context_origins
    return tuple(
        Known(key, value, origins.get(key, origins.get("other", ""))) for key, value in given if value != MISSING
    )


def _phase(phase: Mapping[str, Any]) -> KnownPhase:
    own = {"start", "end", "because", "trainable_layers"}
    shown = ((key, plain(value)) for key, value in sorted(phase.items()) if key not in own)
    settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in shown if value not in {MISSING, ""})
    layers = phase.get("trainable_layers")
    if layers is not None:
        settings += f"{', ' if settings else ''}{len(layers)} layers train"
    span = f"{plain(phase.get('start'))} to {plain(phase.get('end'))}"
    return KnownPhase(span, str(phase.get("because") or ""), settings)


def _command(diagnosis: Diagnosis) -> str:
    paths = dict.fromkeys(source.get("where", "") for source in diagnosis.run.sources)
    data = diagnosis.run.data
    if any(path.endswith(IN_MEMORY) for path in (*paths, *(split.source for split in data))):
        return _call(diagnosis)
    names = ["-" if path == "standard input" else path for path in list(paths)[:5] if path]
    words = names or ([] if data else ["RUN"])
    words += [word for split in data for word in (f"--{split.name}", split.source)]
    words += _said_of_columns(diagnosis)
    for key, value in _given(diagnosis).items():
        words += ["-c", f"{key}={_typed(value)}"]
    words += ["--seed", str(diagnosis.seed)] if diagnosis.seed else []
    return f"diagnose audit {' '.join(shlex.quote(clean(word)) for word in words)} --output report.html"


def _said_of_columns(diagnosis: Diagnosis) -> list[str]:
    """Return the options for what the first split's columns are, also where it was guessed."""
    columns = diagnosis.run.data[0].columns if diagnosis.run.data else ()
    words = [w for c in columns if c.role in {"label", "group", "time"} for w in (f"--{c.role}", c.name)]
    return words + [
        w
        for c in columns
        if c.decided == "given" and c.role in {"input", "label"}
        for w in ("--kind", f"{c.name}={c.kind}")
    ]


def _call(diagnosis: Diagnosis) -> str:
    """Write the Python call for an object that no command line can name."""
    given = _given(diagnosis)
    context = f"context={given!r}" if given else ""
    history = "history=…" if diagnosis.run.sources or not diagnosis.run.data else ""
    data = [f"{split.name}=…" for split in diagnosis.run.data]
    label = next((c.name for split in diagnosis.run.data for c in split.columns if c.role == "label"), None)
    options = f"data={ {'label': label}!r}" if label is not None else ""
    seed = f"seed={diagnosis.seed}" if diagnosis.seed else ""
    words = ", ".join(word for word in (history, *data, context, options, seed) if word)
    return clean(f'diagnose.audit({words}).save("report.html")')


def _given(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return what the user said beside the log, in a fixed order."""
    run = diagnosis.run
    return {key: value for key, value in sorted(run.context.items()) if run.context_origins.get(key) == GIVEN}


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
