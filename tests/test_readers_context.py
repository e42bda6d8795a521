"""Hyperparameters under other names, and the check of what the user gave."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose.errors import InputError
from diagnose.readers.context import gather, given_context, merged
from diagnose.run import Context


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"lr": "1e-3"}, "learning_rate", 1e-3),
        ({"learning_rate": 0.1, "lr": 5}, "learning_rate", 0.1),
        ({"per_device_train_batch_size": 8}, "batch_size", 8),
        ({"Batch Size": "64"}, "batch_size", 64),
        ({"config": {"training": {"wd": 0.01}}}, "weight_decay", 0.01),
        ({"optimizer": {"name": "torch.optim.AdamW", "lr": 0.1}}, "optimizer", "AdamW"),
        ({"load_best_model_at_end": True}, "best_weights_kept", True),
        ({"num_train_epochs": 3.0}, "epochs_planned", 3.0),
        ({"lr_scheduler_type": "cosine"}, "schedule", "cosine"),
        ({"pretrained": "imagenet"}, "pretrained", True),
    ],
)
def test_found_under_other_names(values: dict[str, object], field: str, expected: object) -> None:
    assert getattr(gather(values, {}, "config.yaml"), field) == expected


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"train_size": 0.8}, "n_train"),
        ({"batch_size": "auto"}, "batch_size"),
        ({"batch_size": True}, "batch_size"),
        ({"learning_rate": None}, "learning_rate"),
        ({"model": {"encoder": {"dropout": 0.5}}}, "dropout"),
        ({"lr": float("nan")}, "learning_rate"),
        ({"lr": 0.0}, "learning_rate"),
        ({"dropout": 1.5}, "dropout"),
        ({"patience": -1}, "patience"),
    ],
)
def test_values_of_another_type_or_place_are_not_taken(values: dict[str, object], field: str) -> None:
    assert getattr(gather(values, {}, ""), field) is None


def test_what_is_not_known_is_kept_as_it_stands() -> None:
    assert gather({"max_frames": 75, "batch_size": 4}, {}, "").other == {"max_frames": 75}


def test_origins_name_the_file_and_the_key() -> None:
    assert gather({"bs": 4}, {"bs": "args.yaml"}, "log.csv").origins["batch_size"] == "args.yaml: bs"


def test_given_overrides_found() -> None:
    context = merged(Context(batch_size=8, n_val=10), given_context({"bs": 32}))
    assert (context.batch_size, context.n_val, context.origins["batch_size"]) == (32, 10, "given by you")


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean batch_size"):
        given_context({"batchsiz": 3})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"n_val": 2.5}, "whole number"),
        ({"lr": "fast"}, "a number"),
        ({"pretrained": 3.5j}, "true or false"),
        ({"n_val": 0}, "at least 1"),
        ({"dropout": 1.0}, r"dropout=1.0: expected a number in \[0, 1\)"),
        ({"dropout": -0.1}, r"in \[0, 1\)"),
        ({"label_smoothing": 1.5}, r"in \[0, 1\)"),
        ({"weight_decay": -1e-4}, "at least 0"),
        ({"n_classes": 1}, "at least 2"),
        ({"lr": 0}, "above 0"),
        ({"learning_rate": -0.1}, "above 0"),
        ({"batch_size": 0}, "at least 1"),
        ({"epochs": 0}, "above 0"),
        ({"patience": -1}, "at least 0"),
        ({"parameters": 10, "trainable_parameters": 11}, "at most parameters=10"),
        (Context(dropout=2.0), "dropout"),
        (Context(parameters=10, trainable_parameters=11), "at most"),
    ],
)
def test_an_impossible_value_says_what_was_expected(given: Any, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        given_context(given)


@pytest.mark.parametrize(
    "given",
    [
        {"dropout": 0, "label_smoothing": 0.0, "weight_decay": 0, "n_classes": 2, "patience": 0, "warmup": 0},
        {"parameters": 10, "trainable_parameters": 10, "learning_rate": 1e-12, "n_train": 1},
    ],
)
def test_the_edge_of_a_range_is_possible(given: dict[str, float]) -> None:
    context = given_context(given)
    assert {field: getattr(context, field) for field in given} == given


def test_what_is_not_a_mapping_is_refused() -> None:
    with pytest.raises(InputError, match="expected a mapping"):
        given_context([("lr", 1)])  # type: ignore[arg-type]


@pytest.mark.parametrize("frozen", [False, None])
def test_nothing_frozen_is_an_answer(frozen: object) -> None:
    assert given_context({"frozen": frozen}).frozen is None
