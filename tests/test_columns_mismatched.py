"""COV114 finds columns that do not fit each other or say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from column_tables import run_of_tables, table
from diagnose import testing
from diagnose.analyzers.columns_mismatched import ColumnsMismatched
from diagnose.analyzers.columns_shifted import ColumnsShifted
from diagnose.data import Column, Kind
from diagnose.finding import Cause, Severity

RULE = ColumnsMismatched()
RNG = np.random.default_rng(7)


@pytest.mark.parametrize(
    ("changes", "severity", "words"),
    [
        ({"age": 12 * RNG.normal(34, 10, 1000)}, Severity.ERROR, "×12, as months against years"),
        ({"income": RNG.lognormal(10, 1, 1000) / 1000}, Severity.ERROR, "÷1000"),
        ({"age": RNG.normal(size=1000)}, Severity.ERROR, "normalised"),
        ({"age": None}, Severity.ERROR, "age is missing in the validation data"),
        ({"height": RNG.normal(size=1000)}, Severity.ERROR, "height stands in the validation data"),
        ({"age": RNG.choice(("young", "old"), 1000)}, Severity.ERROR, "number in training and a category"),
        ({"age": RNG.normal(34, 10, 1000) + 40 * (RNG.random(1000) < 0.06)}, Severity.WARNING, "leaves the range"),
    ],
)
def test_fires_on_what_does_not_fit(changes: dict[str, object], severity: Severity, words: str) -> None:
    run = run_of_tables(table(3000, 0), table(1000, 1, **changes))
    finding = testing.assert_fires(RULE, history=run, cause=Cause.COVARIATE_SHIFT)
    assert finding.severity is severity
    assert words in finding.claim
    assert len(finding.where[0].names) == 1


@pytest.mark.parametrize(
    ("train", "val", "words"),
    [
        ({"one": np.ones(500)}, {"one": np.ones(500)}, "has one value in all training rows"),
        ({"one": RNG.normal(size=500)}, {"one": np.ones(500)}, "varies in training and has one value"),
        ({"copy": table(500, 0)["age"]}, {"copy": table(500, 1)["age"]}, "equals age in every training row"),
        ({"copy": table(500, 0)["city"]}, {"copy": table(500, 1)["city"]}, "equals city in every training row"),
    ],
)
def test_mentions_what_says_nothing(train: dict[str, object], val: dict[str, object], words: str) -> None:
    finding = testing.assert_fires(RULE, history=run_of_tables(table(500, 0, **train), table(500, 1, **val)))
    assert finding.severity is Severity.INFO
    assert words in finding.claim


@pytest.mark.parametrize("seed", range(8))
def test_quiet_on_splits_of_one_population(seed: int) -> None:
    testing.assert_quiet(RULE, history=run_of_tables(table(400, 30 + seed), table(400, 60 + seed)))


def test_quiet_on_a_shift_that_is_no_unit() -> None:
    val = table(1000, 1, age=np.random.default_rng(2).normal(38, 10, 1000))
    testing.assert_quiet(RULE, history=run_of_tables(table(3000, 0), val))


@pytest.mark.parametrize("scale", [0.5, 0.7, 0.9, 1.6, 3.0])
def test_another_scale_is_shifted_and_no_unit(scale: float) -> None:
    spent = [np.random.default_rng(seed).gamma(2, 30, 1500) for seed in (5, 6)]
    run = run_of_tables(table(1500, 0, spent=spent[0]), table(1500, 1, spent=scale * spent[1]))
    findings, _ = testing.examine(RULE, history=run)
    assert not [f for f in findings if "units" in f.claim]
    assert "spent" in testing.assert_fires(ColumnsShifted(), history=run).claim


@pytest.mark.parametrize(("light", "is_unit"), [(0.555, False), (3.0, False), (20.0, False), (1 / 255, True)])
def test_pictures_that_are_darker_have_no_other_unit(light: float, is_unit: bool) -> None:
    sides = [np.random.default_rng(seed).gamma(9, 10, 800) for seed in (5, 6)]
    train, val = (Column("brightness", Kind.NUMBER, values, made_of="image") for values in (sides[0], light * sides[1]))
    run = run_of_tables(table(800, 0, light=train), table(800, 1, light=val))
    findings, _ = testing.examine(RULE, history=run)
    assert bool([f for f in findings if "÷255" in f.claim]) is is_unit
    assert bool([f for f in findings if "other units" in f.claim]) is is_unit


def test_quiet_on_columns_that_are_nearly_copies() -> None:
    nearly = table(500, 0)["age"].copy()
    nearly[7] += 1
    testing.assert_quiet(RULE, history=run_of_tables(table(500, 0, copy=nearly), table(500, 1, copy=nearly)))


def test_a_longer_split_reaches_further_by_chance() -> None:
    testing.assert_quiet(RULE, history=run_of_tables(table(60, 0), table(5000, 1)))


def test_names_of_rows_may_stand_on_one_side_only() -> None:
    train, val = table(3000, 0), table(1000, 1)
    index = {"__index_level_0__": np.random.default_rng(0).permutation(3000)}
    testing.assert_quiet(RULE, history=testing.run_of_data(train=train | index, val=val))
    testing.assert_quiet(RULE, history=testing.run_of_data(train=train, val=val | {"record_id": np.arange(1000)}))
