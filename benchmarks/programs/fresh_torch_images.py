"""Fresh programmes as plain PyTorch loops on images."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

from functools import cache

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  as everybody writes it
from torch import nn
from torch.optim.swa_utils import AveragedModel, update_bn

from programs.fresh_data import letters, numerals, patches, rectangles, turned


def tensors(pair):
    return tuple(torch.as_tensor(part) for part in pair)


class LetterNet(nn.Module):
    def __init__(self, norm="batch", drop=0.3, last=None):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 20, 3), nn.Conv2d(20, 40, 3)
        self.bn1 = nn.BatchNorm2d(20) if norm == "batch" else nn.GroupNorm(4, 20)
        self.bn2 = nn.BatchNorm2d(40) if norm == "batch" else nn.GroupNorm(4, 40)
        self.drop = nn.Dropout(drop)
        self.fc = nn.Linear(360, 8)
        self.last = last

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.fc(self.drop(x.flatten(1)))
        return self.last(x) if self.last else x


def letters_loop(
    hook, *, norm="batch", average=False, accumulate=1, size=32, rate=0.05, epochs=18, smooth=0.0, zero=True,
    train_mode=True, eval_mode=True, last=None, drop=0.3, decay=5e-4, rows=1000,
):  # fmt: skip
    """Plain descent with momentum and one cycle of the rate."""
    x, y = tensors(letters(rows))
    x_val, y_val = tensors(letters(600, seed=2))
    model = LetterNet(norm, drop, {"softmax": nn.Softmax(1), "sigmoid": nn.Sigmoid()}.get(last))
    criterion = nn.CrossEntropyLoss(label_smoothing=smooth)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=decay, nesterov=True)
    steps = epochs * (-(-rows // size) // accumulate + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps)
    averaged = AveragedModel(model) if average else None
    with hook(model, optimizer) as monitor:
        for epoch in range(epochs):
            if train_mode or epoch == 0:
                model.train()
            for i, rows_now in enumerate(torch.randperm(len(x)).split(size)):
                loss = criterion(model(x[rows_now]), y[rows_now])
                (loss / accumulate).backward()
                if (i + 1) % accumulate == 0:
                    optimizer.step()
                    if zero:
                        optimizer.zero_grad()
                    schedule.step()
            if averaged and epoch >= epochs * 2 // 3:
                averaged.update_parameters(model)
            if eval_mode:
                model.eval()
            with torch.no_grad():
                out = torch.cat([model(part) for part in x_val.split(12)])
                val_loss = criterion(out, y_val).item()
                accuracy = (out.argmax(1) == y_val).float().mean().item()
            monitor.epoch(val_loss=val_loss, val_accuracy=accuracy)
    if averaged:
        update_bn([x[i : i + 100] for i in range(0, rows, 100)], averaged)
        averaged.eval()
        with torch.no_grad():
            accuracy = (averaged(x_val).argmax(1) == y_val).float().mean().item()
    return accuracy


class Backbone(nn.Module):
    """As one that is downloaded: convolutions, norms and a head of another task."""

    def __init__(self, classes=4):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.stage1 = nn.Sequential(nn.Conv2d(16, 24, 3, 2, padding=1), nn.BatchNorm2d(24), nn.ReLU())
        self.stage2 = nn.Sequential(nn.Conv2d(24, 32, 3, 2, padding=1), nn.BatchNorm2d(32), nn.ReLU())
        self.head = nn.Linear(32, classes)

    def forward(self, x):
        return self.head(self.stage2(self.stage1(self.stem(x))).mean((2, 3)))


MEAN, STD = 110.0, 60.0


@cache
def pretrained():
    """Learnt how far patches of photographs are turned, of standardized pixels."""
    x, y = tensors(turned(800))
    x = (x - MEAN) / STD
    model = Backbone()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(4):
        for rows in torch.randperm(len(x)).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return {name: value.clone() for name, value in model.state_dict().items() if not name.startswith("head")}


def patches_transfer(
    hook, *, tune="head", rates=(2e-4, 2e-2), epochs=16, rows=300, standard=True, norms_eval=True, missing=False, noise=40.0,
    twice=False,
):  # fmt: skip
    """Which photograph a noisy patch comes from; ``tune`` says what of the backbone is trained beside the head."""
    (x, y), (x_val, y_val) = tensors(patches(rows)), tensors(patches(600, "val"))
    x, x_val = x + noise * torch.randn_like(x), x_val + noise * torch.randn_like(x_val)
    if standard:
        x, x_val = (x - MEAN) / STD, (x_val - MEAN) / STD
    model = Backbone(2)
    model.load_state_dict(pretrained(), strict=False)
    trained = {"head": (), "top": ("stage2",), "ends": ("stem", "stage2"), "all": ("stem", "stage1", "stage2")}[tune]
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(("head", *trained))
    groups = [{"params": getattr(model, name).parameters(), "lr": rates[0]} for name in trained]
    if not missing:
        groups.append({"params": model.head.parameters(), "lr": rates[1]})
    optimizer = torch.optim.AdamW(groups, weight_decay=1e-2)
    other = torch.optim.Adam(model.parameters(), lr=rates[1]) if twice else None
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            if norms_eval:
                for module in model.modules():
                    if isinstance(module, nn.BatchNorm2d):
                        module.eval()
            for rows_now in torch.randperm(len(x)).split(25):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x[rows_now]), y[rows_now], label_smoothing=0.05)
                loss.backward()
                optimizer.step()
                if other:
                    other.step()
            schedule.step()
            model.eval()
            with torch.no_grad():
                out = model(x_val)
                val_loss = F.cross_entropy(out, y_val, label_smoothing=0.05).item()
                accuracy = (out.argmax(1) == y_val).float().mean().item()
            monitor.epoch(val_loss=val_loss, val_accuracy=accuracy)
    return accuracy


class Segmenter(nn.Module):
    def __init__(self, last=None):
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.GroupNorm(3, 12), nn.SiLU(),
            nn.Conv2d(12, 12, 3, padding=2, dilation=2), nn.GroupNorm(3, 12), nn.SiLU(),
        )  # fmt: skip
        self.outer = nn.Conv2d(12, 1, 3, padding=1)
        self.last = last

    def forward(self, x):
        x = self.outer(self.inner(x))
        return self.last(x) if self.last else x


def rectangles_dice(hook, *, epochs=16, rate=2e-2, clip=1.0, detached=False, entropy=0.5):
    """Dice and entropy together; the score is the overlap of masks."""
    x, m = tensors(rectangles(300))
    x_val, m_val = tensors(rectangles(150, seed=2))
    model = Segmenter()
    optimizer = torch.optim.RAdam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.PolynomialLR(optimizer, epochs, 0.9)

    def criterion(out, mask):
        said = out.sigmoid()
        dice = 1 - (2 * (said * mask).sum() + 1) / (said.sum() + mask.sum() + 1)
        return dice + entropy * F.binary_cross_entropy_with_logits(out, mask)

    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for rows in torch.randperm(len(x)).split(20):
                optimizer.zero_grad()
                out = model(x[rows])
                if detached:
                    out = torch.tensor(out.tolist(), requires_grad=True)
                criterion(out, m[rows]).backward()
                nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
            schedule.step()
            model.eval()
            with torch.no_grad():
                out = model(x_val)
                monitor.epoch(val_loss=criterion(out, m_val).item())
    said, mask = out > 0, m_val > 0.5
    return ((said & mask).sum() / (said | mask).sum()).item()


class Tied(nn.Module):
    """An autoencoder whose decoder is its encoder turned round."""

    def __init__(self, width=16, std=0.1):
        super().__init__()
        self.weight = nn.Parameter(std * torch.randn(width, 64))
        self.bias, self.back = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(64))

    def forward(self, x):
        return F.linear(F.leaky_relu(F.linear(x, self.weight, self.bias), 0.2), self.weight.T, self.back)


def numerals_tied(hook, *, epochs=24, rate=5e-3, entropy=False, scale=16.0, size=64, std=0.1):
    """Points of digits are given back; with ``entropy`` as probabilities, by logarithms written by hand."""
    x, x_val, _, _ = (torch.as_tensor(part) for part in numerals())
    x, x_val = x / scale, x_val / scale
    model = Tied(std=std)
    optimizer = torch.optim.Adam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)

    def criterion(out, points):
        if entropy:
            said = (10 * out).sigmoid()
            return -(points * said.log() + (1 - points) * (1 - said).log()).mean()
        return F.mse_loss(out, points)

    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(size):
                optimizer.zero_grad()
                criterion(model(x[rows]), x[rows]).backward()
                optimizer.step()
            schedule.step()
            with torch.no_grad():
                out = model(x_val)
                monitor.epoch(val_loss=criterion(out, x_val).item())
    out = (10 * out).sigmoid() if entropy else out
    return 1 - float(np.mean((out - x_val).numpy() ** 2) / np.mean((x_val - x.mean(0)).numpy() ** 2))
