from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np
import pytest

from diagnose.finding import Cause, Level
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.remedies.case import Case
from diagnose.remedies.learning_rate import learning_rate
from diagnose.remedies.prescribe import chosen
from diagnose.remedies.proposal import Axis, Direction
from diagnose.remedies.updates import beginnings, updates
from diagnose.run import Run
from layer_recordings import LEARNS, STANDS, card_of, run_of_layers
from remedy_cases import finding, verdicts_of


def case_of(run: Run, *codes: str, framework: str = "torch") -> Case:
    run = replace(run, context=replace(run.context, framework=framework))
    found = [finding(code) for code in codes]
    return Case(verdicts_of({f.cause: 0.9 for f in found}), found, Measurements(run, MEASURES))


LARGE = run_of_layers(losses=STANDS, card=card_of(rate=1.0), update_ratio=2.0)
SMALL = run_of_layers(losses=STANDS, card=card_of(rate=1e-6), update_ratio=1e-5, distance=1e-3)
TUNED = run_of_layers(card=card_of(initial=("out",), optimizer="Adam", rate=1e-3))


def test_a_lower_rate_from_the_ratio() -> None:
    (lower,) = updates(case_of(LARGE, "LRN605"))
    assert lower.remedy.action == {"learning_rate": 0.01}
    assert dict(lower.moves) == {Axis.LEARNING_RATE: Direction.LESS}
    assert '["lr"] = 0.01' in lower.remedy.code


def test_a_higher_rate_from_the_ratio() -> None:
    (higher,) = updates(case_of(SMALL, "LRN606"))
    assert higher.remedy.action == {"learning_rate": 2e-4}
    assert dict(higher.moves) == {Axis.LEARNING_RATE: Direction.MORE}


def test_an_unknown_rate_is_multiplied() -> None:
    run = run_of_layers(losses=STANDS, card=card_of(rate=None), update_ratio=2.0)
    (lower,) = updates(case_of(run, "LRN605"))
    assert lower.remedy.action == {"learning_rate_factor": 0.01}
    assert lower.remedy.title.startswith("Divide the learning rate that you use by 100")


def test_nothing_is_raised_where_nothing_moves() -> None:
    run = run_of_layers(losses=STANDS, update_ratio=0.0)
    assert list(updates(case_of(run, "LRN606"))) == []


@pytest.mark.parametrize("framework", ["torch", "keras", "lightning", "transformers"])
def test_pretrained_layers_get_a_rate_of_their_own(framework: str) -> None:
    (slower,) = updates(case_of(TUNED, "LRN607", framework=framework))
    assert slower.remedy.action["pretrained_learning_rate"] == pytest.approx(3e-5)
    assert ast.parse(slower.remedy.code).body
    assert "3e-5" in slower.remedy.code


def test_names_of_layers_cannot_become_code() -> None:
    nasty = 'fc"\nimport os  # '
    run = run_of_layers(card=card_of((nasty, "out"), initial=("out",), optimizer="Adam", rate=1e-3))
    for framework in ("torch", "keras", "lightning"):
        (slower,) = updates(case_of(run, "LRN607", framework=framework))
        assert not any(isinstance(node, ast.Import) for node in ast.walk(ast.parse(slower.remedy.code)))


def test_beginnings_hold_no_other_layer() -> None:
    run = run_of_layers(card=card_of(("body.a.conv", "body.a.norm", "body.head", "fc")))
    case = case_of(run, "LRN607")
    assert beginnings(("body.a.conv", "body.a.norm"), case) == ("body.a.",)
    assert beginnings(("body.a.conv", "body.a.norm", "body.head"), case) == ("body.",)
    assert beginnings(("fc",), case) == ("fc.",)


@pytest.mark.parametrize("run", [LARGE, SMALL, TUNED])
def test_quiet_without_the_finding(run: Run) -> None:
    assert list(updates(case_of(run, "OVF101"))) == []


def test_one_direction_only() -> None:
    for codes in (("LRN605", "LRN606"), ("LRN605", "LRN602"), ("LRN601", "LRN606"), ("LRN606", "INS502")):
        case = case_of(run_of_layers(losses=STANDS, update_ratio=np.geomspace(2.0, 1e-6, 12)), *codes)
        kept = chosen([*updates(case), *learning_rate(case)], case)
        ways = {dict(p.moves).get(Axis.LEARNING_RATE) for p in kept} - {None}
        assert len(ways) == 1, codes


def test_a_direction_needs_no_search() -> None:
    for code, run in (("LRN605", LARGE), ("LRN606", SMALL), ("LRN607", TUNED)):
        case = case_of(run, code)
        assert case.verdicts[Cause.LEARNING_RATE].level is Level.CONFIRMED
        assert all(p.key != "range_test" for p in learning_rate(case))


def test_quiet_on_a_run_that_learns() -> None:
    assert list(updates(case_of(run_of_layers(losses=LEARNS), "UNF302"))) == []
