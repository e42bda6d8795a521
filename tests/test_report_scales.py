"""Axes: every ordinary value on them, single outliers not, ticks round and within."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.reports.scales import Scale, covering, spanning

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, max_size=40), st.sampled_from([None, True, False]))
def test_an_axis_never_fails_and_its_ticks_lie_on_it(values, log):
    scale = covering(values, log=log)
    assert scale.low < scale.high
    for value, label in scale.ticks(5):
        assert scale.holds(value)
        assert label
    assert all(math.isfinite(scale.place(value)) for value in values)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=40))
def test_ordinary_values_are_all_on_the_axis(values):
    scale = covering(values)
    assert not scale.log
    assert all(scale.holds(value) for value in values)


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=40), st.floats(0.01, 100), st.floats(-100, 100))
def test_linear_places_do_not_change_with_unit_and_origin(values, factor, shift):
    before, after = covering(values, log=False), covering([factor * v + shift for v in values], log=False)
    if max(values) > min(values):
        for value in values:
            assert before.place(value) == pytest.approx(after.place(factor * value + shift), abs=1e-3)


def test_one_spike_does_not_flatten_the_rest():
    ordinary = [0.5 + 0.001 * i for i in range(100)]
    scale = covering([*ordinary, 1e6])
    assert not scale.log
    assert scale.high < 1
    assert not scale.holds(1e6)
    assert scale.place(ordinary[-1]) - scale.place(ordinary[0]) > 0.25


def test_a_smooth_descent_is_drawn_whole():
    descent = [0.05 + 2.3 * math.exp(-i / 12) for i in range(200)]
    scale = covering(descent)
    assert not scale.log
    assert all(scale.holds(value) for value in descent)


def test_more_than_two_decades_are_logarithmic_unless_a_value_is_not_positive():
    decades = [10 ** (1 - i / 20) for i in range(100)]
    assert covering(decades).log
    assert not covering([*decades, 0.0]).log
    assert not covering(decades, log=False).log
    assert not covering([0.5, 1.0, 2.0]).log
    assert covering([0.5, 1.0, 2.0], log=True).log


@pytest.mark.parametrize(
    ("scale", "count", "whole", "labels"),
    [
        (Scale(0, 60), 6, True, ["0", "10", "20", "30", "40", "50", "60"]),
        (Scale(0, 3), 6, True, ["0", "1", "2", "3"]),
        (Scale(0.0, 1.0), 5, False, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Scale(-0.002, 0.011), 5, False, ["0.0000", "0.0025", "0.0050", "0.0075", "0.0100"]),
        (Scale(0, 400_000), 4, True, ["0", "100k", "200k", "300k", "400k"]),
        (Scale(0.03099, 0.03115), 3, False, ["0.031", "0.03105", "0.0311", "0.03115"]),
        (Scale(0.0008, 12, log=True), 5, False, ["0.001", "0.01", "0.1", "1", "10"]),
        (Scale(0.9, 6, log=True), 5, False, ["1", "2", "5"]),
    ],
)
def test_ticks_are_round(scale, count, whole, labels):
    assert [label for _, label in scale.ticks(count, whole=whole)] == labels


def test_one_value_and_none_have_an_axis():
    assert spanning([3.0]).holds(3.0)
    assert covering([0.0]).holds(0.0)
    assert covering([]) == Scale(0.0, 1.0)
