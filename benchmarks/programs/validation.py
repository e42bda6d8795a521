"""Whether the suite is what it says: correct programmes learn, and each fault costs its programme something."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from programs.catalogue import Program

__all__ = ["problem", "validated"]

MARGIN = 0.02
"""What a fault must cost of an accuracy or R²; less than a held-out set of this size can show is no harm."""


def problem(program: Program, lines: Mapping[str, Mapping[str, Any]]) -> str:
    """Return why a programme does not belong in the suite as it stands, or nothing."""
    score = lines.get(program.name, {}).get("score")
    if score is None:
        return f"failed: {lines.get(program.name, {}).get('error', 'not run').strip()[-200:]}"
    if program.fault is None:
        return "" if score >= (program.reaches or 0) else f"reaches {score:.3f}, not {program.reaches}"
    twin = lines.get(program.twin, {}).get("score")
    if program.certain or twin is None:
        return "" if program.certain else "its twin was not run"
    harmed = math.isnan(score) or score < twin - MARGIN
    return "" if harmed else f"scores {score:.3f}, its twin {twin:.3f}: the fault does no harm"


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
