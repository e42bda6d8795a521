"""Many runs side by side: ranked, with what differs between them, small enough to be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnose.finding import Diagnosis, PlottedCurve
from diagnose.reports import gate_table, sweep_plots, views
from diagnose.reports.numbers import number, percent, plain
from diagnose.reports.paths import sparklines
from diagnose.reports.wording import cause_title, one_line, opening

MAX_RUNS = 1500
"""Rows of one page; what is left out ranks lowest, is counted, and the JSON holds it."""
MAX_COLUMNS = 5
"""Hyperparameters that have a column of their own."""
MAX_TEXT = 240
"""Characters of a sentence in a row: 1,000 runs must stay below 3 MB."""
MAX_GATE = 120
"""Characters of the gate's sentence in a row."""
MAX_REASONS = 4


@dataclass(frozen=True)
class Row:
    """One run."""

    rank: int
    name: str
    link: str
    main: str
    level: str
    symbol: str
    state: str
    probability: str
    sentence: str
    last: str
    best: str
    best_step: str
    spark: tuple[tuple[str, str], ...]
    hyperparameters: tuple[str, ...]
    causes: tuple[tuple[str, str, str], ...]
    remedies: tuple[str, ...]
    notes: tuple[str, ...]
    gate: str = ""
    """``"passed"`` or ``"failed"``; empty where no gate judged the run."""
    gate_sentence: str = ""


@dataclass(frozen=True)
class Sweep:
    """Many runs, and what differs between them."""

    rows: tuple[Row, ...]
    total: int
    left_out: int
    counts: tuple[tuple[str, int], ...]
    differing: tuple[str, ...]
    also_differing: tuple[str, ...]
    equal: tuple[tuple[str, str], ...]
    shown: str
    is_gated: bool = False
    failed: int = 0
    comparison: sweep_plots.Comparison | None = None


def of(diagnoses: Sequence[Diagnosis], links: Sequence[str] = ()) -> Sweep:
    """Rank runs and collect what the table shows; ``links`` lead to the report of each."""
    ranked = sorted(views.worst_first(diagnoses), key=_gate_rank)
    addresses = {id(diagnosis): link for diagnosis, link in zip(diagnoses, links, strict=False)}
    differing, equal = _compared(ranked)
    columns = differing[:MAX_COLUMNS]
    counts: dict[str, int] = {}
    for diagnosis in ranked:
        counts[diagnosis.main] = counts.get(diagnosis.main, 0) + 1
    return Sweep(
        rows=tuple(_row(rank, d, columns, addresses.get(id(d), "")) for rank, d in enumerate(ranked[:MAX_RUNS], 1)),
        total=len(ranked),
        left_out=max(0, len(ranked) - MAX_RUNS),
        counts=tuple(
            (one_line(cause_title(main), 40), count)
            for main, count in sorted(counts.items(), key=lambda item: -item[1])
        ),
        differing=tuple(columns),
        also_differing=tuple(differing[MAX_COLUMNS:]),
        equal=equal,
        shown="validation loss, or the first held-out curve where there is none",
        is_gated=any(diagnosis.gate is not None for diagnosis in ranked),
        comparison=sweep_plots.of(ranked, [_settings(diagnosis) for diagnosis in ranked], differing),
        failed=sum(diagnosis.gate is not None and not diagnosis.gate.passed for diagnosis in ranked),
    )


def _gate_rank(diagnosis: Diagnosis) -> int:
    """Put runs that fail the gate first, then those that none judged."""
    return 1 if diagnosis.gate is None else 2 if diagnosis.gate.passed else 0


def _compared(diagnoses: Sequence[Diagnosis]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Hyperparameters that differ between runs, and those that all runs share with their value."""
    settings = [_settings(diagnosis) for diagnosis in diagnoses]
    keys = {key for known in settings for key in known}
    values = {key: {plain(known.get(key)) for known in settings} for key in keys}
    known = {key: sum(known.get(key) is not None for known in settings) for key in keys}
    differing = sorted((key for key, found in values.items() if len(found) > 1), key=lambda key: (-known[key], key))
    equal = sorted((key, next(iter(found))) for key, found in values.items() if len(found) == 1)
    return differing, tuple((one_line(key), one_line(value)) for key, value in equal if value != plain(None))


def _settings(diagnosis: Diagnosis) -> dict[str, Any]:
    """All that is known beside the curves, by name; settings without a field of their own stand with the others."""
    known = dict(diagnosis.run.context)
    other = known.pop("other", None)
    return {**other, **known} if isinstance(other, Mapping) else dict(diagnosis.run.context)


def _row(rank: int, diagnosis: Diagnosis, columns: Sequence[str], link: str) -> Row:
    main, end = views.main_row(diagnosis), views.validation_loss(diagnosis)
    settings = _settings(diagnosis)
    return Row(
        rank=rank,
        name=diagnosis.run.name,
        link=link,
        main=one_line(cause_title(diagnosis.main), 40),
        level=main.wording.word if main else "",
        symbol=main.wording.symbol if main else "✓" if diagnosis.main == "healthy" else "?",
        state=sweep_plots.state_of(diagnosis),
        probability=percent(main.probability) if main else "",
        sentence=one_line(opening(main.reason) if main and main.reason else diagnosis.sentence, MAX_TEXT),
        last=number(end.last if end else None),
        best=number(end.best if end else None),
        best_step=number(end.best_step) if end and end.best_step is not None else "",
        spark=_spark(diagnosis),
        hyperparameters=tuple(one_line(plain(settings.get(key)), 24) for key in columns),
        causes=_causes(diagnosis),
        remedies=tuple(one_line(remedy.title, 100) for remedy in diagnosis.remedies[: views.TOP_REMEDIES]),
        notes=tuple(one_line(f"{o.code} crashed: {o.why}", 160) for o in views.broken(diagnosis)),
        gate=gate_table.word(diagnosis.gate) if diagnosis.gate else "",
        gate_sentence=one_line(diagnosis.gate.sentence, MAX_GATE) if diagnosis.gate else "",
    )


def _spark(diagnosis: Diagnosis) -> tuple[tuple[str, str], ...]:
    """Split and path of the loss in training and where it is held out; another quantity where there is no such loss."""
    curves = diagnosis.run.curves
    held_out = [curve for curve in curves if curve.split != "train"] or list(curves)
    chosen = next((curve for curve in held_out if curve.quantity == "loss"), held_out[0] if held_out else None)
    if chosen is None:
        return ()
    train = next((curve for curve in curves if curve.split == "train" and curve.quantity == chosen.quantity), None)
    drawn: list[PlottedCurve] = [chosen] if train is None or train is chosen else [train, chosen]
    return tuple(zip((curve.split for curve in drawn), sparklines(drawn), strict=True))


def _causes(diagnosis: Diagnosis) -> tuple[tuple[str, str, str], ...]:
    """Causes with most weight: name, state, reason."""
    rows = views.cause_rows(diagnosis)[:MAX_REASONS]
    return tuple(
        (r.title, f"{r.wording.symbol} {r.wording.word} {percent(r.probability)}", one_line(r.reason, 110))
        for r in rows
    )
