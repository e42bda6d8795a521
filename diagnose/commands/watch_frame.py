"""One frame of `diagnose watch`: what a run does just now, for a terminal of any width and encoding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from diagnose.commands.watched_run import WatchedRun
from diagnose.journal.records import Layers
from diagnose.readers.names import parse_name
from diagnose.reports.console import item, text
from diagnose.reports.numbers import number
from diagnose.reports.wording import MAX_TEXT, one_line, opening

BARS, ASCII_BARS = "▁▂▃▄▅▆▇█", "_.-=+*%#"
MOST_CURVES, MOST_FINDINGS, MOST_HAPPENINGS = 8, 6, 3
NARROWEST, OTHER_COLUMNS = 12, 46
"""Characters of a sparkline at least, and what the other columns take."""
HEALTH = (
    ("gradient", "Gradient", "smallest", "largest"),
    ("update_ratio", "Update / weight", "smallest", "largest"),
    ("dead_share", "Dead units", "", "most"),
    ("saturated_share", "Saturated", "", "most"),
)
"""Quantities of the layers that are shown: name, title, and words for the least and the greatest value."""


def sparkline(values: Sequence[float], width: int, *, plain: bool = False) -> str:
    """Draw a curve on one line; gaps stand where values are no finite numbers.

    Examples
    --------
    >>> sparkline([3, 2, 1, float("nan"), 3], 5)
    '█▄▁ █'
    >>> sparkline([3, 2, 1, 2, 3], 5, plain=True)
    '#=_=#'
    """
    bars = ASCII_BARS if plain else BARS
    shown = _thinned(values, width)
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    scale = high / 2 - low / 2  # the whole may be too large for a number
    parts = [(value / 2 - low / 2) / scale if scale > 0 else 0.0 if math.isfinite(value) else value for value in shown]
    return "".join(bars[int(part * (len(bars) - 1))] if math.isfinite(part) else " " for part in parts)


def _thinned(values: Sequence[float], width: int) -> list[float]:
    if len(values) <= width:
        return list(values)
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    return [values[end - 1] for end in edges[1:]]


class Moment(NamedTuple):
    """When and where it was looked: the run's place, and when it was last written to (seconds since the epoch)."""

    place: Path
    changed: float | None
    now: float


def frame(run: WatchedRun, moment: Moment, *, width: int, plain: bool) -> Group:
    """Draw a run as it stands."""
    if not run.records:
        return Group(text(f"Waiting for a run in {moment.place}", MAX_TEXT, "dim"))
    return Group(
        _title(run, moment.place),
        _status(run, moment.changed, moment.now),
        Text(),
        _curves(run, max(width - OTHER_COLUMNS, NARROWEST), plain=plain),
        *_health(run.last_layers),
        *_findings(run, plain=plain),
        *_happenings(run),
    )


def _title(run: WatchedRun, place: Path) -> RenderableType:
    others = f", {run.n_runs} runs, the last one is shown" if run.n_runs > 1 else ""
    return text(f"{run.name or place.resolve().name} ({run.framework or 'a run'}{others})", 200, "bold")


def _status(run: WatchedRun, changed: float | None, now: float) -> RenderableType:
    if run.ended:
        said, style = f"ended: {run.ended}", "green" if run.ended == "finished" else "bold yellow"
    elif run.is_silent(changed, now):
        said, style = f"silent for {_time(now - (changed or now))}: the process may be gone", "bold yellow"
    else:
        said, style = "running", "green"
    line = Text(one_line(said, 120), style=style)
    if run.epochs:
        last = run.epochs[-1]
        line.append(f"   epoch {last.epoch:g}, step {last.step:,.0f}", style="")
        if last.learning_rate is not None:
            line.append(f", learning rate {last.learning_rate:.3g}", style="")
    taken = run.seconds_an_epoch(changed)
    if taken and not run.ended:
        line.append(f"   {_time(taken)} an epoch", style="dim")
    return line


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _curves(run: WatchedRun, width: int, *, plain: bool) -> RenderableType:
    epochs = run.epochs
    names = sorted(dict.fromkeys(name for epoch in epochs for name in epoch.values), key=lambda n: "loss" not in n)
    if not names:
        return text("No epoch has ended yet", style="dim")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, max_width=20)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    for name in names[:MOST_CURVES]:
        values = [epoch.values.get(name, math.nan) for epoch in epochs]
        known = [(v, epoch.epoch) for v, epoch in zip(values, epochs, strict=True) if not math.isnan(v)]
        last = f"{known[-1][0]:.4g}" if known else "nan"
        line = Text(sparkline(values, width, plain=plain), style="cyan")
        table.add_row(text(name, 20), line, Text(last, style="bold"), Text(_best(name, known)))
    more = len(names) - MOST_CURVES
    return Group(table, text(f"and {more} more values", style="dim")) if more > 0 else table


def _best(name: str, known: Sequence[tuple[float, float]]) -> str:
    better = parse_name(name).better
    finite = [pair for pair in known if math.isfinite(pair[0])]
    if not finite or better is None:
        return ""
    best, at = min(finite) if better == "lower" else max(finite, key=lambda pair: (pair[0], -pair[1]))
    return f"best {number(best)} @ {at:g}"


def _health(sample: Layers | None) -> list[RenderableType]:
    if sample is None:
        return []
    lines: list[RenderableType] = []
    for quantity, title, low, high in HEALTH:
        found = list(zip(sample.values.get(quantity, ()), sample.layers, strict=False))
        known = sorted(pair for pair in found if math.isfinite(pair[0]))
        broken = [layer for value, layer in found if math.isinf(value)]
        ends = zip((low, high), (known[0], known[-1]), strict=True) if known else ()
        said = [f"{word} {number(value)} in {one_line(layer, 30)}" for word, (value, layer) in ends if word]
        said += [f"not finite in {one_line(layer, 30)}" for layer in broken[:1]]
        if said:
            lines.append(text(f"{title}: {', '.join(said)}", 200))
    return (
        [Text(), text(f"{len(sample.layers)} layers at step {sample.step:,.0f}", style="dim"), *lines] if lines else []
    )


def _findings(run: WatchedRun, *, plain: bool) -> list[RenderableType]:
    if not run.findings:
        return []
    items: list[RenderableType] = []
    for found in run.findings[-MOST_FINDINGS:]:
        style = "red" if found.severity == "error" else "yellow"
        head = text(f"{found.code} after epoch {found.epoch:g}, {found.probability:.0%} sure", 120, f"bold {style}")
        mark = Text("!" if plain else "▲", style=style)
        items.append(item(mark, Group(head, text(opening(found.claim)))))
    return [Text(), *items]


def _happenings(run: WatchedRun) -> list[RenderableType]:
    notes = [happened.happening for happened in run.happenings[-MOST_HAPPENINGS:]]
    return [Text(), *(text(f"epoch {note.epoch:g}: {note.text}", 200, "dim") for note in notes)] if notes else []
