"""What began a new stage of training: told in words, from one model card to the next."""

from __future__ import annotations

from diagnose.model_card import GroupCard, ModelCard

BEGINS = "training begins"


def what_changed(before: ModelCard | None, after: ModelCard, *, is_recompiled: bool) -> str:
    """Say what is new; empty where nothing is.

    Parameters
    ----------
    before
        The card of the stage so far; None at the beginning.
    after
        The card now.
    is_recompiled
        Whether ``compile`` was called between.
    """
    if before is None:
        return BEGINS
    said = list(_differences(before, after))
    if is_recompiled:
        said.insert(0, "compiled again")
    return "; ".join(said)


def _differences(before: ModelCard, after: ModelCard) -> list[str]:
    said = []
    was, now = _trainable(before), _trainable(after)
    if was != now:
        same = len(was) == len(now)
        instead = "other ones than before" if same else f"instead of {len(was)}"
        said.append(f"{len(now)} of {len(after.layers)} layers trainable {instead}")
    new = [name for name in after.stale_layers if name not in before.stale_layers]
    if new:
        said.append(f"`trainable` of {len(new)} layers changed without compiling")
    if _name(before) != _name(after):
        said.append(f"optimizer {_name(after)} instead of {_name(before)}")
    one, other = _group(before), _group(after)
    is_scheduled = any(card.optimizer is not None and card.optimizer.schedule for card in (before, after))
    if one is not None and other is not None:
        if one.learning_rate != other.learning_rate and not is_scheduled:
            said.append(f"learning rate {_rate(other)} instead of {_rate(one)}")
        if one.weight_decay != other.weight_decay:
            said.append(f"weight decay {other.weight_decay:.3g} instead of {one.weight_decay:.3g}")
    was_loss, is_loss = (card.loss.name if card.loss is not None else None for card in (before, after))
    if was_loss != is_loss:
        said.append(f"loss {is_loss} instead of {was_loss}")
    return said


def _trainable(card: ModelCard) -> set[str]:
    return {layer.name for layer in card.layers if layer.is_trainable}


def _name(card: ModelCard) -> str:
    return "none" if card.optimizer is None else card.optimizer.name


def _group(card: ModelCard) -> GroupCard | None:
    return card.optimizer.groups[0] if card.optimizer is not None and card.optimizer.groups else None


def _rate(group: GroupCard) -> str:
    return "unknown" if group.learning_rate is None else f"{group.learning_rate:.3g}"
