"""The gate as a test: the logs that are committed, and what training with today's settings gives."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import train  # noqa: E402 - it lies beside this folder

KNOWN = {"n_val": train.N_VAL, "n_classes": 10}


def test_the_model_in_use_is_healthy(assert_healthy):
    assert_healthy(ROOT / "runs" / "digits", context=KNOWN)


def test_training_gives_a_model_that_is_as_good(assert_healthy, tmp_path):
    log = train.train("digits", tmp_path)
    assert_healthy(log, policy={"regression": {"accuracy": 0.02}}, context=KNOWN, against=ROOT / "reference.json")


def test_the_small_model_is_no_worse_than_when_it_was_accepted(assert_healthy):
    assert_healthy(ROOT / "runs" / "small", context=KNOWN, baseline=ROOT / "diagnose-baseline.json")
