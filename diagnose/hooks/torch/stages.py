"""What is trained, and when that changes: layers unfrozen, optimizers replaced, groups added."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from diagnose.hooks.session import Session
from diagnose.hooks.torch.progress import Progress
from diagnose.model_card import ModelCard
from diagnose.models.torch_card import Seen, card_of
from diagnose.models.torch_optimizers import unwrapped

MOST_STAGES = 50


class Stages:
    """Makes a model card when training begins and whenever what is trained has changed.

    Attributes
    ----------
    optimizers
        Those that hold weights of the model: named by the program, or seen as they stepped.
    """

    def __init__(self, session: Session, model: Any, loss: Any, seen: Seen) -> None:
        self._session, self._model, self._loss, self.seen = session, model, loss, seen
        self.optimizers: list[Any] = []
        self.batch_size = 0
        self._others: dict[int, Any] = {}
        self._card: ModelCard | None = None
        self._print: Any = None
        self._stages = 0

    def watch(self, optimizers: Sequence[Any]) -> None:
        """Add optimizers."""
        self.optimizers += [one for one in optimizers if not any(one is known for known in self.optimizers)]

    def holds(self, optimizer: Any) -> bool:
        """Whether an optimizer, which is about to step, was named or holds weights of the model."""
        if any(optimizer is one for one in self.optimizers):
            return True
        other = self._others.get(id(optimizer))
        if other is not None and other() is optimizer:
            return False
        held = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
        if not any(id(weight) in held for weight in self._model.parameters()):
            self._others[id(optimizer)] = weakref.ref(optimizer)
            return False
        optimizer = unwrapped(optimizer)
        self.optimizers = [one for one in self.optimizers if not _shares(one, held)]  # which it takes the place of
        self.watch([optimizer])
        return True

    def groups(self) -> dict[int, tuple[Any, dict[str, Any]]]:
        """Return weights by identity with the optimizer and a copy of the group that hold them."""
        found: dict[int, tuple[Any, dict[str, Any]]] = {}
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                plain = {key: value for key, value in group.items() if key != "params"}
                found |= {id(weight): (optimizer, plain) for weight in group["params"]}
        return found

    def rate(self) -> float | None:
        """Return the learning rate of the first group."""
        group = next((group for one in self.optimizers for group in one.param_groups), None)
        return None if group is None else float(group["lr"])

    def check(self, progress: Progress) -> bool:
        """Tell a stage if what is trained has changed, or nothing was told yet; return whether it was."""
        now = self._fingerprint()
        if now == self._print or self._stages >= MOST_STAGES:
            return False
        card = self._made()
        because = "training begins" if self._card is None else ", ".join(_differences(self._card, card))
        self._print, is_first = now, self._card is None
        if not is_first and not because:
            return False
        self._card = card
        self._stages += 1
        step, epoch = (
            (0.0, progress.epoch) if is_first and progress.began == 0 else (progress.step, progress.place()[1])
        )
        if not is_first and progress.steps_in_epoch <= 1:
            epoch = progress.epoch  # it began with the epoch
        self._session.stage(card, epoch=epoch, step=step, because=because, batch_size=self.batch_size or None)
        return True

    @property
    def is_told(self) -> bool:
        """Whether a stage has been told."""
        return self._card is not None

    def _made(self) -> ModelCard:
        return card_of(self._model, self._loss, self.optimizers, seen=self.seen)

    def _fingerprint(self) -> Any:
        flags = tuple(weight.requires_grad for weight in self._model.parameters())
        groups = tuple(
            (id(one), len(group["params"]), group.get("weight_decay"))
            for one in self.optimizers
            for group in one.param_groups
        )
        return flags, groups


def _shares(optimizer: Any, held: set[int]) -> bool:
    return any(id(weight) in held for group in optimizer.param_groups for weight in group["params"])


def _differences(old: ModelCard, new: ModelCard) -> Iterator[str]:
    before, now = (sum(layer.trainable_parameters > 0 for layer in card.with_weights()) for card in (old, new))
    was = {layer.name: layer.trainable_parameters for layer in old.layers}
    if before != now or any(was.get(layer.name, 0) != layer.trainable_parameters for layer in new.layers):
        yield f"{now} of {len(new.with_weights())} layers trainable instead of {before}"
    if old.optimizer is None or new.optimizer is None:
        if old.optimizer is not new.optimizer:
            yield "an optimizer" if new.optimizer is not None else "no optimizer"
        return
    if old.optimizer.name != new.optimizer.name:
        yield f"{new.optimizer.name} instead of {old.optimizer.name}"
    for what, words in (("learning_rate", "learning rate"), ("weight_decay", "weight decay")):
        values = [
            [f"{getattr(group, what) or 0:g}" for group in card.optimizer.groups] if card.optimizer else []
            for card in (old, new)
        ]
        if all(values) and values[0] != values[1]:
            yield f"{words} {' instead of '.join(' and '.join(dict.fromkeys(v)) for v in reversed(values))}"
    groups = len(old.optimizer.groups), len(new.optimizer.groups)
    if groups[0] != groups[1]:
        yield (
            f"{groups[1]} parameter groups instead of {groups[0]}"
            if groups[1] != 1
            else f"1 parameter group instead of {groups[0]}"
        )
    if old.optimizer.missing != new.optimizer.missing and before == now:
        yield f"{len(new.optimizer.missing)} trainable weights in no optimizer instead of {len(old.optimizer.missing)}"
