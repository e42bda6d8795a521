"""Which layers moved in a stretch of training, as a hook sampled it."""

from __future__ import annotations

import numpy as np

from diagnose.measures.programme import ProgramPhase
from diagnose.recording import LayerTable


def moved(table: LayerTable | None, name: str, phase: ProgramPhase | None = None) -> bool | None:
    """Return whether an optimizer moved a layer; None where it was not sampled."""
    if table is None or name not in table.layers:
        return None
    rows = _rows(table, phase)
    ratios = table.of("update_ratio")[rows, table.layers.index(name)]
    known = ratios[np.isfinite(ratios)]
    return bool((known > 0).any()) if len(known) else None


def statistics_moved(table: LayerTable, name: str, phase: ProgramPhase) -> float | None:
    """Return by how many of its deviations the running mean of a BatchNorm moved in a phase; None where unknown."""
    if name not in table.layers:
        return None
    at = table.layers.index(name)
    values = table.of("statistics_moved")[:, at]
    known = np.isfinite(values)
    within, before = known & _rows(table, phase), known & (table.epochs <= phase.start)
    if not within.any():
        return None
    start = float(values[before][-1]) if before.any() and phase.start > 0 else 0.0
    return float(np.max(np.abs(values[within] - start)))


def always_trained(table: LayerTable | None, name: str) -> bool:
    """Whether a layer was in training mode in every training step that was sampled, and one was."""
    if table is None or name not in table.layers:
        return False
    values = table.of("in_training_mode")[:, table.layers.index(name)]
    known = values[np.isfinite(values)]
    return bool(len(known) and (known == 1).all())


def _rows(table: LayerTable, phase: ProgramPhase | None) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if phase is None:
        return np.ones(len(table.steps), np.bool_)
    return np.asarray((table.epochs > phase.start) & (table.epochs <= max(phase.end, phase.start + 1)))
