"""COV118 says what other inputs cost: of the model, or of a stand-in, and that it is one."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzers.costly_shift import CostlyShift
from diagnose.finding import Cause, Status
from gap_worlds import judged, kept_and_left, linear, named, parts_of, split_of, splits, world

RULE = CostlyShift()


def test_a_shift_that_costs_is_named_and_nothing_else() -> None:
    assert named(world("inputs")) == ["COV118"]
    finding = world("inputs")["COV118"][0][0]
    assert finding.cause is Cause.COVARIATE_SHIFT
    assert finding.probability >= 0.9
    assert "the model" in finding.claim
    parts, gap = parts_of(finding)
    assert sum(v for v in parts.values() if v is not None) == pytest.approx(gap)


def test_a_stand_in_is_said_to_be_one_and_confirms_nothing() -> None:
    assert named(world("inputs, no model")) == ["COV118"]
    finding = world("inputs, no model")["COV118"][0][0]
    assert "stand-in" in finding.claim
    assert finding.probability < 0.9


@pytest.mark.parametrize("name", ["overfitting", "labels"])
def test_no_shift_is_judged_harmless(name: str) -> None:
    findings, outcome = world(name)["COV118"]
    assert not findings
    assert "harmless" in outcome.why
    assert outcome.probability is not None
    assert outcome.probability < 0.05


def test_a_shift_of_inputs_that_do_not_matter_is_detected_and_harmless() -> None:
    given = splits(linear, 1500)
    moved = given["val"]
    for column in moved.columns[3:]:  # x3 has no part in the label
        column.values[:] += 0.7
    findings, outcome = judged(given)["COV118"]
    assert not findings
    assert "harmless" in outcome.why
    assert "AUC 0.6" in outcome.why


def test_a_stand_in_speaks_where_nothing_is_shared_and_judges_nothing_harmless() -> None:
    """The trees extrapolate well there by chance; the model, which is linear, does not."""
    findings, outcome = world("apart")["COV118"]
    assert not findings
    assert "stand-in" in outcome.why
    assert "too few to see whether labels differ" in outcome.why
    assert outcome.probability == 0.3


def test_validation_rows_say_what_far_test_rows_cannot() -> None:
    """What the model loses on unseen rows like the training rows is known; the rest of the test gap is the shift."""
    given = kept_and_left()
    found = judged(given)
    (finding,) = found["COV118"][0]
    assert "test inputs of another kind cost the model" in finding.claim
    assert "validation rows say" in finding.claim
    parts, gap = parts_of(finding)
    assert sum(v for v in parts.values() if v is not None) == pytest.approx(gap)
    errors = {name: np.mean(s.outputs.argmax(1) != s.label.values) for name, s in given.items()}  # type: ignore[union-attr]
    assert parts["other inputs (covariate shift)"] == pytest.approx(errors["test"] - errors["val"], abs=0.05)
    assert found["OVF108"][0]
    assert "cannot be compared" in found["CPT131"][1].why


def test_noise_labels_let_nothing_stand_in() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(400, 4)), rng.integers(0, 2, 400)
    run = testing.run_of_data(train=split_of("train", x[:200], y[:200]), val=split_of("val", x[200:], y[200:]))
    assert testing.assert_quiet(RULE, history=run).status is Status.SKIPPED


def test_few_rows_are_skipped() -> None:
    run = testing.run_of_data(**splits(linear, 60))
    assert testing.assert_quiet(RULE, history=run).status is Status.SKIPPED


def test_same_seed_same_figures() -> None:
    first, second = (judged(splits(linear, 110))["COV118"][1].why for _ in range(2))
    assert first == second


def test_documented() -> None:
    testing.assert_documented(RULE)
