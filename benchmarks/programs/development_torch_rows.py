"""Development programmes as plain PyTorch loops on tables, text and sequences."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import copy

import numpy as np
import torch
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from programs.development_data import WORDS, diabetes, digits, reviews, waves, wine


def wine_whole_batch(hook, *, warm=True, rate=0.2, steps=40):
    """No loader: all rows each step, with a rate that begins at next to nothing."""
    x_train, x_test, y_train, y_test = wine()
    scaler = StandardScaler().fit(x_train)
    x_train, x_test = (torch.tensor(scaler.transform(part), dtype=torch.float32) for part in (x_train, x_test))
    y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
    net = nn.Sequential(nn.Linear(13, 24), nn.Tanh(), nn.Linear(24, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
    start = 1e-7 / rate
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: max(start, min(1, t / 10)) if warm else 1)
    with hook(net, optimizer) as monitor:
        for _ in range(steps):
            net.train()
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(x_train), y_train)
            loss.backward()
            optimizer.step()
            schedule.step()
            net.eval()
            with torch.no_grad():
                out = net(x_test)
                hit = (out.argmax(1) == y_test).float().mean().item()
            monitor.epoch(loss=loss.item(), val_loss=functional.cross_entropy(out, y_test).item(), val_accuracy=hit)
    return hit


def diabetes_fit(hook, *, column=True, batch_size=32, rate=3e-3, decay=0.0, epochs=15, relu_out=False):
    x_train, x_test, y_train, y_test = diabetes()
    mean, std = y_train.mean(), y_train.std()
    y_train, y_test = (y_train - mean) / std, (y_test - mean) / std
    if column:
        y_train, y_test = y_train[:, None], y_test[:, None]
    data = TensorDataset(torch.from_numpy(x_train), torch.from_numpy(y_train))
    loader = DataLoader(data, batch_size=batch_size, shuffle=True)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
    if relu_out:
        model.append(nn.ReLU())
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, weight_decay=decay)
    x_test, y_test = torch.from_numpy(x_test), torch.from_numpy(y_test)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for xb, yb in loader:
                optimizer.zero_grad()
                criterion(model(xb), yb).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                out = model(x_test)
                monitor.epoch(val_loss=criterion(out, y_test).item())
    return r2_score(y_test.numpy().ravel(), out.numpy().ravel())


class Reader(nn.Module):
    """The last state of a recurrent net of words."""

    def __init__(self, cell=nn.GRU, width=24, layers=1):
        super().__init__()
        self.embed = nn.Embedding(len(WORDS), 16, padding_idx=0)
        self.rnn = cell(16, width, layers, batch_first=True)
        self.out = nn.Linear(width, 1)

    def forward(self, tokens):
        states, _ = self.rnn(self.embed(tokens))
        kept = (tokens > 0).unsqueeze(-1)
        return self.out((states * kept).sum(1) / kept.sum(1))


def reviews_recurrent(hook, *, rate=5e-3, clip=1.0, epochs=8, positive=None, ema=False, scale=1.0):
    """One logit with a sigmoid inside the loss."""
    x, y = (torch.from_numpy(part) for part in reviews(500))
    x_test, y_test = (torch.from_numpy(part) for part in reviews(500, seed=2))
    model = Reader()
    if scale != 1:
        for name, weight in model.rnn.named_parameters():
            if "weight" in name:
                nn.init.normal_(weight, std=scale)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=rate)
    averaged = copy.deepcopy(model)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for rows in torch.randperm(len(x)).split(32):
                optimizer.zero_grad()
                loss = functional.binary_cross_entropy_with_logits(model(x[rows])[:, 0], y[rows].float())
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
                with torch.no_grad():
                    for slow, fast in zip(averaged.parameters(), model.parameters(), strict=True):
                        slow.lerp_(fast, 0.05)
            model.eval()
            with torch.no_grad():
                out = (averaged if ema else model)(x_test)[:, 0]
                lost = functional.binary_cross_entropy_with_logits(out, y_test.float()).item()
                monitor.epoch(val_loss=lost, val_accuracy=((out > 0) == y_test).float().mean().item())
    return ((out > 0) == y_test).float().mean().item()


class Unrolled(nn.Module):
    """A linear recurrence without a bound: its gradients are products of as many matrices as there are steps."""

    def __init__(self, width=16, gain=1.0):
        super().__init__()
        self.inside = nn.Linear(1, width)
        self.again = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, 1)
        nn.init.orthogonal_(self.again.weight, gain=gain)

    def forward(self, x):
        state = torch.zeros(len(x), self.again.in_features)
        for step in range(x.shape[1]):
            state = functional.leaky_relu(self.inside(x[:, step]) + self.again(state), 0.3)
        return self.out(state)


def waves_unrolled(hook, *, gain=1.0, clip=1.0, rate=3e-3, epochs=12):
    x, y = (torch.from_numpy(part) for part in waves(400))
    x_test, y_test = (torch.from_numpy(part) for part in waves(300, seed=1))
    model = Unrolled(gain=gain)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for rows in torch.randperm(len(x)).split(32):
                optimizer.zero_grad()
                functional.mse_loss(model(x[rows]), y[rows]).backward()
                if clip:
                    nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
            model.eval()
            with torch.no_grad():
                out = model(x_test)
            monitor.epoch(val_loss=functional.mse_loss(out, y_test).item())
    return r2_score(y_test.numpy(), np.nan_to_num(out.numpy(), nan=0, posinf=1e6, neginf=-1e6))


def digits_triplets(hook, *, eps=1e-6, epochs=12):
    """Distances between embeddings; without an epsilon the root has no gradient at zero."""
    x_train, x_test, y_train, y_test = digits()
    x, y = torch.from_numpy(x_train).flatten(1) / 16, torch.from_numpy(y_train)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            total, batches = 0.0, x.split(64)
            for rows in torch.randperm(len(x)).split(64):
                code = model(x[rows])
                far = ((code[:, None] - code[None]) ** 2).sum(-1).add(eps).sqrt()
                same = y[rows][:, None] == y[rows][None]
                hardest = (far * same).amax(1) - far.masked_fill(same, 1e3).amin(1)
                loss = functional.relu(hardest + 0.5).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item()
            monitor.epoch(loss=total / len(batches))
    with torch.no_grad():
        known, asked = model(x), model(torch.from_numpy(x_test).flatten(1) / 16)
        nearest = torch.cdist(asked, known).argmin(1)
    return (y[nearest] == torch.from_numpy(y_test)).float().mean().item()


def rings_gan(hook, *, epochs=16):
    """Two nets against each other, an optimizer each; the monitor watches the maker."""
    angle = torch.rand(1500) * 6.2832
    real = torch.stack([angle.cos(), angle.sin()], 1) * 2 + torch.randn(1500, 2) * 0.1
    maker = nn.Sequential(nn.Linear(4, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 2))
    judge = nn.Sequential(nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
    of_maker = torch.optim.Adam(maker.parameters(), lr=1e-3, betas=(0.5, 0.99))
    of_judge = torch.optim.Adam(judge.parameters(), lr=2e-3, betas=(0.5, 0.99))
    score = functional.binary_cross_entropy_with_logits
    with hook(maker, of_maker):
        for _ in range(epochs):
            for rows in torch.randperm(len(real)).split(50):
                made = maker(torch.randn(len(rows), 4))
                told, fooled = judge(real[rows]), judge(made.detach())
                of_judge.zero_grad()
                (score(told, torch.ones_like(told)) + score(fooled, torch.zeros_like(fooled))).backward()
                of_judge.step()
                of_maker.zero_grad()
                again = judge(made)
                score(again, torch.ones_like(again)).backward()
                of_maker.step()
    with torch.no_grad():
        radius = maker(torch.randn(500, 4)).norm(dim=1)
    return 1 - (radius - 2).abs().mean().item() / 2
