"""The model as a report shows it: blocks, what trains in each stage, what the hook saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diagnose.auditing import diagnose_run
from diagnose.block_names import block_of
from diagnose.measures.blocks import blocks_of
from diagnose.model_card import GroupCard, LayerCard, LossCard, ModelCard, OptimizerCard, Role
from diagnose.model_summary import MOST_BLOCKS, summarise_model
from diagnose.recording import Happening, LayerTable, Recording, Stage
from diagnose.reports import render
from diagnose.reports.json_format import from_json
from diagnose.run import History, Run


def conv(name: str, *, trains: bool) -> LayerCard:
    return LayerCard(name, "Conv2D", Role.CONVOLUTION, 100, 100 if trains else 0, is_trainable=trains)


def card(*, tuned: bool) -> ModelCard:
    layers = (
        conv("block1_conv1", trains=False),
        LayerCard("block1_pool", "MaxPooling2D", Role.POOLING),
        conv("block2_conv1", trains=False),
        conv("block2_conv2", trains=tuned),
        LayerCard("dense", "Dense", Role.DENSE, 50, 50),
    )
    loss = LossCard("categorical_crossentropy", spelt="categorical_crossentropy")
    optimizer = OptimizerCard("Adam", (GroupCard(1e-3),))
    return ModelCard("functional", "keras", layers, loss=loss, optimizer=optimizer, input_shapes=((32, 32, 3),),
                     output_width=10, output_activation="softmax")  # fmt: skip


def run() -> Run:
    table = LayerTable(
        ("block2_conv1", "block2_conv2", "dense"),
        np.array([1.0, 9.0]),
        np.array([0.1, 2.5]),
        {
            "distance": np.array([[0.0, 0.0, 0.1], [0.0, 0.2, 0.4]]),
            "update_ratio": np.array([[np.nan, np.nan, 0.5], [0.0, 2e-3, 1e-3]]),
        },
    )
    stages = (Stage(0, 0, card(tuned=False), "training begins"), Stage(2, 8, card(tuned=True), "compiled again"))
    happening = (Happening(9, 2.5, "hook failed", "could not <b>look</b>"),)
    recording = Recording("keras", stages, table, happenings=happening, counters={"steps": 9, "skipped_steps": 0})
    return Run("vgg", History(()), model=stages[-1].card, recording=recording)


def test_blocks_are_what_people_call_them() -> None:
    assert [b.name for b in blocks_of(card(tuned=False).layers)] == ["block1", "block2", "dense"]


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("features.12", "features.12"),
        ("conv1", "conv1"),
        ("head.fc", "head"),
        ("encoder.layers.0.0.attn", "encoder.layers.0"),
        ("block6a_expand_conv", "block6a"),
        ("mobilenet/block_2_project", "mobilenet/block_2"),
        ("", ""),
    ],
)
def test_a_layer_belongs_to_its_block(name: str, block: str) -> None:
    assert block_of(name) == block


def test_each_stage_says_what_trains() -> None:
    shown = summarise_model(run())
    assert shown is not None
    assert [block.trained for block in shown.blocks] == [(0, 0), (0, 100), (50, 50)]
    assert [block.parameters for block in shown.blocks] == [100, 200, 50]
    assert [stage.partition(";")[0] for stage in shown.stages] == [
        "from epoch 0: training begins", "from epoch 2: compiled again",
    ]  # fmt: skip


def test_movement_is_that_of_the_last_look_and_stage() -> None:
    shown = summarise_model(run())
    assert shown is not None
    assert [block.distance for block in shown.blocks] == [None, 0.1, 0.4]
    assert [block.update_ratio for block in shown.blocks] == [None, 1e-3, 1e-3]


def test_counters_that_are_zero_say_nothing() -> None:
    shown = summarise_model(run())
    assert shown is not None
    assert dict(shown.recorded) == {"looks at the layers": "2", "optimizer steps": "9"}


def test_without_a_model_there_is_nothing() -> None:
    assert summarise_model(Run("log", History(()))) is None


def test_a_model_without_a_hook_shows_its_layers() -> None:
    shown = summarise_model(Run("log", History(()), model=card(tuned=True)))
    assert shown is not None
    assert shown.stages == ()
    assert [block.trained for block in shown.blocks] == [(0,), (100,), (50,)]


def test_very_many_blocks_are_counted() -> None:
    deep = replace(card(tuned=True), layers=tuple(conv(f"stage{i}_conv", trains=True) for i in range(MOST_BLOCKS + 5)))
    shown = summarise_model(Run("log", History(()), model=deep))
    assert shown is not None
    assert (len(shown.blocks), shown.left_out) == (MOST_BLOCKS, 5)


def test_the_report_shows_it_and_escapes_it() -> None:
    page = render(diagnose_run(run()), "html")
    assert "What trains, block by block" in page
    assert "50%" in page
    assert "<b>look</b>" not in page
    assert "&lt;b&gt;look" in page


def test_the_json_brings_it_back() -> None:
    diagnosis = diagnose_run(run())
    assert from_json(render(diagnosis, "json").encode(), "x.json")[0].run.model == diagnosis.run.model
