"""The gate as a test: the logs that are committed, and what training with today's settings gives.

The fixture comes with diagnose, and judges by the settings of diagnose.toml.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import train  # noqa: E402 - it lies beside this folder


def test_the_model_in_use_is_healthy(assert_healthy: Callable[..., object]) -> None:
    """Whoever changes the committed log answers for it."""
    assert_healthy(ROOT / "runs" / "digits")


def test_the_small_model_is_no_worse_than_when_it_was_accepted(assert_healthy: Callable[..., object]) -> None:
    """Its old findings are in the baseline, which the settings name."""
    assert_healthy(ROOT / "runs" / "small")


def test_training_gives_a_model_that_is_as_good(assert_healthy: Callable[..., object], tmp_path: Path) -> None:
    """Train anew, and compare with the diagnosis that was last accepted."""
    assert_healthy(train.train("digits", tmp_path), against=ROOT / "reference.json")
