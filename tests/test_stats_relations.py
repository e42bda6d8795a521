"""Correlations compared: errors against their scatter, no alarm from margins, and changes found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.stats import relations as module
from diagnose.stats.relations import relations


def correlated(n: int, rho: float, rng: np.random.Generator, d: int = 3) -> np.ndarray:
    x = rng.normal(size=(n, d))
    x[:, 1] = rho * x[:, 0] + np.sqrt(1 - rho**2) * x[:, 1]
    return x


def test_errors_are_the_scatter_of_the_difference() -> None:
    rng = np.random.default_rng(0)
    found = [relations(correlated(400, 0.7, rng), correlated(300, 0.7, rng)) for _ in range(300)]
    scatter = np.std([f.second[0, 1] - f.first[0, 1] for f in found])
    assert abs(np.mean([f.errors[0, 1] for f in found]) / scatter - 1) < 0.15
    # Fisher's formula for normal columns
    assert abs(scatter / (0.51 * np.sqrt(1 / 400 + 1 / 300)) - 1) < 0.15


def test_quiet_where_only_the_margins_differ() -> None:
    rng = np.random.default_rng(1)
    p = [relations(correlated(300, 0.5, rng, 6), 3 * correlated(300, 0.5, rng, 6) + 2).p for _ in range(200)]
    assert np.mean(np.array(p) <= 0.05) <= 0.09  # three standard errors above 5 % would be 0.096


def test_quiet_with_rare_events_and_heavy_tails() -> None:
    rng = np.random.default_rng(2)

    def rows() -> np.ndarray:
        x = rng.standard_t(3, size=(500, 6)).clip(-6, 6)
        x[:, 0] = rng.random(500) < 0.03
        return x

    p = [relations(rows(), rows()).p for _ in range(200)]
    assert np.mean(np.array(p) <= 0.05) <= 0.1


def test_finds_the_pair_that_changed() -> None:
    rng = np.random.default_rng(3)
    found = relations(correlated(500, 0.8, rng, 10), correlated(500, 0.1, rng, 10))
    (pair,) = found.changed(0.05)
    assert pair[:2] == (0, 1)
    assert 0.4 < pair[2] < 0.7
    assert found.p < 1e-6


def test_pairs_that_do_not_count_do_not_speak() -> None:
    rng = np.random.default_rng(4)
    possible = np.ones((3, 3), bool)
    possible[0, 1] = possible[1, 0] = False
    assert relations(correlated(500, 0.8, rng), correlated(500, 0.1, rng), possible).p > 0.05


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-50, 50))
def test_unchanged_by_units_and_symmetric(seed: int, unit: float, offset: float) -> None:
    rng = np.random.default_rng(seed)
    one, other = correlated(60, 0.3, rng), correlated(70, 0.6, rng)
    p = relations(one, other).p
    assert np.isclose(p, relations(one * unit + offset, other).p, rtol=1e-6)
    assert np.isclose(p, relations(other, one).p, rtol=1e-6)


def test_survives_constant_columns() -> None:
    x = np.random.default_rng(5).normal(size=(100, 3))
    x[:, 1] = 4
    assert relations(x, x + 1).p == 1.0


def test_screened_pairs_have_the_errors_that_all_have(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    one, other = correlated(300, 0.7, rng, 12), correlated(250, 0.2, rng, 12)
    whole = relations(one, other)
    monkeypatch.setattr(module, "ALL", 5)
    monkeypatch.setattr(module, "SCREENED", 10)
    some = relations(one, other)
    examined = some.errors > 0
    assert examined.sum() == 20
    assert np.allclose(some.errors[examined], whole.errors[examined])
    assert np.isclose(some.p, whole.p)  # the largest is among them, and all pairs are counted
    assert some.changed(0.05)[0][:2] == (0, 1)


def test_quiet_with_many_columns() -> None:
    rng = np.random.default_rng(6)
    p = [relations(rng.normal(size=(200, 250)), rng.normal(size=(150, 250))).p for _ in range(40)]
    assert np.mean(np.array(p) <= 0.05) <= 0.175  # seven of forty happen less than once in a hundred tries
