"""How often a whole audit of two samples of one population finds anything, by code and by what it says first.

    python benchmarks/whole_audit.py --rows 200 --draws 150      # some minutes on one core
    python benchmarks/whole_audit.py --rows 1000 --draws 60 --groups

Tables are those of ``shift_scenarios.py`` with labels that depend on two columns alike on both sides; every analyzer
looks. With ``--groups`` rows come ten a patient, whole patients on either side, and patients differ. A finding counts
unless it is information. CPU seconds are of the audit, without imports.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
from shift_scenarios import Table, draw

import diagnose
from diagnose.finding import Severity

A_GROUP = 10
"""Rows a patient."""


def main() -> None:
    """Audit, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200, help="of each side; patients, with --groups, ten rows each")
    parser.add_argument("--draws", type=int, default=150)
    parser.add_argument("--groups", action="store_true")
    given = parser.parse_args()
    codes: Counter[str] = Counter()
    mains: Counter[str] = Counter()
    seconds = []
    for number in range(given.draws):
        rng = np.random.default_rng([1, number])
        drawn = draw("none", given.rows, number=number)
        sides = [labelled(side, rng) for side in drawn]
        if given.groups:
            spreads = {name: spread_of([side.numbers[name] for side in drawn]) for name in drawn[0].numbers}
            sides = [of_patients(side, spreads, rng, first) for first, side in zip((0, given.rows), sides, strict=True)]
        start = time.process_time()
        found = diagnose.audit(
            train=sides[0], val=sides[1], data={"label": "y"} | ({"group": "patient"} if given.groups else {})
        )
        seconds.append(time.process_time() - start)
        codes.update({f.code for f in found.findings if f.severity is not Severity.INFO})
        mains[found.main] += 1
    print(f"{given.draws} draws of {given.rows} rows a side{' of patients' if given.groups else ''}, "
          f"{np.median(seconds):.2f} CPU s each")  # fmt: skip
    print("said first:", ", ".join(f"{name} {count}" for name, count in mains.most_common()))
    print("findings:", ", ".join(f"{code} {count}" for code, count in sorted(codes.items())) or "none")


def labelled(side: Table, rng: np.random.Generator) -> dict[str, Any]:
    """Return the columns with a label."""
    first, second = list(side.numbers.values())[:2]
    score = np.nan_to_num(first) + np.nan_to_num(second) + rng.logistic(size=len(first))
    return {**side.columns(), "y": np.where(score > 0, "ill", "well")}


def spread_of(sides: list[npt.NDArray[np.float32]]) -> float:
    """Return the distance between the quartiles of both sides together: one law for both."""
    return float(np.subtract(*np.nanquantile(np.concatenate(sides), (0.75, 0.25))))


def of_patients(
    columns: dict[str, Any], spreads: dict[str, float], rng: np.random.Generator, first: int
) -> dict[str, Any]:
    """Return ten rows for each, which differ by a fifth of the spread, with the patient that they are of."""
    of = np.repeat(np.arange(len(columns["y"])), A_GROUP)
    found = {name: values[of] for name, values in columns.items()}
    for name, spread in spreads.items():
        found[name] = (found[name] + 0.2 * spread * rng.normal(size=len(of))).astype(np.float32)
    return found | {"patient": np.char.add("p", (of + first).astype(str))}


if __name__ == "__main__":
    main()
