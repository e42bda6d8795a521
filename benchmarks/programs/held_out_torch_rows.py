"""Held-out programmes as plain PyTorch loops on tables, text and sequences."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import math

import torch
from sklearn.metrics import r2_score
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from programs.held_out_data import blobs, characters, friedman, messages, tumours, walks


def as_loader(x, y, size, *, shuffle):
    return DataLoader(TensorDataset(torch.as_tensor(x), torch.as_tensor(y)), size, shuffle=shuffle)


class Trainer:
    """A small trainer of one's own, as projects have."""

    def __init__(self, model, criterion, optimizer, measure, schedule=None, zero=True, is_accuracy=True):
        self.model, self.criterion, self.optimizer, self.zero = model, criterion, optimizer, zero
        self.measure, self.schedule, self.is_accuracy = measure, schedule, is_accuracy

    def train_one_epoch(self, loader):
        self.model.train()
        for x, y in loader:
            if self.zero:
                self.optimizer.zero_grad()
            self.criterion(self.model(x), y).backward()
            self.optimizer.step()
            if self.schedule:
                self.schedule.step()

    @torch.no_grad()
    def validate(self, loader):
        self.model.eval()
        pairs = [(self.model(x), y) for x, y in loader]
        out, y = torch.cat([o for o, _ in pairs]), torch.cat([y for _, y in pairs])
        return self.criterion(out, y).item(), self.measure(out, y)

    def fit(self, hook, train, val, epochs):
        with hook(self.model, self.optimizer) as monitor:
            for _ in range(epochs):
                self.train_one_epoch(train)
                loss, measured = self.validate(val)
                monitor.epoch(val_loss=loss, **({"val_accuracy": measured} if self.is_accuracy else {}))
        return measured


def hits(out, y):
    return (out.argmax(1) == y).float().mean().item()


def stack(sizes, act, last, norm=False, std=0.0):
    layers = []
    for before, after in zip(sizes[:-2], sizes[1:-1], strict=True):
        layers += [nn.Linear(before, after), *([nn.LayerNorm(after)] if norm else []), act()]
    net = nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]), *last)
    if std:
        for layer in net:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=std)
    return net


def blobs_stack(
    hook, *, act="ReLU", depth=2, last="", nll=False, std=0.0, norm=False, cyclic=True, rate=0.1, zero=True, noise=0.0, epochs=12,
    decay=0.0, scale=3.0, overlap=False, rows=None, size=25, width=48,
):  # fmt: skip
    x_train, x_test, y_train, y_test = blobs(noise=noise)
    x_train, y_train = x_train[:rows], y_train[:rows]
    ending = {"": [], "softmax": [nn.Softmax(-1)], "log": [nn.LogSoftmax(-1)], "sigmoid": [nn.Sigmoid()]}[last]
    net = stack([20, *[width] * depth, 6], getattr(nn, act), ending, norm, std)
    optimizer = optim.SGD(net.parameters(), rate, momentum=0.8, weight_decay=decay)
    train = as_loader(x_train / scale, y_train, size, shuffle=True)
    if overlap:
        everything = torch.cat([torch.as_tensor(x_train), torch.as_tensor(x_test)]) / scale
        train = as_loader(
            everything, torch.cat([torch.as_tensor(y_train), torch.as_tensor(y_test)]), size, shuffle=True
        )
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * len(train)) if cyclic else None
    own = Trainer(net, nn.NLLLoss() if nll else nn.CrossEntropyLoss(), optimizer, hits, schedule, zero)
    return own.fit(hook, train, as_loader(x_test / scale, y_test, 500, shuffle=False), epochs)


def friedman_stack(hook, *, last="", flat=False, epochs=45, rate=0.01, freeze=0, size=40):
    """Targets standardized, so half of them are negative."""
    x_train, x_test, y_train, y_test = friedman()
    y_train, y_test = (y_train - 14) / 5, (y_test - 14) / 5
    net = stack([10, 64, 32, 1], nn.GELU, [nn.ReLU()] if last == "relu" else [nn.Tanh()] if last == "tanh" else [])
    if freeze:
        for parameter in list(net.parameters())[-freeze:]:
            parameter.requires_grad = False
    optimizer = optim.AdamW([p for p in net.parameters() if p.requires_grad], rate)
    train = as_loader(x_train, y_train[:, 0] if flat else y_train, size, shuffle=True)
    val = as_loader(x_test, y_test[:, 0] if flat else y_test, size, shuffle=False)
    own = Trainer(net, nn.SmoothL1Loss(), optimizer, lambda out, y: -(out - y).abs().mean().item(), is_accuracy=False)
    own.fit(hook, train, val, epochs)
    with torch.no_grad():
        return r2_score(y_test, net(torch.from_numpy(x_test)).numpy())


def tumours_margin(hook, *, encoding=(-1, 1), loss="hinge", epochs=10, rate=0.02, scale=True, size=32):
    """One output and a margin: labels are −1 and 1."""
    x_train, x_test, y_train, y_test = tumours()
    if scale:
        mean, std = x_train.mean(0), x_train.std(0)
        x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
    low, high = encoding

    def coded(y):
        return torch.as_tensor(y).float() * (high - low) + low

    def margin(out, y):
        if loss == "hinge":
            return (1 - out[:, 0] * y).clamp(min=0).mean()
        return nn.functional.binary_cross_entropy_with_logits(out[:, 0], y)

    def right(out, y):
        return ((out[:, 0] > 0) == (y > (low + high) / 2)).float().mean().item()

    net = nn.Sequential(nn.Linear(30, 16), nn.LeakyReLU(), nn.Linear(16, 1))
    optimizer = optim.Adagrad(net.parameters(), rate)
    own = Trainer(net, margin, optimizer, right)
    return own.fit(
        hook,
        as_loader(x_train, coded(y_train), size, shuffle=True),
        as_loader(x_test, coded(y_test), 128, shuffle=False),
        epochs,
    )


class Writer(nn.Module):
    """The next character, from those before."""

    def __init__(self, letters, width=48, tied=True):
        super().__init__()
        self.embed = nn.Embedding(letters, width)
        self.rnn = nn.LSTM(width, width, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(width, letters)
        if tied:
            self.out.weight = self.embed.weight

    def forward(self, text):
        return self.out(self.drop(self.rnn(self.embed(text))[0]))


def zen_writer(hook, *, rate=8e-3, wrapped=False, softmax=False, two=False, clip=1.0, steps=150, tied=True):
    """A language model whose input and output share weights; with ``two``, an optimizer for each kind of weight."""
    x, y, letters = characters(600)
    x_val, y_val, _ = characters(150, seed=2)
    x, y, x_val, y_val = (torch.from_numpy(part) for part in (x, y, x_val, y_val))
    model = Writer(letters, tied=tied)
    if two:
        optimizers = [
            optim.SGD(model.embed.parameters(), 0.5),
            optim.Adam([*model.rnn.parameters(), model.out.bias], rate),
        ]
    else:
        optimizers = [optim.Adam(model.parameters(), rate)]
    with hook(model, optimizers if two else optimizers[0]) as monitor:
        for step in range(steps):
            model.train()
            rows = torch.randint(len(x), (32,))
            out = model(x[rows])
            if softmax:
                out = out.softmax(-1)
            loss = nn.functional.cross_entropy(out.flatten(0, 1), y[rows].flatten())
            for optimizer in optimizers:
                optimizer.zero_grad()
            if wrapped:
                loss = torch.tensor(loss.item(), requires_grad=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            for optimizer in optimizers:
                optimizer.step()
            if step % 15 == 14:
                model.eval()
                with torch.no_grad():
                    out = model(x_val)
                monitor.epoch(val_loss=nn.functional.cross_entropy(out.flatten(0, 1), y_val.flatten()).item())
    return (out.argmax(-1) == y_val).float().mean().item()


def walks_tanh(hook, *, rate=5e-3, gain=1.0, epochs=11, clip=0.5, relu=False):
    x, y = (torch.from_numpy(part) for part in walks(500))
    x_val, y_val = (torch.from_numpy(part) for part in walks(400, seed=2))
    x, x_val = x.diff(dim=1) * 6, x_val.diff(dim=1) * 6
    rnn = nn.RNN(2, 16, batch_first=True, nonlinearity="relu" if relu else "tanh")
    nn.init.orthogonal_(rnn.weight_hh_l0, gain)
    head = nn.Linear(16, 2)
    model = nn.ModuleDict({"rnn": rnn, "head": head})
    optimizer = optim.Adam(model.parameters(), rate)
    ce = nn.CrossEntropyLoss(label_smoothing=0.05)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(25):
                optimizer.zero_grad()
                ce(head(rnn(x[rows])[0].mean(1)), y[rows]).backward()
                if clip:
                    nn.utils.clip_grad_value_(model.parameters(), clip)
                optimizer.step()
            with torch.no_grad():
                out = head(rnn(x_val)[0].mean(1))
            monitor.epoch(val_loss=ce(out, y_val).item(), val_accuracy=hits(out, y_val))
    return hits(out, y_val)


def messages_two_towers(hook, *, temperature=0.1, rate=1e-2, epochs=90, normal=True, rows=600):
    """Contrastive: two halves of one message belong together."""
    x, y = (torch.from_numpy(part) for part in messages(rows, classes=4))
    x_val, y_val = (torch.from_numpy(part) for part in messages(400, classes=4, seed=2))
    tower = nn.Sequential(nn.EmbeddingBag(90, 32, mode="mean"), nn.ReLU(), nn.Linear(32, 16))
    optimizer = optim.RAdam(tower.parameters(), rate)
    warm = optim.lr_scheduler.LinearLR(optimizer, 1e-4, 1.0, total_iters=20)

    def coded(tokens):
        code = tower(tokens)
        return nn.functional.normalize(code, dim=1) if normal else code

    with hook(tower, optimizer) as monitor:
        for _ in range(epochs):
            tower.train()
            total = 0.0
            for index in torch.randperm(len(x)).split(60):
                left, right = coded(x[index, :12]), coded(x[index, 12:])
                same = (y[index][:, None] == y[index][None]).float()
                match = left @ right.T / temperature
                loss = -(nn.functional.log_softmax(match, 1) * same / same.sum(1, keepdim=True)).sum(1).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                warm.step()
                total += loss.item() * len(index)
            monitor.epoch(loss=total / len(x))
    with torch.no_grad():
        near = torch.cdist(coded(x_val), coded(x)).argmin(1)
    return (y[near] == y_val).float().mean().item() if math.isfinite(total) else 0.0
