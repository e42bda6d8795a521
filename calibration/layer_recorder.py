"""Record what the layers of a small PyTorch model do while it trains, as plainly as the definitions are written.

It is independent of the package's own hook, so that limits do not rest on one implementation of the quantities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from diagnose.journal.records import Layers, Losses, Noise, Output, Record
from diagnose.model_card import GroupCard, LayerCard, LossCard, ModelCard, OptimizerCard, Role
from diagnose.recording import GradientNoise, OutputFacts

ROLES = {
    nn.Linear: Role.DENSE, nn.Conv2d: Role.CONVOLUTION, nn.LSTM: Role.RECURRENT, nn.GRU: Role.RECURRENT,
    nn.RNN: Role.RECURRENT, nn.Embedding: Role.EMBEDDING, nn.LayerNorm: Role.NORMALISATION,
    nn.GroupNorm: Role.NORMALISATION, nn.BatchNorm1d: Role.BATCH_NORMALISATION,
    nn.BatchNorm2d: Role.BATCH_NORMALISATION, nn.Dropout: Role.DROPOUT, nn.Flatten: Role.RESHAPE,
    nn.MaxPool2d: Role.POOLING,
}  # fmt: skip
ACTIVATIONS = {nn.ReLU: "relu", nn.LeakyReLU: "leaky_relu", nn.GELU: "gelu", nn.Sigmoid: "sigmoid", nn.Tanh: "tanh",
               nn.SiLU: "silu", nn.SELU: "selu", nn.ELU: "elu"}  # fmt: skip
NEAR_THE_END = 0.01
"""Share of an activation's range that counts as its end."""


def leaves(model: nn.Module) -> dict[str, nn.Module]:
    """Return the modules without children, in order of definition."""
    return {name: m for name, m in model.named_modules() if name and not list(m.children())}


def largest(module: nn.Module) -> nn.Parameter | None:
    """Return a module's largest weight tensor."""
    return max(module.parameters(recurse=False), key=torch.numel, default=None)


def card_of(
    model: nn.Module, optimizer: torch.optim.Optimizer, loss: LossCard, initial: bool | None = True, width: int = 0
) -> ModelCard:
    """Return the model's card; ``initial`` where no layer says otherwise by an attribute of that name."""
    held = {id(p): number for number, group in enumerate(optimizer.param_groups) for p in group["params"]}
    layers, of_group = [], {}
    for name, module in leaves(model).items():
        weights = list(module.parameters(recurse=False))
        of_group.update((name, held[id(p)]) for p in weights if id(p) in held)
        layers.append(
            LayerCard(
                name,
                type(module).__name__,
                ROLES.get(type(module), Role.ACTIVATION if type(module) in ACTIVATIONS else Role.OTHER),
                sum(p.numel() for p in weights),
                sum(p.numel() for p in weights if p.requires_grad),
                sum(p.numel() for p in weights if id(p) in held),
                any(p.requires_grad for p in weights) if weights else True,
                ACTIVATIONS.get(type(module), ""),
                getattr(module, "seen_shape", None),
                is_initial=getattr(module, "is_initial", initial) if weights else None,
                settings={"rate": module.p} if isinstance(module, nn.Dropout) else {},
            )
        )
    groups = tuple(
        GroupCard(
            group["lr"], group.get("weight_decay", 0.0), group.get("momentum"), sum(p.numel() for p in group["params"]),
            tuple(name for name, at in of_group.items() if at == number),
        )
        for number, group in enumerate(optimizer.param_groups)
    )  # fmt: skip
    kind = OptimizerCard(type(optimizer).__name__, groups, is_decoupled=isinstance(optimizer, torch.optim.AdamW))
    return ModelCard(
        "programme", "torch", tuple(layers), output_width=width or None, output_activation="linear", loss=loss,
        optimizer=kind,
    )  # fmt: skip


@dataclass
class Recorder:
    """Takes samples of a model around a step."""

    model: nn.Module
    optimizers: tuple[torch.optim.Optimizer, ...]
    records: list[Record] = field(default_factory=list)
    losses: list[tuple[float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.modules = leaves(self.model)
        self.start = {name: p.detach().clone() for name, m in self.modules.items() if (p := largest(m)) is not None}
        self.seen: dict[str, dict[str, float]] = {}
        self.is_looking = False
        for name, module in self.modules.items():
            module.register_forward_hook(self._hook(name))

    def _hook(self, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, _given: Any, out: Any) -> None:
            if not self.is_looking:
                return
            found = (out[0] if isinstance(out, tuple) else out).detach()
            module.seen_shape = tuple(found.shape[1:])
            self.seen[name] = activity(found, type(module))

        return hook

    def before(self) -> None:
        """Begin a sample: the forward pass that follows is looked at."""
        self.is_looking, self.seen = True, {}

    def between(self) -> None:
        """Gradients are there, the step is not taken yet."""
        self.is_looking = False
        for name in self.start:
            weight = largest(self.modules[name])
            size = weight.numel()
            entry = self.seen.setdefault(name, {})
            entry["weight"], entry["size"] = float(weight.detach().norm()), float(size)
            entry["gradient"] = math.nan if weight.grad is None else float(weight.grad.norm())
        self.held = {name: largest(self.modules[name]).detach().clone() for name in self.start}

    def after(self, step: int, epoch: float) -> None:
        """End the sample: the step was taken."""
        rates = {id(p): group for o in self.optimizers for group in o.param_groups for p in group["params"]}
        for name, old in self.held.items():
            weight, entry = largest(self.modules[name]), self.seen[name]
            change = float((weight.detach() - old).norm())
            begun = self.start[name]
            entry["update_ratio"] = change / entry["weight"] if entry["weight"] > 0 else math.nan
            away = float((weight.detach() - begun).norm())
            entry["distance"] = away / float(begun.norm()) if float(begun.norm()) > 0 else math.nan
            group = rates.get(id(weight))
            coupled_adam = any(type(o) is torch.optim.Adam for o in self.optimizers)
            if group is not None and group.get("weight_decay") and change > 0 and not coupled_adam:
                entry["decay_ratio"] = group["lr"] * group["weight_decay"] * entry["weight"] / change
        names = tuple(name for name in self.modules if name in self.seen)
        kinds = sorted({kind for entry in self.seen.values() for kind in entry})
        values = {k: [_short(self.seen[name].get(k, math.nan)) for name in names] for k in kinds}
        self.records.append(Layers(float(step), epoch, names, values))

    def noise(self, gradients: Iterator[torch.Tensor], batch: int, step: int, epoch: float) -> None:
        """Record gradients of several batches."""
        held = list(gradients)
        squared = float(np.mean([float(g @ g) for g in held]))
        pairs = [float(held[i] @ held[j]) for i in range(len(held)) for j in range(i)]
        noise = GradientNoise(float(step), epoch, batch, len(held), _short(squared), _short(float(np.mean(pairs))))
        self.records.append(Noise(noise))

    def outputs(self, out: torch.Tensor, labels: torch.Tensor, step: int, epoch: float, *, classes: bool) -> None:
        """Record a look at the outputs for the probe."""
        flat = out.detach().reshape(-1, out.shape[-1]).double()
        finite = torch.isfinite(flat)
        wide = flat.shape[1] > 1 and classes
        top = torch.bincount(flat.argmax(1)).max().item() / len(flat) if wide else None
        known = labels.reshape(-1)
        label_top = torch.bincount(known.long()).max().item() / len(known) if classes else None
        facts = OutputFacts(
            float(step), epoch, "probe", len(flat), flat.shape[1], _short(float(flat.min())), _short(float(flat.max())),
            _short(float(flat.var(0, correction=0).mean().sqrt())), _short(float((flat**2).mean().sqrt())), top,
            label_top, _short(float(flat.softmax(1).max(1).values.mean())) if wide else None,
            non_finite=1 - float(finite.double().mean()),
        )  # fmt: skip
        self.records.append(Output(facts))

    def finish(self) -> list[Record]:
        """Return all records."""
        steps, epochs, values = (list(column) for column in zip(*self.losses, strict=True))
        kept = slice(None, None, max(1, len(steps) // 100))
        return [*self.records, Losses(steps[kept], epochs[kept], [_short(v) for v in values[kept]])]


def activity(out: torch.Tensor, kind: type) -> dict[str, float]:
    """Measure one layer's outputs; units are channels of images, else the last axis."""
    axis = 1 if out.ndim == 4 else out.ndim - 1
    units = out.movedim(axis, -1).reshape(out.shape[0], -1, out.shape[axis])
    std = float(out.std(correction=0))
    between = float(units.mean(1).var(0, correction=0).mean().sqrt()) if units.shape[1] == 1 else float(
        units.var(0, correction=0).mean().sqrt())  # fmt: skip
    found = {
        "activation_mean": float(out.mean()),
        "activation_std": std,
        "spread": between / std if std > 0 else 0.0,
        "zero_share": float((out == 0).float().mean()),
    }
    if kind is nn.ReLU:
        found["dead_share"] = float((units == 0).all(0).all(0).float().mean())
    if kind in (nn.Sigmoid, nn.Tanh):
        low = 0.0 if kind is nn.Sigmoid else -1.0
        near = NEAR_THE_END * (1 - low)
        found["saturated_share"] = float(((out < low + near) | (out > 1 - near)).float().mean())
    return found


def _short(value: float) -> float:
    return float(f"{value:.3g}")
