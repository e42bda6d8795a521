"""CPT131 finds labels that changed given inputs, and keeps quiet where only inputs, or only class shares, did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzer import Passed
from diagnose.analyzers.changed_labels import ChangedLabels
from diagnose.finding import Cause, Finding, Status
from diagnose.measures.gap_shares import GapShares
from diagnose.stats.decomposition import Overlap, Part
from diagnose.stats.gap_parts import GapParts
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


def shared(share: float, p_labels: float = 1e-6) -> GapShares:
    """Return a gap of two splits of which so many places are shared, with a test that rejects."""
    part = Part(0.2, 0.15, 0.25, 0.03)
    common = Overlap(share, 300.0, 300.0, 300.0, 300.0, 0.8)
    parts = GapParts("model", 0.1, 0.3, 0.1, part, part, part, part, None, common, is_apart=share < 0.3)
    return GapShares("val", "error rate", parts, 700, 700, False, True, p_labels, 1e-6)


def test_a_rejection_says_nothing_where_few_places_are_shared() -> None:
    (passed,) = RULE.check((shared(0.2),))
    assert isinstance(passed, Passed)
    assert "cannot be compared" in passed.why
    assert passed.probability == 0.3


@pytest.mark.parametrize(("share", "is_confirmed"), [(0.4, False), (0.9, True)])
def test_where_places_are_shared_in_part_it_confirms_nothing(share: float, is_confirmed: bool) -> None:
    (finding,) = RULE.check((shared(share),))
    assert isinstance(finding, Finding)
    assert (finding.probability >= 0.9) is is_confirmed
    assert f"{share:.0%} of their places" in finding.claim


def test_of_two_splits_the_changed_one_is_named() -> None:
    quiet = replace(shared(0.9, 0.7), split="test")
    (finding,) = RULE.check((quiet, shared(0.9)))
    assert isinstance(finding, Finding)
    assert finding.claim.startswith("validation")


def test_of_two_quiet_splits_the_less_sure_counts() -> None:
    (passed,) = RULE.check((shared(0.9, 0.7), replace(shared(0.2), split="test")))
    assert isinstance(passed, Passed)
    assert passed.probability == 0.3
    assert "test rows" in passed.why


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
