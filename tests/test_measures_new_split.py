from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from diagnose.measures.new_split import NewSplit, new_split
from diagnose.testing import run_of_data
from remedy_worlds import Tables, alike, grouped

NONE = (np.zeros(0, np.int64), np.zeros(0, np.int64))


def plan_of(tables: Tables, how: str, *, repeats: tuple[np.ndarray, np.ndarray] = NONE, **options: str) -> NewSplit:
    splits = run_of_data(**tables, data={"label": "target", **options}).splits
    return new_split(splits["train"], splits["val"], how, NONE, repeats, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.97, 0.03), (0.6, 0.3)])
def test_classes_have_the_same_shares_on_both_sides(shares: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    p = [*shares, 1 - sum(shares)]
    tables = {k: t.assign(target=rng.choice(["a", "b", "c"], len(t), p=np.clip(p, 0, 1))) for k, t in alike().items()}
    plan = plan_of(tables, "labels")
    labels = pd.concat(tables.values())["target"].to_numpy()
    assert plan.counts() == pytest.approx((800, 300), abs=2)
    for level in np.unique(labels):
        assert (labels[plan.is_held] == level).sum() == pytest.approx((labels == level).sum() * 300 / 1100, abs=1.01)


def test_numbers_are_divided_by_deciles() -> None:
    tables = {name: t.assign(target=np.exp(t["age"] / 10)) for name, t in alike().items()}
    plan = plan_of(tables, "labels")
    values = pd.concat(tables.values())["target"].to_numpy()
    assert np.quantile(values[plan.is_held], 0.9) == pytest.approx(np.quantile(values[~plan.is_held], 0.9), rel=0.15)


@pytest.mark.parametrize("patients", [4, 30, 300])
def test_groups_stay_whole_whatever_their_sizes(patients: int) -> None:
    tables = grouped()
    rng = np.random.default_rng(1)
    weight = rng.pareto(1, patients) + 0.1
    tables = {k: t.assign(patient=[f"p{p}" for p in rng.choice(patients, len(t), p=weight / weight.sum())])
              for k, t in tables.items()}  # fmt: skip
    plan = plan_of(tables, "groups", group="patient")
    names = pd.concat(tables.values())["patient"].to_numpy()
    assert set(names[plan.is_held]).isdisjoint(names[~plan.is_held])
    assert plan.shared_groups == 0
    assert min(plan.counts()) > 0


def test_rows_that_equal_each_other_stay_on_one_side() -> None:
    tables = alike()
    pairs = np.arange(1, 800, 2), np.arange(0, 800, 2)
    plan = plan_of(tables, "labels", repeats=pairs)
    assert (plan.is_held[pairs[0]] == plan.is_held[pairs[1]]).all()


def test_copies_join_groups() -> None:
    tables = grouped()
    first = [int(np.flatnonzero(tables["train"]["patient"] == p)[0]) for p in ("p1", "p2", "p3")]
    chain = np.array(first[1:]), np.array(first[:-1])
    plan = plan_of(tables, "groups", repeats=chain, group="patient")
    names = pd.concat(tables.values())["patient"].to_numpy()
    assert len(set(plan.is_held[np.isin(names, ["p1", "p2", "p3"])])) == 1


def test_one_moment_is_on_one_side() -> None:
    tables = {k: t.assign(when=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(t)) % 7, unit="D"))
              for k, t in alike().items()}  # fmt: skip
    plan = plan_of(tables, "time", time="when")
    days = pd.concat(tables.values())["when"].to_numpy()
    assert days[~plan.is_held].max() < days[plan.is_held].min()
