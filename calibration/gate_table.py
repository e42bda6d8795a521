"""Judge the saved pairs and write what the gate's constants are worth: docs/gate-calibration.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from gate_pairs import (
    TRIGGERS,
    VIEWS,
    Pair,
    constants,
    fails_against,
    fails_baseline,
    pairs,
    passes,
    share,
)  # fmt: skip

from diagnose.finding import Diagnosis
from diagnose.reference import GROWTH, RISE
from diagnose.rulings import PART
from diagnose.scores import MOVED, SIGMAS

TARGET = Path(__file__).parents[1] / "docs" / "gate-calibration.md"
LOST = ((0.10, 9.0, "10 points or more"), (0.03, 0.10, "3 to 10"), (0.01, 0.03, "1 to 3"), (-9.0, 0.01, "less than 1"))
"""What the change cost, in points of test accuracy: named, at least, below."""
REALLY = 0.03
"""Test accuracy lost from which a changed run counts as really worse in the tables that need one limit."""
CONSTANTS = {
    "RISE": ((0.05, 0.1, 0.2, 0.3), RISE, "worse: probability"),
    "GROWTH": ((2.0, 3.0, 4.0, 8.0), GROWTH, "worse: value"),
    "SIGMAS": ((1.5, 2.0, 2.5, 3.0, 4.0, 6.0), SIGMAS, "score"),
}
"""Values to try of each constant, the shipped one, and what it decides."""


def blocks(rows: Sequence[dict[str, Any]]) -> dict[str, Callable[[], str]]:
    """Return what stands between the markers of the page, by name; computed when asked for."""
    half = cache(lambda name: pairs(rows, name))
    return {
        "seed": lambda: seeds([p for p in half("B") if _same(p)]),
        "power": lambda: power(half("B")),
        "constants": lambda: grid(half("A"), half("B")),
        "views": lambda: views(rows),
        "rule": lambda: rule(half("A"), pairs(rows, "A", VIEWS[2])),
    }


def seeds(both: Sequence[Pair]) -> str:
    """Count what fails where only the seed differs."""
    calm = [pair for pair in both if passes(pair.first)]
    lines = [f"| what fails | all {len(both)} | the {len(calm)} whose first run passes |", "|---|---|---|"]
    for title, judged in (("`--against`", fails_against), ("`--baseline`", fails_baseline)):
        every, few = ([judged(p.now, p.first) for p in group] for group in (both, calm))
        lines.append(f"| **{title}: anything** | **{_share(every, any)}** | {_share(few, any)} |")
        for trigger in TRIGGERS:
            if any(trigger in fails for fails in every):
                counts = [_share(group, lambda fails, t=trigger: t in fails) for group in (every, few)]
                lines.append(f"| {title}: {trigger} | {counts[0]} | {counts[1]} |")
    lines.append(f"| `--against`, without the rule: anything | {_unruled(both)} | {_unruled(calm)} |")
    return "\n".join(lines)


def power(both: Sequence[Pair]) -> str:
    """Count what fails where the second run was changed, by what the change cost on the test set."""
    lines = [
        "| test accuracy lost, points | any trigger | the score alone | any, without the rule |",
        "|---|---|---|---|",
    ]
    changed = [pair for pair in both if pair.change]
    for least, below, title in LOST:
        chosen = [p for p in changed if least <= p.lost < below]
        judged = [fails_against(p.now, p.first) for p in chosen]
        score = _share(judged, lambda fails: "score" in fails)
        lines.append(f"| {title} | {_share(judged, any)} | {score} | {_unruled(chosen)} |")
    points = round(100 * REALLY)
    lines += ["", f"| change | runs | lost {points} points or more | of these, failed | of the others, failed |"]
    lines.append("|---|---|---|---|---|")
    for change in sorted({p.change for p in changed}):
        mine = [p for p in changed if p.change == change]
        worse, not_worse = ([p for p in mine if (p.lost >= REALLY) is kind] for kind in (True, False))
        shares = [_share([fails_against(p.now, p.first) for p in group], any) for group in (worse, not_worse)]
        lines.append(f"| {change} | {len(mine)} | {len(worse)} | {shares[0]} | {shares[1]} |")
    return "\n".join(lines)


def grid(half_a: Sequence[Pair], half_b: Sequence[Pair]) -> str:
    """Vary each constant alone and count what its own trigger fails."""
    lines = [
        "| constant | another seed, A | another seed, B | really worse, A | really worse, B |",
        "|---|---|---|---|---|",
    ]
    groups = [[p for p in half if chosen(p)] for chosen in (_same, _worse) for half in (half_a, half_b)]
    for name, (values, shipped, trigger) in CONSTANTS.items():
        for value in values:
            with constants(**{name: value}):
                shares = [_counted(group, fails_against, trigger) for group in groups]
            mark = " (shipped)" if value == shipped else ""
            lines.append(f"| {name} = {value:g}{mark} | {' | '.join(shares)} |")
    return "\n".join(lines)


def views(rows: Sequence[dict[str, Any]]) -> str:
    """Count what fails on half B for those who log less."""
    lines = ["| the log holds | anything | the score | without the rule | really worse: anything | without the rule |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for view in VIEWS:
        both = pairs(rows, "B", view)
        same, worse = [p for p in both if _same(p)], [p for p in both if _worse(p)]
        fails = [fails_against(p.now, p.first) for p in same]
        found = _share([fails_against(p.now, p.first) for p in worse], any)
        score = _share(fails, lambda f: "score" in f)
        lines.append(f"| {view} | {_share(fails, any)} | {score} | {_unruled(same)} | {found} | {_unruled(worse)} |")
    return "\n".join(lines)


def rule(full: Sequence[Pair], losses: Sequence[Pair]) -> str:
    """Vary the constants of the rule and of the score on half A, and count whatever fails."""
    lines = [
        "| half A | another seed | really worse | losses only: another seed | really worse |",
        "|---|---|---|---|---|",
    ]
    groups = [[p for p in half if chosen(p)] for half in (full, losses) for chosen in (_same, _worse)]
    shipped = {"SIGMAS": SIGMAS, "MOVED": MOVED, "PART": PART}
    for name, values in (("SIGMAS", (2.0, 2.5, 3.0, 4.0)), ("MOVED", (0.1, 0.2, 0.3)), ("PART", (0.0, 0.25, 0.5, 1.0))):
        for value in values:
            mark = " (shipped)" if value == shipped[name] else ""
            with constants(**{name: value}):
                shares = " | ".join(_any(group) for group in groups)
            lines.append(f"| {name} = {value:g}{mark} | {shares} |")
    return "\n".join(lines)


def _same(pair: Pair) -> bool:
    return not pair.change


def _worse(pair: Pair) -> bool:
    return bool(pair.change) and pair.lost >= REALLY


def _any(group: Sequence[Pair]) -> str:
    return _share([fails_against(p.now, p.first) for p in group], any)


def _unruled(group: Sequence[Pair]) -> str:
    """Count what would fail if a score that held made nothing tolerable."""
    with constants(PART=-math.inf):
        return _any(group)


def _counted(group: Sequence[Pair], judged: Callable[[Diagnosis, Diagnosis], set[str]], trigger: str) -> str:
    return _share([judged(p.now, p.first) for p in group], lambda fails: trigger in fails)


def _share(judged: Sequence[Any], holds: Callable[[Any], Any]) -> str:
    return share(sum(bool(holds(fails)) for fails in judged), len(judged))


def put(page: str, name: str, block: str) -> str:
    """Replace what stands between the markers of one block."""
    begin, end = f"<!-- {name}: generated by calibration/reruns.py -->\n", f"<!-- end of {name} -->"
    before, found, rest = page.partition(begin)
    if not found:
        raise ValueError(f"{TARGET} has no marker {begin!r}")
    return before + begin + block + "\n" + end + rest.partition(end)[2]


def write(found: Mapping[str, str]) -> None:
    """Bring blocks of the page up to date."""
    page = TARGET.read_text()
    for name, block in found.items():
        page = put(page, name, block)
    TARGET.write_text(page)
