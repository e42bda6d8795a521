"""Which figures a run gets, in which order, with which marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.finding import Diagnosis, Figure, Mark, PlottedCurve
from diagnose.reports.figures import Chart, chart
from diagnose.reports.marks import Labelled
from diagnose.reports.paths import finite_points
from diagnose.reports.wording import SPLITS, quantity_title

PRINCIPAL = frozenset(
    {"accuracy", "overall_accuracy", "f1", "auc", "map50_95", "map50", "map", "iou", "r2", "rmse", "mae"}
)
"""Scores that are drawn before per-class and auxiliary ones."""
MAX_LINES = 6
"""Curves in one figure that can be told apart without colour."""


def charts(diagnosis: Diagnosis) -> tuple[Chart, ...]:
    """Lay out the figures of a run: the loss, the learning rate where it varies, then every other quantity."""
    run = diagnosis.run
    by_quantity: dict[str, list[PlottedCurve]] = {}
    for curve in run.curves:
        by_quantity.setdefault(curve.quantity, []).append(curve)
    names = sorted(by_quantity, key=lambda name: _interest(diagnosis, name, by_quantity[name]))
    groups = [(quantity_title(name), group) for name in names for group in _groups(by_quantity[name])]
    rate = run.learning_rate
    if rate is not None and len({value for _, value in finite_points(rate)}) > 1:
        groups.insert(1, ("Learning rate", [replace(rate, split="other")]))
    return tuple(_annotated(diagnosis, title, group) for title, group in groups)


def _interest(diagnosis: Diagnosis, quantity: str, curves: Sequence[PlottedCurve]) -> int:
    """Rank a quantity: the loss, what a finding marks, what is known of both splits, usual scores, the others."""
    names = {curve.name for curve in curves}
    drawn = [figure for _, figure in _figures(diagnosis) if figure.marks]
    is_marked = any(names & set(figure.curves) for figure in drawn)
    is_of_both = {"train"} < {curve.split for curve in curves}
    signs = (quantity == "loss", is_marked, is_of_both, quantity in PRINCIPAL)
    return signs.index(True) if True in signs else len(signs)


def _figures(diagnosis: Diagnosis) -> list[tuple[str, Figure]]:
    """Pair codes with the figures that are drawn into the run's own curves; marks of others are in units of theirs."""
    drawn = ((finding.code, finding.figure) for finding in diagnosis.findings)
    return [(code, figure) for code, figure in drawn if figure is not None and figure.kind == "curves"]


def _groups(curves: Sequence[PlottedCurve]) -> Iterator[list[PlottedCurve]]:
    """Divide the curves of a quantity into figures that can be read."""
    order = list(SPLITS)
    ordered = sorted(curves, key=lambda curve: order.index(curve.split) if curve.split in order else len(order))
    for start in range(0, len(ordered), MAX_LINES):
        yield ordered[start : start + MAX_LINES]


def _annotated(diagnosis: Diagnosis, title: str, curves: Sequence[PlottedCurve]) -> Chart:
    drawn = {curve.name for curve in curves}
    found = [(code, figure) for code, figure in _figures(diagnosis) if drawn & set(figure.curves)]
    marks = [Labelled(mark, code) for code, figure in found for mark in figure.marks]
    log = True if any(figure.log_y for _, figure in found) and title != "Learning rate" else None
    return chart(title, curves, [*marks, *_phase_marks(diagnosis)], unit=diagnosis.run.unit, log=log)


def _phase_marks(diagnosis: Diagnosis) -> list[Labelled]:
    marks = []
    for index, phase in enumerate(diagnosis.run.phases[1:], 2):
        start, because = phase.get("start"), phase.get("because") or ""
        if isinstance(start, int | float):
            label = f"phase {index} starts" + (f": {because}" if because else "")
            marks.append(Labelled(Mark("line", label, float(start))))
    return marks
