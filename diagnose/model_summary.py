"""The model and its training, collected for the reports."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnose.measures.blocks import Block, blocks_of
from diagnose.model_card import ModelCard, OptimizerCard
from diagnose.recording import COUNTERS, LayerTable, Recording, Stage
from diagnose.run import Run
from diagnose.shown_model import ShownBlock, ShownModel

MOST_BLOCKS = 60
"""Rows of the table of blocks: a ResNet-152 has 52 blocks."""
MOST_HAPPENINGS = 20


def summarise_model(run: Run) -> ShownModel | None:
    """Collect what a report shows of the model; None where none is known."""
    recording = run.recording
    card = run.model
    if card is None:
        return None
    stages = recording.stages if recording is not None else ()
    blocks = blocks_of(card.layers)
    return ShownModel(
        name=card.name,
        framework=card.framework,
        facts=tuple(_facts(card)),
        stages=tuple(_stage(stage) for stage in stages),
        blocks=tuple(_shown(block, stages, recording) for block in blocks[:MOST_BLOCKS]),
        left_out=max(0, len(blocks) - MOST_BLOCKS),
        recorded=tuple(_recorded(recording)) if recording is not None else (),
        happenings=tuple(_happenings(recording)) if recording is not None else (),
    )


def _facts(card: ModelCard) -> Iterator[tuple[str, str]]:
    yield "parameters", f"{card.parameters:,}, of which {card.trainable_parameters:,} train"
    if card.input_shapes:
        yield "input", "; ".join(_sizes(shape) for shape in card.input_shapes)
    if card.output_width is not None or card.output_activation is not None:
        width = "" if card.output_width is None else f"{card.output_width:,} wide"
        yield "output", ", ".join(part for part in (width, card.output_activation or "") if part)
    if card.loss is not None:
        yield "loss", card.loss.spelt or card.loss.name
    if card.optimizer is not None:
        yield "optimizer", _optimizer(card.optimizer)
    known = sorted(set(card.backbones.values()))
    if known:
        yield "backbone", ", ".join(known)


def _sizes(shape: tuple[int | None, ...]) -> str:
    return " × ".join("any" if size is None else str(size) for size in shape) or "one number"


def _optimizer(optimizer: OptimizerCard) -> str:
    rates = sorted({g.learning_rate for g in optimizer.groups if g.learning_rate is not None}, reverse=True)
    decays = sorted({g.weight_decay for g in optimizer.groups if g.weight_decay}, reverse=True)
    parts = [optimizer.name]
    parts += [f"learning rate {', '.join(f'{rate:.3g}' for rate in rates)}"] if rates else []
    parts += [f"weight decay {', '.join(f'{decay:.3g}' for decay in decays)}"] if decays else []
    parts += [f"clipped at {optimizer.clip_norm:.3g}"] if optimizer.clip_norm else []
    return ", ".join(parts)


def _stage(stage: Stage) -> str:
    trains = f"{stage.card.trainable_parameters:,} of {stage.card.parameters:,} parameters train"
    because = f": {stage.because}" if stage.because else ""
    return f"from epoch {stage.epoch:g}{because}; {trains}"


def _shown(block: Block, stages: tuple[Stage, ...], recording: Recording | None) -> ShownBlock:
    names = {layer.name for layer in block.layers}
    trained = tuple(
        sum(layer.trainable_parameters for layer in stage.card.layers if layer.name in names) for stage in stages
    )
    table = recording.layers if recording is not None else None
    return ShownBlock(
        block.name,
        len(block.layers),
        block.parameters,
        trained or (block.trainable_parameters,),
        _last(table, names, "distance"),
        _median(table, names, "update_ratio", stages[-1].epoch if stages else 0.0),
    )


def _columns(table: LayerTable | None, names: set[str], quantity: str) -> np.ndarray | None:
    if table is None or quantity not in table.values:
        return None
    at = [place for place, name in enumerate(table.layers) if name in names]
    found = table.values[quantity][:, at]
    return found if np.isfinite(found).any() else None


def _last(table: LayerTable | None, names: set[str], quantity: str) -> float | None:
    found = _columns(table, names, quantity)
    if found is None:
        return None
    rows = found[np.isfinite(found).any(axis=1)]
    return float(f"{np.nanmedian(rows[-1]):.4g}")


def _median(table: LayerTable | None, names: set[str], quantity: str, since: float) -> float | None:
    found = _columns(table, names, quantity)
    if table is None or found is None:
        return None
    late = found[table.epochs > since]
    return float(f"{np.nanmedian(late):.4g}") if np.isfinite(late).any() else None


def _recorded(recording: Recording) -> Iterator[tuple[str, str]]:
    if recording.layers is not None:
        yield "looks at the layers", f"{len(recording.layers.steps):,}"
    for name, words in COUNTERS.items():
        if recording.counters.get(name):
            yield words, f"{recording.counters[name]:,}"
    for name, value in recording.environment.items():
        yield name, value


def _happenings(recording: Recording) -> Iterator[str]:
    for found in recording.happenings[:MOST_HAPPENINGS]:
        yield f"epoch {found.epoch:g}: {found.kind}: {found.text}"
    if len(recording.happenings) > MOST_HAPPENINGS:
        yield f"and {len(recording.happenings) - MOST_HAPPENINGS} more"
