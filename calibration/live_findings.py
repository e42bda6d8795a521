"""How often does a running hook cry wolf? Looks at every stage of whole runs, as a session takes them.

`python calibration/live_findings.py --write` → `live_findings.json` beside this file, and prints it. Each run is looked
at after every epoch (at 60 epochs, evenly, of longer ones) with what was known then. An alarm is false where the whole
run shows that it was: overfitting in a run whose test loss says no, another curve's finding that the end no longer
bears out. Facts of the program that a hook measures have their own error rates and are not part of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from corpus import Labelled, algoperf, rated, simulated, trained

from diagnose.finding import CONFIRMED, LIKELY, Finding
from diagnose.hooks import live
from diagnose.run import Curve, History, Run

TARGET = Path(__file__).parent / "live_findings.json"
MOST_LOOKS = 60
EVERY = {"trained": 2, "simulated": 3, "algoperf": 6, "rated": 1, "healthy": 1}
"""One run in so many is looked at: each costs up to 60 audits."""
Looks = list[tuple[float, list[Finding]]]


def healthy() -> Iterator[Labelled]:
    """Draw runs that fall to their end: power laws and exponentials, with noise of 0.3 to 10 % of the gain."""
    rng = np.random.default_rng(0)
    for i in range(200):
        n = int(rng.integers(15, 120))
        t = np.arange(1, n + 1, dtype=float)
        shape = t ** -rng.uniform(0.3, 1.2) if i % 2 else np.exp(-t / rng.uniform(0.1, 0.5) / n)
        noise = rng.uniform(0.003, 0.1)
        curves = [
            Curve(f"{split} loss", split, "loss", "lower", t, level + shape + share * noise * rng.normal(size=n))
            for split, level, share in (("train", 0.2, 0.3), ("val", 0.25, 1.0))
        ]
        yield Labelled(Run(f"healthy {i}", History(tuple(curves))), {"overfitting": False}, f"{i}", "healthy")


def looks_of(run: Run) -> Looks:
    """Return what each look at a run finds, with its epoch; epochs count validations."""
    val = run.history.find("val", "loss")
    steps = val.steps if val is not None else run.history.curves[0].steps
    counts = np.unique(np.linspace(1, len(steps), min(MOST_LOOKS, len(steps))).astype(int))
    found = []
    for n in counts.tolist():
        curves = tuple(c.between(c.steps[0], steps[n - 1]) for c in run.history.curves if c.steps[0] <= steps[n - 1])
        seen = Run(run.name, History(curves, run.history.unit), run.context)
        found.append((float(n), list(live.live_findings(seen))))
    return found


def told(looks: Looks, *, lasting: float, least: float) -> dict[str, float]:
    """Return the codes that are told, with the epoch, where a finding must last so long and be so probable."""
    first: dict[str, float] = {}
    said: dict[str, float] = {}
    for epoch, findings in looks:
        now = {f.code for f in findings if f.probability >= least} if epoch >= live.EARLIEST else set()
        first = {code: first.get(code, epoch) for code in now}
        for code, since in first.items():
            if lasting <= 1 or epoch >= max(lasting * since, since + 1):
                said.setdefault(code, epoch)
    return said


def is_false(code: str, labelled: Labelled, last: list[Finding]) -> bool | None:
    """Whether an alarm was false; None where nobody can tell."""
    if code.startswith("OVF"):
        label = labelled.labels.get("overfitting")
        return None if label is None else not label
    return not any(f.code == code and f.probability >= LIKELY for f in last)


POLICIES: dict[str, dict[str, float]] = {
    f"still there after {lasting:g} times the epochs, {least:.0%} sure": {"lasting": lasting, "least": least}
    for lasting in (1.0, 1.2, 1.5)
    for least in (LIKELY, 0.7, 0.8, CONFIRMED)
}


def judged(source: Callable[[], Iterator[Labelled]]) -> dict[str, Any]:
    """Return each policy's false alarms over runs, and when overfitting is told where there is some."""
    runs = [labelled for i, labelled in enumerate(source()) if i % EVERY[source.__name__] == 0]
    runs = [r for r in runs if r.run.history.curves and len(r.run.history.curves[0]) >= live.EARLIEST]
    seen = [(labelled, looks_of(labelled.run)) for labelled in runs]
    rows: dict[str, Any] = {"runs": len(seen)}
    for name, policy in POLICIES.items():
        rows[name] = _row(seen, policy)
    return rows


def _row(seen: list[tuple[Labelled, Looks]], policy: dict[str, float]) -> dict[str, Any]:
    false, by_code, healthy_runs, when, positives = 0, {}, 0, [], 0
    for labelled, looks in seen:
        said = told(looks, **policy)
        wrong = [code for code in said if is_false(code, labelled, looks[-1][1])]
        if labelled.labels.get("overfitting") is False:
            healthy_runs += 1
            false += bool(wrong)
            for code in wrong:
                by_code[code] = by_code.get(code, 0) + 1
        elif labelled.labels.get("overfitting"):
            positives += 1
            at = [epoch for code, epoch in said.items() if code.startswith("OVF")]
            when += [min(at) / looks[-1][0]] if at else []
    return {
        "runs that do not overfit": healthy_runs,
        "with a false alarm": round(false / max(healthy_runs, 1), 4),
        "false alarms by code": by_code,
        "runs that overfit": positives,
        "of them told before the end": round(sum(share < 1 for share in when) / max(positives, 1), 3),
        "at this share of the run, median": round(float(np.median(when)), 3) if when else None,
    }


def main() -> None:
    """Print, and write where asked."""
    found = {}
    for source in (healthy, rated, trained, simulated, algoperf):
        found[source.__name__] = judged(source)
        print(source.__name__, json.dumps(found[source.__name__], indent=1), flush=True)
    if "--write" in sys.argv:
        TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
