"""Is the stopping rule better than patience? Epochs wasted and what is missed, on histories of whole runs.

`python calibration/early_stopping.py --write` → `early_stopping.json` beside this file, and prints the tables. Every
policy reads the validation loss of each run, epoch by epoch, and stops it; *wasted* are the epochs after the best one
that it saw, *missed* is how much lower the loss would have become had the run gone on to its end. The form of the rule,
its error rate and its waiting time were chosen while looking at runs of all three sources: the groups called held out
fitted nothing, but they are no blind test.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from corpus import Labelled, algoperf, simulated, trained

from diagnose.run import Curve, FloatArray
from diagnose.stats.stopping import WAIT, StoppingRule

TARGET = Path(__file__).parent / "early_stopping.json"
PATIENCES = (5, 10, 20, 30, 50, 70, 100)
WAITS = (2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)
FEWEST = 8
"""Validations of a run that is compared."""
NOTICED = 0.01
"""Share of all that the loss gained; a run that misses more has missed its best epoch."""


@dataclass(frozen=True)
class History:
    """The losses of a whole run; ``score`` is a cost (lower is better), NaN where the log has none."""

    group: str
    held_out: bool
    val: FloatArray
    train: FloatArray
    score: FloatArray


def histories(source: Callable[[], Iterator[Labelled]]) -> Iterator[History]:
    """Read the runs of one source that have enough validations, all finite."""
    for labelled in source():
        history = labelled.run.history
        val = history.find("val", "loss")
        if val is None or len(val.finite) < FEWEST:
            continue
        val = val.finite
        scores = [curve for curve in history.of("val") if curve.quantity != "loss"]
        yield History(
            labelled.group,
            labelled.held_out,
            val.values,
            _at(history.find("train", "loss"), val.steps),
            _at(scores[0], val.steps) * (1 if scores[0].better == "lower" else -1) if scores else val.values * np.nan,
        )


def _at(curve: Curve | None, steps: FloatArray) -> FloatArray:
    known = None if curve is None else curve.finite
    if known is None or not len(known):
        return steps * np.nan
    at = np.searchsorted(known.steps, steps, side="right") - 1
    return np.where(at >= 0, known.values[np.maximum(at, 0)], np.nan)


def patience(values: FloatArray, most: int) -> int:
    """Return how many epochs run with a patience: as Keras and Lightning count it, with ``min_delta=0``."""
    best, at = np.inf, 0
    for i, value in enumerate(values.tolist()):
        if value < best:
            best, at = value, i
        elif i - at >= most:
            return i + 1
    return len(values)


def ours(history: History, wait: int, *, with_training: bool = True) -> int:
    """Return how many epochs run under the rule."""
    rule = StoppingRule(wait=wait)
    train = history.train if with_training else history.train * np.nan
    for i, (value, training) in enumerate(zip(history.val.tolist(), train.tolist(), strict=True)):
        if rule.next(i + 1, value, training).stop:
            return i + 1
    return len(history.val)


def outcome(history: History, n: int) -> dict[str, float]:
    """Return what a run that was ended after ``n`` epochs wasted and missed."""
    val, score = history.val, history.score
    kept, best = int(np.argmin(val[:n])), int(np.argmin(val))
    lost = float(val[kept] - val[best])
    gain = max(float(val[0] - val[best]), np.finfo(float).tiny)
    spread = float(np.nanmax(score) - np.nanmin(score)) if np.isfinite(score).any() else 0.0
    return {
        "epochs": n,
        "wasted": n - 1 - kept,
        "missed": min(lost / gain, 1.0),
        "relative": min(lost / max(abs(float(val[best])), np.finfo(float).tiny), 1.0),
        "is_missed": float(lost / gain > NOTICED),
        "score": float(score[kept] - score[best]) / spread if spread > 0 else float("nan"),
    }


def table(runs: list[History]) -> dict[str, dict[str, float]]:
    """Return each policy's means over runs."""
    policies: dict[str, Callable[[History], int]] = {}
    for most in PATIENCES:
        policies[f"patience {most}"] = lambda h, most=most: patience(h.val, most)  # type: ignore[misc]
    for wait in WAITS:
        policies[f"rule {wait}"] = lambda h, wait=wait: ours(h, wait)  # type: ignore[misc]
    policies[f"rule {WAIT}, validation alone"] = lambda h: ours(h, WAIT, with_training=False)
    return {name: _means([outcome(h, policy(h)) for h in runs]) for name, policy in policies.items()}


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    return {
        key: round(float(np.nanmean([row[key] for row in rows])), 5)
        if np.isfinite([r[key] for r in rows]).any()
        else -1
        for key in rows[0]
    }


def against(rows: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Compare the default with patience: the waste of a patience that misses as much, between those that were run."""
    own = rows[f"rule {WAIT}"]
    missed = [rows[f"patience {p}"]["missed"] for p in PATIENCES]
    wasted = [rows[f"patience {p}"]["wasted"] for p in PATIENCES]
    equal = float(np.interp(-own["missed"], -np.array(missed), wasted))
    best = {
        f"patience {p}": min(
            (
                rows[f"rule {w}"]["wasted"]
                for w in WAITS
                if rows[f"rule {w}"]["missed"] <= rows[f"patience {p}"]["missed"]
            ),
            default=None,
        )
        for p in PATIENCES
    }
    return {"default": own["wasted"], "patience that misses as much": round(equal, 2), "least waste of a rule": best}


def main() -> None:
    """Print the tables, and write them where asked."""
    found: dict[str, Any] = {}
    for source in (trained, simulated, algoperf):
        runs = list(histories(source))
        for held_out, title in ((False, "calibration"), (True, "held out")):
            own = [h for h in runs if h.held_out is held_out]
            if not own:
                continue
            rows = table(own)
            groups = len({h.group for h in own})
            name = f"{source.__name__}, {title}"
            found[name] = {"runs": len(own), "groups": groups, "policies": rows, "comparison": against(rows)}
            print(f"\n{name}: {len(own)} runs of {groups} groups; {found[name]['comparison']}")
            for policy, row in rows.items():
                print(f"  {policy:28s} " + "  ".join(f"{key} {value:8.4f}" for key, value in row.items()))
    if "--write" in sys.argv:
        TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
