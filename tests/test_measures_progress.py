"""Late progress and its probability; what more training would gain."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose import testing
from diagnose.errors import NotEnoughEvidence
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.measures.progress import Progress, progress
from diagnose.measures.trend import trend_of
from diagnose.run import Curve, History
from diagnose.stats.calibrated import FLOOR
from simulated_runs import decay, flat, healthy, history, moved, noise, overfit

T = np.arange(60.0)


def measured(run) -> Progress:
    return Measurements(testing.run_of(run), MEASURES).get("progress")


def falling(n: int = 60, half_lives: float = 1.5, size: float = 0.004):
    return history(decay(n, half_lives=half_lives), decay(n, half_lives=half_lives) + noise(n, size))


def test_shares_of_a_straight_fall() -> None:
    found = measured(history(np.linspace(10, 1, 91), np.linspace(10, 1, 91)))
    assert found.train == pytest.approx(1 / 3, rel=0.05)
    assert found.val == pytest.approx(1 / 3, rel=0.05)
    assert found.score == found.val  # no score was logged: the loss stands for both


def test_more_left_to_fall_is_more_probable() -> None:
    found = [measured(falling(half_lives=h)).probability for h in (1, 3, 6, 12)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.5 > found[-1]


@pytest.mark.parametrize("seed", range(5))
def test_noise_alone_is_no_progress(seed: int) -> None:
    """A flat curve's late slope is within its error: shrunk to nearly nothing."""
    assert measured(flat(seed=seed, size=0.2)).val < 0.25
    assert measured(flat(seed=seed)).probability < 0.5


def test_shrinking_leaves_a_sure_fall_and_takes_a_doubtful_one() -> None:
    sure = measured(falling(size=0.0005))
    assert sure.val == pytest.approx(sure.train, rel=0.05)
    trends = [trend_of(Curve("v", "val", "loss", "lower", T, decay(60) + noise(60, 0.05, seed))) for seed in range(40)]
    raw = np.mean([abs(trend.late_fall) / trend.gain for trend in trends])
    shrunk = np.mean([abs(progress(History(()), trends[0], trend).val) for trend in trends])
    assert shrunk < 0.6 * raw


def test_a_run_that_overfits_does_not_want_more() -> None:
    run = overfit()
    run["val_loss"][-20:] = list(np.linspace(run["val_loss"][-20], run["val_loss"][-20] - 0.05, 20))
    assert measured(overfit()).probability == FLOOR
    assert measured(run).probability < 0.5


def test_validation_is_needed() -> None:
    with pytest.raises(NotEnoughEvidence, match="neither a validation loss nor a score"):
        measured({"loss": list(decay(20))})


def test_a_score_alone_will_do() -> None:
    run = healthy()
    del run["val_loss"]
    found = measured(run)
    assert found.val == found.score


@pytest.mark.parametrize(("scale", "shift"), [(0.01, 0), (300, 0), (1, -40), (7, 12)])
def test_scale_and_shift_change_nothing(scale: float, shift: float) -> None:
    expected = measured(falling()).probability
    assert measured(moved(falling(), scale, shift)).probability == pytest.approx(expected, abs=1e-6)


def test_as_much_training_again_on_an_exponential() -> None:
    t = np.arange(60.0)
    cost = 0.2 + np.exp(-t / 40)
    gain = Measurements(testing.run_of(history(cost, cost)), MEASURES).get("more_training")
    truth = np.exp(-59 / 40) - np.exp(-118 / 40)
    assert gain.gain == pytest.approx(truth, rel=0.2)
    assert gain.low <= truth <= gain.high
    assert gain.floor == pytest.approx(0.2, abs=0.1)
