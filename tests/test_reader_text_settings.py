"""What programs print about their data and hyperparameters; and prose that states nothing."""

import pytest

from diagnose.readers.text_settings import settings_of


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Train size: 208", {"n_train": 208}),
        ("Validation size: 44", {"n_val": 44}),
        ("Test set length: 21", {"n_test": 21}),
        ("Number of training samples: 1,234", {"n_train": 1234}),
        ("Train on 60000 samples, validate on 10000 samples", {"n_train": 60000, "n_val": 10000}),
        ("Loaded CIFAR-10: 60000 train, 10000 test samples.", {"n_train": 60000, "n_test": 10000}),
        ("Using 1600 samples for training and 400 for validation", {"n_train": 1600, "n_val": 400}),
        ("Found 2000 images belonging to 2 classes.", {"n_classes": 2}),
        ("2023.01.18 16:17:46 | Training for 20 epochs started!", {"epochs": 20}),
        ("lr = 1e-3, batch size: 32", {"learning_rate": 0.001, "batch_size": 32}),
        ("  Total train batch size (w. parallel, distributed & accumulation) = 8", {"batch_size": 8}),
        ("Optimizer: AdamW, weight_decay=0.01", {"weight_decay": 0.01, "optimizer": "AdamW"}),
        ("dropout: 0.5", {"dropout": 0.5}),
        ("Total params: 14,714,688", {"parameters": 14714688}),
        ("Trainable params: 7,635,264", {"trainable_parameters": 7635264}),
        ("Non-trainable params: 7,635,264", {}),
        ("Vocabulary size: 228", {}),
        ("Image size: 224x224", {}),
        ("60000 train steps, 3 train epochs", {}),
        ("learning is fun, rate it 5", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_settings(line, found):
    assert settings_of(line) == found
