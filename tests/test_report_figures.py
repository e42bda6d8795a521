"""Figures: gaps stay gaps, spikes are named, marks are numbered, and nothing depends on the width of the page."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

from diagnose.finding import Mark
from diagnose.reports.figures import chart
from diagnose.reports.marks import MAX_MARKS, Labelled
from diagnose.reports.paths import HEIGHT, WIDTH, path, sparklines
from diagnose.reports.run_charts import charts
from diagnose.reports.scales import spanning
from report_examples import curve, many_causes, nan_everywhere, overfitting


def numbers_in(path_text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path_text)]


def test_a_gap_breaks_the_line_and_is_named():
    drawn = chart("Loss", [curve("val_loss", "val", "loss", [3, 2, math.nan, math.nan, 1, math.nan, 1])])
    assert drawn.lines[0].path.count("M") == 3
    assert drawn.notes == ("not finite (validation): 3 of 7 points, epoch 2 to 3, 5",)
    assert len(drawn.gaps) == 2


def test_a_whole_curve_has_no_notes():
    drawn = chart("Loss", [curve("loss", "train", "loss", [3.0, 2.5, 2.0, 1.5])])
    assert (drawn.notes, drawn.gaps, drawn.edges, drawn.badges) == ((), (), (), ())
    assert not drawn.log


def test_spikes_are_clipped_and_their_values_said():
    values = [1 - 0.002 * i for i in range(200)]
    values[50], values[51], values[90] = 4e5, 7e5, 300.0
    drawn = chart("Loss", [curve("loss", "train", "loss", values)])
    assert [edge.is_above for edge in drawn.edges] == [True, True]
    assert drawn.notes == ("outside the axis (training): 700,000 at epoch 51, 300 at epoch 90",)
    assert sum(y < 0 for _, y in numbers_in(drawn.lines[0].path)) == 3
    ordinary = numbers_in(drawn.lines[0].path)[:50]
    assert max(y for _, y in ordinary) - min(y for _, y in ordinary) > 10


def test_all_points_lie_in_or_near_the_drawing():
    for diagnosis in (overfitting(), many_causes(), nan_everywhere()):
        for drawn in charts(diagnosis):
            for line in drawn.lines:
                assert all(0 <= x <= WIDTH and -HEIGHT <= y <= 2 * HEIGHT for x, y in numbers_in(line.path))
                assert 0 <= line.label_at <= 100


def test_labels_at_the_ends_keep_apart_and_in_order():
    curves = [curve(f"c{i}", split, "loss", [1.0, 0.5 + i * 1e-4]) for i, split in enumerate(("train", "val", "test"))]
    places = [line.label_at for line in chart("Loss", curves).lines]
    assert places[0] > places[1] > places[2]
    assert min(a - b for a, b in pairwise(places)) > 20


def test_curves_of_one_split_are_named_and_differ_without_colour():
    drawn = chart("Loss", [curve("val/a", "val", "loss", [1, 2]), curve("val/b", "val", "loss", [2, 1])])
    assert [line.label for line in drawn.lines] == ["val/a", "val/b"]
    assert [line.variant for line in drawn.lines] == [0, 1]


def test_marks_are_numbered_from_left_to_right_once_and_only_where_curves_are():
    marks = [Mark("line", "b", 6.0), Mark("span", "a", 1.0, 3.0), Mark("line", "b", 6.0), Mark("line", "far", 99.0)]
    marks.append(Mark("point", "nan", math.nan))
    drawn = chart("Loss", [curve("loss", "train", "loss", range(9))], [Labelled(mark, "X101") for mark in marks])
    assert [(badge.number, badge.text) for badge in drawn.badges] == [(1, "a"), (2, "b")]
    assert drawn.badges[0].start < drawn.badges[0].at < drawn.badges[0].end
    assert drawn.badges[1].start == drawn.badges[1].end
    assert "Marked: a; b" in drawn.alt


def test_marks_too_many_are_counted():
    marks = [Labelled(Mark("line", str(i), float(i))) for i in range(30)]
    drawn = chart("Loss", [curve("loss", "train", "loss", range(30))], marks)
    assert len(drawn.badges) == MAX_MARKS
    assert drawn.marks_left_out == 30 - MAX_MARKS
    assert all(a.lane != b.lane for a, b in pairwise(drawn.badges) if b.at - a.at < 5)


def test_marks_at_one_place_share_a_badge_and_keep_all_codes():
    marks = [
        Labelled(Mark("point", "best", 5.0, y=5.0), "OVF104"),
        Labelled(Mark("line", "best, epoch 5", 5.0), "OVF101"),
        Labelled(Mark("line", "phase 2 starts", 5.0)),
        Labelled(Mark("span", "interval", 4.0, x_end=6.0), "OVF101"),
        Labelled(Mark("line", "elsewhere", 8.0)),
    ]
    drawn = chart("Loss", [curve("loss", "train", "loss", range(10))], marks).badges
    assert {badge.text: badge.codes for badge in drawn} == {
        "best, epoch 5; phase 2 starts": ("OVF104", "OVF101"), "interval": ("OVF101",), "elsewhere": (),
    }  # fmt: skip
    assert [badge.top is not None for badge in drawn if "best" in badge.text] == [True]


@pytest.mark.parametrize("n", [1, 2, 39, 40, 41, 1000])
def test_sparklines_are_small_share_an_axis_and_end_where_the_curve_ends(n):
    low, high = sparklines([curve("a", "train", "loss", [0.0] * n), curve("b", "val", "loss", [1.0] * n)])
    assert len(low) < 700
    assert numbers_in(low)[-1][1] > numbers_in(high)[-1][1]
    assert numbers_in(low)[-1][0] == numbers_in(high)[-1][0]
    if n > 2:
        assert numbers_in(low)[-1][0] == pytest.approx(96.3, abs=0.5)


def test_one_point_is_a_dot():
    assert path(curve("a", "val", "loss", [1.0]), spanning([0.0]), spanning([1.0])).endswith("h0")
