"""CPT131 finds labels that changed given inputs, and keeps quiet where only inputs, or only class shares, did."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzers.changed_labels import ChangedLabels
from diagnose.finding import Cause, Status
from gap_worlds import judged, named, parts_of, rows, split_of, world

RULE = ChangedLabels()


def test_changed_labels_are_named_and_nothing_else() -> None:
    assert named(world("labels")) == ["CPT131"]
    finding = world("labels")["CPT131"][0][0]
    assert finding.cause is Cause.CONCEPT_SHIFT
    parts, gap = parts_of(finding)
    assert gap is not None
    assert parts["other labels given inputs (concept shift)"] == pytest.approx(gap, rel=0.25)


@pytest.mark.parametrize("name", ["inputs", "overfitting", "inputs, no model"])
def test_quiet_where_labels_given_inputs_stand(name: str) -> None:
    findings, outcome = world(name)["CPT131"]
    assert not findings
    assert outcome.status is Status.PASSED


def test_cannot_be_compared_where_nothing_is_shared() -> None:
    outcome = world("apart")["CPT131"][1]
    assert "cannot be compared" in outcome.why
    assert outcome.probability == 0.3


@pytest.mark.slow
def test_a_change_of_class_shares_is_no_changed_relation() -> None:
    rng = np.random.default_rng(3)
    x, y = rows(rng, 4000)
    kept = rng.random(4000) < np.where(y == 1, 0.9, 0.25)
    val = np.flatnonzero(kept)
    val = val[val >= 1500]
    given = {"train": split_of("train", x[:1500], y[:1500]), "val": split_of("val", x[val], y[val])}
    findings, outcome = judged(given)["CPT131"]
    assert not findings
    assert "LBL121" in outcome.why


def test_labels_are_needed_of_both() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 0.5], "val_loss": [1.0, 0.6]})
    assert outcome.status is Status.SKIPPED


def test_documented() -> None:
    testing.assert_documented(RULE)
