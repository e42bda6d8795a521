"""Is what trying remedies calls the best really the best? Planted problems, measured and then checked on fresh seeds.

    python benchmarks/trials/run.py --set development     # seven problems
    python benchmarks/trials/run.py --set held-out        # the other seven

Each problem is diagnosed from one run and its remedies are tried with five paired seeds. Then every candidate that was
in the race, and the run as it is, are trained with ten other seeds. What was called the best counts as right where no
other candidate is better on those seeds by more than one standard error of the paired difference. Where no remedy was
said to help, that is right unless one does on the fresh seeds, by the same test (Holm, 5 %).
Results are added to a file, one line of JSON a problem; problems that are in it are not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from problems import PROBLEMS, Problem, diagnosed  # noqa: E402  found beside this file

from diagnose.trials.candidates import of_remedy  # noqa: E402
from diagnose.trials.effects import helpful, paired  # noqa: E402
from diagnose.trials.tried import Ending, Tried  # noqa: E402
from diagnose.trials.trying import try_remedies  # noqa: E402

FRESH = 10
FIRST = 1000
RESULTS = HERE / "results.jsonl"


def main() -> None:
    """Choose, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("development", "held-out", "all"), default="all")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--fresh", type=int, default=FRESH, help="seeds on which the truth is taken")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [p for p in PROBLEMS if given.set == "all" or p.is_held_out == (given.set == "held-out")]
    chosen = [p for p in chosen if p.name in (given.only or (p.name,))]
    done = {line["name"]: line for line in read(given.json)}
    for problem in chosen:
        if problem.name not in done:
            done[problem.name] = one(problem, given.seeds, given.fresh)
            with given.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done[problem.name]) + "\n")
        print(line_of(done[problem.name]), flush=True)
    report([done[p.name] for p in chosen])


def read(path: Path) -> list[dict[str, Any]]:
    """Return the results that are there."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def one(problem: Problem, seeds: int, fresh: int) -> dict[str, Any]:
    """Diagnose, try, and check on fresh seeds."""
    train = problem.make()
    diagnosis = diagnosed(problem, train)
    began = time.process_time()
    tried = try_remedies(train, diagnosis, budget="1h", seeds=seeds, n_val=600, progress=False)
    spent = time.process_time() - began
    truth = on_fresh_seeds(train, tried, fresh)
    offered = [r.action for r in diagnosis.remedies]
    return {
        "name": problem.name, "planted": problem.planted, "is_held_out": problem.is_held_out,
        "metric": tried.metric.name,
        "baseline": float(np.mean(list(tried.baseline.values()))), "seconds": round(spent, 1), "offered": offered,
        "remedies": [
            {
                "title": r.remedy.title, "ending": r.ending.value, "why": r.why,
                "effect": None if r.effect is None else [r.effect.value, r.effect.low, r.effect.high, r.effect.seeds],
                "stand_in": None if r.stand_in is None else [r.stand_in.value, r.stand_in.low, r.stand_in.high],
                "basis": r.remedy.basis.value, "fresh": truth.get(r.remedy.title),
                "is_stop": "stop_at" in r.remedy.action,
            }
            for r in tried.remedies
        ],
    }  # fmt: skip


def on_fresh_seeds(train: Any, tried: Tried, fresh: int) -> dict[str, list[float]]:
    """Return paired differences on fresh seeds, positive where better, of everything that was measured."""
    sign = tried.metric.sign
    seeds = range(FIRST, FIRST + fresh)

    def scores(changes: dict[str, Any]) -> np.ndarray:
        found = []
        for seed in seeds:
            values = train({**train.settings, **changes, "seed": seed})[tried.metric.name]
            finite = [v for v in values if np.isfinite(v)]
            found.append(max(finite) if sign > 0 else min(finite))
        return np.array(found)

    base = scores({})
    truth = {}
    for one_tried in tried.remedies:
        if one_tried.effect is None or "stop_at" in one_tried.remedy.action:
            continue
        changes = changes_of(one_tried, train)
        truth[one_tried.remedy.title] = (sign * (scores(changes) - base)).tolist()
    return truth


def changes_of(one_tried: Any, train: Any) -> dict[str, Any]:
    """Return the settings of a remedy, as the race used them."""
    made = of_remedy(one_tried.remedy, {**train.settings})
    assert not isinstance(made, str), made
    titles = {c.remedy.title: c for c in made}
    return dict(titles.get(one_tried.remedy.title, made[0]).changes)


def judged(result: dict[str, Any]) -> dict[str, Any]:
    """Say whether what was called the best is, and whether anything was recommended that must not be."""
    measured = [r for r in result["remedies"] if r["fresh"] is not None]
    helped = [r for r in measured if r["ending"] == Ending.HELPED.value]
    bad = [r for r in result["remedies"]
           if r["ending"] == Ending.HELPED.value and not (r["effect"][1] > 0 and r["basis"] == "measured")]  # fmt: skip
    effects = {r["title"]: paired(r["fresh"], n_val=600) for r in measured}
    really = helpful(effects)
    if not helped:
        return {"said": "no remedy", "right": not really, "bad": len(bad), "really": sorted(really)}
    best = helped[0]
    best_truth = max(measured, key=lambda r: float(np.mean(r["fresh"])))
    gap = np.array(best_truth["fresh"]) - np.array(best["fresh"])
    error = float(gap.std(ddof=1) / np.sqrt(len(gap)))
    return {
        "said": best["title"], "right": bool(gap.mean() <= error) and float(np.mean(best["fresh"])) > 0,
        "bad": len(bad), "really": [best_truth["title"]], "regret": float(gap.mean()), "error": error,
    }  # fmt: skip


def line_of(result: dict[str, Any]) -> str:
    """Return one line for people."""
    verdict = judged(result)
    mark = "right" if verdict["right"] else "WRONG"
    best = next((r for r in result["remedies"] if r["title"] == verdict["said"]), None)
    effect = "" if best is None else f" {best['effect'][0]:+.3f} ({best['effect'][1]:+.3f} to {best['effect'][2]:+.3f})"
    truth = "" if best is None else f", fresh {np.mean(best['fresh']):+.3f}"
    other = "" if verdict["right"] else f"; better: {verdict['really']} regret {verdict.get('regret', 0):.4f}"
    return (
        f"{mark:6}{result['name']:38}{result['metric']} {result['baseline']:.3f}: {verdict['said']}{effect}{truth}"
        f"{other}  [{result['seconds']} s]"
    )


def report(results: list[dict[str, Any]]) -> None:
    """Print the figures that are asked for, each half apart."""
    for name, half in (("development", False), ("held out", True)):
        some = [r for r in results if r["is_held_out"] is half]
        if not some:
            continue
        verdicts = [judged(r) for r in some]
        right = sum(v["right"] for v in verdicts)
        quiet = [(r, v) for r, v in zip(some, verdicts, strict=True) if not r["planted"]]
        print(f"\n{name}: {right} of {len(some)} right; recommended with zero in the interval: "
              f"{sum(v['bad'] for v in verdicts)}; nothing wrong: "
              f"{sum(v['said'] == 'no remedy' for _, v in quiet)} of {len(quiet)} without a remedy")  # fmt: skip


if __name__ == "__main__":
    main()
