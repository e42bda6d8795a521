"""Effects of remedies: what intervals cover, how often a fruitless remedy is recommended, which one is found."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from diagnose.trials.candidates import candidates_of
from diagnose.trials.effects import helpful, paired
from diagnose.trials.metric import Metric
from diagnose.trials.race import Race
from diagnose.trials.trying import _raced, _winners
from trial_worlds import CONTEXT, Memory, diagnosed, world

ACCURACY = Metric("val_accuracy", "accuracy", "val", "higher")


def test_a_mean_of_pairs_has_students_interval() -> None:
    d = [0.03, 0.01, 0.05, 0.02]
    effect, known = paired(d), stats.ttest_1samp(d, 0.0)
    low, high = known.confidence_interval(0.95)
    assert (effect.low, effect.high, effect.p) == pytest.approx((low, high, known.pvalue), rel=1e-6)


def test_one_pair_has_no_interval() -> None:
    effect = paired([0.3])
    assert effect.low == -math.inf
    assert effect.high == math.inf
    assert not helpful({"one": effect})


def test_equal_differences_of_a_share_are_as_sure_as_their_rows() -> None:
    """Training that ignores the seed: two rows of 200 more are no proof, forty are."""
    few, many = paired([0.01] * 5, n_val=200), paired([0.2] * 5, n_val=200)
    assert few.low < 0 < few.high
    assert many.low > 0
    assert many.high - many.low == pytest.approx(2 * 1.96 * math.sqrt(0.2 * 0.8 / 200), rel=0.01)


def test_differences_below_the_digits_are_no_effect() -> None:
    assert not paired([1e-9] * 5, scale=1.0).is_apart_from_zero


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8), st.floats(0.1, 10))
def test_a_score_in_other_units_is_the_same_effect(d: list[float], scale: float) -> None:
    one, other = paired(d, scale=1.0), paired([scale * x for x in d], scale=scale)
    assert other.low == pytest.approx(scale * one.low, abs=1e-6 * scale)
    assert other.p == pytest.approx(one.p, abs=1e-6)


def test_intervals_cover() -> None:
    """95 % of 2000, to three standard errors."""
    rng = np.random.default_rng(0)
    draws = rng.normal(0.02, 0.03, (2000, 5))
    covered = np.mean([(e := paired(list(d))).low <= 0.02 <= e.high for d in draws])
    assert covered == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 2000))


def test_holm_recommends_one_of_many_fruitless_ones_in_one_family_of_forty() -> None:
    """Two-sided 5 %: of families without effect at most 2.5 % recommend anything, with a shared baseline too."""
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(1000):
        base = rng.normal(0, 1, 5)
        family = {str(k): paired(list(rng.normal(0, 1, 5) - base)) for k in range(6)}
        wrong += bool(helpful(family))
    assert wrong / 1000 <= 0.05


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.lists(st.floats(-1, 1), min_size=2, max_size=5)))
def test_what_is_recommended_has_an_interval_above_zero(family: dict[str, list[float]]) -> None:
    effects = {key: paired(d) for key, d in family.items()}
    assert all(effects[key].low > 0 for key in helpful(effects))


def raced(effects: dict[str, float], noise: float, start: int, keys: tuple[str, ...]) -> tuple[Race, list[str]]:
    values = {"dropout": 0.3, "weight_decay": 0.01, "batch_size": 8, "label_smoothing": 0.1}
    base = {key: CONTEXT[key] for key in ("learning_rate", "dropout", "weight_decay", "batch_size")}
    found, _ = candidates_of(diagnosed(*({key: values[key]} for key in keys)), base, None, 8)
    train = world(dict.fromkeys(keys, 0.0) | effects, noise, curve=False)
    race = Race(train, base, Memory(), ACCURACY, range(start, start + 5), 1e9)  # type: ignore[arg-type]
    race.start()
    everyone = _raced(race, found)
    return race, [next(iter(one.changes)) if len(one.changes) == 1 else "+" for one in _winners(race, everyone)]


KEYS = ("dropout", "weight_decay", "batch_size", "label_smoothing")


def test_a_race_without_a_winner_names_one_in_twenty_at_most() -> None:
    """The whole procedure, dropping included: 200 races of four fruitless remedies; 5 % and two standard errors."""
    wrong = sum(bool(raced({}, 0.02, 10 * at, KEYS)[1]) for at in range(200))
    assert wrong / 200 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 200)


def test_a_race_finds_the_best() -> None:
    found = [raced({"dropout": 0.08, "weight_decay": 0.03}, 0.01, 10 * at, KEYS)[1] for at in range(40)]
    single = [[key for key in winners if key != "+"] for winners in found]
    assert sum(bool(winners) and winners[0] == "dropout" for winners in single) >= 38


def test_winners_are_tried_together() -> None:
    race, winners = raced({"dropout": 0.08, "weight_decay": 0.08}, 0.004, 0, KEYS)
    assert winners[0] == "+"
    assert "label_smoothing" not in winners
    assert len(race.trials[""]) == 5


def test_a_bad_remedy_is_trained_twice_only() -> None:
    race, winners = raced({"dropout": -0.2}, 0.01, 0, ("dropout", "weight_decay"))
    dropped = next(key for key, trials in race.trials.items() if key and len(trials) == 2)
    assert "no better" in race.left[dropped]
    assert "dropout" not in winners
