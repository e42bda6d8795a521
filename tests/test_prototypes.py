"""Prototypes: exact without the row, honest about noise, and what they say of classes that training never saw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats.prototypes import OF_NOISE, few_shot, novelty, prototypes

DISTANCES = ["cosine", "euclidean"]


def rows(n=60, d=20, k=4, seed=0, strength=2.0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    centres = np.random.default_rng(99).normal(size=(k, d)) * strength / np.sqrt(2)
    return rng.normal(size=(n, d)) + centres[y], y


def refitted(x, y, i, distance):
    """The nearest class mean of the other rows, one row at a time."""
    if distance == "cosine":
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
    others = np.arange(len(x)) != i
    means = np.stack([x[others & (y == c)].mean(0) for c in np.unique(y)])
    if distance == "cosine":
        return np.unique(y)[(means @ x[i] / np.linalg.norm(means, axis=1)).argmax()]
    return np.unique(y)[((means - x[i]) ** 2).sum(1).argmin()]


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_leaving_one_out_is_exact(distance, strength):
    x, y = rows(strength=strength)
    found = prototypes(x, y, distance=distance)
    assert found.predicted.tolist() == [refitted(x, y, i, distance) for i in range(len(x))]
    assert found.accuracy == (found.predicted == y).mean()
    assert found.by_class.tolist() == pytest.approx([(found.predicted == y)[y == c].mean() for c in range(4)])


@given(st.integers(0, 10**6), st.sampled_from(DISTANCES))
@settings(max_examples=15, deadline=None)
def test_rotation_order_unit_and_names_do_not_matter(seed, distance):
    rng = np.random.default_rng(seed)
    x, y = rows(seed=seed, strength=0.7)
    rotation, _ = np.linalg.qr(rng.normal(size=(20, 20)))
    plain = prototypes(x, y, distance=distance)
    names = np.array(["w", "x", "y", "z"])
    turned = prototypes(x @ rotation * 3, names[y], distance=distance)
    assert turned.predicted.tolist() == names[plain.predicted].tolist()
    order = rng.permutation(len(x))
    assert prototypes(x[order], y[order], distance=distance).predicted.tolist() == plain.predicted[order].tolist()


def test_a_shift_does_not_matter_to_euclid_and_length_not_to_cosine():
    x, y = rows(strength=0.7)
    plain, shifted = (prototypes(some, y, distance="euclidean").predicted for some in (x, x + 5))
    assert plain.tolist() == shifted.tolist()
    longer = x * np.random.default_rng(1).uniform(0.1, 10, len(x))[:, None]
    assert prototypes(longer, y).predicted.tolist() == prototypes(x, y).predicted.tolist()


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize(("n", "d", "k"), [(60, 20, 4), (40, 20, 2)])
def test_noise_is_guessing(distance, n, d, k):
    found = [prototypes(*rows(n, d, k, seed=seed, strength=0.0), distance=distance) for seed in range(100)]
    accuracy = [one.accuracy for one in found]
    assert sum(one.is_better_than_chance for one in found) <= 7  # 2.5 % of 100, and luck
    assert np.mean(accuracy) == pytest.approx(1 / k, abs=0.05)
    assert np.std(accuracy) / np.sqrt((1 - 1 / k) / k / n) == pytest.approx(OF_NOISE, abs=0.25)


def test_a_class_of_one_row_takes_part_but_is_not_judged():
    x, y = rows()
    y = np.append(y, 9)
    x = np.vstack([x, np.full(20, 50.0)])
    found = prototypes(x, y)
    assert not found.is_judged[-1]
    assert found.is_judged[:-1].all()
    assert np.isnan(found.by_class[-1])
    assert found.accuracy > 0.9


def test_few_shots():
    x, y = rows(400, strength=0.8)
    one, five, ten = few_shot(x, y)
    assert (one.shots, five.shots, ten.shots) == (1, 5, 10)
    assert one.accuracy < five.accuracy < ten.accuracy
    assert one.low < one.accuracy < one.high
    assert all(found.chance == 0.25 and found.n_classes == 4 for found in (one, five, ten))
    assert ten.accuracy < prototypes(x, y).accuracy + 0.05
    noise = few_shot(*rows(400, strength=0.0))
    assert all(found.low < 0.25 < found.high for found in noise)
    assert few_shot(x, y, seed=3)[0].accuracy == few_shot(x, y, seed=3)[0].accuracy


def test_few_shots_need_more_rows_than_examples():
    x, y = rows(24)
    assert [found.shots for found in few_shot(x, y)] == [1, 5]
    assert few_shot(x[:4], [0, 1, 2, 3]) == ()
    x, y = rows(60)
    fewer = np.concatenate([np.flatnonzero(y < 3), np.flatnonzero(y == 3)[:4]])
    assert [found.n_classes for found in few_shot(x[fewer], y[fewer])] == [4, 3, 3]


def worlds(strength=2.0, k=6, unseen=2, n=240, d=20, seed=0):
    """Training of the first classes; validation of all."""
    x, y = rows(n, d, k, seed, strength)
    fresh, truth = rows(n, d, k, seed + 1000, strength)
    seen = y < k - unseen
    return x[seen], y[seen], fresh, truth


@pytest.mark.parametrize("distance", DISTANCES)
def test_unseen_classes_that_lie_apart(distance):
    found = novelty(*worlds(), distance=distance)
    assert found.novelty.low > 0.8
    assert found.among_unseen is not None
    assert found.among_unseen.accuracy > 0.95
    assert found.among_all.accuracy > 0.9
    assert found.among_all.chance == pytest.approx(1 / 6)
    assert [shot.shots for shot in found.few_shot] == [1, 5, 10]
    assert found.few_shot[1].accuracy > 0.9


@pytest.mark.parametrize("distance", DISTANCES)
def test_unseen_classes_in_embeddings_that_tell_nothing(distance):
    inside = better = 0
    for seed in range(20):
        found = novelty(*worlds(strength=0.0, seed=seed), distance=distance, seed=seed)
        inside += found.novelty.low < 0.5 < found.novelty.high
        better += found.among_all.is_better_than_chance
    assert inside >= 17
    assert better <= 2


def test_unseen_rows_judge_their_class_without_themselves():
    x, y, fresh, truth = worlds(strength=0.4)
    found = novelty(x, y, fresh, truth, distance="euclidean")
    for i in (*np.flatnonzero(truth >= 4)[:5], *np.flatnonzero(truth < 4)[:5]):
        others = (truth >= 4) & (np.arange(len(truth)) != i)
        means = np.stack([np.concatenate([x[y == c], fresh[others & (truth == c)]]).mean(0) for c in range(6)])
        assert found.among_all.predicted[i] == ((means - fresh[i]) ** 2).sum(1).argmin()


def test_one_unseen_class_has_no_other_to_lie_apart_from():
    found = novelty(*worlds(unseen=1))
    assert found.among_unseen is None
    assert found.few_shot == ()
    assert found.novelty.value > 0.8


def test_what_cannot_be_used_is_told():
    x, y = rows()
    with pytest.raises(InputError, match="'cosine' or 'euclidean'"):
        prototypes(x, y, distance="manhattan")
    with pytest.raises(InputError, match="not finite"):
        prototypes(np.where(x > 1, np.nan, x), y)
    with pytest.raises(InputError, match="one label a row"):
        prototypes(x, y[:-1])
    with pytest.raises(NotEnoughEvidence, match="have the label"):
        prototypes(x, np.zeros(60))
    with pytest.raises(NotEnoughEvidence, match="no class has two rows"):
        prototypes(x, np.arange(60))
    with pytest.raises(NotEnoughEvidence, match="0 rows of classes that training never saw"):
        novelty(x, y, x, y)
    with pytest.raises(InputError, match="20 columns, those of validation 19"):
        novelty(x, y, x[:, :19], y)
    with pytest.raises(InputError, match="one label a row"):
        novelty(x, y, x, y[:4])


def test_rows_of_zeros_are_no_trouble():
    x, y = rows()
    x[:3] = 0
    assert np.isfinite(prototypes(x, y).accuracy)
