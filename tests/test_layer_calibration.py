"""What is said of recorded programmes is what calibration/layers.py wrote down, and little of it is false."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parent.parent / "calibration"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="calibration is not part of an installed package")


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("layers_calibration", FOLDER / "layers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def counts() -> dict[str, Any]:
    return json.loads(json.dumps(script().judged()))


def test_nothing_has_changed(counts: dict[str, Any]) -> None:
    written = json.loads((FOLDER / "layers.json").read_text(encoding="utf-8"))
    assert counts == written, "the limits or the analyzers changed: python calibration/layers.py --write"


@pytest.mark.parametrize("part", ["calibration", "held out"])
def test_right_programmes_raise_next_to_nothing(counts: dict[str, Any], part: str) -> None:
    found = counts[part]
    assert found["right"] >= 80
    assert found["with_an_alarm"] / found["right"] <= 0.02


@pytest.mark.parametrize("part", ["calibration", "held out"])
def test_faults_are_named_among_the_first_two(counts: dict[str, Any], part: str) -> None:
    faults = counts[part]["faults"]
    for fault, (n, _, named) in faults.items():
        assert named >= (0.65 if fault == "LRN606" else 0.9) * n, fault
