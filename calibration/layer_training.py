"""Train one programme of `layer_programmes` and record it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from layer_networks import built, initialised, task
from layer_programmes import Programme
from layer_recorder import Recorder, card_of
from torch import nn

from diagnose.journal.records import Began, Epoch, Record, Staged
from diagnose.model_card import Labels, LossCard, Wants
from diagnose.recording import Stage


def trained(programme: Programme) -> tuple[list[Record], dict[str, float]]:  # noqa: C901, PLR0912, PLR0915  a program
    """Train one programme; return its records and what came of it."""
    torch.manual_seed(sum(map(ord, programme.name)))
    x, y, classes = task(programme.task)
    how = programme.how
    if how == "gan":
        return _gan(programme)
    if how == "autoencoder":
        y, classes = x, 0
    width = classes or y.shape[1]
    model = built(programme.net, x.shape[-1] if x.ndim == 2 else 0, width)
    initialised(model, programme.init)
    reduction = "sum" if how == "sum" else "mean"
    raw = nn.CrossEntropyLoss(reduction=reduction) if classes else nn.MSELoss()
    name = "sparse_categorical_crossentropy" if classes else "mean_squared_error"
    loss_card = LossCard(name, Wants.LOGITS if classes else Wants.VALUES, Labels.INDICES if classes else None,
                         type(raw).__name__ + "()", {"reduction": reduction})  # fmt: skip

    def loss_of(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return raw(out.reshape(-1, out.shape[-1]), target.reshape(-1)) if classes else raw(out, target)

    linears = [m for m in model.modules() if isinstance(m, nn.Linear)]
    body = [p for m in linears[:-1] for p in m.parameters()]
    if how in ("pretrained", "two rates", "head then slowly", "head then fast"):
        _pretrain(model, x, y, loss_of)
        for m in linears:
            m.is_initial = m is linears[-1]
        linears[-1].reset_parameters()
    if how.startswith("bias"):
        for m in linears[:-1]:
            nn.init.constant_(m.bias, float(how.split()[1]))
    if how in ("frozen", "head then slowly", "head then fast"):
        for p in model.parameters():
            p.requires_grad_(any(p is q for q in linears[-1].parameters()))
    if how == "frozen moves":
        for p in linears[0].parameters():
            p.requires_grad_(False)
    optimizer = _optimizer(programme, model, body)
    model(x[:2])
    recorder = Recorder(model, (optimizer,))
    recorder.is_looking = True
    model(x[: programme.batch])
    recorder.is_looking = False
    stages = [(0.0, 0.0, card_of(model, optimizer, loss_card, width=width))]
    generator = torch.Generator().manual_seed(7)
    per_epoch = max(1, len(x) // programme.batch)
    looks = _looks(programme.steps)
    epochs: list[Record] = []
    running: list[float] = []
    for step in range(1, programme.steps + 1):
        epoch = step / per_epoch
        for group in optimizer.param_groups:
            group.setdefault("peak", group["lr"])
            group["lr"] = group["peak"] * _scale(programme.schedule, step, programme.steps)
        if how.startswith("head then") and step == programme.steps // 2:
            model.requires_grad_(True)
            rate = programme.rate / 20 if how.endswith("slowly") else programme.rate
            optimizer = torch.optim.Adam(model.parameters(), lr=rate)
            recorder.optimizers = (optimizer,)
            stages.append((epoch, float(step), card_of(model, optimizer, loss_card, width=width)))
        at = torch.randint(len(x), (programme.batch,), generator=generator) if programme.batch < len(x) else slice(None)
        if step in looks:
            recorder.before()
        optimizer.zero_grad()
        if how == "detached":
            hidden = model[:2](x[at]).detach()
            out = model[2:](hidden)
        else:
            out = model(x[at])
        loss = loss_of(out, y[at])
        loss.backward()
        if how == "clip":
            pass
        if step in looks:
            recorder.between()
        if how == "clip":
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if how != "no step":
            optimizer.step()
        if how == "frozen moves":
            with torch.no_grad():
                linears[0].weight.mul_(1 - 1e-4)
        running.append(float(loss.detach()))
        recorder.losses.append((float(step), epoch, running[-1]))
        if step in looks:
            recorder.after(step, epoch)
            model.eval()
            with torch.no_grad():
                out = model(x[:256])
            recorder.outputs(out, y[:256], step, epoch, classes=bool(classes))
            model.train()
            if step in looks[2::3] and programme.batch <= 64:
                recorder.noise(_gradients(model, x, y, programme.batch, loss_of), programme.batch, step, epoch)
        if step % per_epoch == 0:
            epochs.append(Epoch(float(step // per_epoch), float(step), {"loss": sum(running) / len(running)},
                                float(optimizer.param_groups[0]["lr"])))  # fmt: skip
            running = []
    model.eval()
    with torch.no_grad():
        out = model(x)
        end = float(loss_of(out, y))
        right = float((out.reshape(-1, width).argmax(1) == y.reshape(-1)).float().mean()) if classes else math.nan
    guess = math.log(classes) if classes else float(y.var())
    if how == "sum":
        end /= len(x)
    staged: list[Record] = [Staged(Stage(e, s, c, batch_size=programme.batch)) for e, s, c in stages]
    return [Began(framework="torch"), *staged, *epochs, *recorder.finish()], {
        "end": end, "guess": guess, "accuracy": right}  # fmt: skip


def _gan(programme: Programme) -> tuple[list[Record], dict[str, float]]:

    x, _, _ = task("digits")
    model = nn.ModuleDict(
        {
            "generator": nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64)),
            "discriminator": nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)),
        }
    )
    ours = torch.optim.Adam(model["generator"].parameters(), lr=programme.rate, betas=(0.5, 0.999))
    theirs = torch.optim.Adam(model["discriminator"].parameters(), lr=programme.rate, betas=(0.5, 0.999))
    both = torch.optim.Adam(model.parameters(), lr=programme.rate)
    loss = nn.BCEWithLogitsLoss()
    recorder = Recorder(model, (ours, theirs))
    looks, stage = _looks(programme.steps), None
    for step in range(1, programme.steps + 1):
        real = x[torch.randint(len(x), (32,))]
        if step in looks:
            recorder.before()
        fake = model["generator"](torch.randn(32, 16))
        theirs.zero_grad()
        judged = model["discriminator"](torch.cat((real, fake.detach())))
        cost = loss(judged, torch.cat((torch.ones(32, 1), torch.zeros(32, 1))))
        cost.backward()
        if step in looks:
            recorder.between()
        theirs.step()
        ours.zero_grad()
        loss(model["discriminator"](fake), torch.ones(32, 1)).backward()
        ours.step()
        recorder.losses.append((float(step), step / 56, float(cost.detach())))
        if step in looks:
            recorder.after(step, step / 56)
        stage = stage or Stage(0.0, 0.0, card_of(model, both, LossCard("binary_crossentropy", Wants.LOGITS), width=1),
                               batch_size=32)  # fmt: skip
    return [Began(framework="torch"), Staged(stage), *recorder.finish()], {"end": 0.0, "guess": 1.0}


def _pretrain(model: Any, x: Any, y: Any, loss_of: Callable[..., Any]) -> None:

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(300):
        at = torch.randint(len(x), (64,))
        optimizer.zero_grad()
        loss_of(model(x[at]), (9 - y[at]) if y.dtype == torch.long else y[at]).backward()
        optimizer.step()


def _optimizer(programme: Programme, model: Any, body: list[Any]) -> Any:

    kind = getattr(torch.optim, programme.optimizer)
    if programme.how in ("two rates", "group at 0"):
        head = [p for p in model.parameters() if not any(p is q for q in body)]
        slow = 0.0 if programme.how == "group at 0" else programme.rate / 20
        return kind([{"params": body, "lr": slow}, {"params": head}], lr=programme.rate, **programme.settings)
    held = (p for p in model.parameters() if p.requires_grad)
    return kind(held, lr=programme.rate, **programme.settings)


def _gradients(model: Any, x: Any, y: Any, batch: int, loss_of: Callable[..., Any]) -> Iterator[Any]:

    for _ in range(4):
        at = torch.randint(len(x), (batch,))
        weights = [p for p in model.parameters() if p.requires_grad]
        found = torch.autograd.grad(loss_of(model(x[at]), y[at]), weights, allow_unused=True)
        yield torch.cat([g.reshape(-1) for g in found if g is not None]).double()


def _looks(steps: int) -> list[int]:
    early = [s for s in (1, 2, 4, 8, 16, 32) if s < steps]
    return sorted({*early, *(round(steps * share / 8) for share in range(1, 9))})


def _scale(schedule: str, step: int, steps: int) -> float:
    share = step / steps
    if schedule == "warm-up":
        return min(1.0, 2 * (step - 1) / steps)
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * share))
    if schedule == "one cycle":
        return min(share / 0.3, (1 - share) / 0.7 + 1e-4)
    return 1.0
