"""What a hook recorded, beside the curves of its run: phases, the model card, and the settings that the card tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from diagnose.model_card import Labels, ModelCard, Role
from diagnose.recording import LabelFacts, Recording, Stage
from diagnose.run import Context, Phase, Run

CARD = "the model itself"


def with_recording(run: Run, recording: Recording) -> Run:
    """Return the run with what a hook recorded; what the user gave, or the log states, counts more than the card."""
    if not recording.stages:
        return replace(run, recording=recording)
    phases = tuple(_phases(run, recording.stages))
    history = replace(run.history, phases=phases) if len(phases) > 1 or not run.history.phases else run.history
    last = recording.stages[-1]
    return replace(
        run,
        history=history,
        context=told_by(run.context, last.card, last.batch_size, recording.labels),
        model=last.card,
        recording=recording,
    )


def _phases(run: Run, stages: tuple[Stage, ...]) -> Iterator[Phase]:
    for stage, after in zip(stages, (*stages[1:], None), strict=True):
        optimizer = stage.card.optimizer
        group = optimizer.groups[0] if optimizer is not None and optimizer.groups else None
        yield Phase(
            stage.epoch,
            max(run.history.last_step, stage.epoch) if after is None else after.epoch,
            stage.because,
            learning_rate=None if group is None else group.learning_rate,
            batch_size=stage.batch_size,
            optimizer=None if optimizer is None else optimizer.name,
            weight_decay=None if group is None else group.weight_decay,
            trainable_layers=tuple(layer.name for layer in stage.card.layers if layer.trainable_parameters),
        )


def told_by(
    context: Context, card: ModelCard, batch_size: int | None = None, labels: tuple[LabelFacts, ...] = ()
) -> Context:
    """Return the context with what a model card, and the labels that the loss got, tell where nothing is known yet."""
    optimizer = card.optimizer
    group = optimizer.groups[0] if optimizer is not None and optimizer.groups else None
    rates = [layer.settings.get("rate") for layer in card.layers if layer.role is Role.DROPOUT]
    told: dict[str, Any] = {
        "parameters": card.parameters or None,
        "trainable_parameters": card.trainable_parameters if card.parameters else None,
        "framework": card.framework,
        "optimizer": None if optimizer is None else optimizer.name,
        "learning_rate": None if group is None else group.learning_rate,
        "weight_decay": None if group is None else group.weight_decay,
        "dropout": max((rate for rate in rates if isinstance(rate, float)), default=0.0) if card.layers else None,
        "augmentation": True if any(layer.role is Role.AUGMENTATION for layer in card.layers) else None,
        "batch_size": batch_size,
        **{f"n_{facts.split}": facts.n for facts in labels if facts.is_complete and _are_of_rows(facts)},
        "n_classes": next((_classes(facts, card) for facts in labels if facts.split == "train"), None),
    }
    told.pop("n_test", None)
    new = {name: value for name, value in told.items() if value is not None and getattr(context, name) is None}
    origins = MappingProxyType({**context.origins, **dict.fromkeys(new, CARD)})
    return replace(context, **new, origins=origins)


def _are_of_rows(facts: LabelFacts) -> bool:
    """Whether a sample has one label, so that scores are means over samples; not over its pixels or words."""
    return facts.shape in ((), (1,)) or (len(facts.shape) == 1 and facts.written is Labels.ONE_HOT)


def _classes(facts: LabelFacts, card: ModelCard) -> int | None:
    """Return the number of exclusive classes; None where labels are none, or it is not certain."""
    if not _are_of_rows(facts):
        return None
    if facts.written is Labels.ONE_HOT:
        return facts.shape[0]
    if facts.written in (Labels.BINARY, Labels.SIGNS) and facts.distinct == 2:
        return 2
    width = card.output_width
    is_fitting = facts.written is Labels.INDICES and width is not None and width > facts.high >= 1
    return width if is_fitting and facts.distinct * 2 >= (width or 0) else None
