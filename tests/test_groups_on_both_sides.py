"""LKG143 finds groups on both sides, believes what the user names, and doubts what it finds by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.groups_on_both_sides import GroupsOnBothSides
from diagnose.finding import Cause, Severity
from diagnose.stats.pairing import class_agreement, number_agreement
from split_tables import halves, in_another_order, numbers, run_of, split_run

RULE = GroupsOnBothSides()


def patients(n: int = 600, groups: int = 120, seed: int = 0, told: float = 0.9) -> dict[str, Any]:
    """Rows of patients whose label is mostly the patient's."""
    rng = np.random.default_rng(seed)
    of = rng.integers(0, groups, n)
    label = np.where(rng.random(n) < told, rng.integers(0, 2, groups)[of], rng.integers(0, 2, n))
    names = rng.permutation(10**6)[:groups]
    return {"x": rng.normal(size=n), "patient_id": names[of], "y": label}


def parted(table: dict[str, Any], rows: tuple[np.ndarray, np.ndarray], **data: Any) -> Any:
    return run_of(*({name: values[some] for name, values in table.items()} for some in rows), **data)


def by_group(table: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    held = table["patient_id"] % 3 == 0
    return np.flatnonzero(~held), np.flatnonzero(held)


def test_fires_on_the_group_that_the_user_names() -> None:
    finding = testing.assert_fires(RULE, history=parted(patients(), halves(600), group="patient_id"))
    assert finding.cause is Cause.LEAKAGE
    assert finding.severity is Severity.ERROR
    assert finding.probability >= 0.9
    assert "agree" in finding.claim


def test_fires_on_an_identifier_whose_rows_agree_in_their_labels() -> None:
    finding = testing.assert_fires(RULE, history=parted(patients(), halves(600)))
    assert 0.5 < finding.probability < 0.9
    assert "--group patient_id" in finding.settle


def test_an_identifier_that_tells_nothing_is_information() -> None:
    finding = testing.assert_fires(RULE, history=parted(patients(2000, 400, told=0.0), halves(2000)))
    assert finding.severity is Severity.INFO


def test_one_shared_group_of_many_is_found() -> None:
    table = patients()
    train, held = by_group(table)
    moved = held[table["patient_id"][held] == table["patient_id"][held[0]]]
    train = np.append(train, moved[: max(1, len(moved) // 2)])
    held = np.setdiff1d(held, train)
    assert testing.assert_fires(RULE, history=parted(table, (train, held), group="patient_id")).evidence[0].value > 0


def test_quiet_on_a_split_by_group() -> None:
    table = patients()
    outcome = testing.assert_quiet(RULE, history=parted(table, by_group(table), group="patient_id"))
    assert outcome.probability is not None
    assert outcome.probability < 0.05


def test_quiet_on_a_split_by_a_group_that_nobody_named() -> None:
    table = patients()
    testing.assert_quiet(RULE, history=parted(table, by_group(table)))


def test_quiet_where_each_file_numbers_its_rows() -> None:
    x, y = numbers()
    tables = ({"id": np.arange(len(some)), "x": x[some, 0], "y": y[some]} for some in halves(len(x)))
    assert "counts from the start" in testing.assert_quiet(RULE, history=run_of(*tables)).why


def test_quiet_where_each_row_has_a_name_of_its_own() -> None:
    x, y = numbers()
    names = np.array([f"row-{i:05d}" for i in range(600)])
    tables = ({"name": names[some], "x": x[some, 0], "y": y[some]} for some in halves(600))
    testing.assert_quiet(RULE, history=run_of(*tables))


def test_quiet_on_shops_in_a_split_by_time() -> None:
    table = patients() | {"day": np.sort(np.random.default_rng(3).integers(0, 10**9, 600)).astype(float)}
    run = parted(table, (np.arange(400), np.arange(400, 600)), group="patient_id", time="day")
    assert "forecast" in testing.assert_quiet(RULE, history=run).why


def test_skipped_without_groups() -> None:
    assert "--group" in testing.assert_quiet(RULE, history=split_run(*numbers())).settle


def test_rows_without_a_group_are_no_group() -> None:
    table = patients()
    table["patient_id"] = table["patient_id"].astype(float)
    table["patient_id"][::4] = np.nan
    named = ~np.isnan(table["patient_id"])
    held = np.where(named, table["patient_id"] % 3 == 0, np.arange(600) % 2 == 0)
    testing.assert_quiet(RULE, history=parted(table, (np.flatnonzero(~held), np.flatnonzero(held)), group="patient_id"))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_no_count(seed: int) -> None:
    table = patients()
    train, held = ({name: values[some] for name, values in table.items()} for some in halves(600))
    moved = run_of(in_another_order(train, seed), in_another_order(held, seed), group="patient_id")
    one, other = (testing.assert_fires(RULE, history=run) for run in (run_of(train, held, group="patient_id"), moved))
    assert one.evidence[:2] == other.evidence[:2]
    assert one.severity is other.severity


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.1), (0.2, 0.3, 0.5)])
def test_agreement_of_independent_pairs_is_zero_within_its_interval(shares: tuple[float, ...]) -> None:
    outside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        first, second = rng.choice(len(shares), (2, 400), p=shares)
        found = class_agreement(first, second, np.array(shares))
        assert found is not None
        outside += found.low > 0
    assert outside <= 20  # 5 % of 200, and twice that


def test_agreement_of_numbers_is_their_rank_correlation() -> None:
    from scipy.stats import spearmanr  # noqa: PLC0415

    x, noise = np.random.default_rng(0).normal(size=(2, 500))
    found = number_agreement(x, x + noise)
    assert found is not None
    assert found.value == pytest.approx(spearmanr(x, x + noise).statistic, abs=0.01)
