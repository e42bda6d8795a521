"""Fresh programmes in Lightning."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import lightning as L  # noqa: N812  as its documentation does
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch import nn
from torch.nn import functional
from torch.utils.data import ConcatDataset, DataLoader, TensorDataset

from programs.fresh_data import letters, shells, tones, words_of


class Task(L.LightningModule):
    """Any net over classes; with ``two`` its body and its head have optimizers of their own."""

    def __init__(self, body, head, rate, two=False, smooth=0.0, decay=1e-2, doubled=False, last=None, plan=0):
        super().__init__()
        self.body, self.head, self.last = body, head, last
        self.rate, self.two, self.smooth, self.decay, self.doubled, self.plan = rate, two, smooth, decay, doubled, plan
        self.automatic_optimization = not (two or doubled)

    def forward(self, x):
        x = self.head(self.body(x))
        return self.last(x) if self.last else x

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = functional.cross_entropy(self(x), y, label_smoothing=self.smooth)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        if not self.automatic_optimization:
            for optimizer in self.optimizers():
                optimizer.zero_grad()
            self.manual_backward(loss)
            for optimizer in self.optimizers():
                optimizer.step()
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        out = self(x)
        self.log("val_loss", functional.cross_entropy(out, y, label_smoothing=self.smooth))
        self.log("val_acc", (out.argmax(1) == y).float().mean())

    def configure_optimizers(self):
        if self.two:
            return [
                torch.optim.AdamW(self.body.parameters(), self.rate, weight_decay=self.decay),
                torch.optim.SGD(self.head.parameters(), 5 * self.rate, momentum=0.9),
            ]
        if self.doubled:
            return [torch.optim.AdamW(self.parameters(), self.rate, weight_decay=self.decay),
                    torch.optim.AdamW(self.parameters(), self.rate, weight_decay=self.decay)]  # fmt: skip
        optimizer = torch.optim.AdamW(self.parameters(), self.rate, weight_decay=self.decay)
        if not self.plan:
            return optimizer
        plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.plan)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plan, "interval": "epoch"}}


def fitted(module, train, val, hook, epochs, size, overlap=False, extra=(), **settings):
    train, val = (TensorDataset(*map(torch.as_tensor, pair)) for pair in (train, val))
    trainer = L.Trainer(
        accelerator="cpu", max_epochs=epochs, callbacks=[hook, *extra], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, **settings,
    )  # fmt: skip
    trainer.fit(
        module, DataLoader(ConcatDataset([train, val]) if overlap else train, size, shuffle=True), DataLoader(val, 256)
    )
    return trainer.callback_metrics["val_acc"].item()


def lit_shells(hook, *, two=False, doubled=False, epochs=20, rate=5e-3, size=40, overlap=False):
    x, x_val, y, y_val = shells(1200)
    body = nn.Sequential(nn.Linear(5, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU())
    plan = 0 if two or doubled else epochs
    module = Task(body, nn.Linear(48, 3), rate, two, doubled=doubled, plan=plan)
    return fitted(module, (x, y), (x_val, y_val), hook, epochs, size, overlap=overlap)


class Last(nn.Module):
    def __init__(self, width, both=False):
        super().__init__()
        self.gru = nn.GRU(1, width, batch_first=True)

    def forward(self, x):
        return self.gru(x)[0].mean(1)


def lit_tones(hook, *, epochs=14, rate=1e-2, clip=1.0, scale=1.0, width=20):
    (x, y), (x_val, y_val) = tones(800, noise=0.3), tones(400, seed=2, noise=0.3)
    module = Task(Last(width), nn.Linear(width, 4), rate, plan=epochs)
    return fitted(module, (x * scale, y), (x_val * scale, y_val), hook, epochs, 32, gradient_clip_val=clip)


class Bag(nn.Module):
    """Filters over letters; the highest of each."""

    def __init__(self, width, drop):
        super().__init__()
        self.letters, self.drop = nn.Embedding(27, 12, padding_idx=0), nn.Dropout(drop)
        self.filters = nn.Conv1d(12, width, 3, padding=1)

    def forward(self, x):
        return self.drop(functional.relu(self.filters(self.letters(x).transpose(1, 2))).amax(2))


def lit_tongues(hook, *, epochs=14, rate=5e-3, rows=800, drop=0.3, stop=4, last=None, smooth=0.0):
    """Which tongue a made-up word is of; stops early."""
    train, val = words_of(rows), words_of(500, seed=2)
    module = Task(
        Bag(24, drop), nn.Linear(24, 3), rate, plan=epochs, smooth=smooth, last=nn.Sigmoid() if last else None
    )
    extra = [EarlyStopping("val_loss", patience=stop)] if stop else []
    return fitted(module, train, val, hook, epochs, 32, extra=extra)


def lit_letters(hook, *, epochs=12, rate=5e-3, rows=800, decay=1e-2, smooth=0.05, frozen=False):
    train, val = letters(rows), letters(400, seed=2)
    body = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.GroupNorm(4, 16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3), nn.GroupNorm(4, 32), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3),
    )  # fmt: skip
    module = Task(body, nn.Linear(288, 8), rate, plan=epochs, decay=decay, smooth=smooth)
    return fitted(module, train, val, hook, epochs, 32)
