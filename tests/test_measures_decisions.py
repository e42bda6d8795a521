"""What the score did since the loss turned."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose import testing
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.measures.decisions import ScoreSinceTurn
from simulated_runs import decay, history, noise, overfit


def since_turn(score) -> ScoreSinceTurn:
    run = overfit(60, 20)
    run["val_accuracy"] = list(score)
    return Measurements(testing.run_of(run), MEASURES).get("score_since_turn")


T = np.arange(60)


def test_a_score_that_rises_on_improved() -> None:
    found = since_turn(0.5 + 0.005 * T)
    assert found.improvement == pytest.approx(0.005 * 39, abs=0.02)  # from epoch 20 to the last


def test_a_score_that_follows_the_loss_did_not() -> None:
    assert since_turn(0.8 - 0.005 * np.maximum(T - 20, 0)).improvement < -0.15


def test_a_flat_score_neither() -> None:
    found = since_turn(0.8 + noise(60, 0.004, 3))
    assert abs(found.improvement) < 3 * found.noise
    assert found.noise == pytest.approx(0.004, rel=0.5)


def test_an_error_rate_improves_downwards() -> None:
    run = history(decay(40), np.abs(np.arange(40) - 12) / 20 + 0.3)
    run["val_wer"] = list(np.linspace(0.9, 0.2, 40))
    found = Measurements(testing.run_of(run), MEASURES).get("score_since_turn")
    assert found.improvement > 0.3
