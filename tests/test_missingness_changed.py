"""COV112 compares gaps, and is quiet on gaps that chance made."""

from __future__ import annotations

import numpy as np
import pytest

from column_tables import gaps, run_of_tables, table
from diagnose import testing
from diagnose.analyzers.missingness_changed import MissingnessChanged
from diagnose.finding import Cause, Severity, Status

RULE = MissingnessChanged()


def with_gaps(n: int, seed: int, share: float) -> dict[str, object]:
    made = table(n, seed)
    return {**made, "income": gaps(made["income"], share, seed)}


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.05), (0.05, 0.15), (0.3, 0.1)])
def test_fires_on_more_or_fewer_gaps(before: float, after: float) -> None:
    run = run_of_tables(with_gaps(1500, 0, before), with_gaps(1500, 1, after))
    finding = testing.assert_fires(RULE, history=run, cause=Cause.COVARIATE_SHIFT)
    assert finding.severity is Severity.WARNING
    assert finding.where[0].names == ("income",)
    low, high = finding.evidence[0].low, finding.evidence[0].high
    assert low is not None
    assert high is not None
    assert low < after - before < high


def test_fires_on_missing_categories() -> None:
    train, val = table(600, 0), table(600, 1)
    val["city"] = np.array([None if i % 8 == 0 else city for i, city in enumerate(val["city"])], dtype=object)
    assert "city" in testing.assert_fires(RULE, history=run_of_tables(train, val)).claim


def test_an_error_where_the_column_is_gone() -> None:
    run = run_of_tables(with_gaps(500, 0, 0.05), with_gaps(500, 1, 0.95))
    assert testing.assert_fires(RULE, history=run).severity is Severity.ERROR


def test_a_new_gap_needs_fewer_rows_than_a_changed_one() -> None:
    new = run_of_tables(with_gaps(20_000, 0, 0.0), with_gaps(20_000, 1, 0.006))
    changed = run_of_tables(with_gaps(20_000, 0, 0.2), with_gaps(20_000, 1, 0.206))
    testing.assert_fires(RULE, history=new)
    testing.assert_quiet(RULE, history=changed)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.01, 0.2])
def test_quiet_on_gaps_by_chance(seed: int, share: float) -> None:
    run = run_of_tables(with_gaps(800, 10 + seed, share), with_gaps(300, 20 + seed, share))
    assert testing.assert_quiet(RULE, history=run).status is Status.PASSED


def test_quiet_on_what_is_detectable_and_immaterial() -> None:
    run = run_of_tables(with_gaps(300_000, 0, 0.10), with_gaps(300_000, 1, 0.105))
    assert "less than matters" in testing.assert_quiet(RULE, history=run).why


def test_does_not_apply_without_gaps() -> None:
    run = run_of_tables(table(200, 0), table(200, 1))
    assert testing.assert_quiet(RULE, history=run).status is Status.NOT_APPLICABLE
