"""Held-out programmes with the Trainer of Hugging Face."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import numpy as np
import torch
from torch.utils.data import ConcatDataset
from transformers import (
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    PretrainedConfig,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
    set_seed,
)  # fmt: skip

from programs.held_out_data import characters, friedman, messages


def listed(**columns):
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def settings(epochs, rate, size, **more):
    return TrainingArguments(
        output_dir="results", num_train_epochs=epochs, learning_rate=rate, per_device_train_batch_size=size,
        per_device_eval_batch_size=100, eval_strategy="epoch", logging_steps=5, save_strategy="no", report_to="none",
        disable_tqdm=True, use_cpu=True, dataloader_pin_memory=False, **more,
    )  # fmt: skip


def shares(result):
    logits, labels = result
    return {"accuracy": (np.argmax(logits, axis=1) == labels).mean()}


def messages_distil(
    hook, *, rate=2e-3, epochs=4, size=20, rows=500, shuffled=False, overlap=False, freeze=False, decay=0.0, layers=1
):
    """Topics of messages, three classes."""
    set_seed(1)

    def table(n, seed):
        x, y = messages(n, seed=seed)
        if shuffled and seed == 1:
            y = np.random.default_rng(0).permutation(y)
        return listed(input_ids=x.tolist(), labels=y.tolist())

    train, val = table(rows, 1), table(300, 2)
    config = DistilBertConfig(
        vocab_size=90, dim=32, n_layers=layers, n_heads=2, hidden_dim=64, max_position_embeddings=24, num_labels=3
    )
    model = DistilBertForSequenceClassification(config)
    if freeze:
        for name, parameter in model.named_parameters():
            parameter.requires_grad = name.startswith("classifier")
    trainer = Trainer(
        model=model, args=settings(epochs, rate, size, weight_decay=decay, lr_scheduler_type="constant"),
        train_dataset=ConcatDataset([train, val]) if overlap else train, eval_dataset=val, compute_metrics=shares,
    )  # fmt: skip
    trainer.add_callback(hook)
    trainer.train()
    if overlap or shuffled:
        return trainer.evaluate(table(300, 3))["eval_accuracy"]
    return trainer.evaluate()["eval_accuracy"]


def zen_gpt(hook, *, rate=5e-3, epochs=5, decay=0.1, scheduler="cosine", accumulate=1, norm=1.0):
    """A language model of one text."""
    x, _, letters = characters(400, length=24)
    x_val, _, _ = characters(100, length=24, seed=2)
    train, val = (listed(input_ids=part.tolist(), labels=part.tolist()) for part in (x, x_val))
    model = GPT2LMHeadModel(GPT2Config(
        vocab_size=letters, n_positions=24, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    ))  # fmt: skip
    args = settings(
        epochs, rate, 16, weight_decay=decay, lr_scheduler_type=scheduler, warmup_steps=10, max_grad_norm=norm,
        gradient_accumulation_steps=accumulate,
    )  # fmt: skip
    trainer = Trainer(model, args, train_dataset=train, eval_dataset=val, callbacks=[hook])
    trainer.train()
    return 1 - trainer.evaluate()["eval_loss"] / np.log(letters)


class NetConfig(PretrainedConfig):
    model_type = "small_net"


class Net(PreTrainedModel):
    """A regression of one's own in the Trainer."""

    config_class = NetConfig

    def __init__(self, config, flat=False, last=None):
        super().__init__(config)
        self.layers = torch.nn.Sequential(torch.nn.Linear(10, 48), torch.nn.ReLU(), torch.nn.Linear(48, 1))
        self.flat, self.last = flat, last
        self.post_init()

    def _init_weights(self, module):
        pass

    def forward(self, x, labels=None):
        out = self.layers(x)
        out = self.last(out) if self.last else out
        target = labels.squeeze(-1) if self.flat else labels
        return {"loss": torch.nn.functional.mse_loss(out, target), "predictions": out}


def friedman_net(hook, *, flat=False, last=None, rate=1e-2, epochs=25):
    x, x_val, y, y_val = friedman(700)
    y, y_val = (y - 14) / 5, (y_val - 14) / 5
    train, val = (listed(x=list(a), labels=list(b)) for a, b in ((x, y), (x_val, y_val)))
    model = Net(NetConfig(), flat, getattr(torch, last) if last else None)
    trainer = Trainer(model, settings(epochs, rate, 32), train_dataset=train, eval_dataset=val, callbacks=[hook])
    trainer.train()
    with torch.no_grad():
        out = model(torch.from_numpy(x_val), torch.from_numpy(y_val))["predictions"].numpy()
    return 1 - ((out - y_val) ** 2).mean() / y_val.var()
