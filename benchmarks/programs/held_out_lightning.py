"""Held-out programmes in Lightning."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import lightning as L  # noqa: N812  as its documentation does
import torch
from sklearn.metrics import balanced_accuracy_score
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from programs.held_out_data import blobs, rare, textures, tumours, walks


class Data(L.LightningDataModule):
    def __init__(self, train, val, size=32):
        super().__init__()
        self.pairs, self.size = (train, val), size

    def loader(self, i, shuffle):
        return DataLoader(TensorDataset(*(torch.as_tensor(part) for part in self.pairs[i])), self.size, shuffle=shuffle)

    def train_dataloader(self):
        return self.loader(0, shuffle=True)

    def val_dataloader(self):
        return self.loader(1, shuffle=False)


class Classifier(L.LightningModule):
    """Any net with a loss over classes."""

    def __init__(self, net, rate, weight=None, optimizer=torch.optim.Adam, manual=False, hand=False):
        super().__init__()
        self.net, self.rate, self.chosen, self.hand = net, rate, optimizer, hand
        self.register_buffer("weight", weight)
        self.automatic_optimization = not manual

    def loss(self, out, y):
        entropy = 0.0
        if self.hand:
            sharp = (out / 0.02).softmax(1)
            entropy = -(sharp * sharp.log()).sum(1).mean()
        return functional.cross_entropy(out, y, self.weight) - 0.01 * entropy

    def training_step(self, batch, index):
        x, y = batch
        loss = self.loss(self.net(x), y)
        self.log("loss", loss, prog_bar=True)
        if not self.automatic_optimization:
            optimizer = self.optimizers()
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        return loss

    def validation_step(self, batch, index):
        x, y = batch
        out = self.net(x)
        self.log("val_loss", self.loss(out, y), on_epoch=True)
        self.log("val_accuracy", (out.argmax(-1) == y).float().mean(), on_epoch=True)

    def configure_optimizers(self):
        return self.chosen([p for p in self.parameters() if p.requires_grad], lr=self.rate)


def run(module, data, hook, epochs, **settings):
    trainer = L.Trainer(
        accelerator="cpu", max_epochs=epochs, callbacks=[hook], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=4, **settings,
    )  # fmt: skip
    trainer.fit(module, datamodule=data)
    return {name: value.item() for name, value in trainer.callback_metrics.items()}


def lit_tumours(hook, *, last=None, manual=False, rate=2e-3, epochs=10, hand=False):
    """Two outputs and class numbers."""
    x, x_val, y, y_val = tumours()
    mean, std = x.mean(0), x.std(0)
    net = nn.Sequential(nn.Linear(30, 24), nn.Mish(), nn.Linear(24, 2), *([last()] if last else []))
    module = Classifier(net, rate, manual=manual, hand=hand)
    return run(module, Data(((x - mean) / std, y), ((x_val - mean) / std, y_val)), hook, epochs)["val_accuracy"]


def lit_blobs(hook, *, sigmoid=False, softmax=False, rate=0.03, epochs=10, accumulate=1):
    x, x_val, y, y_val = blobs()
    tail = [nn.Sigmoid()] if sigmoid else [nn.Softmax(dim=1)] if softmax else []
    net = nn.Sequential(nn.Linear(20, 64), nn.SELU(), nn.Linear(64, 32), nn.SELU(), nn.Linear(32, 6), *tail)
    module = Classifier(net, rate, optimizer=torch.optim.SGD)
    data = Data((x / 3, y), (x_val / 3, y_val), 20)
    return run(module, data, hook, epochs, accumulate_grad_batches=accumulate)["val_accuracy"]


def lit_rare(hook, *, weighed=True, epochs=12):
    """Two of the classes are rare; weighed by how rare they are."""
    x, y = rare(2500)
    x_val, y_val = rare(3000, seed=2)
    weight = torch.bincount(torch.as_tensor(y)).float().reciprocal()
    net = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 3))
    module = Classifier(net, 3e-3, weight / weight.sum() * 3 if weighed else None)
    if weighed:
        module.validation_step = balanced(module)
    run(module, Data((x, y), (x_val, y_val), 64), hook, epochs)
    with torch.no_grad():
        return balanced_accuracy_score(y_val, net(torch.as_tensor(x_val)).argmax(1).numpy())


def balanced(module):
    def validation_step(batch, batch_idx):
        x, y = batch
        out = module.net(x)
        module.log("val_loss", functional.cross_entropy(out, y, module.weight))
        for kind in (1, 2):
            module.log(
                f"val_recall_{kind}", (out.argmax(1)[y == kind] == kind).float().sum() / (y == kind).sum().clamp(1)
            )

    return validation_step


class Recurrent(nn.Module):
    def __init__(self, std, cell=nn.GRU, **args):
        super().__init__()
        self.rnn = cell(2, 20, batch_first=True, **args)
        self.head = nn.Linear(20, 2)
        if std:
            nn.init.normal_(self.rnn.weight_hh_l0, std=std)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


def lit_walks(hook, *, std=0.0, plain=False, clip=1.0, rate=1e-2, epochs=7, optimizer=torch.optim.Adam):
    (x, y), (x_val, y_val) = walks(500), walks(400, seed=2)
    x, x_val = torch.as_tensor(x).diff(dim=1) * 6, torch.as_tensor(x_val).diff(dim=1) * 6
    net = Recurrent(std, nn.RNN, nonlinearity="relu") if plain else Recurrent(std)
    module = Classifier(net, rate, optimizer=optimizer)
    return run(module, Data((x, y), (x_val, y_val), 25), hook, epochs, gradient_clip_val=clip)["val_accuracy"]


def lit_textures(hook, *, frozen=False, rate=5e-3, epochs=9, n=500):
    x, y = textures(n)
    x_val, y_val = textures(400, seed=2)
    conv = nn.Sequential(
        nn.Conv2d(3, 16, 3), nn.GroupNorm(4, 16), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.GroupNorm(4, 16), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    net = nn.Sequential(conv, nn.Linear(16, 4))
    if frozen:
        conv.requires_grad_(False)
    module = Classifier(net, rate, optimizer=torch.optim.AdamW)
    return run(module, Data((x / 64 - 2, y), (x_val / 64 - 2, y_val), 32), hook, epochs)["val_accuracy"]
