"""Numbers: short, with unit and interval, and never a doubt rounded away."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.finding import Measured
from diagnose.reports import numbers
from diagnose.reports.numbers import interval, limit, measured, number, percent, plain, quantity


def test_documented_examples_are_true():
    assert doctest.testmod(numbers).failed == 0


@settings(deadline=None)
@given(st.floats() | st.integers() | st.none() | st.booleans() | st.text())
def test_any_value_has_a_short_form(value):
    assert 0 < len(number(value)) <= 20


@settings(deadline=None)
@given(st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-12))
def test_a_number_is_read_back_within_its_digits(value):
    assert float(number(value).replace(",", "").replace("−", "-")) == pytest.approx(value, rel=6e-4)


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.283, "share", "28.3%"), (-0.5, "share", "−50%"), (12.0, "share", "1,200%"), (23.0, "epoch", "epoch 23"),
        (3.0, "epochs", "3 epochs"),
        (0.12, "nats", "0.12 nats"), (0.5, "", "0.5"),
        (None, "nats", "–"), (math.nan, "", "–"),
    ],
)  # fmt: skip
def test_units(value, unit, written):
    assert quantity(value, unit) == written


def test_interval_and_limit_are_written_only_where_there_are_any():
    full = Measured("x", 0.3, "share", 0.2, 0.4, 0.1, "above")
    assert (measured(full), limit(full)) == ("30% (20% to 40%)", "above 10%")
    bare = Measured("x", 0.3, "nats", math.nan, math.inf, math.nan)
    assert (measured(bare), interval(bare), limit(bare)) == ("0.3 nats", "", "")
    half = Measured("x", 3.0, "nats", 1.0, None)
    assert interval(half) == "1 at least"


@settings(deadline=None)
@given(st.floats(0, 1))
def test_certainty_is_not_claimed_by_rounding(probability):
    assert (percent(probability) == "100%") == (probability == 1)
    assert (percent(probability) == "0%") == (probability == 0)


def test_plain_writes_what_a_context_may_hold():
    assert plain({"b": [1, 2.5], "a": True}) == "a: yes, b: 1, 2.5"
    assert plain(np.float64(0.5)) == "0.5"
    assert plain(np.int64(3)) == "3"
    assert plain(10**400) == "1.000e+400"
    assert plain(None) == plain(math.nan) == "–"


def test_an_interval_leaves_three_digits_and_an_exact_value_has_none():
    uncertain = Measured("fall", 434.31, "loss", 0.067174, 1899.42, 0.12345)
    assert measured(uncertain) == "434 (0.0672 to 1,900)"
    assert limit(uncertain) == "above 0.1235"
    assert measured(Measured("f1", 0.0, "", 0.0, 0.0)) == "0"
    assert measured(Measured("turn", 1234.5, "iteration", 1201.0, 1302.0)) == "iteration 1,234 (1,201 to 1,302)"


def test_shares_of_something_are_percentages_of_it():
    rough = Measured("residuals", 0.07196, "share of the height", 0.05, 0.09, 0.25)
    assert (measured(rough), limit(rough)) == ("7.2% of the height (5% to 9%)", "above 25% of the height")
    assert measured(Measured("probability", 0.8831)) == "88.3%"


@pytest.mark.parametrize(
    ("value", "exceeds", "passed"),
    [
        (0.6, "above", True), (0.5, "above", True), (0.4, "above", False), (0.4, "below", True),
        (0.5, "below", True), (0.6, "below", False), (None, "above", None), (float("nan"), "below", None),
    ],
)  # fmt: skip
def test_a_value_passes_its_limit_in_the_limits_direction(value, exceeds, passed):
    measured = Measured("m", value, limit=0.5, exceeds=exceeds)
    assert numbers.passes(measured) is passed
    assert bool(numbers.missed(measured)) == (passed is False)
    assert numbers.missed(Measured("m", value)) == ""
