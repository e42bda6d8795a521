"""Marks on a figure: numbered badges whose meaning is listed below it, so that long labels never collide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from diagnose.finding import Mark
from diagnose.reports.paths import from_top
from diagnose.reports.scales import Scale

MAX_MARKS = 9
"""Marks on one figure that still can be told apart."""
BADGE_WIDTH = 8.0
"""Distance of two badges in one row, in percent of the plot's width: on a narrow screen they just touch."""
MAX_LANES = 3


@dataclass(frozen=True)
class Labelled:
    """A mark and the code of the finding it belongs to; empty for what the log itself states."""

    mark: Mark
    code: str = ""


@dataclass(frozen=True)
class Badge:
    """A numbered mark: its places in percent from the left and the top, and what its number means."""

    number: int
    kind: str
    text: str
    codes: tuple[str, ...]
    at: float
    start: float
    end: float
    top: float | None
    lane: int = 0


def badges(marks: Sequence[Labelled], across: Scale, up: Scale) -> tuple[tuple[Badge, ...], int]:
    """Place the marks that are near the curves, numbered from left to right, equal ones once.

    Returns
    -------
    tuple
        The badges, and how many marks found no room.
    """
    seen: dict[tuple[str, float, float | None], Labelled] = {}
    for labelled in marks:
        mark = labelled.mark
        if any(math.isfinite(x) and across.holds(x) for x in (mark.x, mark.x if mark.x_end is None else mark.x_end)):
            seen.setdefault((mark.label, mark.x, mark.x_end), labelled)
    merged = _merged([_badge(labelled, across, up) for labelled in seen.values()])
    ordered = sorted(merged[:MAX_MARKS], key=lambda badge: badge.at)
    return _in_lanes([replace(badge, number=rank) for rank, badge in enumerate(ordered, 1)]), len(merged) - len(ordered)


def _merged(drawn: Sequence[Badge]) -> list[Badge]:
    """Make one badge of lines and points at one place: several findings often point at the same epoch."""
    places: dict[tuple[float, int], Badge] = {}
    for index, badge in enumerate(drawn):
        # spans are told apart by their ends, and stay apart
        place = (badge.at, -1 if badge.kind != "span" else index)
        places[place] = _joined(places[place], badge) if place in places else badge
    return list(places.values())


def _joined(first: Badge, second: Badge) -> Badge:
    texts = sorted((first.text, second.text), key=len)
    is_said = texts[1].startswith(texts[0])
    return replace(
        first,
        kind="line" if "line" in {first.kind, second.kind} else first.kind,
        text=texts[1] if is_said else f"{first.text}; {second.text}",
        codes=tuple(dict.fromkeys((*first.codes, *second.codes))),
        start=min(first.start, second.start),
        end=max(first.end, second.end),
        top=second.top if first.top is None else first.top,
    )


def percent_of(share: float) -> float:
    """Turn a share of the plot into percent, two decimals."""
    return round(100 * min(max(share, 0.0), 1.0), 2)


def _badge(labelled: Labelled, across: Scale, up: Scale) -> Badge:
    mark = labelled.mark
    ends = [x for x in (mark.x, mark.x_end) if x is not None and math.isfinite(x)]
    start, end = percent_of(across.place(min(ends))), percent_of(across.place(max(ends)))
    # a line stands at its own place and its band is its interval; a span is named at its middle
    at = (start + end) / 2 if mark.kind == "span" or not math.isfinite(mark.x) else percent_of(across.place(mark.x))
    is_on_axis = mark.y is not None and math.isfinite(mark.y) and up.holds(mark.y)
    top = percent_of(from_top(mark.y, up)) if mark.y is not None and is_on_axis else None
    return Badge(0, mark.kind, mark.label, (labelled.code,) if labelled.code else (), round(at, 2), start, end, top)


def _in_lanes(ordered: Sequence[Badge]) -> tuple[Badge, ...]:
    """Lift a badge where it would cover another."""
    placed: list[Badge] = []
    for badge in ordered:
        taken = {other.lane for other in placed if abs(other.at - badge.at) < BADGE_WIDTH}
        free = next((lane for lane in range(MAX_LANES) if lane not in taken), MAX_LANES - 1)
        placed.append(replace(badge, lane=free))
    return tuple(placed)
