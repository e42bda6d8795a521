"""Held-out programmes as plain PyTorch loops on images."""
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ARG001, ARG002, C901, D101, D102, D103, D401, E501, I001, N812, PLC0415, PLR0913, PLR0917, RUF007, RUF100

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F  # noqa: N812  as everybody writes it
from torch import nn

from programs.held_out_data import cells, textures


class Block(nn.Module):
    """A residual block."""

    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip

    def forward(self, x):
        return F.silu(x + self.body(x))


class ResNet(nn.Module):
    """Stem, stages, head, in the usual names."""

    def __init__(self, classes, width=16, blocks=2):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.layer1 = nn.Sequential(*[Block(width) for _ in range(blocks)])
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.layer2 = nn.Sequential(*[Block(2 * width) for _ in range(blocks)])
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.layer2(self.down(self.layer1(self.stem(x))))
        return self.fc(x.mean((2, 3)))


def tensors(n, seed, kinds=range(4)):
    x, y = textures(n, kinds, seed=seed)
    return torch.from_numpy(x), torch.from_numpy(y)


MEAN, STD = 120.0, 50.0


@cache
def resnet_weights():
    """Pretrained on finer gratings, of standardized pixels."""
    x, y = tensors(1200, 7, range(4, 8))
    model = ResNet(4, blocks=1)
    optimizer = torch.optim.AdamW(model.parameters(), 4e-3)
    for _ in range(4):
        for rows in torch.randperm(len(x)).split(50):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model((x[rows] - MEAN) / STD), y[rows]).backward()
            optimizer.step()
    return {name: value for name, value in model.state_dict().items() if not name.startswith("fc")}


class LowRank(nn.Module):
    """What is added to a frozen convolution: two thin ones."""

    def __init__(self, conv, rank=4):
        super().__init__()
        self.conv = conv
        self.a = nn.Conv2d(conv.in_channels, rank, 3, conv.stride, padding=1, bias=False)
        self.b = nn.Conv2d(rank, conv.out_channels, 1, bias=False)
        nn.init.zeros_(self.b.weight)

    def forward(self, x):
        return self.conv(x) + self.b(self.a(x))


def gratings_tuned(
    hook,
    *,
    mode="features",
    rates=(1e-3, 5e-3),
    standard=True,
    missing="",
    eval_body=True,
    doubled=False,
    epochs=12,
    rows=240,
):
    """From a pretrained net: features alone, all of it, low-rank additions, or the last stage."""
    x, y = tensors(rows, 3)
    x_val, y_val = tensors(500, 4)
    if standard:
        x, x_val = (x - MEAN) / STD, (x_val - MEAN) / STD
    model = ResNet(4, blocks=1)
    model.load_state_dict(resnet_weights(), strict=False)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = (
            name.startswith("fc") or mode == "all" or (mode == "last" and name.startswith("layer2"))
        )
    if mode == "low rank":
        model.stem, model.down = LowRank(model.stem), LowRank(model.down)
        for part in (model.stem.conv, model.down.conv):
            part.requires_grad_(False)
    body = [p for n, p in model.named_parameters() if p.requires_grad and not n.startswith("fc")]
    groups = [{"params": model.fc.parameters(), "lr": rates[1]}] if missing != "fc" else []
    if body:
        groups.append({"params": body, "lr": rates[0]})
    optimizer = torch.optim.Adam(groups)
    second = torch.optim.SGD(model.fc.parameters(), lr=rates[1]) if doubled else None
    frozen = [m for n, m in model.named_modules() if isinstance(m, nn.BatchNorm2d) and mode != "all"]
    with hook(model, [optimizer, second] if second else optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            if eval_body:
                for norm in frozen:
                    norm.eval()
            for index in torch.randperm(len(x)).split(16):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x[index]), y[index])
                loss.backward()
                optimizer.step()
                if second:
                    second.step()
            model.eval()
            with torch.inference_mode():
                out = model(x_val)
            hit = (out.argmax(1) == y_val).float().mean().item()
            monitor.epoch(val_loss=F.cross_entropy(out, y_val).item(), val_accuracy=hit)
    return hit


def gratings_scratch(hook, *, mode_back=True, judge_eval=True, zero=True, rate=0.05, epochs=5, scale=True, n=600):
    """From scratch with momentum and a falling rate, written with an index loop."""
    x, y = tensors(n, 1)
    x_val, y_val = tensors(400, 2)
    if scale:
        x, x_val = x / 255, x_val / 255
    net = ResNet(4, blocks=1, width=8)
    opt = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4, nesterov=True)
    sched = torch.optim.lr_scheduler.StepLR(opt, step_size=3, gamma=0.2)
    opt.zero_grad()
    net.train()
    with hook(net, opt):
        for _ in range(epochs):
            if mode_back:
                net.train()
            order = torch.randperm(n)
            for start in range(0, n, 40):
                index = order[start : start + 40]
                if zero:
                    opt.zero_grad()
                loss = nn.CrossEntropyLoss()(net(x[index]), y[index])
                loss.backward()
                opt.step()
            sched.step()
            if judge_eval:
                net.eval()
            with torch.no_grad():
                hits = [(net(x_val[i : i + 8]).argmax(1) == y_val[i : i + 8]).float().mean() for i in range(0, 400, 8)]
    return torch.stack(hits).mean().item()


class VAE(nn.Module):
    """An encoder, noise, a decoder."""

    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(nn.Flatten(), nn.Linear(256, 96), nn.ReLU(), nn.Linear(96, 16))
        self.decode = nn.Sequential(nn.Linear(8, 96), nn.ReLU(), nn.Linear(96, 256))

    def forward(self, x):
        mean, log_var = self.encode(x).chunk(2, dim=1)
        code = mean + torch.randn_like(mean) * (log_var / 2).exp()
        return self.decode(code).view(x.shape), mean, log_var


def cells_vae(hook, *, weight=0.05, by_hand=False, epochs=24):
    """Two losses added: how well masks are made again, and how far codes are from a normal law."""
    _, x = cells(600)
    _, x_val = cells(150, seed=2)
    x, x_val = torch.from_numpy(x), torch.from_numpy(x_val)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def made_again(out, target):
        if by_hand:
            p = torch.sigmoid(8 * out)
            return -(target * torch.log(p) + (1 - target) * torch.log(1 - p)).mean() * 256
        return F.binary_cross_entropy_with_logits(out, target) * 256

    with hook(model, optimizer) as monitor:
        for _ in range(epochs):
            model.train()
            for rows in torch.randperm(len(x)).split(30):
                out, mean, log_var = model(x[rows])
                prior = -0.5 * (1 + log_var - mean**2 - log_var.exp()).sum(1).mean()
                loss = made_again(out, x[rows]) + weight * prior
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                out, *_ = model(x_val)
                monitor.epoch(val_loss=made_again(out, x_val).item() if not by_hand else 0.0)
    right = ((out > 0) & (x_val > 0.5)).sum() / ((out > 0) | (x_val > 0.5)).sum()
    return right.item()
