"""Development programmes in Lightning: each takes the callback that a user adds and returns a held-out score."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import lightning.pytorch as pl
import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from programs.development_data import WORDS, digits, reviews, shapes


def fit(module, train, val, hook, epochs, **settings):
    trainer = pl.Trainer(
        max_epochs=epochs, callbacks=[hook], logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, accelerator="cpu", num_sanity_val_steps=0, log_every_n_steps=5, **settings,
    )  # fmt: skip
    trainer.fit(module, train, val)
    return trainer.callback_metrics


def loaders(x_train, y_train, x_test, y_test, batch_size=32, shuffle=True):
    train, test = (TensorDataset(*map(torch.as_tensor, pair)) for pair in ((x_train, y_train), (x_test, y_test)))
    return DataLoader(train, batch_size, shuffle=shuffle), DataLoader(test, 256)


class LitDigits(pl.LightningModule):
    def __init__(self, rate=2e-3, smoothing=0.0, width=64, drop=0.0, sigmoid=False):
        super().__init__()
        self.save_hyperparameters()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Dropout(drop))
        self.hidden = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Dropout(drop))
        self.head = nn.Sequential(nn.Linear(width, 10), nn.Sigmoid()) if sigmoid else nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.hidden(self.features(x)))

    def training_step(self, batch, _):
        x, y = batch
        loss = functional.cross_entropy(self(x), y, label_smoothing=self.hparams.smoothing)
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch, _):
        x, y = batch
        out = self(x)
        self.log("val_loss", functional.cross_entropy(out, y))
        self.log("val_acc", (out.argmax(1) == y).float().mean())

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), self.hparams.rate)
        restarts = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4)
        return {"optimizer": optimizer, "lr_scheduler": restarts}


class LitHeadOnly(LitDigits):
    def configure_optimizers(self):
        return torch.optim.Adam(self.features.parameters(), self.hparams.rate)


def lit_digits(
    hook,
    *,
    partial=False,
    rate=2e-3,
    rows=None,
    epochs=8,
    width=64,
    drop=0.0,
    smoothing=0.05,
    ordered=False,
    sigmoid=False,
):
    x_train, x_test, y_train, y_test = digits()
    x_train, y_train = x_train[:rows], y_train[:rows]
    if ordered:
        order = np.argsort(y_train, kind="stable")
        x_train, y_train = x_train[order], y_train[order]
    train, test = loaders(x_train / 16, y_train, x_test / 16, y_test, shuffle=not ordered)
    module = (LitHeadOnly if partial else LitDigits)(rate, smoothing, width, drop, sigmoid)
    return fit(module, train, test, hook, epochs)["val_acc"]


class LitReviews(pl.LightningModule):
    """Attention over words, clipped by the trainer."""

    def __init__(self, rate=3e-3, width=1, drop=0.1):
        super().__init__()
        self.rate = rate
        self.embed = nn.Embedding(len(WORDS), 16, padding_idx=0)
        self.block = nn.TransformerEncoderLayer(16, 2, 32, dropout=drop, batch_first=True, norm_first=True)
        self.out = nn.Linear(16, 1)
        self.criterion = nn.BCEWithLogitsLoss()

    def forward(self, tokens):
        states = self.block(self.embed(tokens), src_key_padding_mask=tokens == 0)
        kept = (tokens > 0).unsqueeze(-1)
        return self.out((states * kept).sum(1) / kept.sum(1)).squeeze(1)

    def training_step(self, batch, _):
        tokens, y = batch
        return self.criterion(self(tokens), y.float())

    def validation_step(self, batch, _):
        tokens, y = batch
        out = self(tokens)
        self.log_dict({"val_loss": self.criterion(out, y.float()), "val_acc": ((out > 0) == y).float().mean()})

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), self.rate)


def lit_reviews(hook, *, rate=3e-3, rows=600, epochs=6):
    x, y = reviews(rows)
    x_test, y_test = reviews(500, seed=2)
    train, test = loaders(x, y, x_test, y_test)
    return fit(LitReviews(rate), train, test, hook, epochs, gradient_clip_val=1.0)["val_acc"]


class LitMasks(pl.LightningModule):
    """A mask of the shape for each pixel, with two losses added: cross entropy and Dice."""

    def __init__(self, rate=5e-3, norm=True, last=None):
        super().__init__()
        self.rate = rate
        layers = []
        for before, after in ((1, 12), (12, 12), (12, 12)):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.net = nn.Sequential(*layers, nn.Conv2d(12, 1, 1))

    def step(self, batch):
        x, mask = batch
        out = self.net(x)
        said = out.sigmoid()
        dice = 1 - (2 * (said * mask).sum() + 1) / (said.sum() + mask.sum() + 1)
        return functional.binary_cross_entropy_with_logits(out, mask) + dice, said, mask

    def training_step(self, batch, _):
        loss, *_ = self.step(batch)
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch, _):
        loss, said, mask = self.step(batch)
        both = ((said > 0.5) & (mask > 0.5)).sum()
        self.log_dict({"val_loss": loss, "val_iou": both / ((said > 0.5) | (mask > 0.5)).sum()})

    def configure_optimizers(self):
        return torch.optim.NAdam(self.parameters(), self.rate)


def lit_masks(hook, *, mask_scale=1.0, rate=5e-3):
    def drawn(n, seed):
        x, _ = shapes(("disc", "bar"), n, seed)
        clean = (x > 135).astype("float32")
        noise = np.random.default_rng(seed).normal(0, 20, x.shape)
        return (((x + noise) / 255).astype("float32").transpose(0, 3, 1, 2), clean.transpose(0, 3, 1, 2) * mask_scale)

    train, test = loaders(*drawn(240, 1), *drawn(100, 2), batch_size=16)
    return fit(LitMasks(rate), train, test, hook, 9)["val_iou"]
