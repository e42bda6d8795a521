"""COV113 finds categories of one side only, and is quiet on rare ones that chance put there."""

from __future__ import annotations

import numpy as np
import pytest

from column_tables import CITIES, run_of_tables, table
from diagnose import testing
from diagnose.analyzers.categories_unseen import CategoriesUnseen
from diagnose.finding import Cause, Severity, Status

RULE = CategoriesUnseen()


def cities(n: int, seed: int, oslo: float) -> np.ndarray:
    return np.random.default_rng(seed).choice(CITIES, n, p=(0.5 - oslo, 0.3, 0.2, oslo))


@pytest.mark.parametrize(("share", "severity"), [(0.03, Severity.WARNING), (0.3, Severity.ERROR)])
def test_fires_on_a_new_category(share: float, severity: Severity) -> None:
    run = run_of_tables(table(2000, 0), table(1000, 1, city=cities(1000, 2, share)))
    finding = testing.assert_fires(RULE, history=run, cause=Cause.COVARIATE_SHIFT)
    assert finding.severity is severity
    assert "'oslo'" in finding.claim
    assert finding.figure is not None
    assert finding.figure.rows == (("city", "oslo", "only in validation"),)


def test_mentions_a_category_that_is_gone() -> None:
    run = run_of_tables(table(2000, 0, city=cities(2000, 2, 0.1)), table(1000, 1))
    finding = testing.assert_fires(RULE, history=run)
    assert finding.severity is Severity.INFO
    assert "absent from validation" in finding.claim


@pytest.mark.parametrize("seed", range(6))
def test_quiet_on_rare_categories(seed: int) -> None:
    rng = np.random.default_rng(seed)
    streets = [np.array([f"street {k}" for k in rng.zipf(1.4, n) % 3000]) for n in (1500, 600)]
    run = run_of_tables(table(1500, seed, street=streets[0]), table(600, 50 + seed, street=streets[1]))
    outcome = testing.assert_quiet(RULE, history=run)
    assert outcome.status is Status.PASSED
    assert "street" in outcome.why


def test_quiet_on_one_typing_error() -> None:
    city = table(500, 1)["city"].copy()
    city[3] = "pariss"[:6]
    testing.assert_quiet(RULE, history=run_of_tables(table(2000, 0), table(500, 1, city=city)))


def test_does_not_apply_without_categories() -> None:
    run = run_of_tables(table(200, 0, city=None), table(200, 1, city=None))
    assert testing.assert_quiet(RULE, history=run).status is Status.NOT_APPLICABLE


def test_long_names_are_cut() -> None:
    city = table(500, 1)["city"].astype(object)
    city[:60] = "x" * 500
    finding = testing.assert_fires(RULE, history=run_of_tables(table(2000, 0), table(500, 1, city=city)))
    assert len(finding.claim) < 200
