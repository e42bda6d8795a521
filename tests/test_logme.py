"""LogME: the maximum of the evidence, found otherwise too, and its invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats.logme import logme

SHAPES = [(40, 6), (25, 60), (30, 30), (60, 59)]


def rows(n, d, k=3, seed=0, strength=1.0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    x = rng.normal(size=(n, d))
    x[:, :k] += strength * np.eye(k)[y]
    return x, y


def slowly(x, y):
    """The highest density of the labels as one normal vector of covariance 1/β + F Fᵀ/α, by a general optimiser."""
    n = len(x)

    def loss(log_precisions):
        alpha, beta = np.exp(np.clip(log_precisions, -18, 18))
        covariance = np.eye(n) / beta + x @ x.T / alpha
        return -multivariate_normal(np.zeros(n), covariance).logpdf(y) / n

    starts = [(a, b) for a in (-2.0, 2.0, 8.0) for b in (0.0, 4.0)]
    return max(
        -minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10}).fun for start in starts
    )


@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_as_a_general_optimiser_of_the_density(n, d):
    x, y = rows(n, d)
    wanted = np.mean([slowly(x, (y == code).astype(float)) for code in range(3)])
    assert logme(x, y) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(("n", "d"), SHAPES[:3])
def test_numbers(n, d):
    x, _ = rows(n, d, seed=4)
    y = x[:, 0] - x[:, 1] + np.random.default_rng(1).normal(size=n) + 2
    assert logme(x, y, is_number=True) == pytest.approx(slowly(x, y), abs=1e-5)


def textbook(x, y, rounds=100):
    """The alternating updates of the paper of 2021, algorithm 1, by a matrix inverse."""
    n, d = x.shape
    alpha = beta = 1.0
    for _ in range(rounds):
        a = alpha * np.eye(d) + beta * x.T @ x
        m = beta * np.linalg.solve(a, x.T @ y)
        eigen = np.linalg.eigvalsh(x.T @ x) * beta
        gamma = (eigen / (alpha + eigen)).sum()
        alpha, beta = gamma / (m @ m), (n - gamma) / ((x @ m - y) ** 2).sum()
    a = alpha * np.eye(d) + beta * x.T @ x
    m = beta * np.linalg.solve(a, x.T @ y)
    evidence = n / 2 * np.log(beta) + d / 2 * np.log(alpha) - n / 2 * np.log(2 * np.pi)
    evidence -= beta / 2 * ((x @ m - y) ** 2).sum() + alpha / 2 * m @ m + np.linalg.slogdet(a)[1] / 2
    return evidence / n


def test_as_the_algorithm_of_the_paper():
    x, y = rows(200, 12, strength=2)
    wanted = np.mean([textbook(x, (y == code).astype(float)) for code in range(3)])
    assert logme(x, y) == pytest.approx(wanted, abs=1e-7)


@given(st.integers(0, 10**6), st.sampled_from(SHAPES[:3]))
@settings(max_examples=15, deadline=None)
def test_rotation_unit_order_and_names_do_not_matter(seed, shape):
    rng = np.random.default_rng(seed)
    x, y = rows(*shape, seed=seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(shape[1], shape[1])))
    order = rng.permutation(len(x))
    names = np.array(["c", "a", "b"])
    plain = logme(x, y)
    assert logme(x @ rotation * 100, y) == pytest.approx(plain, abs=1e-6)
    assert logme(x[order], names[y[order]]) == pytest.approx(plain, abs=1e-7)


@pytest.mark.parametrize(("n", "d"), SHAPES[:2])
def test_more_signal_is_more_evidence(n, d):
    found = [logme(rows(n, d, strength=strength)[0], rows(n, d)[1]) for strength in (0, 2, 4, 8)]
    assert found == sorted(found)


def test_noise_is_worth_what_the_labels_alone_are():
    rng = np.random.default_rng(0)
    y = rng.normal(size=500)
    alone = -0.5 * np.log(2 * np.pi * np.mean(y**2)) - 0.5
    assert logme(rng.normal(size=(500, 20)), y, is_number=True) == pytest.approx(alone, abs=0.01)
    assert logme(np.zeros((500, 2)), y, is_number=True) == pytest.approx(alone)


def test_a_perfect_fit_is_finite():
    x = np.random.default_rng(0).normal(size=(30, 3))
    assert np.isfinite(logme(x, x @ [1.0, 2.0, 3.0], is_number=True))
    assert np.isfinite(logme(np.eye(6), [0, 1, 0, 1, 0, 1]))


def test_what_cannot_be_used_is_told():
    with pytest.raises(NotEnoughEvidence, match="all 5 rows have the label"):
        logme(np.eye(5), np.ones(5))
    with pytest.raises(InputError, match="not finite"):
        logme(np.full((5, 2), np.inf), np.arange(5))
    with pytest.raises(InputError, match="one label a row"):
        logme(np.eye(5), np.arange(4))
