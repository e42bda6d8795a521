"""Fresh programmes as plain PyTorch loops on tables, text and sequences."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  as everybody writes it
from sklearn.metrics import balanced_accuracy_score, r2_score
from torch import nn

from programs.fresh_data import TOWNS, brackets, clients, hastie, remembered, sensor


def hastie_margin(
    hook, *, attacked=0.0, size=40, rate=3e-3, epochs=25, width=40, decay=3e-3, overlap=False, rows=None, std=0.0,
    restarts=False, optimizer="AdamW", drop=0.1, normed=True,
):  # fmt: skip
    """Labels are -1 and 1 and the loss is a hinge; ``attacked``: it trains on rows that were moved against it."""
    x, x_val, y, y_val = (torch.as_tensor(part) for part in hastie(1600))
    x, y = x[:rows], y[:rows]
    if overlap:
        x, y = torch.cat([x, x_val]), torch.cat([y, y_val])
    norm = nn.LayerNorm(width) if normed else nn.Identity()
    model = nn.Sequential(
        nn.Linear(10, width), nn.ReLU(), norm, nn.Dropout(drop), nn.Linear(width, width), nn.ReLU(), nn.Dropout(drop), nn.Linear(width, 1)
    )  # fmt: skip
    if std:
        for module in model:
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=std)
    more = {"momentum": 0.9} if optimizer == "SGD" else {}
    optimizer = getattr(torch.optim, optimizer)(model.parameters(), lr=rate, weight_decay=decay, **more)
    plan = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 6, 2) if restarts else (
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    )  # fmt: skip

    def criterion(out, y):
        return F.relu(1 - out.squeeze(1) * y).mean()

    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for now in torch.randperm(len(x)).split(size):
                rows_now = x[now]
                if attacked:
                    moved = rows_now.clone().requires_grad_()
                    (slope,) = torch.autograd.grad(criterion(model(moved), y[now]), moved)
                    rows_now = rows_now + attacked * slope.sign()
                optimizer.zero_grad()
                criterion(model(rows_now), y[now]).backward()
                optimizer.step()
            plan.step()
            model.eval()
            with torch.no_grad():
                out = model(x_val)
                right = (out.squeeze(1).sign() == y_val).float().mean().item()
                monitor.epoch(val_loss=criterion(out, y_val).item(), val_accuracy=right)
    return right


class ClientNet(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.town, self.trade = nn.Embedding(TOWNS, 6, sparse=sparse), nn.Embedding(5, 3, sparse=sparse)
        self.trunk = nn.Sequential(nn.Linear(13, 48), nn.SiLU(), nn.Dropout(0.2), nn.Linear(48, 24), nn.SiLU())
        self.left, self.spent = nn.Linear(24, 1), nn.Linear(24, 1)

    def forward(self, town, trade, measures):
        x = self.trunk(torch.cat([self.town(town), self.trade(trade), measures], 1))
        return self.left(x).squeeze(1), self.spent(x).squeeze(1)


def clients_sparse(hook, *, share=0.5, weighed=False, epochs=20, rate=4e-3, rows=1200, balanced=False):
    """Embeddings have sparse gradients and an optimizer of their own; two answers, their losses added."""
    train, val = clients(rows, share=share), clients(1500, seed=2, share=share)
    train, val = ({name: torch.as_tensor(part) for name, part in table.items()} for table in (train, val))
    model = ClientNet(sparse=True)
    embeddings = [*model.town.parameters(), *model.trade.parameters()]
    rest = [p for name, p in model.named_parameters() if not name.startswith(("town", "trade"))]
    sparse, dense = torch.optim.SparseAdam(embeddings, lr=rate), torch.optim.AdamW(rest, lr=rate, weight_decay=1e-2)
    plans = [torch.optim.lr_scheduler.CosineAnnealingLR(o, epochs) for o in (sparse, dense)]
    weight = torch.tensor((1 - share) / share) if weighed else None

    def criterion(out, table, now):
        left, spent = out
        return F.binary_cross_entropy_with_logits(left, table["left"][now], pos_weight=weight) + 0.1 * F.mse_loss(
            spent, table["spent"][now]
        )

    def said(table, now):
        return model(table["town"][now], table["trade"][now], table["measures"][now])

    everything = torch.arange(1500)
    with hook(model, [sparse, dense]) as monitor:
        for _ in range(epochs):
            model.train()
            for now in torch.randperm(rows).split(50):
                sparse.zero_grad()
                dense.zero_grad()
                criterion(said(train, now), train, now).backward()
                sparse.step()
                dense.step()
            for plan in plans:
                plan.step()
            model.eval()
            with torch.no_grad():
                out = said(val, everything)
                answer = (out[0] > 0).float()
                told = {} if weighed else {"val_accuracy": (answer == val["left"]).float().mean().item()}
                monitor.epoch(val_loss=criterion(out, val, everything).item(), **told)
    if balanced:
        return balanced_accuracy_score(val["left"].numpy(), answer.numpy())
    return (answer == val["left"]).float().mean().item()


class Reader(nn.Module):
    """A small Transformer with learnt places; its first place answers."""

    def __init__(self, width=24, layers=2, length=12):
        super().__init__()
        self.words, self.places = nn.Embedding(5, width), nn.Parameter(0.1 * torch.randn(length + 1, width))
        block = nn.TransformerEncoderLayer(width, 2, 2 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(block, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        first = torch.zeros(len(x), 1, dtype=x.dtype)
        return self.head(self.body(self.words(torch.cat([first, x], 1)) + self.places)[:, 0])


def brackets_attention(hook, *, rate=4e-3, epochs=16, rows=1200, warm=40, size=48, clip=1.0, ordered=False):
    """The rate warms up and falls along a cosine, by steps."""
    (x, y), (x_val, y_val) = (map(torch.as_tensor, brackets(*args)) for args in ((rows, 1), (500, 2)))
    if ordered:
        order = y.argsort(stable=True)
        x, y = x[order], y[order]
    model = Reader()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.05)
    total = epochs * -(-rows // size)

    def share(step):
        return (step + 1) / warm if step < warm else 0.5 + 0.5 * math.cos(math.pi * (step - warm) / (total - warm))

    plan = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for now in (torch.arange(rows) if ordered else torch.randperm(rows)).split(size):
                loss = F.cross_entropy(model(x[now]), y[now])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
                plan.step()
            model.eval()
            with torch.no_grad():
                out = model(x_val)
                right = (out.argmax(1) == y_val).float().mean().item()
                monitor.epoch(val_loss=F.cross_entropy(out, y_val).item(), val_accuracy=right)
    return right


def sensor_quantiles(hook, *, epochs=20, rate=5e-3, quantiles=(0.1, 0.5, 0.9)):
    """Three quantiles of the next value by the pinball loss; the score is R² of the middle one."""
    x, x_val, y, y_val = (torch.as_tensor(part) for part in sensor(900))
    x, x_val = x.squeeze(-1), x_val.squeeze(-1)
    model = nn.Sequential(nn.Linear(24, 32), nn.Tanh(), nn.Dropout(0.1), nn.Linear(32, len(quantiles)))
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, weight_decay=1e-4)
    plan = torch.optim.lr_scheduler.StepLR(optimizer, 6, 0.3)
    levels = torch.tensor(quantiles)

    def criterion(out, y):
        over = y - out
        return torch.maximum(levels * over, (levels - 1) * over).mean()

    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for now in torch.randperm(len(x)).split(30):
                optimizer.zero_grad()
                criterion(model(x[now]), y[now, None]).backward()
                optimizer.step()
            plan.step()
            model.eval()
            with torch.no_grad():
                out = model(x_val)
                monitor.epoch(val_loss=criterion(out, y_val[:, None]).item())
    return r2_score(y_val.numpy(), out[:, len(quantiles) // 2].numpy())


class Memory(nn.Module):
    def __init__(self, cell, std):
        super().__init__()
        more = {"nonlinearity": "relu"} if cell is nn.RNN else {}
        self.cell = cell(2, 24, batch_first=True, **more)
        self.out = nn.Linear(24, 1)
        if std:
            nn.init.normal_(self.cell.weight_hh_l0, std=std)
        elif cell is nn.RNN:
            nn.init.eye_(self.cell.weight_hh_l0)

    def forward(self, x):
        return self.out(self.cell(x)[0][:, -1]).squeeze(-1)


def remembered_sum(hook, *, cell="GRU", std=0.0, rate=1e-2, clip=1.0, epochs=18, rows=1200, length=12, flat=False):
    """The sum of two marked numbers."""
    (x, y), (x_val, y_val) = (map(torch.as_tensor, remembered(*args, length)) for args in ((rows, 1), (400, 2)))
    if flat:
        y, y_val = y[:, None], y_val[:, None]
    model = Memory(getattr(nn, cell), std)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            for now in torch.randperm(rows).split(40):
                optimizer.zero_grad()
                F.mse_loss(model(x[now]), y[now]).backward()
                if clip:
                    nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
            plan.step()
            with torch.no_grad():
                out = model(x_val)
                monitor.epoch(val_loss=F.mse_loss(out, y_val).item())
    spread = np.asarray(y_val).reshape(-1)
    return 1 - float(np.mean((np.nan_to_num(out.numpy(), nan=1e6) - spread) ** 2) / spread.var())
