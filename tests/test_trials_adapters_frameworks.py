"""The adapters of the frameworks, for real, on tiny models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from diagnose.errors import InputError
from diagnose.trials import of_keras, of_lightning, of_torch, of_trainer
from diagnose.trials.settings import KEYS

pytestmark = pytest.mark.framework


def blobs(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (rng.normal(size=(n, 6)) + 2.0 * np.eye(3, 6)[y]).astype(np.float32), y


TRAIN, VAL = blobs(64, 0), blobs(60, 1)


def config(train: Any, **changes: Any) -> Mapping[str, Any]:
    return {**train.settings, "seed": 3, **changes}


def network() -> Any:
    torch = pytest.importorskip("torch")
    return torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))


CHANGES = (
    {"dropout": 0.5}, {"label_smoothing": 0.2}, {"weight_decay": 1.0}, {"schedule": "cosine"}, {"freeze": "backbone"},
    {"clip_gradient_norm": 0.01}, {"class_weights": {"0": 5.0}}, {"learning_rate": 0.1}, {"standardise": "inputs"},
    {"batch_size": 64},
)  # fmt: skip


def test_torch_carries_out_what_it_says() -> None:
    torch = pytest.importorskip("torch")
    model = network()
    before, state = [p.detach().clone() for p in model.parameters()], torch.random.get_rng_state()
    train = of_torch(model, TRAIN, VAL, epochs=2, learning_rate=0.01)
    assert train.understands <= set(KEYS)
    plain = train(config(train))
    assert plain == train(config(train))
    for change in (*CHANGES, {"freeze_through": "0"}, {"trainable": ["0"]}, {"warmup_epochs": 1},
                   {"optimizer": "sgd"}, {"pretrained_learning_rate": 1e-4}):  # fmt: skip
        assert train(config(train, **change)) != plain, change
    assert all(torch.equal(p, q) for p, q in zip(before, model.parameters(), strict=True))
    assert torch.equal(state, torch.random.get_rng_state())
    head = train.features()
    assert head is not None
    assert np.shape(head.train_features) == (64, 8)
    with pytest.raises(InputError, match="no part"):
        train(config(train, freeze_through="block9"))
    with pytest.raises(InputError, match="images"):
        train(config(train, augmentation=True))


def test_a_torch_factory_is_drawn_anew_from_each_seed() -> None:
    pytest.importorskip("torch")
    train = of_torch(network, TRAIN, VAL, epochs=1)
    assert train(config(train)) == train(config(train))
    assert train(config(train)) != train({**config(train), "seed": 4})


def test_keras_carries_out_what_it_says() -> None:
    keras = pytest.importorskip("keras")
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8, "relu", name="body"), keras.layers.Dense(3, name="top")]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    before = model.get_weights()
    train = of_keras(model, TRAIN, VAL, epochs=1)
    assert train.understands <= set(KEYS)
    assert train.settings["learning_rate"] == pytest.approx(0.01)
    plain = train(config(train))
    assert plain == train(config(train))
    for change in ({"dropout": 0.5}, {"label_smoothing": 0.2}, {"freeze_through": "body"}, {"learning_rate": 0.1}):
        assert train(config(train, **change)) != plain, change
    assert all(np.array_equal(p, q) for p, q in zip(before, model.get_weights(), strict=True))
    assert all(layer.trainable for layer in model.layers)


def test_lightning_carries_out_what_it_says() -> None:
    lightning = pytest.importorskip("lightning")
    torch = pytest.importorskip("torch")

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def training_step(self, batch: Any, index: int) -> Any:
            return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1]))

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), 0.01)

    def loader(rows: tuple[np.ndarray, np.ndarray], *, shuffle: bool) -> Any:
        data = torch.utils.data.TensorDataset(*map(torch.as_tensor, rows))
        return torch.utils.data.DataLoader(data, batch_size=16, shuffle=shuffle)

    train = of_lightning(Module, loader(TRAIN, shuffle=True), loader(VAL, shuffle=False), epochs=1)
    assert train.understands <= set(KEYS)
    plain = train(config(train))
    assert plain == train(config(train))
    for change in ({"learning_rate": 0.1}, {"batch_size": 8}, {"freeze": "backbone"}):
        assert train(config(train, **change)) != plain, change


def test_a_trainer_carries_out_what_it_says(tmp_path: Any) -> None:
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    pytest.importorskip("accelerate")
    sizes = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    bert = transformers.BertConfig(**sizes, intermediate_size=8, num_labels=2)
    ids = np.random.default_rng(0).integers(0, 20, (48, 4))
    rows = [{"input_ids": torch.tensor(row), "labels": int(row[0] > 9)} for row in ids]
    args = transformers.TrainingArguments(
        str(tmp_path), num_train_epochs=1, per_device_train_batch_size=16, use_cpu=True
    )
    make = transformers.BertForSequenceClassification
    train = of_trainer(lambda: make(bert), args, rows[:32], rows[32:])
    assert "label_smoothing" not in train.understands
    assert train.understands <= set(KEYS)
    plain = train(config(train))
    assert train(config(train, learning_rate=0.1)) != plain
    assert args.learning_rate == pytest.approx(5e-5)
