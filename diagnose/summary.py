"""What was read, as plain data for the reports: curves to draw, where they came from, what is known beside them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from diagnose.data import Kind, Split
from diagnose.finding import DataColumn, PlottedCurve, ReadColumn, ReadData, RunSummary
from diagnose.measurements import SPLITS, Measurements
from diagnose.measures.curves import score_rank
from diagnose.model_summary import summarise_model
from diagnose.profiles.profile import Profile
from diagnose.run import Context, Curve, Run
from diagnose.stats.thinning import extremes

MOST_DRAWN = 600
"""Points of one drawn curve: two to a pixel on a wide screen's plot of 300 px height would not be told apart."""
MOST_CURVES = 40
"""Drawn curves of one run; logs with a hundred per-class scores stay readable: losses first, then the scores that
people judge by, then the log's own order."""


def summarise(run: Run, measurements: Measurements) -> RunSummary:
    """Collect everything a report shows of the run itself."""
    history = run.history
    shown = sorted(history.curves, key=_draw_order)[:MOST_CURVES]
    held_out = [c for c in shown if c.split != "train"]
    return RunSummary(
        name=run.name,
        unit=history.unit,
        n_points=max((len(c) for c in history.curves), default=0),
        last_step=history.last_step,
        sources=tuple({"where": s.where, "format": s.format} for s in run.sources),
        columns=tuple(ReadColumn(c.name, c.role, c.meaning, c.source) for c in run.columns),
        unread=tuple({"where": u.where, "why": u.why} for u in run.unread),
        notes=run.notes + _left_undrawn(len(history.curves)),
        siblings=run.siblings,
        context=_known(run.context),
        context_origins={key: str(value) for key, value in run.context.origins.items()},
        phases=tuple(_plain_phase(phase) for phase in measurements.get("phases")),
        curves=tuple(plotted(c) for c in shown),
        learning_rate=plotted(history.learning_rate) if history.learning_rate is not None else None,
        final={c.name: _number(c.values[-1]) for c in shown if len(c)},
        best={c.name: _best(c) for c in held_out if len(c.finite)},
        data=tuple(_of_data(run)),
        model=summarise_model(run),
    )


def _of_data(run: Run) -> Iterator[ReadData]:
    for name in SPLITS:
        if name in run.splits:
            yield _read_data(run.splits[name])
        elif name in run.profiles:
            profile = run.profiles[name]
            without = (f"a profile of {profile.n:,} rows, without the rows: what needs them was not examined",)
            held = _read_data(profile.like(name))
            yield replace(held, n=profile.n, notes=(*without, *_inexact(profile), *held.notes))


def _inexact(profile: Profile) -> tuple[str, ...]:
    """Say what a profile does not know exactly, and how well it knows it."""
    columns = (*profile.columns, *((profile.label,) if profile.label is not None else ()))
    numbers = [c for c in columns if not c.is_exact and c.kind is not Kind.CATEGORY]
    several = [c for c in columns if c.pooled]
    notes = []
    if numbers:
        worst = max(numbers, key=lambda c: c.rank_error)
        notes.append(
            f"{'1 column holds' if len(numbers) == 1 else f'{len(numbers)} columns hold'} more values than are counted "
            f"one by one; quantiles and distances are off by {worst.rank_error:.2%} of the rows at most "
            f"({worst.name}), which is part of every interval"
        )
    notes += [
        f"{c.name!r} has more categories than are counted one by one: {c.pooled:,} groups of several stand for "
        f"{c.cells.counts[[not name for name in c.names]].sum() / c.known:.0%} of its rows"
        for c in several
    ]  # fmt: skip
    return tuple(notes)


def _read_data(split: Split) -> ReadData:
    roles = {"label": split.label, "group": split.groups, "time": split.times}
    columns = [DataColumn(c.name, "input", c.kind.value, c.decided) for c in split.columns]
    columns += [DataColumn(c.name, role, c.kind.value, c.decided) for role, c in roles.items() if c is not None]
    if split.outputs is not None:
        of = f"probabilities of {len(split.classes):,} classes" if split.classes else "predicted numbers"
        columns.append(DataColumn("outputs", "output", "number", of))
    if split.embeddings is not None:
        width = f"{split.embeddings.shape[1]:,} dimensions, {split.embedded_by}"
        columns.append(DataColumn("embeddings", "input", "embedding", width))
    return ReadData(split.name, split.source, split.n, tuple(columns), split.notes)


def _draw_order(curve: Curve) -> tuple[bool, int]:
    return (not curve.is_loss, 0 if curve.is_loss else score_rank(curve.quantity))


def plotted(curve: Curve) -> PlottedCurve:
    """Return a curve thinned for drawing, with every spike and gap kept."""
    kept = extremes(curve.values, MOST_DRAWN)
    return PlottedCurve(
        name=curve.name,
        split=curve.split,
        quantity=curve.quantity,
        better=curve.better,
        steps=tuple(_rounded(v) for v in curve.steps[kept].tolist()),
        values=tuple(_number(v) for v in curve.values[kept].tolist()),
        points_logged=len(curve),
        derived=curve.derived,
    )


def _rounded(value: float) -> float:
    return float(f"{value:.7g}")


def _number(value: float) -> float | None:
    return _rounded(value) if math.isfinite(value) else None


def _best(curve: Curve) -> dict[str, float | None]:
    finite = curve.finite
    at = int(np.argmin(finite.values) if curve.better == "lower" else np.argmax(finite.values))
    return {"value": _number(finite.values[at]), "step": _number(finite.steps[at])}


def _known(context: Context) -> dict[str, Any]:
    fields = {f.name: getattr(context, f.name) for f in dataclasses.fields(context)}
    fields.pop("origins")
    other = fields.pop("other")
    return {key: value for key, value in fields.items() if value is not None} | (
        {"other": {key: _plain(value) for key, value in other.items()}} if other else {}
    )


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return str(value)


def _plain_phase(phase: Any) -> dict[str, Any]:
    return {key: _plain(value) for key, value in dataclasses.asdict(phase).items() if value is not None}


def _left_undrawn(count: int) -> tuple[str, ...]:
    return (f"{count - MOST_CURVES} of {count} curves are not drawn",) if count > MOST_CURVES else ()
