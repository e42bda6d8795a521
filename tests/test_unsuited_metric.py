"""EVA909 tells accuracy that says no more than the largest class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import diagnose
from diagnose.analyzers.unsuited_metric import UnsuitedMetric
from diagnose.finding import Severity
from diagnose.readers.data.array_facts import label_facts_of
from programme_cards import card, fires, labels, quiet, recorded, run

RULE = UnsuitedMetric()


def rare(share: float = 0.05, n: int = 1000) -> Any:
    return label_facts_of((np.arange(n) < share * n).astype(int), "train")


def log(*val: float, name: str = "accuracy", **more: Any) -> dict[str, list[float]]:
    return {"loss": [0.5, 0.3, 0.25, 0.24], name: list(val), f"val_{name}": list(val), **more}


def test_at_the_level_of_a_constant() -> None:
    made = run(facts=[rare()], history=log(0.95, 0.95, 0.95, 0.95))
    found = fires(RULE, made, "class 0 alone holds 95.0%", "95.0%", severity=Severity.WARNING)
    assert found.probability >= 0.9


@pytest.mark.parametrize("share", [0.19, 0.1, 0.01])
def test_other_shares(share: float) -> None:
    fires(RULE, run(facts=[rare(share)], history=log(*[1 - share] * 4)), severity=Severity.WARNING)


def test_nobody_judges_by_what_a_hook_computes() -> None:
    one = card("bce", "sigmoid", 1)
    seen = replace(recorded(one), computed=("accuracy", "val_accuracy"))
    made = run(one, [rare()], history=log(0.95, 0.95, 0.95, 0.95), recording=seen)
    quiet(RULE, made)


def test_well_above_it_is_information() -> None:
    fires(RULE, run(facts=[rare()], history=log(0.95, 0.97, 0.99, 0.995)), severity=Severity.INFO)


def test_compiled_but_not_logged_is_information() -> None:
    fires(RULE, run(card("bce", "sigmoid", 1, metrics=("accuracy",)), [rare()]), severity=Severity.INFO)


@pytest.mark.parametrize(
    "made",
    [
        run(facts=[rare(0.4)], history=log(0.6, 0.6, 0.6, 0.6)),
        run(facts=[rare(0.25)], history=log(0.75, 0.75, 0.75, 0.75)),
        run(facts=[labels("indices")], history=log(0.1, 0.1, 0.1, 0.1)),
        run(facts=[labels("one-hot")], history=log(0.1, 0.1, 0.1, 0.1)),
        run(facts=[rare()], history=log(0.95, 0.95, 0.95, 0.95, val_auc=[0.5, 0.7, 0.8, 0.8])),
        run(facts=[rare()], history=log(0.95, 0.95, 0.95, 0.95, val_f1=[0.0, 0.1, 0.2, 0.2])),
        run(facts=[rare()], history=log(0.5, 0.5, 0.5, 0.5, name="balanced_accuracy")),
        run(card(metrics=("accuracy", "auc")), [rare()], history=log(0.95, 0.95, 0.95, 0.95)),
        run(facts=[rare()], history={"loss": [0.4, 0.3], "val_loss": [0.4, 0.3]}),
        run(facts=[labels("standardised")], history=log(0.9, 0.9, 0.9, 0.9)),
        run(facts=[label_facts_of(np.zeros(10, int), "train")], history=log(1, 1, 1, 1)),  # type: ignore[list-item]
        run(history=log(0.95, 0.95, 0.95, 0.95)),
        run(),
    ],
)
def test_quiet(made: Any) -> None:
    quiet(RULE, made)


def test_shares_are_read_off_data() -> None:
    rng = np.random.default_rng(0)
    y = np.where(rng.random(600) < 0.06, "sick", "well")
    found = diagnose.audit(history=log(0.94, 0.94, 0.94, 0.94), train=(rng.normal(size=(600, 4)), y), analyzers=[RULE])
    assert "'well'" in found.findings[0].claim
