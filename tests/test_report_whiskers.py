"""A value beside its limit: drawn to scale, on the right side."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.finding import Measured
from diagnose.reports.whiskers import whisker

numbers = st.floats() | st.none()


@given(numbers, numbers, numbers, numbers, st.sampled_from(["above", "below"]))
def test_whatever_is_drawn_lies_in_its_cell(value, low, high, limit, exceeds):
    drawn = whisker(Measured("x", value, "", low, high, limit, exceeds))
    if drawn is not None:
        assert all(
            0 <= place <= 100 for place in (drawn.value, drawn.low, drawn.high, drawn.limit) if place is not None
        )


@pytest.mark.parametrize(
    ("value", "limit", "exceeds", "is_beyond"),
    [(2.0, 1.0, "above", True), (0.5, 1.0, "above", False), (0.5, 1.0, "below", True), (2.0, 1.0, "below", False)],
)
def test_side_of_the_limit(value, limit, exceeds, is_beyond):
    drawn = whisker(Measured("x", value, "", None, None, limit, exceeds))
    assert drawn is not None
    assert drawn.is_beyond is is_beyond
    assert (drawn.value > drawn.limit) is (value > limit)
    assert drawn.words == ("beyond the limit" if is_beyond else "within the limit")


@pytest.mark.parametrize(
    "measured",
    [Measured("x", None), Measured("x", 1.0), Measured("x", math.nan, "", 0, 1, 2), Measured("x", 1.0, "", 0.5)],
)
def test_nothing_to_compare_is_not_drawn(measured):
    assert whisker(measured) is None
