from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

from diagnose.remedies.prescribe import prescribe
from diagnose.remedies.towards_images import towards_images
from remedy_worlds import alike, case_of, keys, shifted

CODES = ("COV111", "COV114")


def images(n: int, seed: int, *, light: float = 1.0) -> Any:
    rng = np.random.default_rng(seed)
    level = rng.uniform(60, 90, (n, 1, 1))
    return np.clip((level + rng.normal(0, 20, (n, 12, 12))) * light, 0, 255).astype(np.uint8)


def darker() -> dict[str, Any]:
    return {"train": images(300, 0), "val": images(200, 1, light=0.6)}


def same() -> dict[str, Any]:
    return {"train": images(300, 0), "val": images(200, 1)}


def test_the_range_reaches_what_validation_looks_like() -> None:
    (proposal,) = towards_images(case_of(darker(), *CODES, data={}))
    low, high = proposal.remedy.action["augment"]["brightness"]
    assert low == pytest.approx(0.6 / 1.1, abs=0.05)
    assert high == 1


@pytest.mark.parametrize("framework", ["torch", "keras", "sklearn"])
def test_the_code_names_the_range(framework: str) -> None:
    (proposal,) = towards_images(case_of(darker(), *CODES, data={}, context={"framework": framework}))
    ast.parse(proposal.remedy.code)
    assert "rightness" in proposal.remedy.code


def test_one_augmentation_in_a_report() -> None:
    case = case_of(darker(), *CODES, data={}, context={"framework": "torch", "task": "image classification"})
    actions = [r.action for r in prescribe(case.verdicts, case.findings, case.measurements)]
    assert sum("augment" in a or "augmentation" in a for a in actions) == 1


@pytest.mark.parametrize("world", [same, alike, shifted])
def test_quiet_where_images_look_alike_or_are_none(world: Any) -> None:
    assert keys(towards_images, case_of(world(), *CODES, data={})) == []
