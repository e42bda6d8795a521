"""A PyTorch module and arrays, trained by a loop of our own that carries out a whole configuration."""

from __future__ import annotations

import contextlib
import copy
import importlib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from diagnose.errors import InputError
from diagnose.trials.adapters.rows import (
    ROWS,
    WEIGHTS,
    Array,
    fingerprint_of,
    given_rows,
    kept_rows,
    row_weights,
    standardised,
)  # fmt: skip
from diagnose.trials.adapters.torch_parts import PARTS, RATES, carry_out, groups, settle_frozen
from diagnose.trials.stand_ins import HeadData

SHIFT = 0.1
"""Share of height and width by which images are shifted at most, as `RandomTranslation` of most tutorials."""
AT_ONCE = 512
MOMENTUM = 0.9
UNDERSTOOD = frozenset(
    {"seed", "epochs", "batch_size", "schedule", "warmup_epochs", "warmup_ratio", "optimizer", "label_smoothing",
     "clip_gradient_norm", "augmentation", "layers", "standardise", "divide_inputs"}
)  # fmt: skip


def of_torch(model: Any, train: Any, val: Any, **settings: Any) -> TorchTraining:
    """Make a training of a PyTorch classifier or regression.

    Parameters
    ----------
    model
        A module, of which a copy with its weights as they are now is trained each time; or a function that makes one,
        called after the seed is set.
    train, val
        ``(inputs, labels)`` each, as arrays or tensors. Whole numbers as labels are classes.
    settings
        The run's own: ``learning_rate``, ``batch_size``, ``epochs``, ``optimizer`` (``"adam"`` or ``"sgd"``) …

    Raises
    ------
    InputError
        It is neither a module nor a function, or the rows are not what is expected.
    """
    return TorchTraining(model, train, val, settings)


class TorchTraining:
    """``train(config, report)`` of a module; see `of_torch`."""

    understands = UNDERSTOOD | PARTS | RATES | ROWS | WEIGHTS

    def __init__(self, model: Any, train: Any, val: Any, settings: Mapping[str, Any]) -> None:
        self._torch = importlib.import_module("torch")
        if not callable(model):
            raise InputError(f"model={type(model).__name__}: expected a torch.nn.Module or a function that makes one")
        self._model = model
        self._x, self._y = given_rows(train, "train")
        self._held, self._truth = given_rows(val, "val")
        self._has_classes = self._y.dtype.kind in "iub" and self._y.ndim == 1
        usual = {"learning_rate": 1e-3, "batch_size": 32, "epochs": 10, "optimizer": "adam", "weight_decay": 0.0}
        self.settings = {**usual, **settings}
        self.fingerprint = fingerprint_of(*self._identity(), self._x, self._y, self._held, self._truth)

    def _identity(self) -> list[Any]:
        if isinstance(self._model, self._torch.nn.Module):
            return [repr(self._model), *(p.detach().cpu().numpy() for p in self._model.state_dict().values())]
        return [getattr(self._model, "__qualname__", "model")]

    def __call__(self, config: Mapping[str, Any], report: Callable[..., None] | None = None) -> dict[str, list[float]]:
        """Train a fresh copy, and return losses and accuracies of both splits by epoch."""
        with _own_randomness(self._torch, int(config.get("seed", 0))):
            return self._trained(config, report)

    def _trained(self, config: Mapping[str, Any], report: Callable[..., None] | None) -> dict[str, list[float]]:
        torch = self._torch
        model = self._fresh()
        carry_out(model, config)
        x, held = self._prepared(config)
        kept = kept_rows(self._x, config)
        weights = row_weights(self._y[kept], kept, config)
        x, y = x[kept], self._y[kept]
        w = torch.ones(len(y)) if weights is None else torch.as_tensor(weights, dtype=torch.float32)
        rate, epochs, batch = float(config["learning_rate"]), int(config["epochs"]), int(config["batch_size"])
        optimizer = self._optimizer(model, config, rate)
        steps = max(math.ceil(len(x) / batch), 1)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _factor(config, epochs, steps))
        history: dict[str, list[float]] = {}
        smoothing, clip = float(config.get("label_smoothing") or 0.0), config.get("clip_gradient_norm")
        inputs, targets = torch.as_tensor(x), torch.as_tensor(y)
        for epoch in range(epochs):
            model.train()
            settle_frozen(model)
            for rows in torch.randperm(len(x)).split(batch):
                given = self._varied(inputs[rows], config)
                loss = (self._losses(model(given), targets[rows], smoothing) * w[rows]).mean()
                optimizer.zero_grad()
                loss.backward()
                if clip:
                    torch.nn.utils.clip_grad_norm_(model.parameters(), float(clip))
                optimizer.step()
                schedule.step()
            self._note(history, model, (x, y), (held, self._truth))
            if report is not None:
                report(epoch + 1, {name: values[-1] for name, values in history.items()})
        return history

    def _fresh(self) -> Any:
        return copy.deepcopy(self._model) if isinstance(self._model, self._torch.nn.Module) else self._model()

    def _optimizer(self, model: Any, config: Mapping[str, Any], rate: float) -> Any:
        held = groups(model, config, rate)
        if not held:
            raise InputError("nothing is left to train: every part is frozen")
        if str(config.get("optimizer", "adam")).lower().startswith("sgd"):
            return self._torch.optim.SGD(held, lr=rate, momentum=MOMENTUM)
        return self._torch.optim.AdamW(held, lr=rate)

    def _prepared(self, config: Mapping[str, Any]) -> tuple[Array, Array]:
        """Return inputs of both splits as they are given to the model."""
        x, held = (_plain(rows) for rows in (self._x, self._held))
        if x.dtype.kind != "f":
            return x, held
        if config.get("divide_inputs"):
            x, held = (np.asarray(rows / np.float32(config["divide_inputs"])) for rows in (x, held))
        if config.get("standardise"):
            x, held = standardised(x, held, (0,) if x.ndim == 2 else (0, *range(2, x.ndim)))
        return x, held

    def _losses(self, said: Any, truth: Any, smoothing: float = 0.0) -> Any:
        functional = self._torch.nn.functional
        if self._has_classes and said.ndim == 2 and said.shape[1] > 1:
            return functional.cross_entropy(said, truth.long(), reduction="none", label_smoothing=smoothing)
        said, truth = said.reshape(len(truth), -1), truth.reshape(len(truth), -1).float()
        if self._has_classes:
            soft = truth * (1 - smoothing) + smoothing / 2
            return functional.binary_cross_entropy_with_logits(said, soft, reduction="none").mean(1)
        return functional.mse_loss(said, truth, reduction="none").mean(1)

    def _varied(self, images: Any, config: Mapping[str, Any]) -> Any:
        """Flip and shift a batch of images, channels first."""
        how = config.get("augmentation")
        if not how:
            return images
        if images.ndim != 4 or isinstance(how, Mapping):
            raise InputError("this training varies images, (rows, channels, height, width), by flips and shifts alone")
        torch = self._torch
        flip = torch.rand(len(images)) < 0.5
        images = torch.where(flip[:, None, None, None], images.flip(3), images)
        down, right = (int(torch.randint(-s, s + 1, ())) for s in (max(round(SHIFT * n), 1) for n in images.shape[2:]))
        return torch.roll(images, (down, right), (2, 3))

    def _note(self, history: dict[str, list[float]], model: Any, *splits: tuple[Array, Array]) -> None:
        model.eval()
        for prefix, (x, y) in zip(("", "val_"), splits, strict=True):
            said = self._said(model, x)
            truth = self._torch.as_tensor(y)
            history.setdefault(f"{prefix}loss", []).append(float(self._losses(said, truth).mean()))
            if self._has_classes:
                named = said.argmax(1) if said.ndim == 2 and said.shape[1] > 1 else (said.reshape(-1) > 0).long()
                history.setdefault(f"{prefix}accuracy", []).append(float((named == truth).float().mean()))

    def _said(self, model: Any, x: Array) -> Any:
        with self._torch.no_grad():
            return self._torch.cat([model(rows) for rows in self._torch.as_tensor(x).split(AT_ONCE)])

    def features(self) -> HeadData | None:
        """Return what the last linear layer takes of a pretrained module; None where a function makes the module."""
        torch = self._torch
        if not isinstance(self._model, torch.nn.Module) or not self._has_classes:
            return None
        with _own_randomness(torch, 0):
            model = self._fresh()
        linear = [part for part in model.modules() if isinstance(part, torch.nn.Linear)]
        if not linear:
            return None
        seen: list[Array] = []
        linear[-1].register_forward_pre_hook(lambda part, given: seen.append(given[0].detach().numpy()))  # noqa: ARG005
        model.eval()
        found = []
        for rows in self._prepared(self.settings):
            seen.clear()
            self._said(model, rows)
            found.append(np.concatenate(seen).reshape(len(rows), -1))
        return HeadData(found[0], self._y, found[1], self._truth)


def _plain(rows: Array) -> Array:
    return np.asarray(rows, np.float32) if rows.dtype.kind == "f" or rows.dtype == np.uint8 else np.asarray(rows)


def _factor(config: Mapping[str, Any], epochs: int, steps: int) -> Callable[[int], float]:
    """Return what the learning rate is multiplied by at a step: warm-up, then constant or a cosine to zero."""
    whole = epochs * steps
    warm = float(config.get("warmup_epochs") or 0) * steps + float(config.get("warmup_ratio") or 0) * whole
    is_cosine = "cosine" in str(config.get("schedule") or "")

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / (warm + 1)
        if not is_cosine:
            return 1.0
        return 0.5 * (1 + math.cos(math.pi * min((step - warm) / max(whole - warm, 1), 1)))

    return factor


@contextlib.contextmanager
def _own_randomness(torch: Any, seed: int) -> Iterator[None]:
    """Draw from the seed while the block runs, and leave the user's random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
