"""EVA908 finds the rows on which a model fails, and none where it fails alike everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzers.weak_segments import WeakSegments
from diagnose.data import Column, Kind, Split
from diagnose.finding import Cause, Severity, Status
from diagnose.stats.segments import weak_segments

RULE = WeakSegments()
CITIES = ("Ghent", "Lyon", "Porto", "Turin")


def judged(error: Any, n: int = 1200, seed: int = 0, as_loss: bool = False) -> Split:
    """Return rows of which each is misjudged with a probability that depends on age and city."""
    rng = np.random.default_rng(seed)
    age, city = rng.uniform(20, 80, n), rng.integers(0, 4, n).astype(np.int32)
    chance = np.broadcast_to(error(age, city), n)
    y = rng.integers(0, 2, n).astype(np.int32)
    says = np.where(rng.random(n) < chance, 1 - y, y)
    columns = (
        Column("age", Kind.NUMBER, age),
        Column("city", Kind.CATEGORY, city, CITIES),
        *(Column(f"noise {i}", Kind.NUMBER, rng.normal(size=n)) for i in range(15)),
    )
    label = Column("ill", Kind.CATEGORY, y, ("no", "yes"))
    if as_loss:
        return Split("val", n, columns, label, losses=rng.exponential(size=n) * (1 + 4 * chance))
    return Split("val", n, columns, label, np.eye(2)[says], ("no", "yes"))


def test_names_a_city() -> None:
    split = judged(lambda age, city: np.where(city == 2, 0.35, 0.1))
    finding = testing.assert_fires(RULE, history=testing.run_of_data(val=split), cause=Cause.EVALUATION)
    assert "city = Porto" in finding.claim
    assert finding.severity is Severity.INFO
    assert "city" in finding.where[0].names
    assert finding.figure is not None
    assert finding.figure.rows


def test_names_a_part_of_a_number() -> None:
    split = judged(lambda age, city: np.where(age > 65, 0.4, 0.1))
    assert "age >" in testing.assert_fires(RULE, history=testing.run_of_data(val=split)).claim


def test_names_two_conditions_together() -> None:
    split = judged(lambda age, city: np.where((age > 50) & (city == 1), 0.6, 0.1), n=2000)
    claim = testing.assert_fires(RULE, history=testing.run_of_data(val=split)).claim
    assert "age >" in claim
    assert "city = Lyon" in claim


def test_finds_higher_losses_too() -> None:
    split = judged(lambda age, city: np.where(city == 0, 0.8, 0.0), as_loss=True)
    assert "city = Ghent" in testing.assert_fires(RULE, history=testing.run_of_data(val=split)).claim


def test_names_nothing_where_all_are_alike() -> None:
    """Of 60 models that fail alike everywhere, 3 may be accused."""
    named = sum(
        bool(testing.examine(RULE, history=testing.run_of_data(val=judged(lambda a, c: 0.2, seed=s))).findings)
        for s in range(60)
    )
    assert named <= 5


def test_the_p_value_keeps_its_rate() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(300):
        conditions = {f"c{i}": rng.random(400) < 0.3 for i in range(40)}
        tested = weak_segments((rng.random(400) < 0.2).astype(float), conditions, np.arange(400) % 2 == 0, shares=True)
        hits += any(s.p <= 0.05 for s in tested)
    assert hits <= 24  # 15 expected; 24 is passed by one draw in a hundred


def test_differences_of_no_weight_are_left() -> None:
    split = judged(lambda age, city: np.where(city == 2, 0.12, 0.1), n=20_000)
    testing.assert_quiet(RULE, history=testing.run_of_data(val=split))


@pytest.mark.parametrize("n", [50, 199])
def test_few_rows_are_skipped(n: int) -> None:
    outcome = testing.assert_quiet(RULE, history=testing.run_of_data(val=judged(lambda a, c: 0.2, n=n)))
    assert outcome.status is Status.SKIPPED


def test_rows_without_predictions_are_skipped() -> None:
    split = judged(lambda a, c: 0.2)
    bare = Split("val", split.n, split.columns, split.label)
    assert testing.assert_quiet(RULE, history=testing.run_of_data(val=bare)).status is Status.SKIPPED


def test_documented() -> None:
    testing.assert_documented(RULE)


def test_shows_rows_of_the_segment_on_which_the_model_fails() -> None:
    split = judged(lambda age, city: np.where(city == 2, 0.35, 0.1))
    figure = testing.assert_fires(RULE, history=testing.run_of_data(val=split)).figure
    assert figure is not None
    assert len(figure.samples) == 12
    for sample in figure.samples:
        values = dict(sample.rows[0].values)
        assert values["city"] == "Porto"
        assert sample.caption == f"the model says {'yes' if values['ill'] == 'no' else 'no'}"


def test_shows_the_largest_losses_of_the_segment_first() -> None:
    split = judged(lambda age, city: np.where(city == 2, 0.9, 0.1), as_loss=True)
    figure = testing.assert_fires(RULE, history=testing.run_of_data(val=split)).figure
    assert figure is not None
    assert split.losses is not None
    rows = [int(sample.rows[0].name) for sample in figure.samples]
    inside = np.flatnonzero(split.columns[1].values == 2)
    assert rows == inside[np.argsort(-split.losses[inside], kind="stable")][:12].tolist()
    assert figure.samples[0].caption == f"loss {split.losses[rows[0]]:.3g}"


def clustered(rng: np.random.Generator, excess: float = 0.0) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Eighty patients of fifteen rows, whose losses and inputs both are mostly the patient's."""
    groups = np.repeat(np.arange(80), 15)
    inputs = (rng.normal(size=(80, 6))[groups] + 0.3 * rng.normal(size=(len(groups), 6))).T
    conditions = {f"x{i} > 0": x > 0 for i, x in enumerate(inputs)} | {
        f"x{i} ≤ 0": x <= 0 for i, x in enumerate(inputs)
    }
    losses = rng.normal(size=80)[groups] + 0.3 * rng.normal(size=len(groups)) + excess * conditions["x0 > 0"]
    return losses, conditions, groups


def test_segments_of_patients_are_tested_by_patients() -> None:
    rng = np.random.default_rng(3)
    alarms = {"groups": 0, "rows": 0}
    for _ in range(200):
        losses, conditions, groups = clustered(rng)
        half = (rng.permutation(80) % 2 == 0)[groups]
        for name, of in (("groups", groups), ("rows", None)):
            found = weak_segments(losses, conditions, half, groups=of)
            alarms[name] += bool(found) and found[0].p <= 0.05
    assert alarms["groups"] <= 18  # 5 % of 200 and 2.6 errors
    assert alarms["rows"] >= 100
    losses, conditions, _ = clustered(rng, 1.5)
    worst = weak_segments(losses, conditions, half, groups=groups)[0]
    assert "x0 > 0" in worst.names
    assert worst.p < 0.01
    assert worst.low > 0
