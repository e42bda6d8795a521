"""The parts of a gap against known truth, and the pieces they are made of against sums by hand."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose.stats.decomposition import area, balanced, concept_effect, mean_of, overlap, part, reference_risk
from diagnose.stats.gap_learning import Sample, learn
from diagnose.stats.gap_parts import parts_of_model
from diagnose.stats.probes import choose, folds_of, indicators, one_thread, out_of_fold, reduced
from gap_worlds import linear, memorised, rows


def test_the_risk_on_unseen_training_rows_is_a_weighted_mean() -> None:
    rng = np.random.default_rng(0)
    loss, pi = rng.random(50), rng.uniform(0.2, 0.8, 50)
    found = reference_risk(np.zeros(30), loss, pi)
    weights = (1 - pi) / pi
    assert found.value == pytest.approx(np.average(loss, weights=weights))


def test_equal_labels_cost_nothing() -> None:
    rng = np.random.default_rng(1)
    a, unexpected, pi = rng.random((40, 2)), rng.normal(size=(40, 2)), np.full(40, 0.5)
    assert concept_effect(a, unexpected, pi, a, unexpected, pi).value == pytest.approx(0)


def test_the_error_of_a_mean_is_that_of_a_mean() -> None:
    values = np.random.default_rng(2).normal(size=400)
    assert mean_of(None, values, 10, 400).error == pytest.approx(values.std() / 20)


def test_rows_of_a_group_count_as_one() -> None:
    values = np.repeat(np.random.default_rng(3).normal(size=40), 10)
    groups = np.repeat(np.arange(40), 10)
    alone = mean_of(None, values, 1, 400)
    assert alone.by_groups(None, groups).error == pytest.approx(alone.error * np.sqrt(10))


def test_shares_of_one_gap_sum_to_one() -> None:
    rng = np.random.default_rng(4)
    whole = mean_of(None, 1 + rng.random(200), 1, 200)
    piece = mean_of(None, rng.random(200), 1, 200)
    first, second = part(piece, whole), part(whole - piece, whole)
    assert first.share is not None
    assert second.share is not None
    assert first.share + second.share == pytest.approx(1)


def test_one_place_is_shared_and_two_are_not() -> None:
    half, n = np.full(100, 0.5), 100
    assert overlap(half, half).shared == pytest.approx(1)
    apart = overlap(balanced(np.zeros(n), n, n), balanced(np.ones(n), n, n))
    assert apart.shared < 0.05
    assert apart.auc == 1


def test_area_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(5)
    high, low = rng.integers(0, 5, 30).astype(float), rng.integers(0, 5, 20).astype(float)
    by_hand = np.mean([(a > b) + 0.5 * (a == b) for a in high for b in low])
    assert area(high, low) == pytest.approx(by_hand)


def test_no_row_is_predicted_by_a_model_that_saw_it() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(120, 2)), rng.normal(size=(120, 1))

    def nearest(x_fit, y_fit, seed):
        return lambda at: y_fit[np.argmin(((at[:, None] - x_fit) ** 2).sum(2), 1)]

    own, _ = out_of_fold(nearest, x, y, folds_of(120, 0), seed=0)
    assert not np.any(own == y)


def test_other_rows_are_asked_of_one_model_each() -> None:
    rng = np.random.default_rng(6)
    x, y, other = rng.normal(size=(100, 2)), rng.normal(size=(100, 1)), rng.normal(size=(40, 2))
    folds = folds_of(100, 0)

    def mean(x_fit, y_fit, seed):
        return lambda at: np.full((len(at), 1), y_fit.mean())

    _, (there,) = out_of_fold(mean, x, y, folds, [other], seed=0)
    assert set(there[:, 0].tolist()) == {y[folds != i].mean() for i in range(5)}


def test_a_change_of_spread_alone_is_told() -> None:
    rng = np.random.default_rng(10)
    x = rng.normal(size=(600, 3))
    x[300:, 0] *= 0.5
    is_second = indicators(np.repeat([0, 1], 300), 2)
    with one_thread():
        chosen = choose(x, is_second, classes=True, seed=0, curved=True)
    assert chosen.name == "quadratic"
    assert chosen.risk < 0.9 * chosen.constant_risk


def test_groups_stay_in_one_fold() -> None:
    groups = np.random.default_rng(7).integers(0, 30, 200)
    folds = folds_of(200, 0, groups)
    assert all(len(set(folds[groups == g])) == 1 for g in set(groups.tolist()))


def test_noise_is_learnt_by_nothing() -> None:
    rng = np.random.default_rng(8)
    with one_thread():
        names = [choose(rng.normal(size=(150, 3)), indicators(rng.integers(0, 2, 150), 2), classes=True, seed=s).name
             for s in range(6)]  # fmt: skip
    assert names.count("constant") >= 4


def test_many_columns_become_few_and_keep_distances() -> None:
    rng = np.random.default_rng(9)
    hidden = rng.normal(size=(100, 3))
    x = hidden @ rng.normal(size=(3, 80))
    first, second = reduced(x[:60], x[60:])
    assert first.shape[1] == 50
    assert np.linalg.matrix_rank(np.vstack([first, second]), tol=1e-6) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("model", "name"), [(memorised, "fitting"), (linear, "concept")])
def test_parts_lie_near_the_truth(model, name: str) -> None:
    """Three draws a world: the named part is the gap, the others nothing."""
    off = []
    with one_thread():
        for seed in range(3):
            rng = np.random.default_rng(seed)
            x, y = rows(rng, 900)
            there, y_there = rows(rng, 900, slope=1.8 if name == "concept" else 0.0)
            predict = model(x, y)
            train, val = Sample(x, y, predict(x)), Sample(there, y_there, predict(there))
            parts = parts_of_model(train, val, learn(train, val, "classes", seed), "classes", seed)
            unseen = rows(np.random.default_rng(100 + seed), 40_000)
            fitting = float(np.mean(predict(unseen[0]) != unseen[1])) - parts.train_risk
            assert parts.fitting is not None
            off.append(abs(parts.fitting.value - fitting) / parts.gap.value)
            assert max(("fitting", "covariate", "concept"), key=lambda n: getattr(parts, n).value) == name
    assert np.median(off) < 0.2


@pytest.mark.slow
def test_the_order_of_rows_moves_nothing_far() -> None:
    rng = np.random.default_rng(11)
    x, y = rows(rng, 600)
    there, y_there = rows(rng, 600, slope=1.8)
    predict = linear(x, y)
    order = rng.permutation(600)
    found = []
    with one_thread():
        for some in (slice(None), order):
            train = Sample(x[some], y[some], predict(x[some]))
            val = Sample(there[some], y_there[some], predict(there[some]))
            found.append(parts_of_model(train, val, learn(train, val, "classes", 0), "classes", 0))
    first, second = (f.concept for f in found)
    assert first is not None
    assert second is not None
    assert abs(first.value - second.value) < 2 * first.error
