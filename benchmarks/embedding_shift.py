"""Do embeddings that moved get found, at what price, and do equal ones stay quiet? Beside other libraries.

    python benchmarks/embedding_shift.py --quick
    python benchmarks/embedding_shift.py --peers VENV/bin/python --out results.jsonl

``--peers`` names a Python that has alibi-detect (with torch), frouros and torchdrift. Every question is asked in a
process of its own with one thread; CPU seconds do not count imports. A table of detections is printed, JSON lines are
written.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from embedding_scenarios import SCENARIOS, WORLDS

HERE = Path(__file__).parent
PEERS = ("alibi-mmd", "alibi-classifier", "alibi-ks")
"""At 2 × 1,000 rows. Left out: torchdrift's kernel test, 23 CPU s a pair there; frouros', slower still."""
DRAWS = {"quick": {1000: (40, 20)}, "full": {1000: (100, 40), 5000: (20, 10), 20_000: (4, 4)}}
"""Draws by rows: of equal samples, and of each difference."""
PEER_DRAWS = 12


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", help="a Python that has the other libraries")
    parser.add_argument("--peers-only", action="store_true", help="ask the other libraries only")
    parser.add_argument("--out", type=Path, help="where JSON lines are added")
    given = parser.parse_args()
    answers = []
    for n, (equal, different) in DRAWS["quick" if given.quick else "full"].items():
        for world in WORLDS:
            for scenario in SCENARIOS:
                draws = equal if scenario == "none" else different
                if not given.peers_only:
                    answers += ask(sys.executable, "diagnose", world, scenario, n, draws)
                for peer in PEERS if given.peers and n == 1000 else ():
                    answers += ask(given.peers, peer, world, scenario, n, PEER_DRAWS)
                if given.out:
                    given.out.write_text("".join(json.dumps(a) + "\n" for a in answers), encoding="utf-8")
    show(answers)


def ask(  # noqa: PLR0913, PLR0917  the worker's command line
    python: str, method: str, world: str, scenario: str, n: int, draws: int
) -> list[dict[str, object]]:
    """Return the worker's lines."""
    worker = [python, str(HERE / "embedding_worker.py"), method, world, scenario, str(n), "512", "0", str(draws)]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(worker, check=False, capture_output=True, text=True, env=os.environ | one)
    if done.returncode:
        print(f"{method} {world} {scenario} {n}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def show(answers: list[dict[str, object]]) -> None:
    """Print the share of p-values of 5 % or less, and CPU seconds a draw."""
    cells: dict[tuple[object, ...], list[tuple[float, float]]] = defaultdict(list)
    for a in answers:
        key = a["n"], a["world"], a["method"], a["scenario"]
        cells[key].append((float(str(a["p"])), float(str(a["cpu_seconds"]))))
    print("| rows a side | world | method | " + " | ".join(SCENARIOS) + " | CPU s |")
    print("| ---: | --- | --- | " + " ---: |" * (len(SCENARIOS) + 1))
    for n, world, method in dict.fromkeys(key[:3] for key in cells):
        found, seconds = [], []
        for scenario in SCENARIOS:
            cell = cells.get((n, world, method, scenario), [])
            found.append(f"{sum(p <= 0.05 for p, _ in cell) / len(cell):.0%} of {len(cell)}" if cell else "–")
            seconds += [s for _, s in cell]
        print(f"| {n:,} | {world} | {method} | " + " | ".join(found) + f" | {sum(seconds) / len(seconds):.2f} |")


if __name__ == "__main__":
    main()
