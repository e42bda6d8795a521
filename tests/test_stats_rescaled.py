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
        (lambda x: 7 * x, "×7"),
        (lambda x: (x - 20) / 10, "normalised"),
    ],
)
def test_names_the_unit(change: object, words: str) -> None:
    found = rescaled(FIRST, change(SECOND))  # type: ignore[operator]
    assert found is not None
    assert words in found.words
    assert found.distance < 0.07 < found.before


@pytest.mark.parametrize("change", [lambda x: x, lambda x: x + 8, lambda x: x**2, lambda x: 1.2 * x])
def test_quiet_on_shifts(change: object) -> None:
    found = rescaled(FIRST, change(SECOND))  # type: ignore[operator]
    assert found is None


def test_quiet_where_few_values_fit_anything() -> None:
    assert rescaled(RNG.integers(0, 2, 500) * 1.0, RNG.integers(0, 2, 500) * 255.0) is None
    assert rescaled(FIRST[:20], 255 * SECOND[:20]) is None
    assert rescaled(np.zeros(500), np.ones(500)) is None


def test_missing_values_are_left_out() -> None:
    gaps = np.where(RNG.random(1500) < 0.3, np.nan, 255 * SECOND)
    found = rescaled(FIRST, gaps)
    assert found is not None
    assert found.factor == 255
