from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diagnose.remedies.class_weighting import class_weighting
from diagnose.remedies.prescribe import prescribe
from remedy_worlds import Tables, alike, case_of, copied, keys, namespace, run_code, shifted

CODES = ("LBL121", "LBL122")


def imbalanced() -> Tables:
    tables = alike()
    rng = np.random.default_rng(5)
    tables["val"]["target"] = rng.choice(["no", "yes"], 300, p=[0.2, 0.8])
    return tables


def unseen() -> Tables:
    tables = alike()
    tables["val"].loc[:59, "target"] = "maybe"
    return tables


def test_weighted_shares_are_those_of_validation(tmp_path: Path) -> None:
    tables = imbalanced()
    (proposal,) = class_weighting(case_of(tables, *CODES))
    fitted: dict[str, Any] = {}

    class Model:
        @staticmethod
        def fit(x: Any, y: Any, *, sample_weight: Any) -> None:
            fitted["weights"] = sample_weight

    labels = tables["train"]["target"].to_numpy()
    run_code(proposal, tmp_path, namespace(model=Model, x_train=None, y_train=labels))
    share = np.average(labels == "yes", weights=fitted["weights"])
    assert share == pytest.approx((tables["val"]["target"] == "yes").mean(), abs=0.001)


def test_what_weights_cost_is_said() -> None:
    tables = imbalanced()
    (proposal,) = class_weighting(case_of(tables, *CODES))
    weights = tables["train"]["target"].map(proposal.remedy.action["class_weights"]).to_numpy()
    assert proposal.remedy.effect is not None
    assert proposal.remedy.effect.value == pytest.approx(weights.sum() ** 2 / (weights**2).sum() / 800, abs=0.001)


def test_rows_of_unseen_classes_are_asked_for() -> None:
    proposals = {p.key: p for p in class_weighting(case_of(unseen(), *CODES))}
    assert proposals["unseen_classes"].remedy.action["collect"]["classes"] == ["maybe"]
    assert proposals["unseen_classes"].remedy.effect.value == pytest.approx(0.8)  # type: ignore[union-attr]


def test_the_generic_weights_give_way() -> None:
    case = case_of(imbalanced(), *CODES)
    actions = [r.action for r in prescribe(case.verdicts, case.findings, case.measurements)]
    assert len([a for a in actions if "class_weights" in a]) == 1
    assert "validation shares" not in [a.get("class_weights") for a in actions]


@pytest.mark.parametrize("world", [alike, shifted, copied])
def test_quiet_where_shares_are_the_same(world: Any) -> None:
    assert keys(class_weighting, case_of(world(), *CODES)) == []


def test_quiet_where_the_label_is_a_number() -> None:
    tables = {name: t.assign(target=t["age"] * 2) for name, t in shifted().items()}
    assert keys(class_weighting, case_of(tables, *CODES)) == []
