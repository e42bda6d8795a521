from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diagnose.finding import Cause, Severity
from diagnose.remedies.learning_rate import learning_rate
from remedy_cases import FALLING, TURNING, case, finding


def test_three_times_lower() -> None:
    (lower,) = learning_rate(case(TURNING, codes=["LRN601"], learning_rate=1e-3, framework="torch"))
    assert lower.remedy.action == {"learning_rate": 3e-4}
    assert lower.remedy.title == "Learning rate 1e-3 → 3e-4"
    assert 'group["lr"] = 3e-4  # was 1e-3' in lower.remedy.code
    assert "what LRN601 claims" in lower.remedy.why


def test_three_times_higher() -> None:
    (higher,) = learning_rate(case(FALLING, codes=["LRN602"], learning_rate=1e-4))
    assert higher.remedy.action == {"learning_rate": 3e-4}


def test_unknown_rate_is_divided() -> None:
    (lower,) = learning_rate(case(TURNING, codes=["LRN601"], framework="keras"))
    assert lower.remedy.title == "Divide the learning rate that you use by 3"
    assert lower.remedy.code == ""


def test_the_peak_of_a_logged_schedule_counts() -> None:
    rate = np.concatenate([np.linspace(0, 0.09, 10), np.linspace(0.09, 0, 20)])
    (lower,) = learning_rate(case({**TURNING, "lr": rate}, codes=["LRN601"]))
    assert lower.remedy.action == {"learning_rate": 0.03}


def test_instability_lowers_it() -> None:
    (lower,) = learning_rate(case(TURNING, codes=["INS501"], learning_rate=0.1))
    assert lower.remedy.causes == (Cause.INSTABILITY,)


def test_a_validation_that_jumps_alone_does_not() -> None:
    rough = np.array(FALLING["val_loss"])
    rough[[9, 14, 21, 26]] += 1.5
    jumpy = case({"loss": FALLING["loss"], "val_loss": rough}, codes=["INS502"], learning_rate=0.1)
    assert jumpy.only_validation_is_rough
    assert list(learning_rate(jumpy)) == []


def test_without_a_direction_it_is_searched() -> None:
    (search,) = learning_rate(case(TURNING, [Cause.LEARNING_RATE], learning_rate=0.1, framework="torch"))
    assert "range test" in search.remedy.title
    assert search.moves == ()


@pytest.mark.parametrize("codes", [["LRN603"], ["LRN604"]])
def test_quiet_where_the_schedule_is_at_fault(codes: list[str]) -> None:
    assert list(learning_rate(case(TURNING, codes=codes, learning_rate=0.1))) == []


@pytest.mark.parametrize("cause", [Cause.OVERFITTING, Cause.UNDERTRAINING, Cause.EVALUATION])
def test_quiet_for_other_causes(cause: Cause) -> None:
    assert list(learning_rate(case(TURNING, [cause], learning_rate=0.1))) == []


def test_ultralytics_would_ignore_the_rate_with_its_automatic_optimizer() -> None:
    (lower,) = learning_rate(
        case(TURNING, codes=["LRN601"], learning_rate=0.01, framework="ultralytics", optimizer="SGD")
    )
    assert 'optimizer="SGD"' in lower.remedy.code


@pytest.mark.parametrize("rate", [0.5, 0.4, 1e-3, 2e-4, 0.03, 7e-5])
@pytest.mark.parametrize("code", ["LRN601", "LRN602"])
def test_the_numbers_are_those_of_the_words(rate: float, code: str) -> None:
    (changed,) = learning_rate(case(FALLING, codes=[code], learning_rate=rate))
    factor = changed.remedy.action["learning_rate"] / rate
    assert (1 / factor if code == "LRN601" else factor) == pytest.approx(3, rel=0.18)
    assert "three times lower" in changed.remedy.why or code == "LRN602"


def test_a_remark_on_the_pace_is_acted_on_where_training_was_unfinished_only() -> None:
    made = case(FALLING, [Cause.UNDERTRAINING], learning_rate=1e-4)
    remark = [finding("LRN602", 0.5, Severity.INFO)]
    (higher,) = learning_rate(replace(made, findings=remark))
    assert higher.remedy.causes == (Cause.UNDERTRAINING,)
    assert list(learning_rate(replace(case(FALLING, [Cause.OVERFITTING]), findings=remark))) == []


def test_a_rate_that_is_hardly_a_number_breaks_nothing() -> None:
    (lower,) = learning_rate(case(TURNING, codes=["LRN601"], learning_rate=5e-324))
    assert lower.remedy.action == {"learning_rate": 0.0}


@pytest.mark.parametrize("code", ["UNF302", "LRN602"])
def test_a_run_that_hardly_moves_is_never_slowed(code: str) -> None:
    unsteady = case(FALLING, [Cause.INSTABILITY], ["LRN601", code], learning_rate=1e-3)
    assert not any(p.remedy.action.get("learning_rate", 1.0) < 1e-3 for p in learning_rate(unsteady))


@pytest.mark.parametrize(("codes", "open_"), [(["PRG901"], False), (["LRN602", "PRG901"], False), ([], True)])
def test_a_loss_that_stands_has_no_open_direction(codes: list[str], open_: bool) -> None:
    history = FALLING if open_ else {"loss": [0.6931472] * 20}
    (search,) = learning_rate(case(history, [Cause.LEARNING_RATE], codes))
    assert "range test" in search.remedy.title
    assert ("in which direction" in search.remedy.why) is open_
