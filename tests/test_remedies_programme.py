"""Remedies of programme faults: the corrected line, with the user's own names and values."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from diagnose.auditing import diagnose_run
from diagnose.finding import Remedy
from diagnose.model_card import ModelCard, Role
from diagnose.readers.recorded import told_by
from diagnose.recording import OrderFacts, Recording
from diagnose.run import Run
from programme_cards import ADAM, POOR, card, images, inputs, labels, layer, plain, recorded, run

TORCH = ("ce", "linear")


def remedies(made: Run) -> list[Remedy]:
    """Return the remedies of the whole diagnosis, with the settings that the card tells."""
    if made.model is not None:
        made = replace(made, context=told_by(made.context, made.model))
    return list(diagnose_run(made).remedies)


def first(made: Run) -> Remedy:
    found = remedies(made)[0]
    ast.parse(found.code)
    return found


def of(one: ModelCard, *facts: Any, **more: Any) -> Run:
    return run(one, facts, history=POOR, **more)


def with_softmax(name: str = "classifier.softmax") -> ModelCard:
    parts = [layer("classifier.fc"), plain(name, Role.ACTIVATION, activation="softmax")]
    return card("ce", "softmax", layers=parts, framework="torch")


@pytest.mark.parametrize(
    ("made", "title", "code"),
    [
        (of(card("cce", "linear"), labels()), "from_logits=True",
         "keras.losses.CategoricalCrossentropy(from_logits=True)"),
        (of(card("scce", "linear"), labels("indices")), "from_logits=True", "SparseCategoricalCrossentropy"),
        (of(card("bce", "linear", 1), labels("binary")), "from_logits=True", "BinaryCrossentropy(from_logits=True)"),
        (of(card("scce_logits", "softmax"), labels("indices")), "from_logits=False", "from_logits=False"),
        (of(card("cce", "sigmoid"), labels()), "'softmax'", 'keras.layers.Dense(10, activation="softmax"'),
        (of(card("cce", "softmax", 1), labels("binary")), "1 output", 'Dense(1, activation="sigmoid"'),
        (of(card("scce", "softmax", 5), labels("indices")), "10 outputs", "Dense(10"),
        (of(card("mse", "sigmoid", 1), labels("standardised")), "no activation", "activation=None"),
        (of(with_softmax(), labels("indices")), "Take softmax out", '"classifier.softmax"'),
        (of(card("nll", "softmax", framework="torch"), labels("indices")), "CrossEntropyLoss",
         "torch.nn.CrossEntropyLoss()"),
        (of(card("bce", "linear", 1, framework="torch"), labels("binary")), "BCEWithLogitsLoss",
         "torch.nn.BCEWithLogitsLoss()"),
        (of(card("ce", "linear", 5, framework="torch"), labels("indices")), "10 outputs",
         "torch.nn.Linear(old.in_features"),
        (of(card("cce", "softmax"), labels("indices")), "sparse_categorical_crossentropy", "loss='sparse"),
        (of(card("scce", "softmax"), labels("one-hot")), "categorical_crossentropy", "categorical_crossentropy"),
        (of(card("scce", "softmax"), labels("from one")), "from 0", "y_train - 1"),
        (of(card("bce", "sigmoid", 1), labels("signs")), "0 and 1", "(y_train + 1) / 2"),
        (of(card("bce", "sigmoid", 4), labels("bytes")), "0 to 1", "y_train / 255"),
        (of(card(), images(), labels()), "Divide the images by 255", "Rescaling(1 / 255)"),
        (of(card(), inputs(400 + np.random.default_rng(0).normal(size=(90, 5)) * 50), labels()), "Standardise",
         "Normalization()"),
    ],
)  # fmt: skip
def test_the_first_remedy_mends_the_fault(made: Run, title: str, code: str) -> None:
    found = first(made)
    assert title in found.title
    assert code.replace("'", '"') in found.code.replace("'", '"')
    assert found.source


def counted(one: ModelCard, **counters: int) -> Recording:
    return recorded(one, counters={"steps": 100, "backward_passes": 100, **counters})


def loop(*extra: Any, **more: Any) -> ModelCard:
    return card("ce", "linear", layers=[layer("conv1", Role.CONVOLUTION), *extra, layer("fc", is_initial=True)],
                framework="torch", **more)  # fmt: skip


NORM = layer("bn1", Role.BATCH_NORMALISATION, is_initial=True)


@pytest.mark.parametrize(
    ("recording", "code"),
    [
        (counted(loop(), steps_on_old_gradients=99), "optimizer.zero_grad()"),
        (counted(loop(NORM), training_passes_in_evaluation_mode=90), "model.train()"),
        (counted(loop(NORM), evaluation_passes=9, evaluation_passes_in_training_mode=9), "model.eval()"),
        (recorded(loop(optimizer=replace(ADAM, missing=("fc.weight",)))), "torch.optim.Adam("),
        (recorded(card(layers=[layer("a", trained=False, flag=True), layer("b")], stale_layers=("a",))),
         "model.compile("),
        (recorded(loop(), orders=(OrderFacts(0, "a", 900, 9, 800), OrderFacts(1, "a", 900, 9, 800))), "shuffle=True"),
    ],
)  # fmt: skip
def test_the_loop_is_mended(recording: Recording, code: str) -> None:
    found = first(run(recording=recording, history=POOR))
    assert code in found.code


def test_overlap_is_split_anew() -> None:
    made = run(recording=counted(loop(), overlapping_rows=50, compared_rows=50), history=POOR)
    assert any("Split the rows once" in remedy.title for remedy in remedies(made))


def test_the_backbone_has_its_own_preprocessing() -> None:
    parts = [layer("vgg16/block1_conv1", Role.CONVOLUTION, 9000, backbone="vgg16", is_initial=False, trained=False),
             layer("out", is_initial=True)]  # fmt: skip
    one = card(layers=parts, backbones={"vgg16": "vgg16"})
    found = first(run(facts=[images(0, 1)], recording=recorded(one), history=POOR))
    assert "keras.applications.vgg16.preprocess_input" in found.code


def test_layers_to_tune_are_named() -> None:
    names = [f"block{b}_conv{c}" for b in (1, 4, 5) for c in (1, 2)]
    parts = [layer(name, Role.CONVOLUTION, 1000, trained=False, is_initial=False) for name in names]
    parts.append(plain("block4_pool", Role.POOLING, flag=False))
    parts += [plain("block5_pool", Role.POOLING), plain("flatten", Role.RESHAPE), layer("dense", is_initial=True)]
    found = remedies(run(recording=recorded(card(layers=parts)), history=POOR))
    assert any(
        "'block5_conv1'" in remedy.title and '"block5_conv1"' in remedy.code.replace("'", '"') for remedy in found
    )


def test_the_one_batch_test_stays_behind() -> None:
    titles = [remedy.title for remedy in remedies(of(card("cce", "linear"), images(), labels()))]
    assert "from_logits" in titles[0]
    assert titles.index("Overfit one batch before anything else") > 1


def test_nothing_is_proposed_for_a_right_programme() -> None:
    good = {"loss": [2.3, 1.2, 0.6, 0.3, 0.2], "accuracy": [0.2, 0.6, 0.8, 0.9, 0.95]}
    made = run(card("cce", "softmax"), [images(0, 1), labels()], history=good)
    assert not [remedy for remedy in remedies(made) if "training_program" in remedy.causes]
