"""OVF108, COV118 and CPT131 on gaps whose parts are known: each names its own, and stays quiet on the others'."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzer import Analyzer, examine
from diagnose.analyzers.changed_labels import ChangedLabels
from diagnose.analyzers.costly_shift import CostlyShift
from diagnose.analyzers.fitted_to_the_sample import FittedToTheSample
from diagnose.data import Split
from diagnose.finding import Cause, Finding, Severity, Status
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from gap_worlds import linear, memorised, rows, split_of, splits

RULES: tuple[Analyzer, ...] = (FittedToTheSample(), CostlyShift(), ChangedLabels())
WORLDS = {
    "overfitting": (memorised, {}),
    "inputs": (linear, {"shrink": 0.5, "move": 1.2}),
    "labels": (linear, {"slope": 1.8}),
    "inputs, no model": (None, {"shrink": 0.4, "move": 0.7}),
}


def judged(given: dict[str, Split]) -> dict[str, tuple[list[Finding], object]]:
    measurements = Measurements(testing.run_of_data(**given), MEASURES)
    return {rule.code: examine(rule, measurements) for rule in RULES}


@pytest.fixture(scope="module")
def worlds() -> dict[str, dict[str, tuple[list[Finding], object]]]:
    return {name: judged(splits(model, 700, **changed)) for name, (model, changed) in WORLDS.items()}


def named(found: dict[str, tuple[list[Finding], object]]) -> list[str]:
    return [code for code, (findings, _) in found.items() if findings and findings[0].severity is not Severity.INFO]


@pytest.mark.parametrize(
    ("world", "codes"),
    [("overfitting", ["OVF108"]), ("inputs", ["COV118"]), ("labels", ["CPT131"]),
     ("inputs, no model", ["COV118"])],
)  # fmt: skip
def test_each_part_is_named_and_no_other(worlds, world: str, codes: list[str]) -> None:
    assert named(worlds[world]) == codes


def test_no_rule_crashes_and_each_says_why(worlds) -> None:
    for found in worlds.values():
        for _, outcome in found.values():
            assert outcome.status is not Status.BROKEN
            assert outcome.why


def test_parts_sum_to_the_gap(worlds) -> None:
    for world in ("overfitting", "inputs", "labels"):
        (finding,) = [f for found, _ in worlds[world].values() for f in found if f.severity is not Severity.INFO]
        by_name = {m.name: m.value for m in finding.evidence}
        parts = [v for k, v in by_name.items() if k.startswith(("fitting", "other", "unexplained"))]
        assert len(parts) == 3
        assert sum(parts) == pytest.approx(by_name["validation minus training"])
        assert by_name["validation"] - by_name["training"] == pytest.approx(by_name["validation minus training"])


def test_memorisation_costs_what_it_should(worlds) -> None:
    finding = worlds["overfitting"]["OVF108"][0][0]
    (effect,) = [m for m in finding.evidence if m.effect]
    assert effect.low < 0.29 < effect.high  # the nearest neighbour's error on 200,000 unseen rows is 0.29
    assert finding.cause is Cause.OVERFITTING


def test_a_stand_in_is_said_to_be_one_and_confirms_nothing(worlds) -> None:
    finding = worlds["inputs, no model"]["COV118"][0][0]
    assert "stand-in" in finding.claim
    assert finding.probability < 0.9
    fitted = worlds["inputs, no model"]["OVF108"][1]
    assert fitted.status is Status.SKIPPED
    assert "--prediction" in fitted.settle


def test_losses_alone_tell_what_inputs_cost_and_leave_the_rest_likely() -> None:
    rng = np.random.default_rng(1)
    x, y = rows(rng, 500)
    there, y_there = rows(rng, 500)
    predict = memorised(x, y)
    given = {
        "train": split_of("train", x, y, losses=(predict(x) != y).astype(float)),
        "val": split_of("val", there, y_there, losses=(predict(there) != y_there).astype(float)),
    }
    found = judged(given)
    finding = found["OVF108"][0][0]
    assert finding.probability == FittedToTheSample().of_losses
    assert found["COV118"][1].status is Status.PASSED


def test_two_places_with_nothing_in_common_cannot_be_told() -> None:
    found = judged(splits(linear, 500, move=8.0))
    assert found["OVF108"][1].status is Status.PASSED
    assert found["OVF108"][1].probability == 0.3
    assert "stand-in" in found["COV118"][1].why
    assert "cannot be compared" in found["CPT131"][1].why


@pytest.mark.slow
def test_a_change_of_class_shares_is_no_changed_relation() -> None:
    rng = np.random.default_rng(3)
    x, y = rows(rng, 4000)
    kept = rng.random(4000) < np.where(y == 1, 0.9, 0.25)
    train, val = slice(0, 1500), np.flatnonzero(kept)
    val = val[val >= 1500]
    given = {"train": split_of("train", x[train], y[train]), "val": split_of("val", x[val], y[val])}
    findings, outcome = judged(given)["CPT131"]
    assert not findings
    assert "LBL121" in outcome.why


def test_noise_labels_let_nothing_stand_in() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(400, 4)), rng.integers(0, 2, 400)
    given = {"train": split_of("train", x[:200], y[:200]), "val": split_of("val", x[200:], y[200:])}
    outcome = testing.assert_quiet(CostlyShift(), history=testing.run_of_data(**given))
    assert outcome.status is Status.SKIPPED


def test_few_rows_are_skipped() -> None:
    assert testing.assert_quiet(CostlyShift(), history=testing.run_of_data(**splits(linear, 60))).status is (
        Status.SKIPPED
    )


def test_same_seed_same_figures() -> None:
    first, second = (judged(splits(linear, 300))["COV118"][1].why for _ in range(2))
    assert first == second


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_documented(rule: Analyzer) -> None:
    testing.assert_documented(rule)
