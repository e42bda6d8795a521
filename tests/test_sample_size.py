"""Extrapolation against the number of samples: exact sums, known laws, intervals that hold, and curves of the probe."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats import curve_shapes
from diagnose.stats.curve_shapes import evidence, gap_bin, learnt_shapes, walk_covariance
from diagnose.stats.probe_curve import probe_curve
from diagnose.stats.ridge_probe import probe
from diagnose.stats.sample_size import HELPS, sizes

N = np.array([50.0, 100.0, 200.0, 400.0, 800.0])


def law(n, floor=0.1, height=2.0, exponent=0.5):
    return floor + height * np.asarray(n, float) ** -exponent


@pytest.mark.parametrize(
    ("floor", "height", "exponent"), [(0.1, 2, 0.5), (0.3, 1, 0.35), (0.0, 3, 0.7), (0.05, 40, 1.0)]
)
def test_power_laws_are_continued(floor, height, exponent):
    curve = sizes(N, law(N, floor, height, exponent))
    truth = law(800, floor, height, exponent) - law(1600, floor, height, exponent)
    found = curve.doubling()
    assert found.low <= truth <= found.high
    assert found.gain == pytest.approx(truth, rel=0.3, abs=0.003)
    at = curve.at(1600)
    assert at.low <= law(1600, floor, height, exponent) <= at.high
    assert curve.at(800).mean == pytest.approx(law(800, floor, height, exponent), rel=0.02)


def test_a_level_curve_gains_nothing_and_says_so():
    found = sizes(N, np.full(5, 0.2)).doubling()
    assert abs(found.gain) < 0.004
    assert found.high < HELPS
    assert found.helps < 0.05


def test_a_steep_curve_helps():
    found = sizes(N, [0.5, 0.42, 0.34, 0.27, 0.21]).doubling()
    assert found.low > HELPS
    assert found.helps > 0.97


def test_noise_widens_and_shrinks():
    errors = law(N)
    exact, noisy = sizes(N, errors).doubling(), sizes(N, errors, np.full(5, 0.03)).doubling()
    assert noisy.high - noisy.low > 1.5 * (exact.high - exact.low)
    assert 0.02 < noisy.helps < 0.98


def test_further_is_wider():
    curve = sizes(N, law(N))
    widths = [curve.at(n).high - curve.at(n).low for n in (800, 1600, 3200, 12800)]
    assert all(one < other for one, other in pairwise(widths))


def test_few_sizes_lean_on_other_data_sets():
    widths = [sizes(N[-k:], law(N[-k:])).doubling() for k in (1, 2, 3, 5)]
    assert all(np.isfinite(found.gain) for found in widths)
    assert widths[0].high - widths[0].low > 1.5 * (widths[-1].high - widths[-1].low)


def test_where_training_errs_as_much_more_data_has_little_to_take():
    near, far = (sizes(N[-2:], law(N[-2:]), training_error=e).doubling() for e in (0.16, 0.0))
    assert near.gain < far.gain
    assert near.helps < far.helps


def test_the_evidence_is_the_density():
    """Against the density of all errors, E being integrated by sums."""
    learnt = learnt_shapes()
    shapes = tuple(np.array(part)[::40] for part in (learnt.exponent, learnt.reducible, learnt.departure))
    errors, spread = law(N) + np.array([0.01, -0.01, 0.004, 0.0, 0.002]), np.full(5, 0.01)
    ratios = N / 800
    found = evidence(ratios, errors, spread, errors[-1], shapes, learnt.independent)
    levels = np.linspace(-1, 2, 60_001)
    for at, (c, p, t) in enumerate(zip(*shapes, strict=True)):
        mean = 1 - p + p * ratios**-c
        covariance = (t * errors[-1]) ** 2 * walk_covariance(ratios, learnt.independent) + np.diag(spread**2)
        whitened = np.linalg.cholesky(np.linalg.inv(covariance)).T
        rest = (whitened @ (errors[:, None] - mean[:, None] * levels)).T
        density = np.exp(-0.5 * (rest**2).sum(1))
        wanted = np.log(density.sum() * (levels[1] - levels[0])) + multivariate_normal(np.zeros(5), covariance).logpdf(
            np.zeros(5)
        )
        constant = -0.5 * 4 * np.log(2 * np.pi)
        assert found.logarithm[at] + constant == pytest.approx(wanted, abs=1e-4)
        assert found.level[at] == pytest.approx((density * levels).sum() / density.sum(), abs=1e-5)


def test_the_walk():
    covariance = walk_covariance(np.array([0.25, 0.5, 1.0, 2.0]), 0.0)
    steps = [1 / np.log(2), 2 / np.log(2)]
    assert covariance[1, 1] == pytest.approx(steps[0])
    assert covariance[0, 0] == pytest.approx(sum(steps))
    assert covariance[0, 1] == pytest.approx(steps[0])
    assert covariance[2].tolist() == [0, 0, 0, 0]
    assert covariance[1, 3] == 0
    assert np.linalg.eigvalsh(walk_covariance(N / 200, 0.5)).min() > 0


def test_intervals_are_those_of_the_mixture():
    curve = sizes(N, law(N), np.full(5, 0.01))
    at, parts = curve.at(1600), curve.shapes
    mean, spread = parts.level * parts.law(2.0), np.sqrt(parts.level_variance * parts.law(2.0) ** 2 + parts.wander(2.0))
    assert parts.weights @ norm.cdf(at.low, mean, spread) == pytest.approx(0.025, abs=1e-6)
    assert parts.weights @ norm.cdf(at.high, mean, spread) == pytest.approx(0.975, abs=1e-6)
    assert parts.weights.sum() == pytest.approx(1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 0.2))
@settings(max_examples=40, deadline=None)
def test_whatever_is_measured_gets_an_ordered_answer(errors, spread):
    n = 50.0 * 2.0 ** np.arange(len(errors))
    curve = sizes(n, errors, np.full(len(errors), spread))
    found, at = curve.doubling(), curve.at(2 * n[-1])
    assert found.low <= found.high
    assert 0 <= found.helps <= 1
    assert 0 <= at.low <= at.high
    assert np.isfinite([*found, *at]).all()


@given(st.permutations(range(5)), st.floats(0.3, 3))
@settings(max_examples=10, deadline=None)
def test_order_does_not_matter_and_the_unit_is_followed(order, factor):
    errors, spread = law(N) * 0.5, np.full(5, 0.004)
    plain = sizes(N, errors, spread).doubling()
    assert sizes(N[list(order)], errors[list(order)], spread).doubling() == plain
    scaled = sizes(N, factor * errors, factor * spread).doubling()
    assert (scaled.gain, scaled.low, scaled.high) == pytest.approx(tuple(factor * v for v in plain[:3]), rel=1e-5)


def test_the_constants_are_whole():
    learnt = learnt_shapes()
    k = len(learnt.odds)
    assert sum(learnt.odds) == pytest.approx(1, abs=0.01)
    assert len(learnt.exponent) == len(learnt.reducible) == len(learnt.departure) == k
    assert len(learnt.gap_odds) == len(learnt.gap_edges) + 1
    odds = np.array(learnt.gap_odds)
    assert odds.shape[1] == k
    assert odds.sum(axis=0) == pytest.approx(1, abs=0.02)
    assert (odds > 0).all()
    raw = Path(curve_shapes.__file__).with_name("sample_size.json").read_text(encoding="utf-8")
    assert set(json.loads(raw)) == set(learnt.__struct_fields__)


def test_bins_of_gaps():
    edges = [0.0, 0.1, 0.5]
    assert [gap_bin(e, 0.2, edges) for e in (0.3, 0.19, 0.15, 0.0)] == [0, 1, 2, 3]
    assert gap_bin(0.0, 0.0, edges) == 0


@pytest.mark.parametrize(
    ("n", "errors", "spread", "error", "said"),
    [
        ([], [], None, NotEnoughEvidence, "no size"),
        ([50, 100], [0.1], None, InputError, "one number of each for every size"),
        ([50, 50], [0.1, 0.2], None, InputError, "distinct"),
        ([50, 100], [0.1, -0.2], None, InputError, "not negative"),
        ([50, 100], [0.1, np.nan], None, InputError, "finite"),
        ([50, 100], [0.1, 0.2], [0.1], InputError, "one number of each"),
        ([0, 100], [0.1, 0.2], None, InputError, "at least 1"),
    ],
)
def test_what_cannot_be_used_is_told(n, errors, spread, error, said):
    with pytest.raises(error, match=said):
        sizes(n, errors, spread)


def test_no_answer_beyond_what_was_calibrated():
    curve = sizes(N, law(N))
    for n in (20, 20_000):
        with pytest.raises(InputError, match="sizes from 50 to 800 were measured, which tell of up to 12800"):
            curve.at(n)


def world(n, seed=0, d=40, strength=0.5):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    x = rng.normal(size=(n, d))
    return x + strength * y[:, None] * np.sign(np.arange(d) % 3 - 0.5) / 2, y


def test_the_curve_of_a_probe():
    x, y = world(640)
    curve = probe_curve(x, y)
    assert curve.sizes.tolist() == [40, 80, 160, 320, 640]
    assert curve.errors[0] > curve.errors[2] > curve.errors[4]
    assert curve.errors[-1] == curve.whole.error == probe(x, y).error
    assert (curve.standard_errors > 0).all()
    again = probe_curve(x, y, whole=curve.whole)
    assert again.errors.tolist() == curve.errors.tolist()


def test_the_curve_of_a_probe_tells_of_twice_the_rows():
    inside = 0
    for seed in range(12):
        x, y = world(400, seed, strength=0.35)
        curve = probe_curve(x, y, seed=seed, draws=3)
        fresh, truth = world(4000, 1000 + seed, strength=0.35)
        more, labels = world(800, 2000 + seed, strength=0.35)
        gained = curve.whole.error_on(fresh, truth).error - probe(more, labels).error_on(fresh, truth).error
        found = curve.extrapolated().doubling()
        inside += found.low <= gained <= found.high
    assert inside >= 10


def test_the_curve_of_a_regression_with_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(80), 3)
    x = np.repeat(rng.normal(size=(80, 30)), 3, axis=0) + rng.normal(size=(240, 30)) * 0.3
    y = x[:, :5].sum(1) + rng.normal(size=240)
    curve = probe_curve(x, y, groups=groups, is_number=True, draws=3)
    assert curve.errors[0] > curve.errors[-1]
    assert curve.errors[-1] == curve.whole.error
    assert curve.extrapolated().at(480).mean < curve.errors[1]


def test_sizes_of_a_curve_may_be_given():
    x, y = world(100)
    curve = probe_curve(x, y, [20, 60], draws=2)
    assert curve.sizes.tolist() == [20, 60, 100]
    with pytest.raises(InputError, match="numbers from 3 to 99"):
        probe_curve(x, y, [20, 100])
    assert probe_curve(x[:20], y[:20]).sizes.tolist() == [20]
    assert probe_curve(x[:20], y[:20]).extrapolated().doubling().high > 0


def test_rare_classes_are_in_every_subsample_by_their_share():
    x, _ = world(320)
    y = np.repeat([0, 1, 2, 3], [240, 40, 20, 20])
    x[:, :4] += 3 * np.eye(4)[y]
    curve = probe_curve(x, y, draws=2)
    assert curve.errors[0] < 0.35
