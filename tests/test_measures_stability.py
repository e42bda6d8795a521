"""Roughness, its rougher side, and what is no number."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose.measures.stability import SPIKE, instability, non_finite, roughness_of
from diagnose.measures.trend import trend_of
from diagnose.run import Curve, History
from simulated_runs import decay, noise

NAN, INF = float("nan"), float("inf")


def curve(values, name: str = "loss") -> Curve:
    return Curve(name, "train", "loss", "lower", np.arange(1.0, len(values) + 1), np.array(values, dtype=float))


def rough(values):
    return roughness_of(trend_of(curve(values)))


def test_a_smooth_fall_is_not_rough() -> None:
    found = rough(decay(60))
    assert (found.deviation, len(found.spikes), found.tallest) == (0, 0, 0)


def test_deviation_is_a_share_of_the_height() -> None:
    found = rough(decay(200, 2.0, 1.0) + noise(200, 0.05))
    assert found.deviation == pytest.approx(0.05, rel=0.25)  # the fit takes its part of the noise
    assert rough(40 * (decay(200, 2.0, 1.0) + noise(200, 0.05)) - 7).deviation == pytest.approx(found.deviation)


def test_spikes_are_counted_where_they_stand() -> None:
    values = decay(60, 2.0, 1.0)
    values[[30, 50]] += 2 * SPIKE
    values[40] += SPIKE / 2
    found = rough(values)
    assert found.spikes.tolist() == [31, 51]
    assert found.tallest == pytest.approx(2 * SPIKE, rel=0.1)


def test_downward_excursions_are_no_spikes() -> None:
    values = decay(60, 2.0, 1.0)
    values[[30, 50]] -= 2.0
    assert len(rough(values).spikes) == 0


def test_an_early_spike_that_recovers_is_no_instability() -> None:
    values = decay(60, 2.0, 1.0)
    values[8] += 0.5
    assert len(rough(values).spikes) == 0


@pytest.mark.parametrize("values", [[1.0] * 20, [0.0] * 5])
def test_a_constant_is_not_rough(values: list[float]) -> None:
    assert rough(values).deviation == 0


def test_the_rougher_loss_speaks() -> None:
    smooth, wild = rough(decay(60)), rough(decay(60) + noise(60, 0.5))
    assert instability(smooth, wild).split == "val"
    assert instability(wild, smooth).split == "train"
    assert instability(None, smooth).split == "val"
    assert instability(smooth, wild).probability > instability(smooth, smooth).probability


def test_without_a_loss_nothing_is_rough() -> None:
    assert instability().probability < 0.2


def test_probability_follows_noise() -> None:
    slow = decay(80, 2.0, 1.0, half_lives=1.5)
    found = [instability(rough(slow + noise(80, size))).probability for size in (0.001, 0.01, 0.05, 0.2)]
    assert found == sorted(found)
    assert found[0] < 0.2
    assert found[-1] > 0.5


@pytest.mark.parametrize("seed", range(10))
def test_noise_alone_is_not_rough(seed: int) -> None:
    assert instability(rough(0.69 + noise(100, 0.002, seed))).probability < 0.5


def test_what_is_no_number_is_counted() -> None:
    history = History((curve([1.0, 0.5]), curve([1.0, NAN, 2.0, INF, NAN], "bad"), curve([NAN, 1.0], "first")))
    bad, first = non_finite(history)
    assert (bad.curve, bad.count, bad.total, bad.first_step, bad.last_is) == ("bad", 3, 5, 2.0, True)
    assert (first.count, first.first_step, first.last_is) == (1, 1.0, False)
