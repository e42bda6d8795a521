"""COV115 names what only columns together show, and is quiet on splits of one table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from diagnose import testing
from diagnose.analyzers.columns_shifted_jointly import ColumnsShiftedJointly
from diagnose.finding import Cause, Status
from diagnose.measures.coded import coded, normal_scores
from diagnose.run import Run
from shifted_samples import table

RULE = ColumnsShiftedJointly()


def run(**splits: object) -> Run:
    return testing.run_of_data(**splits)


@pytest.mark.parametrize("n", [150, 400, 2000])
def test_quiet_on_two_draws_of_one_table(n: int) -> None:
    outcome = testing.assert_quiet(RULE, history=run(train=table(n, 0), val=table(n, 1), test=table(n, 2)))
    assert outcome.status is Status.PASSED
    assert "would have been found" in outcome.why


def test_false_alarms_are_one_in_a_hundred() -> None:
    alarms = [bool(testing.examine(RULE, history=run(train=table(200, 2 * s), val=table(200, 2 * s + 1)))[0])
              for s in range(1000, 1030)]  # fmt: skip
    assert sum(alarms) <= 2


def test_names_a_relation_that_changed_where_no_column_did() -> None:
    finding = testing.assert_fires(
        RULE, history=run(train=table(600, 0), val=table(600, 1, correlation=0.1)), cause=Cause.COVARIATE_SHIFT
    )
    assert "each column by itself agrees" in finding.claim
    assert "corr(x0, x1) 0.8" in finding.claim
    assert finding.where[0].names == ("x0", "x1")
    assert finding.probability >= 0.9


def test_names_the_columns_that_carry_a_shift_of_one_column() -> None:
    moved = table(800, 1)
    moved["x3"] = moved["x3"] + 0.6
    finding = testing.assert_fires(RULE, history=run(train=table(800, 0), val=moved))
    assert "mostly by x3" in finding.claim
    assert "no relation of two columns changed" in finding.claim
    assert "x3" in finding.where[0].names


def test_says_where_margins_and_relations_both_changed() -> None:
    moved = table(800, 1, correlation=0.0)
    moved["x3"] = moved["x3"] + 0.6
    finding = testing.assert_fires(RULE, history=run(train=table(800, 0), val=moved))
    assert "beyond what single columns show" in finding.claim


def test_finds_a_category_tied_to_a_number() -> None:
    tied = table(900, 1)
    tied["member"] = np.where(tied["x3"] > np.quantile(tied["x3"], 0.7), "yes", "no")
    finding = testing.assert_fires(RULE, history=run(train=table(900, 0), val=tied))
    assert "x3" in finding.where[0].names
    assert "member" in " ".join(finding.where[0].names)


def test_a_tiny_shift_of_many_rows_is_no_finding() -> None:
    moved = table(9000, 1)
    moved["x3"] = moved["x3"] + 0.01
    testing.assert_quiet(RULE, history=run(train=table(9000, 0), val=moved))


def test_unchanged_by_order_of_columns_and_by_units() -> None:
    one, other = table(500, 0), table(500, 1, correlation=0.2)
    first = testing.assert_fires(RULE, history=run(train=one, val=other))
    turned = {k: one[k] * 8 if k == "x1" else one[k] for k in reversed(one)}
    second = testing.assert_fires(RULE, history=run(train=turned, val={**other, "x1": other["x1"] * 8}))
    assert first.claim.split(": ")[1].split(") ")[1] == second.claim.split(": ")[1].split(") ")[1]


def test_skips_small_tables_and_single_columns() -> None:
    assert testing.assert_quiet(RULE, history=run(train=table(40, 0), val=table(40, 1))).status is Status.SKIPPED
    one = {"x": np.linspace(0, 1, 200)}
    assert testing.assert_quiet(RULE, history=run(train=one, val=one)).status is Status.SKIPPED


def test_survives_constant_missing_and_new_columns() -> None:
    one, other = table(200, 0), table(200, 1)
    for columns in (one, other):
        columns["constant"] = np.ones(200)
        columns["empty"] = np.full(200, np.nan)
    other["new"] = np.arange(200.0)
    testing.assert_quiet(RULE, history=run(train=one, val=other))


def test_codes_of_categories_do_not_depend_on_the_order_of_levels() -> None:
    one = {"a": np.linspace(0, 1, 200), "c": np.array(["u", "v"] * 100)}
    other = {"a": np.linspace(0, 1, 200), "c": np.array(["v", "w"] * 100)}
    made = run(train=one, val=other).splits
    table_ = coded(made["train"], made["val"], np.random.default_rng(0))
    assert set(table_.first[:, 1]) & set(table_.second[:, 1]) == {0.0}  # "v", the commonest of both


def test_normal_scores_ignore_monotone_changes() -> None:
    x = np.random.default_rng(0).normal(size=50)
    assert np.array_equal(normal_scores(x), normal_scores(np.exp(x)))


@given(st.lists(st.sampled_from([*range(6), np.nan, np.inf]), max_size=12))
@settings(max_examples=60, deadline=None)
def test_normal_scores_are_quantiles_of_mid_ranks(values: list[float]) -> None:
    given_ = np.array(values, float)
    known = given_[~np.isnan(given_)]
    expected = [0.0 if np.isnan(v) else ndtri((np.sum(known < v) + np.sum(known <= v)) / 2 / len(known))
                for v in given_]  # fmt: skip
    assert np.allclose(normal_scores(given_), expected)


def test_of_very_wide_tables_some_columns_are_drawn_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnose.measures.coded.MOST_SCORES", 7)
    monkeypatch.setattr("diagnose.measures.coded.MOST_CELLS", 1000)
    monkeypatch.setattr("diagnose.measures.coded.FEW_ROWS", 150)
    rng = np.random.default_rng(0)
    one, other = ({f"x{k}": rng.normal(size=300) for k in range(12)} for _ in range(2))
    outcome = testing.assert_quiet(RULE, history=run(train=one, val=other))
    assert "150 and 150 rows and 7 of 12 columns drawn at random" in outcome.why
