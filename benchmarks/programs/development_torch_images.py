"""Development programmes as plain PyTorch loops on images: ``hook(model, optimizer)`` is the monitor a user adds."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from programs.development_data import digits, shapes


def loaders(batch_size=32, labels=None):
    x_train, x_test, y_train, y_test = digits()
    y_train = y_train if labels is None else labels(y_train)
    train = TensorDataset(torch.from_numpy(x_train / 16).permute(0, 3, 1, 2), torch.from_numpy(y_train))
    test = TensorDataset(torch.from_numpy(x_test / 16).permute(0, 3, 1, 2), torch.from_numpy(y_test))
    return DataLoader(train, batch_size=batch_size, shuffle=True), DataLoader(test, batch_size=256)


def shuffled_labels(y):
    return np.random.default_rng(3).permutation(y)


def digits_mlp(
    hook, *, log_softmax=False, nll=False, softmax=False, zero=True, rate=1e-3, labels="", bias=0.0, batch_size=32,
    epochs=10, sgd=False,
):  # fmt: skip
    train, test = loaders(batch_size, shuffled_labels if labels == "shuffled" else None)
    layers = [nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)]
    last = [nn.LogSoftmax(dim=1)] if log_softmax else [nn.Softmax(dim=1)] if softmax else []
    model = nn.Sequential(*layers, *last)
    if bias:
        for layer in (model[1], model[3]):
            nn.init.constant_(layer.bias, bias)
    criterion = nn.NLLLoss() if nll else nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), rate) if sgd else torch.optim.Adam(model.parameters(), rate)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for x, y in train:
                if zero:
                    optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
            model.eval()
            right, losses = 0, []
            with torch.no_grad():
                for x, y in test:
                    out = model(x)
                    losses.append(criterion(out, y).item())
                    right += (out.argmax(1) == y).sum().item()
            monitor.epoch(val_loss=np.mean(losses), val_accuracy=right / len(test.dataset))
    return right / len(test.dataset)


class ConvNet(nn.Module):
    """Batch normalisation and dropout: the mode matters."""

    def __init__(self, drop=0.4):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(32)
        self.drop = nn.Dropout(drop)
        self.fc = nn.Linear(32 * 4, 10)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 2)
        x = functional.max_pool2d(functional.relu(self.bn2(self.conv2(x))), 2)
        return self.fc(self.drop(x.flatten(1)))


def evaluate(model, test):
    right = total = 0
    summed = 0.0
    with torch.no_grad():
        for x, y in test:
            out = model(x)
            summed += functional.cross_entropy(out, y, reduction="sum").item()
            right += (out.argmax(1) == y).sum().item()
            total += len(y)
    return summed / total, right / total


def evaluate_with_dropout(model, test, times=8):
    """Monte Carlo dropout: dropout alone stays on, and predictions are averaged."""
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    right = total = 0
    with torch.no_grad():
        for x, y in test:
            out = torch.stack([model(x).softmax(1) for _ in range(times)]).mean(0)
            right += (out.argmax(1) == y).sum().item()
            total += len(y)
    return right / total


def digits_convnet_torch(hook, *, back=True, evaluating=True, accumulate=1, monte_carlo=False, epochs=6, drop=0.4):
    train, test = loaders(16 if accumulate > 1 else 64)
    model = ConvNet(drop)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    model.train()
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            if back:
                model.train()
            optimizer.zero_grad()
            for step, (x, y) in enumerate(train, 1):
                (functional.cross_entropy(model(x), y) / accumulate).backward()
                if step % accumulate == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            if evaluating:
                model.eval()
            val_loss, val_accuracy = evaluate(model, test)
            monitor.epoch(val_loss=val_loss, val_accuracy=val_accuracy)
        if monte_carlo:
            return evaluate_with_dropout(model, test)
    return val_accuracy


@cache
def pretrained_body():
    """State of a body that tells six shapes, of pixels from 0 to 1."""
    x, y = (torch.from_numpy(part) for part in shapes(("square", "disc", "ring", "stripes", "checks", "bar"), 1500))
    x = x.permute(0, 3, 1, 2) / 255
    model = nn.Sequential(body(), nn.Linear(32, 6))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(5):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return {name: value.clone() for name, value in model[0].state_dict().items()}


def body():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(),
    )  # fmt: skip


class Classifier(nn.Module):
    """A pretrained body and a new head."""

    def __init__(self):
        super().__init__()
        self.body = body()
        self.head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))
        self.body.load_state_dict(pretrained_body())

    def forward(self, x):
        return self.head(self.body(x))


def shapes_finetune(
    hook,
    *,
    freeze="body",
    still=True,
    rates=(0.0, 3e-3),
    twice=False,
    detach=False,
    batch_size=32,
    scale=255.0,
    epochs=18,
):
    """Freeze what is to stay; train the rest at rates of its own."""
    x, y = (torch.from_numpy(part) for part in shapes(("plus", "cross", "ring"), 240, seed=1))
    x_test, y_test = (torch.from_numpy(part) for part in shapes(("plus", "cross", "ring"), 500, seed=2))
    x, x_test = x.permute(0, 3, 1, 2) / scale, x_test.permute(0, 3, 1, 2) / scale
    model = Classifier()
    if freeze == "body":
        model.body.requires_grad_(False)
    elif freeze == "head":
        model.head.requires_grad_(False)
        model.body[:-4].requires_grad_(False)
    groups = [{"params": list(model.head.parameters()), "lr": rates[1]}]
    if freeze != "body":
        groups.append({"params": list(model.body.parameters()), "lr": rates[0]})
    if twice:
        groups[0]["params"] += list(model.head.parameters())
    optimizer = torch.optim.SGD(groups, momentum=0.9) if twice else torch.optim.Adam(groups)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            if still:
                model.body.eval()
            for rows in torch.randperm(len(x)).split(batch_size):
                optimizer.zero_grad()
                out = model.head(model.body(x[rows]).detach()) if detach else model(x[rows])
                functional.cross_entropy(out, y[rows]).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                out = model(x_test)
                accuracy = (out.argmax(1) == y_test).float().mean().item()
                monitor.epoch(val_loss=functional.cross_entropy(out, y_test).item(), val_accuracy=accuracy)
    return accuracy
