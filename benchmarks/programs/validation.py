"""Whether the suite is what it says: correct programmes learn, and each fault costs its programme something."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from programs.catalogue import Program

__all__ = ["problem", "validated"]

MARGIN = 0.02
"""What a fault must cost of an accuracy or R²; less than a held-out set of this size can show is no harm."""

TURN = 0.10
"""Share of the gain in validation loss that a correct programme may lose again: the limit of published practice."""
RISE = 1.5
"""And how far above its best it may end, unless that is slight:"""
SLIGHT = 0.03
"""a share of the gain that is nothing beside it, as where a loss went from 1 to 0.01 and ends at 0.02."""
LITTLE = 0.10
"""A gain below this share of the first loss is too little to be divided."""
UNFINISHED = 0.10
"""Share of the gain that may come in the last third of a correct programme: more, and it ended too early."""


def problem(program: Program, lines: Mapping[str, Mapping[str, Any]]) -> str:
    """Return why a programme does not belong in the suite as it stands, or nothing."""
    score = lines.get(program.name, {}).get("score")
    if score is None:
        return f"failed: {lines.get(program.name, {}).get('error', 'not run').strip()[-200:]}"
    if program.fault is None:
        short = "" if score >= (program.reaches or 0) else f"reaches {score:.3f}, not {program.reaches}; "
        return short + unhealthy(lines[program.name].get("val_loss") or [])
    twin = lines.get(program.twin, {}).get("score")
    if program.certain or twin is None:
        return "" if program.certain else "its twin was not run"
    if "overfitting" in program.causes and not unhealthy(lines[program.name].get("val_loss") or []).startswith(
        "overfits"
    ):
        return "its validation loss does not turn up: it does not overfit"
    harmed = math.isnan(score) or score < twin - MARGIN
    return "" if harmed else f"scores {score:.3f}, its twin {twin:.3f}: the fault does no harm"


def unhealthy(losses: Sequence[float]) -> str:
    """Return what is wrong with the course of a validation loss: it turned up, or was still falling fast."""
    if len(losses) < 4 or not all(map(math.isfinite, losses)):
        return ""
    best, gain = min(losses), losses[0] - min(losses)
    if losses[-1] - best > TURN * gain:
        return f"overfits: {(losses[-1] - best) / (gain or math.inf):.0%} of what it gained is lost again"
    if losses[-1] > RISE * best > 0 and losses[-1] - best > SLIGHT * gain:
        return f"overfits: it ends at {losses[-1] / best:.1f} times its best loss"
    if losses[0] - losses[-1] < LITTLE * abs(losses[0]):
        return ""  # weighed classes: the loss in validation is another one than that of training
    late = losses[-1 - max(1, len(losses) // 3)] - losses[-1]
    if late > UNFINISHED * (losses[0] - losses[-1]):
        return f"unfinished: {late / (losses[0] - losses[-1]):.0%} of the gain came in the last third"
    return ""


def validated(programs: Sequence[Program], lines: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table: every programme, its score, its twin's, its cost, and what is wrong with it."""
    rows = []
    for program in programs:
        line = lines.get(program.name, {})
        twin = lines.get(program.twin, {}).get("score")
        rows.append(
            f"{program.framework:<12} {program.set[:4]} {program.name:<36} {program.fault or '-':<28} "
            f"{_number(line.get('score'))} {_number(twin)} {line.get('seconds', 0):5.1f} s  {problem(program, lines)}"
        )
    return "\n".join(rows)


def _number(value: float | None) -> str:
    return "      -" if value is None else f"{value:7.3f}"
