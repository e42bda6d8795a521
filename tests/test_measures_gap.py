"""Training against validation: brought to the same steps, and the gap between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.gap import Gap, gap, means_between, paired
from diagnose.measures.trend import trend_of
from diagnose.run import Curve


def curve(split: str, values, steps=None) -> Curve:
    values = np.asarray(values, dtype=float)
    return Curve(split, split, "loss", "lower", np.arange(len(values)) if steps is None else steps, values)  # type: ignore[arg-type]


def gap_of(train, val) -> Gap:
    train, val = curve("train", train), curve("val", val)
    return gap(paired(train, val), trend_of(val))


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=40), st.lists(st.integers(0, 50), min_size=1, max_size=12))
def test_means_between_against_a_plain_loop(values: list[float], at: list[int]) -> None:
    steps, ends = np.arange(float(len(values))), np.array(sorted(set(at)), dtype=float)
    series = np.array(values)
    expected, before = [], -np.inf
    for end in ends:
        inside = (steps > before) & (steps <= end)
        expected.append(series[inside].mean() if inside.any() else np.interp(end, steps, series))
        before = end
    np.testing.assert_allclose(means_between(steps, series, ends), expected, atol=1e-9)


def test_means_keep_their_digits_far_from_zero() -> None:
    values = 1e9 + np.arange(1000.0)
    np.testing.assert_array_equal(means_between(np.arange(1000.0), values, np.arange(1, 1000, 2.0)), values[::2] + 0.5)


def test_step_logged_training_is_averaged_to_the_epochs() -> None:
    train = curve("train", np.arange(100.0), steps=np.arange(1, 101) / 10)
    val = curve("val", [5.0, 4, 3, 2, 1], steps=np.array([2.0, 4, 6, 8, 10]))
    both = paired(train, val)
    np.testing.assert_allclose(both.train, [9.5, 29.5, 49.5, 69.5, 89.5])
    np.testing.assert_array_equal(both.val, [5, 4, 3, 2, 1])


def test_only_the_common_stretch_is_compared() -> None:
    train = curve("train", [4.0, 3, 2, 1, 0], steps=np.arange(5, 10))
    both = paired(train, curve("val", np.ones(12)))
    assert both.steps.tolist() == [5, 6, 7, 8, 9, 10]  # one interval after the last is still its epoch


def test_without_common_steps_there_is_no_gap() -> None:
    with pytest.raises(NotEnoughEvidence, match="share 0 steps; a comparison needs 4"):
        paired(curve("train", np.ones(5)), curve("val", np.ones(5), steps=np.arange(100, 105)))


def test_a_gap_that_opens_at_the_turn() -> None:
    found = gap_of(train=[5.0, 4, 3, 2, 1, 0.5, 0], val=[5.0, 4, 3, 2, 3, 4, 5])
    assert (found.start, found.at_turn, found.end) == (0, 0, 5)
    assert found.growth == 5
    assert found.share == pytest.approx(5 / (5 + 3))
    assert found.train_fall_after == pytest.approx(2)
    assert found.stall_step == 3
    assert found.train_alone == pytest.approx(2 / 5)
    assert found.val_is_easier == 0


def test_no_gap_between_equal_curves() -> None:
    found = gap_of([4.0, 3, 2, 1, 0.5], [4.0, 3, 2, 1, 0.5])
    assert (found.end, found.growth, found.share, found.train_alone) == (0, 0, 0, 0)


def test_a_validation_below_training_is_no_gap() -> None:
    found = gap_of([4.0, 3, 2, 1, 0.5], [3.5, 2.5, 1.5, 0.5, 0.1])
    assert found.end < 0
    assert (found.share, found.val_is_easier) == (0, 1)


def test_a_gap_from_the_start_does_not_grow() -> None:
    fall = 1 + np.exp(-np.linspace(0, 5, 40))
    found = gap_of(fall, fall + 0.7)
    assert (found.start, found.at_turn, found.end) == pytest.approx((0.7, 0.7, 0.7))
    assert found.growth == pytest.approx(0, abs=1e-12)


def test_an_explosive_first_epoch_is_left_out_of_the_late_scales() -> None:
    t = np.linspace(0, 1, 40)
    train, val = np.exp(-5 * t), np.maximum(np.exp(-5 * t), 0.2) + 0.3
    usual = gap_of(train, val)
    train[0], val[0] = 1e4, 1e4
    wild = gap_of(train, val)
    assert wild.share < 0.01
    assert wild.late_share == pytest.approx(usual.late_share, abs=0.02)
    assert wild.late_train_alone == pytest.approx(usual.late_train_alone, abs=0.02)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=4, max_size=30), st.integers(-5, 5))
def test_shares_have_their_ranges_and_ignore_scale(points: list[tuple[int, int]], power: int) -> None:
    train, val = (np.array(series, dtype=float) for series in zip(*points, strict=True))
    one, other = gap_of(train, val), gap_of(train * 2.0**power + 3, val * 2.0**power + 3)
    for name in ("share", "late_share", "val_is_easier"):
        assert 0 <= getattr(one, name) <= 1
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-6)
    assert one.train_alone <= 1 + 1e-9
    assert other.train_alone == pytest.approx(one.train_alone, abs=1e-6)
