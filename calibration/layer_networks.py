"""The data, networks and initialisations that `layer_programmes` names."""

from __future__ import annotations

import math
from typing import Any

import torch
from sklearn.datasets import load_breast_cancer, load_digits, make_friedman1
from torch import nn


def task(name: str) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Return inputs, labels and the number of classes (0 for a regression)."""
    generator = torch.Generator().manual_seed(1)
    if name in ("digits", "images", "rows", "pixels", "random", "few"):
        x, y = (torch.tensor(part) for part in load_digits(return_X_y=True))
        x, y = x.float() / (1 if name == "pixels" else 16), y.long()
        x = x * 16 if name == "pixels" else x - (0.3 if name != "images" else 0.0)
        y = y[torch.randperm(len(y), generator=generator)] if name == "random" else y
        if name == "few":
            x, y = x[:64], y[:64]
        return x.reshape({"images": (-1, 1, 8, 8), "rows": (-1, 8, 8)}.get(name, (-1, 64))), y, 10
    if name in ("cancer", "rare"):
        x, y = (torch.tensor(part) for part in load_breast_cancer(return_X_y=True))
        x = ((x - x.mean(0)) / x.std(0)).float()
        if name == "rare":
            keep = torch.cat((torch.where(y == 1)[0], torch.where(y == 0)[0][:18]))
            x, y = x[keep], y[keep]
        return x, y.long(), 2
    if name in ("friedman", "large targets", "noise"):
        x, y = (torch.tensor(part).float() for part in make_friedman1(1000, random_state=0))
        y = (y - y.mean()) / y.std() if name != "large targets" else y * 100
        return x * 2 - 1, (torch.randn(len(y), 1, generator=generator) if name == "noise" else y[:, None]), 0
    chain = torch.softmax(torch.randn(40, 40, generator=generator) * 2, 1)
    tokens = torch.zeros(800, 17, dtype=torch.long)
    tokens[:, 0] = torch.randint(40, (800,), generator=generator)
    for at in range(16):
        tokens[:, at + 1] = torch.multinomial(chain[tokens[:, at]], 1, generator=generator)[:, 0]
    if name == "text":
        return tokens[:, :16], (tokens[:, :16].eq(3).any(1)).long(), 2
    return tokens[:, :16], tokens[:, 1:], 40  # "language"


ACTS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "gelu": nn.GELU, "linear": nn.Identity,
        "selu": nn.SELU, "leaky": nn.LeakyReLU}  # fmt: skip


class Residual(nn.Module):
    """A block that adds to its input."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  as of every module
        return x + self.block(x)


class Last(nn.Module):
    """A recurrent layer, its last output, and a head."""

    def __init__(self, cell: nn.Module, width: int, out: int) -> None:
        super().__init__()
        self.cell, self.head = cell, nn.Linear(width, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  as of every module
        return self.head(self.cell(x)[0][:, -1])


class Attention(nn.Module):
    """Causal self-attention with one head."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  as of every module
        scores = self.query(x) @ self.key(x).transpose(1, 2) / math.sqrt(x.shape[-1])
        mask = torch.ones(x.shape[1], x.shape[1]).tril().bool()
        return self.out(scores.masked_fill(~mask, -1e9).softmax(-1) @ self.value(x))


class Transformer(nn.Module):
    """Embedding, blocks, head; tied where wanted; classifies the mean or predicts the next token."""

    def __init__(self, depth: int, width: int, out: int, *, tied: bool, pooled: bool, norm: bool) -> None:
        super().__init__()
        normed = nn.LayerNorm if norm else lambda _: nn.Identity()
        self.embed, self.place, self.pooled = (
            nn.Embedding(40, width),
            nn.Parameter(torch.randn(16, width) * 0.1),
            pooled,
        )
        mlp = lambda: nn.Sequential(normed(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))  # noqa: E731
        self.blocks = nn.Sequential(*(m for _ in range(depth) for m in (
            Residual(nn.Sequential(normed(width), Attention(width))), Residual(mlp()))))  # fmt: skip
        self.norm, self.head = normed(width), nn.Linear(width, out, bias=False)
        if tied:
            self.embed.weight.data *= 0.1
            self.head.weight = self.embed.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102  as of every module
        hidden = self.norm(self.blocks(self.embed(x) + self.place))
        return self.head(hidden.mean(1) if self.pooled else hidden)


def built(net: tuple[Any, ...], n_in: int, out: int) -> nn.Module:
    """Build a network of its description."""
    kind, depth, width, act, norm = (*net, "", "")[:5]
    if kind == "mlp":
        layers: list[nn.Module] = []
        for at in range(depth):
            layers.append(nn.Linear(n_in if at == 0 else width, width))
            layers += [nn.BatchNorm1d(width)] if norm == "batch" else [nn.LayerNorm(width)] if norm == "layer" else []
            layers += [ACTS[act]()] + ([nn.Dropout(float(norm))] if norm.startswith("0") else [])
        return nn.Sequential(*layers, nn.Linear(width if depth else n_in, out))
    if kind == "cnn":
        layers = []
        for at in range(depth):
            layers.append(nn.Conv2d(1 if at == 0 else width, width, 3, padding=1))
            layers += [nn.BatchNorm2d(width)] if norm == "batch" else []
            layers += [ACTS[act]()]
        return nn.Sequential(*layers, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(width * 16, out))
    if kind == "residual":
        block = lambda: nn.Sequential(nn.Linear(width, width), ACTS[act](), nn.Linear(width, width))  # noqa: E731
        return nn.Sequential(nn.Linear(n_in, width), *(Residual(block()) for _ in range(depth)), nn.Linear(width, out))
    if kind in ("lstm", "gru", "rnn"):
        cell = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind](8, width, depth, batch_first=True)
        return Last(cell, width, out)
    return Transformer(depth, width, out, tied=act == "tied", pooled=act == "pooled", norm=norm != "bare")


def initialised(model: nn.Module, how: str) -> None:  # noqa: C901  one branch a way
    """Set the weights of dense, convolutional and recurrent layers."""
    holders = [m for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.RNN, nn.LSTM, nn.GRU))]
    for number, module in enumerate(holders):
        for weight in module.parameters():
            if weight.ndim < 2:
                if how in ("zeros", "constant"):
                    nn.init.zeros_(weight)
                continue
            if how == "he":
                nn.init.kaiming_normal_(weight, nonlinearity="relu")
            elif how == "glorot":
                nn.init.xavier_uniform_(weight)
            elif how == "orthogonal":
                nn.init.orthogonal_(weight)
            elif how == "lecun":
                nn.init.normal_(weight, 0, weight[0].numel() ** -0.5)
            elif how == "zeros" or (how == "zero head" and number == len(holders) - 1):
                nn.init.zeros_(weight)
            elif how == "constant":
                nn.init.constant_(weight, 0.1)
            elif how.startswith("normal "):
                nn.init.normal_(weight, 0, float(how.removeprefix("normal ")))
