"""Words before a number become a column name, and the split they state."""

from __future__ import annotations

import pytest

from diagnose.readers.text_words import column_name, is_metric


@pytest.mark.parametrize(
    ("words", "name", "split"),
    [
        ("Validation Loss", "val_loss", "val"),
        ("TrainLoss", "train_loss", ""),
        ("validation_accuracy", "val_accuracy", ""),
        ("train/loss", "train/loss", ""),
        ("valid_1's binary_logloss", "valid_1_binary_logloss", ""),
        ("Avg Test Acc", "test_acc", "test"),
        ("val_loss", "val_loss", ""),
    ],
)
def test_column_names(words, name, split):
    assert column_name(words) == (name, split)


@pytest.mark.parametrize("name", ["loss", "val_acc", "map50", "dice_coef", "train/box_loss", "acc@1", "f1_macro"])
def test_metric_names(name):
    assert is_metric(name)


@pytest.mark.parametrize("name", ["learning_rate", "epoch", "model", "glossary", "account", "step"])
def test_other_names(name):
    assert not is_metric(name)
