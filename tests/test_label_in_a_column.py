"""LKG145 suspects a column that tells the label where no others do, and lets easy problems be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from diagnose import testing
from diagnose.analyzers.label_in_a_column import LabelInAColumn
from diagnose.finding import Cause, Severity
from diagnose.stats.single_column import class_skill, number_skill
from split_tables import BUNDLED, bundled, halves, in_another_order, numbers, run_of, split_run, table

RULE = LabelInAColumn()


def with_column(column: Any, n: int = 900, **data: Any) -> Any:
    """Overlapping classes, and one column made of the label, on both sides."""
    x, y = numbers(n)
    train, val = halves(n)
    values = np.asarray(column(y, np.random.default_rng(5)))
    return run_of(*(table(x[some], y[some], status=values[some]) for some in (train, val)), **data)


def test_a_renaming_of_the_label_is_all_but_sure() -> None:
    finding = testing.assert_fires(RULE, history=with_column(lambda y, _: np.array(["home", "died"])[y]))
    assert finding.cause is Cause.LEAKAGE
    assert finding.severity is Severity.ERROR
    assert finding.probability >= 0.9
    assert finding.where[0].names == ("status",)


def test_a_noisy_copy_is_a_suspicion() -> None:
    finding = testing.assert_fires(
        RULE, history=with_column(lambda y, rng: np.where(rng.random(len(y)) < 0.01, 1 - y, y))
    )
    assert 0.5 < finding.probability < 0.9
    assert finding.claim.startswith("suspicious")
    assert finding.settle


def test_a_number_that_holds_the_label_is_a_suspicion() -> None:
    testing.assert_fires(RULE, history=with_column(lambda y, rng: y + 0.1 * rng.normal(size=len(y))))


def test_missing_where_the_label_is_positive() -> None:
    testing.assert_fires(RULE, history=with_column(lambda y, rng: np.where(y == 1, np.nan, rng.normal(size=len(y)))))


def test_a_number_made_of_a_number() -> None:
    x, _ = numbers(900)
    y = x[:, 0] + np.random.default_rng(1).normal(size=900)
    finding = testing.assert_fires(RULE, history=split_run(np.column_stack([x, np.exp(y)]), y))
    assert finding.where[0].names == ("x6",)


def test_a_column_that_knows_the_label_in_training_only() -> None:
    x, y = numbers(900)
    train, val = halves(900)
    rng = np.random.default_rng(2)
    sides = ((train, y[train] + 0.1 * rng.normal(size=len(train))), (val, rng.random(len(val))))
    finding = testing.assert_fires(RULE, history=run_of(*(table(x[s], y[s], encoded=v) for s, v in sides)))
    assert "in training" in finding.claim
    assert finding.severity is Severity.ERROR


def test_fires_without_validation_labels() -> None:
    x, y = numbers(900)
    run = testing.run_of_data(train=table(x, y, status=y * 7.5), data={"label": "y"})
    testing.assert_fires(RULE, history=run)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*BUNDLED, "diabetes"])
def test_quiet_on_bundled_sets(name: str, seed: int) -> None:
    testing.assert_quiet(RULE, history=split_run(*bundled(name), seed=seed))


def test_quiet_where_the_others_tell_the_label_as_well() -> None:
    """Well separated classes: every column is good, one is nearly perfect."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 900)
    x = rng.normal(size=(900, 4)) + y[:, None] * np.array([8.0, 3.0, 3.0, 3.0])
    assert "and so do the others" in testing.assert_quiet(RULE, history=split_run(x, y)).why


def test_quiet_on_a_strong_honest_feature() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 900)
    x = np.column_stack([y + 0.35 * rng.normal(size=900), rng.normal(size=(900, 4))])
    testing.assert_quiet(RULE, history=split_run(x, y))


def test_quiet_on_many_categories_that_a_fit_could_learn_by_heart() -> None:
    x, y = numbers(900)
    cities = np.array([f"city {code}" for code in np.random.default_rng(0).integers(0, 400, 900)])
    train, val = halves(900)
    testing.assert_quiet(RULE, history=run_of(*(table(x[s], y[s], city=cities[s]) for s in (train, val))))


def test_quiet_on_a_rare_class_that_guessing_misses_ten_times() -> None:
    x, _ = numbers(900)
    y = np.zeros(900, int)
    y[:10] = 1
    assert "one class" in testing.assert_quiet(RULE, history=split_run(np.column_stack([x, y]), y)).why


def test_undecided_where_there_is_no_other_column() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(900, 1))
    assert "no other columns" in testing.assert_quiet(RULE, history=split_run(x, (x[:, 0] > 0).astype(int))).why


def test_skipped_without_labels() -> None:
    x, _ = numbers()
    testing.assert_quiet(RULE, history=run_of(table(x[:400]), table(x[400:])))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    x, y = numbers(400)
    train, val = table(x[:250], y[:250], z=y[:250]), table(x[250:], y[250:], z=y[250:])
    moved = run_of(in_another_order(train, seed), in_another_order(val, seed))
    one, other = (testing.assert_fires(RULE, history=run) for run in (run_of(train, val), moved))
    assert (one.evidence[:2], one.where, one.probability) == (other.evidence[:2], other.where, other.probability)


def test_skill_of_a_line_is_r2() -> None:
    x, noise = np.random.default_rng(0).normal(size=(2, 2000))
    y = 3 * x + noise
    found = number_skill(x[:1000], y[:1000], x[1000:], y[1000:])
    slope, start = np.polyfit(x[:1000], y[:1000], 1)
    assert found == pytest.approx(r2_score(y[1000:], slope * x[1000:] + start), abs=0.01)


@pytest.mark.parametrize("k", [2, 5])
def test_skill_of_noise_is_none(k: int) -> None:
    rng = np.random.default_rng(k)
    x, y = rng.normal(size=2000), rng.integers(0, k, 2000)
    assert abs(class_skill(x[:1000], y[:1000], x[1000:], y[1000:])) < 0.1
