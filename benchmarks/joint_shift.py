"""Do all columns together see what single columns don't, and stay quiet where nothing differs?

    python benchmarks/joint_shift.py --quick
    python benchmarks/joint_shift.py --out results.jsonl

Tables of 20 numbers and three categories from `shift_scenarios` (family ``"reported"``). Shares of draws in which
COV115 reports a shift (1 % error rate, lower bound beyond 0.025 standard deviations), in which the three tests together
reject at 5 %, and which of the three does; CPU seconds a draw.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from shift_scenarios import SCENARIOS, Table, draw

from diagnose.analyzers.columns_shifted_jointly import ColumnsShiftedJointly
from diagnose.data import Column, Kind, Split, SplitName
from diagnose.finding import Finding
from diagnose.measures.joint_shift import TESTS, joint_shifts

DRAWS = {
    "quick": {1000: (20, 5)},
    "full": {200: (100, 20), 1000: (100, 20), 10_000: (20, 10), 100_000: (4, 2)},
}
"""Draws by rows: of equal tables, and of each difference."""


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="where JSON lines are written")
    given = parser.parse_args()
    lines = []
    print("| rows a side | scenario | draws | COV115 | p ≤ 5 % | rows | trees | relations | CPU s |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for n, (equal, different) in DRAWS["quick" if given.quick else "full"].items():
        for scenario in SCENARIOS:
            answers = [asked(scenario, n, k) for k in range(equal if scenario == "none" else different)]
            lines += answers
            shares = [
                f"{np.mean([a[key] for a in answers]):.0%}" for key in ("found", "p", "rows", "trees", "relations")
            ]
            seconds = np.mean([a["cpu_seconds"] for a in answers])
            print(f"| {n:,} | {scenario} | {len(answers)} | {' | '.join(shares)} | {seconds:.2f} |", flush=True)
        if given.out:
            given.out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def asked(scenario: str, n: int, number: int) -> dict[str, float | str | bool]:
    """Return what COV115 says of one draw; of each test, whether its part of 5 % would have sufficed."""
    first, second = (
        split(name, table) for name, table in zip(("train", "val"), draw(scenario, n, number=number), strict=True)
    )
    begun = time.process_time()
    (shift,) = joint_shifts(first, (second,), seed=number)
    took = time.process_time() - begun
    found = any(isinstance(said, Finding) for said in ColumnsShiftedJointly().check((shift,)))
    enough = 0.05 / TESTS
    return {
        "scenario": scenario, "n": n, "draw": number, "found": found, "p": shift.p <= 0.05, "p_value": shift.p,
        "rows": shift.p_rows <= enough, "trees": shift.p_trees <= enough, "relations": shift.p_relations <= enough,
        "area": shift.told.area, "cpu_seconds": round(took, 4),
    }  # fmt: skip


def split(name: SplitName, table: Table) -> Split:
    """Return the table as evidence, without reading it: the kinds are known."""
    columns = [Column(key, Kind.NUMBER, values) for key, values in table.numbers.items()]
    for key, codes in table.categories.items():
        levels, places = np.unique(codes, return_inverse=True)
        columns.append(Column(key, Kind.CATEGORY, places.astype(np.int32), tuple(f"level {v}" for v in levels)))
    return Split(name, len(columns[0]), tuple(columns))


if __name__ == "__main__":
    main()
