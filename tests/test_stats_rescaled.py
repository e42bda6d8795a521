"""Units are recognised, and shifts are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose.stats.rescaled import rescaled

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.gamma(4, 5, 3000), RNG.gamma(4, 5, 1500)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: 255 * x, "×255"),
        (lambda x: x / 255, "÷255"),
        (lambda x: 100 * x, "×100"),
        (lambda x: x / 1000, "÷1000"),
        (lambda x: 1.8 * x + 32, "Fahrenheit"),
        (lambda x: x + 273.15, "Kelvin"),
        (lambda x: 45 * x, "×4"),
        (lambda x: (x - 20) / 10, "normalised"),
    ],
)
def test_names_the_unit(change: object, words: str) -> None:
    found = rescaled(FIRST, change(SECOND))  # type: ignore[operator]
    assert found is not None
    assert words in found.words
    assert found.distance < 0.07 < found.before


@pytest.mark.parametrize("change", [lambda x: x, lambda x: x + 8, lambda x: x**2, lambda x: 1.2 * x, lambda x: 7 * x])
def test_quiet_on_shifts(change: object) -> None:
    found = rescaled(FIRST, change(SECOND))  # type: ignore[operator]
    assert found is None


@pytest.mark.parametrize("scale", [0.5, 0.555, 0.7, 0.9, 2.0, 2.5, 4.0])
@pytest.mark.parametrize("n", [200, 3000, 20_000])
def test_quiet_where_another_scale_is_a_shift(scale: float, n: int) -> None:
    """A gamma law, an exponential and a log-normal one keep their shape when their scale differs by nature."""
    rng = np.random.default_rng(n)
    for law in (lambda k: rng.gamma(2, 30, k), lambda k: rng.exponential(10, k), lambda k: rng.lognormal(3, 0.8, k)):
        assert rescaled(law(n), scale * law(n // 2)) is None


@pytest.mark.parametrize("factor", [2.54, 1 / 2.54, 2.2046, 3.2808])
def test_near_units_are_known_where_the_rows_tell_them(factor: float) -> None:
    heights = RNG.normal(170, 9, 2000)
    found = rescaled(heights[:1000], factor * heights[1000:])
    assert found is not None
    assert found.factor == pytest.approx(factor)
    assert rescaled(heights[:1000], factor * 0.9 * heights[1000:]) is None
    amounts = RNG.gamma(2, 30, 2000)  # a tenth more or less can't be told of these
    assert rescaled(amounts[:1000], factor * amounts[1000:]) is None


@pytest.mark.parametrize(("middle", "width"), [(2.0, 2.0), (-3.0, 1.5), (0.5, 4.0)])
def test_quiet_where_standardised_numbers_shift(middle: float, width: float) -> None:
    rng = np.random.default_rng(4)
    assert rescaled(rng.normal(size=3000), rng.normal(middle, width, 3000)) is None


def test_quiet_on_degrees_whose_offset_cannot_be_seen() -> None:
    wide = RNG.normal(500, 300, 4000)
    assert rescaled(wide[:2000], 1.8 * wide[2000:] + 32) is None


def test_quiet_where_few_values_fit_anything() -> None:
    assert rescaled(RNG.integers(0, 2, 500) * 1.0, RNG.integers(0, 2, 500) * 255.0) is None
    assert rescaled(FIRST[:20], 255 * SECOND[:20]) is None
    assert rescaled(np.zeros(500), np.ones(500)) is None


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e150, 1e290])
def test_quiet_at_the_ends_of_all_numbers(size: float) -> None:
    assert rescaled(FIRST, size * SECOND) is None
    assert rescaled(size * FIRST, SECOND) is None
    assert rescaled(size * FIRST, size * SECOND) is None


def test_missing_values_are_left_out() -> None:
    gaps = np.where(RNG.random(1500) < 0.3, np.nan, 255 * SECOND)
    found = rescaled(FIRST, gaps)
    assert found is not None
    assert found.factor == 255
