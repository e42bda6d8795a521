"""Parts of the Keras hook that need no framework: losses, stages, when to look, outputs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.hooks.budget import Budget
from diagnose.hooks.keras.losses import MOST, batch_losses
from diagnose.hooks.keras.outputs import output_facts
from diagnose.hooks.keras.pace import Pace
from diagnose.hooks.keras.stages import what_changed
from diagnose.model_card import GroupCard, LayerCard, LossCard, ModelCard, OptimizerCard


def means_of(values: list[float], *, last_share: float = 1.0) -> list[tuple[int, float]]:
    weights = [1.0] * (len(values) - 1) + [last_share]
    totals = np.cumsum(np.multiply(values, weights)) / np.cumsum(weights)
    return list(enumerate(map(float, totals)))


@given(
    st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40),
    st.floats(0.05, 1.0),
    st.randoms(use_true_random=False),
)
def test_losses_come_back_out_of_means(values: list[float], last_share: float, shuffled) -> None:
    means = means_of(values, last_share=last_share)
    shuffled.shuffle(means)  # JAX calls from several threads
    found = batch_losses(means, first_step=10, begun=2, batches=len(values), last_share=last_share)
    assert found is not None
    assert found.steps == [11.0 + at for at in range(len(values))]
    assert np.allclose(found.values, values, rtol=1e-6, atol=1e-6)
    assert found.epochs[-1] == 3


def test_several_steps_in_one_call_are_one_mean() -> None:
    found = batch_losses([(2, 2.0), (5, 3.0)], first_step=0, begun=0, batches=6)
    assert found is not None
    assert (found.steps, found.values) == ([3.0, 6.0], [2.0, 4.0])


def test_losses_end_where_no_number_is_left() -> None:
    found = batch_losses([(0, 1.0), (1, math.nan), (2, math.nan)], first_step=0, begun=0, batches=3)
    assert found is not None
    assert found.values == [1.0]
    assert batch_losses([(0, math.inf)], first_step=0, begun=0, batches=1) is None
    assert batch_losses([], first_step=0, begun=0, batches=1) is None


def test_losses_of_a_long_epoch_are_thinned() -> None:
    found = batch_losses(means_of([1.0] * 5_000), first_step=0, begun=0, batches=5_000)
    assert found is not None
    assert len(found.values) == MOST


def card(*trainable: bool, rate: float = 1e-3, loss: str = "mean_squared_error", schedule: str = "") -> ModelCard:
    layers = tuple(LayerCard(f"l{at}", "Dense", is_trainable=yes) for at, yes in enumerate(trainable))
    optimizer = OptimizerCard("Adam", (GroupCard(learning_rate=rate),), schedule=schedule)
    return ModelCard("m", "keras", layers, loss=LossCard(loss), optimizer=optimizer)


def test_stages_are_told_in_words() -> None:
    before = card(False, True)
    assert what_changed(None, before, is_recompiled=False) == "training begins"
    assert what_changed(before, card(True, True), is_recompiled=True) == (
        "compiled again; 2 of 2 layers trainable instead of 1"
    )
    assert what_changed(before, card(True, False), is_recompiled=True).endswith("other ones than before")
    assert "learning rate 0.0001 instead of 0.001" in what_changed(
        before, card(False, True, rate=1e-4), is_recompiled=False
    )
    assert "loss hinge instead of" in what_changed(before, card(False, True, loss="hinge"), is_recompiled=True)


def test_nothing_new_is_no_stage() -> None:
    before = card(True, True)
    assert what_changed(before, card(True, True), is_recompiled=False) == ""
    falling = card(True, True, rate=1e-2, schedule="CosineDecay")
    assert what_changed(falling, card(True, True, rate=1e-5, schedule="CosineDecay"), is_recompiled=False) == ""


def test_looks_become_rare() -> None:
    pace = Pace(Budget(0.01))
    due = []
    for step in range(1, 200):
        if pace.is_due(step, is_first=False):
            due.append(step)
            pace.done(step)
    assert due == [1, 2, 4, 8, 16, 32, 64, 128]
    assert pace.is_due(130, is_first=True)


def test_dear_looks_are_not_afforded_twice() -> None:
    budget = Budget(0.0)
    budget.begin()
    pace = Pace(budget)
    for _ in range(2):
        assert pace.affords("probe")
        with pace.spending("probe"):
            pass
    assert not pace.affords("probe")
    assert pace.affords("weights")


def test_outputs_in_numbers() -> None:
    outputs = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    facts = output_facts(outputs, np.array([0, 0, 1, 1]), 1, 0.5, "probe")
    assert facts is not None
    assert (facts.n, facts.width, facts.top_share, facts.label_top_share) == (4, 2, 0.75, 0.5)
    assert facts.sums_to_one == 1
    assert facts.confidence == pytest.approx(0.75)
    assert facts.in_unit_interval == 1


def test_collapsed_and_broken_outputs() -> None:
    same = output_facts(np.full((8, 3), 0.25), None, 1, 0.5, "probe")
    assert same is not None
    assert same.spread == 0
    assert same.label_top_share is None
    broken = output_facts(np.array([[np.nan], [1.0]]), None, 1, 0.5, "train")
    assert broken is not None
    assert broken.non_finite == 0.5
    assert broken.top_share is None
    assert broken.confidence is None
    assert output_facts(np.array(1.0), None, 1, 0.5, "train") is None


def test_logits_have_a_confidence_too() -> None:
    facts = output_facts(np.array([[3.0, -3.0], [-4.0, 4.0]]), np.eye(2), 1, 0.5, "probe")
    assert facts is not None
    assert facts.sums_to_one == 0
    assert facts.confidence is not None
    assert facts.confidence > 0.99
    assert facts.label_top_share == 0.5
