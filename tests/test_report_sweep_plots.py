"""Settings against outcome: every run has its mark, in the place and the shape that its values say."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from diagnose.finding import Cause, Level
from diagnose.reports import sweep, sweep_plots
from diagnose.reports.html import many_html
from diagnose.reports.sweep_plots import HEIGHT, STATES, WIDTH
from report_examples import HOSTILE, LONG, curve, healthy, nothing_examined, overfitting
from test_report_html import Page


def run(best: float, level: Level | None = None, **context):
    base = overfitting() if level else healthy()
    name = "val_loss"
    summary = replace(base.run, context=context, best={name: {"value": best, "step": 3.0}},
                      curves=(curve(name, "val", "loss", [best + 1, best]),))  # fmt: skip
    if level is None:
        return replace(base, run=summary)
    verdicts = {**base.verdicts, "overfitting": replace(base.verdicts["overfitting"], level=level)}
    return replace(base, run=summary, verdicts=verdicts, main=Cause.OVERFITTING)


def compared(runs):
    return sweep.of(runs).comparison


def marks(plot, state):
    path = dict(plot.paths)[state]
    return [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", path)]


def test_a_mark_stands_where_its_values_say():
    (plot,) = compared([run(1.0, learning_rate=1.0), run(2.0, learning_rate=2.0), run(3.0, learning_rate=3.0)]).plots
    (x1, y1), (x2, y2), (x3, y3) = sorted(marks(plot, "healthy"))
    assert x3 - x2 == pytest.approx(x2 - x1, abs=1)
    assert y1 - y2 == pytest.approx(y2 - y3, abs=1)
    assert y1 > y3, "more is higher up"
    assert not plot.log


def test_an_axis_of_two_decades_and_more_is_logarithmic():
    (plot,) = compared([run(1.0, lr=rate) for rate in (1e-4, 1e-3, 1e-2, 1e-1)]).plots
    places = sorted(x for x, _ in marks(plot, "healthy"))
    assert plot.log
    steps = [after - before for before, after in pairwise(places)]
    assert steps == pytest.approx([steps[0]] * 3, abs=1)
    (plot,) = compared([run(1.0, lr=rate) for rate in (0.01, 1.0)]).plots
    assert not plot.log, "exactly 100 times is not beyond it"
    (plot,) = compared([run(1.0, decay=value) for value in (0.0, 1e-4, 1e-1)]).plots
    assert not plot.log, "zero has no place on a logarithmic axis"


def test_states_have_shapes_and_words_of_their_own():
    runs = [run(1.0, lr=1.0), run(2.0, Level.LIKELY, lr=2.0), run(3.0, Level.CONFIRMED, lr=3.0),
            replace(run(4.0, lr=4.0), main="cannot_tell")]  # fmt: skip
    made = compared(runs)
    assert [state for state, _ in made.plots[0].paths] == ["healthy", "likely", "confirmed", "unknown"]
    assert len({shape for _, shape in STATES.values()}) == 4
    assert [words for _, words, _ in made.legend] == [words for words, _ in STATES.values()]
    assert all(len(marks(made.plots[0], state)) == 1 for state in STATES)


def test_words_and_truths_are_categories_with_their_range_of_values():
    runs = [run(b, opt=o, amp=a) for b, o, a in ((1.0, "adam", True), (3.0, "adam", False), (2.0, "sgd", True))]
    by_name = {plot.name: plot for plot in compared(runs).plots}
    rows = [(s.value, s.runs, s.low, s.middle, s.high) for s in by_name["opt"].spreads]
    assert rows == [("adam", 2, "1", "2", "3"), ("sgd", 1, "2", "2", "2")]
    assert [tick.label for tick in by_name["amp"].x_ticks] == ["no", "yes"]
    assert by_name["opt"].alt == "Best value of each run by opt: adam: 1 to 3 in 2 runs; sgd: 2 to 2 in 1 runs."


def test_many_numbers_are_told_in_ranges_that_hold_each_run_once():
    (plot,) = compared([run(float(i), width=i) for i in range(100)]).plots
    assert [s.runs for s in plot.spreads] == [20] * 5
    assert [(s.low, s.high) for s in plot.spreads][1] == ("20", "39")


def test_rare_categories_share_a_place():
    runs = [run(1.0, aug=f"policy {i % 20}") for i in range(60)]
    (plot,) = compared(runs).plots
    assert [s.value for s in plot.spreads][-1] == "others"
    assert sum(s.runs for s in plot.spreads) == 60


def test_what_names_every_run_is_no_setting_and_six_plots_are_enough():
    runs = [run(1.0 + i, path=f"runs/{i}", **{f"k{j}": i for j in range(9)}) for i in range(12)]
    assert [plot.name for plot in compared(runs).plots] == ["k0", "k1", "k2", "k3", "k4", "k5"]


def test_runs_of_another_quantity_or_without_one_are_counted_not_drawn():
    other = run(0.9, lr=9.0)
    other = replace(other, run=replace(other.run, curves=(curve("val_loss", "val", "accuracy", [0.5, 0.9], "higher"),)))
    made = compared([run(1.0, lr=1.0), run(2.0, lr=2.0), other, nothing_examined(), run(math.nan, lr=3.0)])
    assert made.without == 3
    assert len(marks(made.plots[0], "healthy")) == 2
    assert made.shown == "Loss, held out; lower is better"


@pytest.mark.parametrize("runs", [[], [run(1.0, lr=1.0)], [run(1.0, lr=1.0)] * 3, [run(1.0), run(2.0)]])
def test_where_nothing_differs_there_is_no_section(runs):
    assert compared(runs).plots == ()
    assert "Settings and outcome" not in many_html(runs)


def test_all_marks_lie_in_the_plot_whatever_the_values():
    bests = [0.1, 0.11, 0.12, 0.1, 0.13, 0.1, 0.12, 0.11, 1e30, -1e300, 1e308]
    rates = [1e-300, 1.0, 1e300, 1e308, 5.0, -1.0, 0.0, 2.0, 3.0, 4.0, 10**400]
    (plot,) = compared([run(b, lr=r) for b, r in zip(bests, rates, strict=True)]).plots
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in marks(plot, "healthy"))


def test_the_page_says_that_it_only_describes_and_shows_hostile_names_as_text():
    runs = [run(float(i), **{HOSTILE: i, LONG: f"{HOSTILE}{i % 2}"}) for i in range(4)]
    page = many_html(runs)
    parsed = Page(page)
    assert "This only describes" in page
    assert "<script" not in page
    assert HOSTILE in "".join(parsed.text)
    labels = [a["aria-label"] for _, a in parsed.tags if a.get("class") == "dot-plot"]
    assert len(labels) == 2
    assert all(label.startswith("Best value of each run by ") for label in labels)
    assert sweep_plots.MAX_PLOTS == 6
