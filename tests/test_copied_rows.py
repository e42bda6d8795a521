"""LKG141 finds every planted copy, and nothing where rows repeat by chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.copied_rows import CopiedRows
from diagnose.finding import Cause, Severity
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.measures.copies import Copies
from diagnose.run import Run
from diagnose.stats.chance_matches import agreement_odds, chance_partners, most_by_chance
from split_tables import BUNDLED, CLEAN, bundled, halves, in_another_order, numbers, one_hot, run_of, split_run, table

RULE = CopiedRows()


def copies_of(run: Run) -> tuple[Copies, ...]:
    return Measurements(run, MEASURES).get("copies")  # type: ignore[no-any-return]


def planted(x: np.ndarray, y: np.ndarray, count: int, seed: int = 0) -> tuple[Run, set[int]]:
    """Put copies of training rows at known places of the validation data."""
    train, val = halves(len(x), seed)
    rng = np.random.default_rng(seed)
    places = rng.choice(len(val), count, replace=False)
    held = x[val].copy()
    held[places] = x[rng.choice(train, count, replace=False)]
    return run_of(table(x[train], y[train]), table(held, y[val])), set(places.tolist())


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "digits", "diabetes"])
@pytest.mark.parametrize("count", [1, 15])
def test_finds_each_planted_copy_and_no_other_row(name: str, count: int) -> None:
    run, places = planted(*bundled(name), count)
    finding = testing.assert_fires(RULE, history=run, cause=Cause.LEAKAGE)
    assert set(copies_of(run)[1].rows.tolist()) == places
    assert finding.evidence[1].value == count
    assert finding.probability >= 0.9


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "digits"])
def test_finds_copies_that_were_made_before_the_split(name: str) -> None:
    x, y = bundled(name)
    twice = np.random.default_rng(1).choice(len(x), len(x) // 10, replace=False)
    run = split_run(np.vstack([x, x[twice]]), np.append(y, y[twice]))
    assert "copied before the split" in testing.assert_fires(RULE, history=run).claim


def test_the_same_file_twice_is_told_even_of_two_binary_columns() -> None:
    rng = np.random.default_rng(0)
    same = {"a": rng.integers(0, 2, 200), "b": rng.integers(0, 2, 200), "y": rng.integers(0, 2, 200)}
    finding = testing.assert_fires(RULE, history=run_of(same, same))
    assert "same file" in finding.claim
    assert finding.severity is Severity.ERROR


def test_many_copies_among_discrete_columns_are_told_together() -> None:
    x, y = one_hot(2000)
    train, val = halves(len(x))
    held = x[val].copy()
    held[:200] = x[train[:200]]
    finding = testing.assert_fires(RULE, history=run_of(table(x[train], y[train]), table(held, y[val])))
    assert "chance explains" in finding.claim


def test_a_copy_has_the_same_digest_in_another_precision_and_order_of_columns() -> None:
    x, _ = numbers()
    held = {name: values.astype(np.float32) for name, values in reversed(table(x[400:], None).items())}
    held = {name: np.append(values, x[:20, int(name[1:])].astype(np.float32)) for name, values in held.items()}
    assert testing.assert_fires(RULE, history=run_of(table(x[:400]), held)).evidence[1].value == 20


def test_training_that_repeats_itself_is_information() -> None:
    x, y = numbers()
    run = run_of(table(np.vstack([x[:400], x[:40]]), np.append(y[:400], y[:40])), table(x[400:], y[400:]))
    finding = testing.assert_fires(RULE, history=run)
    assert finding.severity is Severity.INFO
    assert finding.where[0].names[0] == "400"


def test_one_row_in_ten_thousand_changes_no_score() -> None:
    x, y = numbers(12_000, 4)
    held = x[1000:].copy()
    held[0] = x[0]
    outcome = testing.assert_quiet(RULE, history=run_of(table(x[:1000], y[:1000]), table(held, y[1000:])))
    assert "too few" in outcome.why


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CLEAN)
def test_quiet_on_clean_splits(name: str, seed: int) -> None:
    testing.assert_quiet(RULE, history=split_run(*CLEAN[name](), seed=seed))


def test_quiet_on_a_clean_split_says_what_would_have_been_found() -> None:
    assert "a single one would have been found" in testing.assert_quiet(RULE, history=split_run(*numbers())).why


@pytest.mark.parametrize("seed", range(3))
def test_quiet_where_validation_lies_where_training_is_dense(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wide, narrow = rng.integers(0, 6, (900, 5)), rng.integers(0, 3, (300, 5))
    y = rng.integers(0, 2, 900)
    testing.assert_quiet(RULE, history=run_of(table(wide, y), table(narrow, y[:300])))


def test_quiet_where_the_label_alone_is_alike() -> None:
    x, _ = numbers()
    testing.assert_quiet(RULE, history=run_of(table(x[:400], np.arange(400)), table(x[400:], np.arange(200))))


def test_skipped_without_validation_data() -> None:
    x, y = numbers()
    run = testing.run_of_data(train=table(x, y), data={"label": "y"})
    assert "--val" in testing.assert_quiet(RULE, history=run).settle


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    x, y = bundled("wine")
    train, held = table(x[:120], y[:120]), table(np.vstack([x[120:], x[:9]]), np.append(y[120:], y[:9]))
    moved = run_of(in_another_order(train, seed), in_another_order(held, seed + 1))
    one, other = (testing.assert_fires(RULE, history=run) for run in (run_of(train, held), moved))
    assert (one.claim, one.severity, one.evidence) == (other.claim, other.severity, other.evidence)


def test_odds_of_agreement_are_those_of_a_second_count() -> None:
    values = np.repeat(np.arange(20, dtype=np.uint64), 50)
    assert agreement_odds(values) == pytest.approx(np.full(1000, 0.05))


def test_chance_partners_are_those_of_independent_columns() -> None:
    """Rows of three dice that show the same: their number is known."""
    rng = np.random.default_rng(0)
    dice = rng.integers(0, 6, (2000, 3)).astype(np.uint64)
    distinct = np.unique(dice, axis=0)
    columns = [distinct[:, j].copy() for j in range(3)]
    odds = [np.full(len(distinct), 1 / 6) for _ in columns]
    rows = np.arange(len(distinct))
    found = chance_partners(columns, rows[:50], rows, odds)
    assert np.all(found >= 216 * (1 / 6) ** 3 * 0.9)  # never below the truth
    assert np.all(found < 20)


@pytest.mark.parametrize("seed", range(5))
def test_most_by_chance_is_never_exceeded_by_chance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 5000, 1000).astype(np.uint64), rng.integers(0, 3000, 700).astype(np.uint64)
    assert np.isin(second, first).sum() <= most_by_chance(first, second)


def test_every_bundled_set_is_among_the_clean_ones() -> None:
    assert set(BUNDLED) <= set(CLEAN)
