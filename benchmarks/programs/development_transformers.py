"""Development programmes with the Trainer of Hugging Face: tiny models, random or pretrained here."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    Trainer,
    TrainingArguments,
    ViTConfig,
    ViTForImageClassification,
)  # fmt: skip

from programs.development_data import WORDS, digits, reviews


class Rows(Dataset):
    def __init__(self, **columns):
        self.columns = columns

    def __len__(self):
        return len(self.columns["labels"])

    def __getitem__(self, i):
        return {name: column[i] for name, column in self.columns.items()}


def accuracy(predicted):
    return {"accuracy": float((predicted.predictions.argmax(-1) == predicted.label_ids).mean())}


def arguments(**changed):
    settings = {
        "output_dir": "out", "num_train_epochs": 5, "per_device_train_batch_size": 32, "learning_rate": 3e-3,
        "eval_strategy": "epoch", "logging_strategy": "epoch", "save_strategy": "no", "report_to": [],
        "disable_tqdm": True, "use_cpu": True, "per_device_eval_batch_size": 128, "dataloader_pin_memory": False,
    }  # fmt: skip
    return TrainingArguments(**settings | changed)


def config(**changed):
    settings = {
        "vocab_size": len(WORDS) + 1, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 48, "max_position_embeddings": 24, "pad_token_id": 0,
    }  # fmt: skip
    return BertConfig(**settings | changed)


def texts(n, seed, labels=None):
    x, y = reviews(n, seed)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    return Rows(input_ids=x, attention_mask=(x > 0).long(), labels=y if labels is None else labels(y))


@cache
def language_weights():
    """A small masked language model of the reviews."""
    torch.manual_seed(5)
    model = BertForMaskedLM(config())
    x = torch.from_numpy(reviews(1500, seed=9)[0])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(2):
        for rows in torch.randperm(len(x)).split(64):
            hidden = (torch.rand(len(rows), x.shape[1]) < 0.15) & (x[rows] > 0)
            seen = x[rows].masked_fill(hidden, len(WORDS))
            mask = (x[rows] > 0).long()
            loss = model(seen, attention_mask=mask, labels=x[rows].masked_fill(~hidden, -100)).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {name: value for name, value in model.state_dict().items() if name.startswith("bert.")}


def reviews_bert(hook, *, pretrained=False, frozen=False, labels=2, regression=False, rows=600, val=300, **args):
    """Classify reviews; with ``pretrained`` the body was a language model before."""
    model = BertForSequenceClassification(config(num_labels=labels))
    if pretrained:
        model.load_state_dict(language_weights(), strict=False)
    if frozen:
        model.bert.requires_grad_(False)
    train, test = texts(rows, 0), texts(val, 2)
    trainer = Trainer(
        model, arguments(**args), train_dataset=train, eval_dataset=test, compute_metrics=accuracy, callbacks=[hook]
    )
    trainer.train()
    return trainer.evaluate()["eval_accuracy"]


def digits_vit(hook, *, drop=0.0, **args):
    x_train, x_test, y_train, y_test = digits()
    shape = {"image_size": 8, "patch_size": 4, "num_channels": 1}
    model = ViTForImageClassification(
        ViTConfig(
            **shape, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, num_labels=10,
            hidden_dropout_prob=drop,
        )
    )  # fmt: skip

    def rows(x, y):
        pixels = torch.from_numpy(x / 8 - 1).permute(0, 3, 1, 2)
        return Rows(pixel_values=pixels, labels=torch.from_numpy(y))

    trainer = Trainer(
        model, arguments(**args), train_dataset=rows(x_train, y_train), eval_dataset=rows(x_test, y_test),
        compute_metrics=accuracy, callbacks=[hook],
    )  # fmt: skip
    trainer.train()
    return trainer.evaluate()["eval_accuracy"]


class Table(nn.Module):
    """Any module that returns a loss and logits can be trained by the Trainer."""

    def __init__(self, softmax=False, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, 10)
        self.softmax = softmax

    def forward(self, features, labels=None):
        logits = self.head(self.body(features))
        if self.softmax:
            logits = logits.softmax(-1)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def digits_table(hook, *, softmax=False, width=64, rows=None, **args):
    x_train, x_test, y_train, y_test = digits()

    def table(x, y):
        return Rows(features=torch.from_numpy(np.float32(x.reshape(-1, 64) / 16)), labels=torch.from_numpy(y))

    trainer = Trainer(
        Table(softmax, width), arguments(**args), train_dataset=table(x_train[:rows], y_train[:rows]),
        eval_dataset=table(x_test, y_test), compute_metrics=accuracy, callbacks=[hook],
    )  # fmt: skip
    trainer.train()
    return trainer.evaluate()["eval_accuracy"]
