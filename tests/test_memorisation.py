"""OVF103 fires where training is perfect and validation guesses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from diagnose import testing
from diagnose.analyzers.memorisation import Memorisation
from diagnose.finding import Cause, Status
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    assert_same,
    decay,
    flat,
    history,
    moved,
    noise,
    overfit,
)

RULE = Memorisation()


def by_heart(n: int = 50, level: float = 0.1, reached: float = 0.0) -> History:
    return history(decay(n, 2.3, 0.01), 2.4 + noise(n, 0.05), 1 - decay(n, 0.9, 0.005),
                   level + reached * (1 - decay(n, 1, 0)) + noise(n, 0.004, 1))  # fmt: skip


def test_fires_where_classes_are_known() -> None:
    finding = testing.assert_fires(RULE, history=by_heart(), context={"n_classes": 10}, cause=Cause.OVERFITTING)
    assert finding.probability >= 0.9


def test_fires_where_validation_never_rose() -> None:
    testing.assert_fires(RULE, history=by_heart(level=0.5))


def test_few_validation_samples_widen_what_guessing_is() -> None:
    run = by_heart(level=0.58)
    testing.assert_quiet(RULE, history=run, context={"n_classes": 2})
    testing.assert_fires(RULE, history=run, context={"n_classes": 2, "n_val": 40})
    testing.assert_quiet(RULE, history=run, context={"n_classes": 2, "n_val": 4000})


SIZES = {"n_classes": 10, "n_train": 800, "n_val": 200}


def rising(n: int = 12, *, to: float = 0.3, carried: float = 0.0) -> History:
    """Training accuracy climbs from guessing to a level, validation by a share of that."""
    climbed = (to - 0.1) * np.arange(n) / (n - 1)
    return history(
        decay(n, 2.3, 2.0),
        2.3 + 0.02 * np.arange(n),
        0.1 + climbed,
        0.1 + carried * climbed + 0.005 * (-1.0) ** np.arange(n),
    )


def test_fires_where_training_climbs_and_validation_stays_at_guessing() -> None:
    finding = testing.assert_fires(RULE, history=rising(), context=SIZES)
    assert "does not carry over" in finding.claim
    assert finding.probability < 0.95


@pytest.mark.parametrize("unknown", SIZES)
def test_what_climbs_needs_every_size(unknown: str) -> None:
    testing.assert_quiet(RULE, history=rising(), context={k: v for k, v in SIZES.items() if k != unknown})


def test_quiet_where_validation_climbs_too() -> None:
    testing.assert_quiet(RULE, history=rising(carried=0.5), context=SIZES)


def test_quiet_where_validation_is_one_number() -> None:
    run = rising()
    testing.assert_quiet(RULE, history={**run, "val_accuracy": [0.1] * 12}, context=SIZES)


def test_quiet_where_training_is_at_guessing_as_well() -> None:
    testing.assert_quiet(RULE, history=rising(to=0.12), context=SIZES)


def test_quiet_in_the_first_epochs() -> None:
    testing.assert_quiet(RULE, history=rising(4), context=SIZES)


def test_quiet_where_few_training_samples_explain_the_climb() -> None:
    testing.assert_quiet(RULE, history=rising(to=0.2), context={**SIZES, "n_train": 10})


@pytest.mark.parametrize("classes", [None, 2, 10, 1000])
@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str, classes: int | None) -> None:
    testing.assert_quiet(RULE, history=QUIET[name], context={"n_classes": classes})


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_ordinary_overfitting() -> None:
    testing.assert_quiet(RULE, history=overfit(), context={"n_classes": 10})


def test_quiet_where_little_is_a_lot() -> None:
    testing.assert_quiet(RULE, history=by_heart(level=0.1, reached=0.2), context={"n_classes": 1000})


def test_quiet_where_training_guesses_too() -> None:
    testing.assert_quiet(RULE, history=flat(), context={"n_classes": 10})


def test_skips_without_a_training_score() -> None:
    run = {k: v for k, v in by_heart().items() if k != "accuracy"}
    assert testing.assert_quiet(RULE, history=run).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_scale_and_shift(scale: float, shift: float) -> None:
    assert_same(RULE, by_heart(), moved(by_heart(), scale, shift), {"n_classes": 10})


def test_never_crashes() -> None:
    assert_never_crashes(RULE, {"n_classes": 5, "n_val": 20})
