"""What a report shows of the run: curves thinned, numbers that are numbers, and nothing left out unsaid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from diagnose.finding import RunSummary
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.run import ColumnReading, Context, Curve, History, Phase, Run, Source, Unread
from diagnose.summary import MOST_CURVES, MOST_DRAWN, plotted, summarise

NAN, INF = float("nan"), float("inf")


def curve(values: Any, name: str = "val_loss", split: str = "val", better: str = "lower") -> Curve:
    values = np.array(values, dtype=float)
    return Curve(name, split, "loss", better, np.arange(len(values)), values)  # type: ignore[arg-type]


def summary(*curves: Curve, context: Context | None = None, **history: Any) -> RunSummary:
    run = Run(
        "run", History(curves, **history), context or Context(), (Source("a.csv", "CSV"),),
        (ColumnReading("v", "curve", "validation loss"),), (Unread("b.csv", "empty"),), ("a note",), ("run 2",),
    )  # fmt: skip
    return summarise(run, Measurements(run, MEASURES))


def test_provenance_is_kept() -> None:
    found = summary(curve([3, 2]))
    assert found.sources == ({"where": "a.csv", "format": "CSV"},)
    assert found.unread == ({"where": "b.csv", "why": "empty"},)
    assert (found.notes, found.siblings) == (("a note",), ("run 2",))
    assert [column.meaning for column in found.columns] == ["validation loss"]


def test_best_and_final() -> None:
    found = summary(
        curve([3, 1, NAN, 2]), curve([0.1, INF, 0.9, 0.3], "acc", better="higher"), curve([5, 4], "loss", "train")
    )
    assert found.best == {"val_loss": {"value": 1, "step": 1}, "acc": {"value": 0.9, "step": 2}}
    assert found.final == {"val_loss": 2, "acc": 0.3, "loss": 4}
    assert (found.n_points, found.last_step) == (4, 3)


def test_what_is_no_number_is_none() -> None:
    found = summary(curve([1, NAN, INF]))
    assert found.curves[0].values == (1, None, None)
    assert found.final == {"val_loss": None}


def test_no_curves() -> None:
    found = summary()
    assert (found.n_points, found.last_step, found.curves, found.best) == (0, 0.0, (), {})


def test_long_curves_are_thinned_with_their_peaks() -> None:
    values = np.zeros(100_000)
    values[54_321] = 7
    drawn = plotted(curve(values))
    assert len(drawn.steps) == len(drawn.values) <= MOST_DRAWN
    assert drawn.points_logged == 100_000
    assert drawn.values[drawn.steps.index(54_321)] == 7


def test_drawn_values_keep_seven_digits() -> None:
    drawn = plotted(curve([math.pi * 1e-9, math.pi * 1e9]))
    assert drawn.values == (3.141593e-09, 3141593000.0)


def test_curves_beyond_the_most_are_mentioned() -> None:
    found = summary(*(curve([2, 1], f"class_{i}") for i in range(MOST_CURVES + 3)))
    assert len(found.curves) == MOST_CURVES
    assert found.notes == ("a note", f"3 of {MOST_CURVES + 3} curves are not drawn")


def test_only_what_is_known_of_the_context() -> None:
    context = Context(n_train=800, origins={"n_train": "given"}, other={"tags": ("a", {"b": NAN}), "f": len})
    found = summary(curve([2, 1]), context=context)
    assert found.context["n_train"] == 800
    assert set(found.context) == {"n_train", "other"}
    assert found.context["other"]["tags"] == ["a", {"b": "nan"}]
    assert isinstance(found.context["other"]["f"], str)
    assert found.context_origins == {"n_train": "given"}


def test_phases_are_plain() -> None:
    found = summary(curve([2, 1]), phases=(Phase(0, 1, "head", trainable_layers=("fc",)),))
    assert found.phases == ({"start": 0, "end": 1, "because": "head", "trainable_layers": ["fc"]},)


def test_learning_rate_is_drawn_where_it_is_known() -> None:
    assert summary(curve([2, 1])).learning_rate is None
    rate = curve([0.1, 0.01], "lr", "train")
    assert summary(curve([2, 1]), learning_rate=rate).learning_rate == plotted(rate)
