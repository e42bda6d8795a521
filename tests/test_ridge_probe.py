"""The linear probe: exact against refits, honest against fresh rows, unmoved by what must not matter."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge, RidgeClassifierCV, RidgeCV

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats.probe_rows import prepared
from diagnose.stats.ridge import blocks, decomposed
from diagnose.stats.ridge_probe import difference, probe

SHAPES = [(40, 8), (25, 60), (30, 29), (31, 30)]


def rows(n, d, k=3, seed=0, strength=1.5):
    """Rows of classes of one size, as far as that goes: chance has no say in the shares."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    x = rng.normal(size=(n, d))
    x[:, :k] += strength * np.eye(k)[y]
    return x, y


def refitted(x, y, penalty, out, weights=None):
    """Fit without the rows by the normal equations, and predict them."""
    kept = np.setdiff1d(np.arange(len(x)), out)
    w = np.ones(len(x)) if weights is None else weights
    one = np.column_stack([np.ones(len(kept)), x[kept]])
    shrink = penalty * np.diag([0.0, *[1.0] * x.shape[1]])
    beta = np.linalg.solve(one.T @ (w[kept, None] * one) + shrink, one.T @ (w[kept, None] * y[kept]))
    return np.column_stack([np.ones(len(out)), x[out]]) @ beta


@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize("factor", [1e-4, 1.0, 100.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_leaving_one_out_is_exact(n, d, factor, weighted):
    x, labels = rows(n, d)
    y = np.eye(3)[labels]
    roots = np.sqrt(np.random.default_rng(1).uniform(0.3, 2, n)) if weighted else np.ones(n)
    roots /= np.sqrt((roots**2).mean())
    centred = x - roots**2 @ x / n
    ridge = decomposed(centred, roots)
    penalty = factor * ridge.squared.mean()
    found = ridge.of(y).left_out(penalty)
    wanted = np.concatenate([refitted(centred, y, penalty, np.array([i]), roots**2) for i in range(n)])
    np.testing.assert_allclose(found, wanted, atol=1e-7)


@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize("weighted", [False, True])
def test_leaving_groups_out_is_exact(n, d, weighted):
    x, labels = rows(n, d)
    y = np.eye(3)[labels]
    groups = np.unique(np.random.default_rng(2).integers(0, 9, n), return_inverse=True)[1]
    roots = np.sqrt(np.random.default_rng(1).uniform(0.3, 2, n)) if weighted else np.ones(n)
    roots /= np.sqrt((roots**2).mean())
    centred = x - roots**2 @ x / n
    ridge = decomposed(centred, roots)
    penalty = 0.3 * ridge.squared.mean()
    found = ridge.of(y).left_out(penalty, groups)
    for code in np.unique(groups):
        out = np.flatnonzero(groups == code)
        np.testing.assert_allclose(found[out], refitted(centred, y, penalty, out, roots**2), atol=1e-8)


def test_blocks_hold_every_row_once():
    groups = np.array([2, 0, 1, 2, 2, 0, 3])
    found = list(blocks(groups))
    assert sorted(np.concatenate([b.ravel() for b in found]).tolist()) == list(range(7))
    assert all(len(np.unique(groups[row])) == 1 for block in found for row in block)


@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_as_scikit_learn(n, d):
    x, labels = rows(n, d)
    y = np.eye(3)[labels]
    z, _ = prepared(x, np.ones(n), seed=0, standardise=True)
    ridge = decomposed(z, np.ones(n))
    alphas = ridge.penalties[8:26]
    theirs = RidgeCV(alphas, store_cv_results=True).fit(z, y)
    for at, alpha in enumerate(alphas):
        mine = (ridge.of(y).left_out(alpha) - y) ** 2
        np.testing.assert_allclose(mine, theirs.cv_results_[:, :, at], atol=1e-8)
    found = probe(x, labels)
    assert theirs.alpha_ == pytest.approx(found.penalty * ridge.squared.mean())
    same = Ridge(theirs.alpha_).fit(z, y)
    np.testing.assert_allclose(found.fit.outputs(x), same.predict(z), atol=1e-9)


def test_as_the_ridge_classifier_of_scikit_learn():
    x, y = rows(300, 20, k=4)
    fresh, truth = rows(500, 20, k=4, seed=5)
    z, how = prepared(x, np.ones(300), seed=0, standardise=True)
    theirs = RidgeClassifierCV(decomposed(z, np.ones(300)).penalties).fit(z, y)
    mine = probe(x, y)
    assert mine.error_on(fresh, truth).predicted.tolist() == theirs.predict(how.like(fresh)).tolist()


def test_degrees_of_freedom_are_the_trace():
    x, y = rows(40, 8)
    found = probe(x, y)
    z, _ = prepared(x, np.ones(40), seed=0, standardise=True)
    penalty = found.penalty * np.linalg.eigvalsh(z.T @ z).mean()
    trace = np.trace(z @ np.linalg.solve(z.T @ z + penalty * np.eye(8), z.T))
    assert found.degrees == pytest.approx(1 + trace)


@pytest.mark.parametrize(("n", "d"), [(60, 300), (80, 10)])
@pytest.mark.parametrize("balanced", [False, True])
def test_the_error_is_that_of_fresh_rows(n, d, balanced):
    """The mean over draws: neither leaving out nor the choice of the penalty is optimistic."""
    off = []
    for seed in range(40):
        x, y = rows(n, d, seed=seed)
        found = probe(x, y, balanced=balanced)
        fresh, truth = rows(1000, d, seed=1000 + seed)
        off.append(found.error - found.error_on(fresh, truth).error)
    assert abs(np.mean(off)) < 2.5 * np.std(off) / np.sqrt(len(off)) + 0.003


def test_nothing_is_found_in_noise():
    better, errors = 0, []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = probe(rng.normal(size=(50, 30)), np.arange(50) % 2, seed=seed)
        better += found.is_better_than_chance
        errors.append(found.error)
    assert better <= 4  # 2.5 % of 60, and luck
    assert 0.47 < np.mean(errors) < 0.53


def test_intervals_hold():
    inside = 0
    for seed in range(60):
        x, y = rows(80, 10, seed=seed)
        found = probe(x, y)
        fresh, truth = rows(4000, 10, seed=9000 + seed)
        inside += found.low <= found.error_on(fresh, truth).error <= found.high
    assert inside >= 52


def test_numbers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6))
    y = x @ np.arange(6.0) + rng.normal(size=200) * 5
    found = probe(x, y, is_number=True)
    fresh = rng.normal(size=(5000, 6))
    held = found.error_on(fresh, fresh @ np.arange(6.0) + rng.normal(size=5000) * 5)
    assert found.low < held.error < found.high
    assert found.is_better_than_chance
    assert found.chance.majority == 1.0
    assert found.classes.size == 0
    noise = probe(x, rng.normal(size=200), is_number=True)
    assert 0.95 < noise.error < 1.05
    assert not noise.is_better_than_chance


@given(st.integers(0, 10**6), st.sampled_from(SHAPES))
@settings(max_examples=15, deadline=None)
def test_rotation_shift_scale_and_order_do_not_matter(seed, shape):
    rng = np.random.default_rng(seed)
    x, y = rows(*shape, seed=seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(shape[1], shape[1])))
    plain = probe(x, y, standardise=False)
    turned = probe((x @ rotation) * 7 + rng.normal(size=shape[1]) * 10, y, standardise=False)
    np.testing.assert_allclose(
        plain.fit.outputs(x), turned.fit.outputs((x @ rotation) * 7 + _shift(x, rotation, turned)), atol=1e-6
    )
    assert plain.predicted.tolist() == turned.predicted.tolist()
    scaled = probe(x * rng.uniform(0.1, 9, shape[1]) - 3, y)
    whole = probe(x, y)
    assert whole.predicted.tolist() == scaled.predicted.tolist()
    order = rng.permutation(len(x))
    shuffled = probe(x[order], y[order])
    assert shuffled.predicted.tolist() == whole.predicted[order].tolist()
    assert (shuffled.error, shuffled.low, shuffled.high) == (whole.error, whole.low, whole.high)


def _shift(x, rotation, turned):
    """The shift that was added, as the probe saw it: of its mean."""
    return turned.fit.rows.mean - ((x @ rotation) * 7).mean(0)


@given(st.permutations([0, 1, 2]))
@settings(max_examples=6, deadline=None)
def test_names_of_classes_do_not_matter(order):
    x, y = rows(50, 12)
    names = np.array(["ant", "bee", "cat"])[np.array(order)]
    one, other = probe(x, y), probe(x, names[y])
    assert names[one.predicted].tolist() == other.predicted.tolist()
    assert one.error == other.error
    assert one.degrees == pytest.approx(other.degrees)


def test_copies_are_seen_through():
    """Every row twice and labels of noise: leaving out one row finds its copy, leaving out both does not."""
    rng = np.random.default_rng(0)
    x, y = np.repeat(rng.normal(size=(40, 200)), 2, axis=0), np.repeat(rng.integers(0, 2, 40), 2)
    groups = np.repeat(np.arange(40), 2)
    assert probe(x, y).error < 0.05
    honest = probe(x, y, groups=groups)
    assert honest.error > 0.3
    assert not honest.is_better_than_chance
    alone = probe(x[::2], y[::2])
    assert (honest.low, honest.high) == pytest.approx((alone.low, alone.high), abs=0.12)
    assert honest.high - honest.low > 0.9 * (alone.high - alone.low)  # copies are not more evidence


def test_groups_of_one_row_are_no_groups():
    x, y = rows(40, 8)
    one, other = probe(x, y), probe(x, y, groups=[f"row {i}" for i in range(40)])
    np.testing.assert_allclose(one.fit.slopes, other.fit.slopes)
    assert one.predicted.tolist() == other.predicted.tolist()
    assert (one.low, one.high) == (other.low, other.high)


def test_balanced_finds_a_rare_class():
    rng = np.random.default_rng(0)
    y = np.array([0] * 380 + [1] * 20)
    x = rng.normal(size=(400, 5)) + 1.8 * y[:, None] * np.eye(5)[0]
    plain, balanced = probe(x, y), probe(x, y, balanced=True)
    assert balanced.chance.majority == 0.5
    assert plain.losses[y == 1].mean() > 0.6
    assert balanced.losses[y == 1].mean() < 0.4
    assert balanced.error == pytest.approx((balanced.losses[y == 1].mean() + balanced.losses[y == 0].mean()) / 2)
    assert balanced.is_better_than_chance


def test_told_apart_and_not():
    x, y = rows(400, 12, strength=1.5)
    noisy = x + np.random.default_rng(3).normal(size=x.shape) * 2
    nearly = x + np.random.default_rng(3).normal(size=x.shape) * 0.02
    good = probe(x, y)
    apart = difference(good, probe(noisy, y))
    assert apart.low > 0
    assert apart.value == pytest.approx(probe(noisy, y).error - good.error)
    same = difference(good, probe(nearly, y))
    assert same.low < 0 < same.high
    alone = difference(good, good)
    assert alone.low < 0 < alone.high
    assert alone.value == 0
    back = difference(probe(noisy, y), good)
    assert (back.low, back.high) == pytest.approx((-apart.high, -apart.low))


def test_differences_of_noise_are_seldom_told_apart():
    told = 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        x, y = rows(100, 3, seed=seed)
        one, other = (probe(x + rng.normal(size=x.shape), y) for _ in range(2))
        found = difference(one, other)
        told += found.low > 0 or found.high < 0
    assert told <= 9


def test_differences_of_numbers_and_of_balanced_probes():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4))
    y = x.sum(1) + rng.normal(size=200) * 0.5
    worse = x + rng.normal(size=x.shape)
    one, other = probe(x, y, is_number=True), probe(worse, y, is_number=True)
    found = difference(one, other)
    assert found.value == pytest.approx(other.error - one.error)
    assert found.low > 0
    classes = (y > 1).astype(int)
    one, other = probe(x, classes, balanced=True), probe(worse, classes, balanced=True)
    assert difference(one, other).value == pytest.approx(other.error - one.error)


def test_classes_that_it_never_saw_are_wrong():
    x, y = rows(60, 5)
    held = probe(x, y).error_on(x[:10], np.full(10, 9))
    assert held.error == 1.0


def test_single_precision_and_whole_numbers():
    x, y = rows(60, 5)
    assert probe(x.astype(np.float32), y).error == pytest.approx(probe(x, y).error, abs=0.02)
    assert probe((x * 10).astype(np.int16), y).error < 0.6


def test_constant_columns_change_nothing():
    x, y = rows(60, 5)
    wide = np.column_stack([x, np.full(60, 0.1), np.zeros(60)]).astype(np.float32)
    assert probe(wide, y).predicted.tolist() == probe(x.astype(np.float32), y).predicted.tolist()
    assert probe(wide, y).n_columns == 5


def test_many_columns_are_projected_only_where_rows_are_many_too(monkeypatch):
    monkeypatch.setattr("diagnose.stats.probe_rows.MOST_COLUMNS", 50)
    x, y = rows(40, 200, strength=3)
    assert not probe(x, y).is_projected
    x, y = rows(400, 200, strength=3)
    found = probe(x, y)
    assert found.is_projected
    assert found.n_columns == 50
    assert found.is_better_than_chance
    fresh, truth = rows(400, 200, strength=3, seed=4)
    assert found.error_on(fresh, truth).error == pytest.approx(found.error, abs=0.1)
    assert probe(x, y, seed=0).predicted.tolist() == found.predicted.tolist()


@pytest.mark.parametrize(
    ("x", "y", "error", "said"),
    [
        (np.ones((10, 3)), np.arange(10) % 2, NotEnoughEvidence, "3 features are the same in all 10 rows"),
        (np.eye(10), np.zeros(10), NotEnoughEvidence, "all 10 rows have the label"),
        (np.eye(10), np.arange(9), InputError, r"10 rows of features came with labels of shape \(9,\)"),
        (np.where(np.eye(10) > 0, np.nan, 0), np.arange(10) % 2, InputError, "10 of 10 rows of features hold values"),
        (np.ones(10), np.arange(10) % 2, InputError, r"features have shape \(10,\)"),
        (np.ones((0, 3)), np.zeros(0), NotEnoughEvidence, r"\(0, 3\)"),
        (np.eye(2), [0, 1], NotEnoughEvidence, "2 rows are too few"),
        (np.array([["a"] * 3] * 10), np.arange(10) % 2, InputError, "numbers are expected"),
        (np.eye(10), np.where(np.arange(10) > 4, np.nan, 1.0), InputError, "5 of 10 labels are not finite"),
    ],
)
def test_what_cannot_be_used_is_told(x, y, error, said):
    with pytest.raises(error, match=said):
        probe(x, y)


def test_other_mistakes_are_told():
    x, y = rows(20, 4)
    with pytest.raises(InputError, match="have 3 columns, those of the probe 4"):
        probe(x, y).error_on(x[:, :3], y)
    with pytest.raises(InputError, match="one a row is expected"):
        probe(x, y).error_on(x, y[:5])
    with pytest.raises(NotEnoughEvidence, match="one group"):
        probe(x, y, groups=np.zeros(20))
    with pytest.raises(InputError, match="groups of shape"):
        probe(x, y, groups=np.zeros(3))
    with pytest.raises(InputError, match="same rows in the same order"):
        difference(probe(x, y), probe(x[::-1], y[::-1]))
    with pytest.raises(InputError, match="expected of a regression"):
        probe(x, np.array(["a", "b"] * 10), is_number=True)


def test_shares_of_classes_alone_are_guessing():
    """Without its own row a class is rarer: fits that learnt nothing would say another class of every row."""
    rng = np.random.default_rng(0)
    for shares in ([0.5, 0.5], [0.4, 0.3, 0.3], [0.8, 0.2]):
        y = np.repeat(np.arange(len(shares)), (np.array(shares) * 60).astype(int))
        x = rng.normal(size=(60, 2)) * 1e-3 + 1
        found = [probe(x + rng.normal(size=x.shape), y).error for _ in range(20)]
        assert np.mean(found) == pytest.approx(1 - max(shares), abs=0.06)


def test_two_rows_of_a_class_of_one():
    x, y = rows(20, 4)
    y[0] = 7
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert probe(x, y).losses[0] == 1.0
        assert np.isfinite(probe(x, y, balanced=True).error)


def test_it_is_fast():
    x, y = rows(1000, 1280, k=10)
    x = x.astype(np.float32)
    taken = []
    for _ in range(2):
        start = time.process_time()
        probe(x, y)
        taken.append(time.process_time() - start)
    assert min(taken) < 1.5  # half a second on an idle core
