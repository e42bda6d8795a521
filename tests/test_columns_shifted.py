"""COV111 says which columns shifted, in their own words, and is quiet on splits of one population."""

from __future__ import annotations

import numpy as np
import pytest

import diagnose
from column_tables import run_of_tables, split_of, table
from diagnose import testing
from diagnose.analyzers.columns_shifted import ColumnsShifted
from diagnose.data import Column, Kind, Split, SplitName
from diagnose.finding import Cause, Severity, Status

RULE = ColumnsShifted()
SIDES: tuple[SplitName, SplitName] = ("train", "val")


def test_fires_on_a_moved_middle_in_the_columns_unit() -> None:
    val = table(1000, 1, age=np.random.default_rng(2).normal(41, 10, 1000))
    finding = testing.assert_fires(RULE, history=run_of_tables(table(3000, 0), val), cause=Cause.COVARIATE_SHIFT)
    assert finding.severity is Severity.WARNING
    assert "1 of 8 columns" in finding.claim
    assert "median age 33.4 → 40.8" in finding.claim
    assert finding.where[0].names == ("age",)
    assert finding.probability >= 0.9
    assert [m.name for m in finding.evidence if m.effect] == ["largest distance"]


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("noise 1", lambda rng: 1.4 * rng.normal(size=2000), "middle half of noise 1"),
        ("noise 1", lambda rng: rng.normal(size=2000) * np.where(rng.random(2000) < 0.06, 5, 1), "noise 1 outside"),
        ("city", lambda rng: rng.choice(("berlin", "paris", "rome"), 2000, p=(0.35, 0.3, 0.35)), "'rome' 2"),
        ("children", lambda rng: rng.poisson(1.6, 2000).astype(float), "children"),
    ],
)
def test_names_what_changed(column: str, values: object, words: str) -> None:
    val = table(2000, 1, **{column: values(np.random.default_rng(3))})  # type: ignore[operator]
    finding = testing.assert_fires(RULE, history=run_of_tables(table(3000, 0), val))
    assert words in finding.claim
    assert finding.where[0].names == (column,)


def test_an_error_where_one_column_tells_the_data_apart() -> None:
    val = table(1000, 1, age=np.random.default_rng(2).normal(70, 10, 1000))
    assert testing.assert_fires(RULE, history=run_of_tables(table(3000, 0), val)).severity is Severity.ERROR


def test_one_finding_a_split_lists_all_columns() -> None:
    moved = {f"noise {i}": np.random.default_rng(i).normal(1, 1, 800) for i in range(4)}
    run = run_of_tables(table(2000, 0), table(800, 1, **moved), table(800, 2))
    findings, _ = testing.examine(RULE, history=run)
    assert len(findings) == 1
    assert set(findings[0].where[0].names) == set(moved)
    assert findings[0].figure is not None
    assert findings[0].figure.kind == "intervals"


def test_many_small_shifts_are_found_together() -> None:
    rng = np.random.default_rng(0)
    train = {f"x{i}": rng.normal(size=400) for i in range(40)}
    val = {f"x{i}": rng.normal(0.14, 1, size=400) for i in range(40)}
    finding = testing.assert_fires(RULE, history=run_of_tables(train, val))
    assert "40 columns together" in finding.claim or " of 40 columns differ" in finding.claim


@pytest.mark.parametrize("seed", range(6))
def test_quiet_on_splits_of_one_population(seed: int) -> None:
    outcome = testing.assert_quiet(RULE, history=run_of_tables(table(1500, 100 + seed), table(700, 200 + seed)))
    assert outcome.status is Status.PASSED
    assert "would have been found" in outcome.why


def test_false_alarms_stay_below_one_in_twenty() -> None:
    alarms = 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        sides = [{f"x{i}": rng.lognormal(size=n) for i in range(12)} for n in (200, 200)]
        alarms += bool(testing.examine(RULE, history=run_of_tables(*sides)).findings)
    assert alarms <= 8  # 80 × 0.045, and more than twice the error of that


@pytest.mark.parametrize(("moved", "words"), [(1, "one differs"), (6, "6 differ")])
def test_a_hundredth_of_a_deviation_is_detected_and_called_no_shift(moved: int, words: str) -> None:
    """In one of six columns of a million rows, and in all of them, which their sum would see as well."""
    rng = np.random.default_rng(2)
    sides = [{f"x{i}": rng.standard_normal(1_000_000, np.float32) for i in range(6)} for _ in range(2)]
    for i in range(moved):
        sides[1][f"x{i}"] += np.float32(0.01)
    train, val = (
        Split(name, 1_000_000, tuple(Column(key, Kind.NUMBER, values) for key, values in side.items()))
        for name, side in zip(SIDES, sides, strict=True)
    )
    outcome = testing.assert_quiet(RULE, history=testing.run_of_data(train=train, val=val))
    assert f"{words} by more than chance and less than matters (one row in a hundred)" in outcome.why
    assert "x0" in outcome.why


def test_quiet_on_the_same_rows() -> None:
    testing.assert_quiet(RULE, history=run_of_tables(table(500, 0), table(500, 0)))


def test_a_small_split_leaves_the_question_open() -> None:
    outcome = testing.assert_quiet(RULE, history=run_of_tables(table(400, 0), table(30, 1)))
    assert outcome.probability is not None
    assert outcome.probability > 0.1


def test_skips_without_data_or_common_columns() -> None:
    healthy = {"loss": [1.0, 0.5, 0.3], "val_loss": [1.0, 0.6, 0.5]}
    assert testing.assert_quiet(RULE, history=healthy).status is Status.SKIPPED
    other = run_of_tables({"a": np.ones(50)}, {"b": np.ones(50)})
    assert testing.assert_quiet(RULE, history=other).status is Status.SKIPPED


def test_constant_and_identifier_columns_are_no_tests() -> None:
    names = Column("id", Kind.IDENTIFIER, np.arange(1, 301, dtype=np.uint64))
    train, val = table(300, 0, one=np.ones(300), id=names), table(300, 1, one=np.ones(300), id=names)
    testing.assert_quiet(RULE, history=run_of_tables(train, val))


def test_unchanged_by_order_of_rows_and_columns_and_by_unit() -> None:
    val = table(900, 1, age=np.random.default_rng(2).normal(37, 10, 900))
    one = testing.assert_fires(RULE, history=run_of_tables(table(900, 0), val))
    order = np.random.default_rng(3).permutation(900)
    turned = {name: values[order] for name, values in reversed(val.items())}
    other = testing.assert_fires(RULE, history=run_of_tables(table(900, 0), turned))
    assert other.evidence == one.evidence
    months = run_of_tables(*({**side, "age": 12 * side["age"]} for side in (table(900, 0), val)))
    assert testing.assert_fires(RULE, history=months).evidence[1] == one.evidence[1]


def test_an_audit_confirms_and_says_it() -> None:
    val = table(1000, 1, age=np.random.default_rng(2).normal(41, 10, 1000))
    diagnosis = diagnose.audit(train=split_of("train", table(3000, 0)), val=split_of("val", val), analyzers=[RULE])
    assert diagnosis.verdicts["covariate_shift"].level == "confirmed"
    assert "median age" in diagnosis.sentence
