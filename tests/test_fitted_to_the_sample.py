"""OVF108 names what is fitting to the sample, stays quiet on shifts, and says when it cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzers.fitted_to_the_sample import FittedToTheSample
from diagnose.finding import Cause, Status
from gap_worlds import judged, memorised, named, parts_of, rows, split_of, world

RULE = FittedToTheSample()


def test_pure_overfitting_is_named_and_nothing_else() -> None:
    assert named(world("overfitting")) == ["OVF108"]


def test_parts_sum_to_the_gap() -> None:
    finding = world("overfitting")["OVF108"][0][0]
    parts, gap = parts_of(finding)
    assert len(parts) == 3
    assert sum(v for v in parts.values() if v is not None) == pytest.approx(gap)


def test_memorisation_costs_what_it_should() -> None:
    finding = world("overfitting")["OVF108"][0][0]
    (effect,) = [m for m in finding.evidence if m.effect]
    rng = np.random.default_rng(0)
    x, y = rows(rng, 700)
    unseen, labels = rows(np.random.default_rng(99), 30_000)
    truth = float(np.mean(memorised(x, y)(unseen) != labels))  # it misses no training row
    assert effect.low is not None
    assert effect.high is not None
    assert effect.low < truth < effect.high
    assert finding.cause is Cause.OVERFITTING


@pytest.mark.parametrize("name", ["inputs", "labels"])
def test_quiet_where_the_gap_is_shift(name: str) -> None:
    findings, outcome = world(name)["OVF108"]
    assert not findings
    assert outcome.status is Status.PASSED
    assert "at most" in outcome.why


def test_asks_for_predictions_where_there_are_none() -> None:
    outcome = world("inputs, no model")["OVF108"][1]
    assert outcome.status is Status.SKIPPED
    assert "--prediction" in outcome.settle


def test_cannot_tell_where_nothing_is_shared() -> None:
    outcome = world("apart")["OVF108"][1]
    assert outcome.status is Status.PASSED
    assert "cannot tell" in outcome.why
    assert outcome.settle


def test_losses_alone_leave_it_likely() -> None:
    rng = np.random.default_rng(1)
    x, y = rows(rng, 500)
    there, y_there = rows(rng, 500)
    predict = memorised(x, y)
    found = judged({
        "train": split_of("train", x, y, losses=(predict(x) != y).astype(float)),
        "val": split_of("val", there, y_there, losses=(predict(there) != y_there).astype(float)),
    })  # fmt: skip
    assert named(found) == ["OVF108"]
    assert found["OVF108"][0][0].probability == RULE.of_losses < 0.9


def test_documented() -> None:
    testing.assert_documented(RULE)
