"""Fresh programmes with the Trainer of Hugging Face."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import numpy as np
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    Trainer,
    TrainingArguments,
    set_seed,
)  # fmt: skip

from programs.fresh_data import tagged, words_of


def small(words, labels, length, **more):
    return BertConfig(
        vocab_size=words, hidden_size=24, num_hidden_layers=more.pop("layers", 1), num_attention_heads=2,
        intermediate_size=48, max_position_embeddings=length, num_labels=labels, pad_token_id=0, **more,
    )  # fmt: skip


def table(x, y):
    return [
        {"input_ids": row.tolist(), "attention_mask": (row > 0).astype(int).tolist(), "labels": label.tolist()}
        for row, label in zip(x, y, strict=True)
    ]


def arguments(epochs, rate, size, **more):
    return TrainingArguments(
        output_dir="out", num_train_epochs=epochs, learning_rate=rate, per_device_train_batch_size=size,
        per_device_eval_batch_size=200, eval_strategy="epoch", save_strategy="no", logging_strategy="epoch",
        report_to="none", disable_tqdm=True, use_cpu=True, dataloader_pin_memory=False, **more,
    )  # fmt: skip


def accuracy(result):
    said, labels = result.predictions, result.label_ids
    return {"accuracy": float((said.argmax(-1) == labels).mean())}


def trained(model, train, val, args, hook):
    trainer = Trainer(
        model=model, args=args, train_dataset=train, eval_dataset=val, compute_metrics=accuracy, callbacks=[hook]
    )
    trainer.train()
    return trainer.evaluate()["eval_accuracy"]


def tongues_bert(
    hook, *, rows=700, epochs=8, rate=4e-3, size=32, smooth=0.0, accumulate=1, frozen=False, shuffled=False, decay=0.01,
):  # fmt: skip
    """Which tongue a made-up word is of; the rate warms up and falls."""
    set_seed(3)
    x, y = words_of(rows)
    if shuffled:
        y = np.random.default_rng(2).permutation(y)
    model = BertForSequenceClassification(small(27, 3, 10))
    if frozen:
        for parameter in model.base_model.parameters():
            parameter.requires_grad = False
    args = arguments(
        epochs, rate, size, warmup_steps=15, lr_scheduler_type="cosine", label_smoothing_factor=smooth,
        gradient_accumulation_steps=accumulate, weight_decay=decay,
    )  # fmt: skip
    return trained(model, table(x, y), table(*words_of(400, seed=2)), args, hook)


def tags_bert(hook, *, rows=500, epochs=9, rate=5e-3, size=25, warm=20, drop=0.0):
    """A tag for each word, which depends on the word before."""
    set_seed(3)
    model = BertForTokenClassification(small(30, 3, 12, hidden_dropout_prob=drop, attention_probs_dropout_prob=drop))
    args = arguments(epochs, rate, size, warmup_steps=warm, lr_scheduler_type="cosine", weight_decay=0.01)
    return trained(model, table(*tagged(rows)), table(*tagged(300, seed=2)), args, hook)
