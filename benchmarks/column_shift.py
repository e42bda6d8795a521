"""Which columns shifted: how often rightly, how often wrongly, and how fast, beside other libraries.

    python benchmarks/column_shift.py power --out power.jsonl                         # half an hour on one core
    python benchmarks/column_shift.py power --quick --out power.jsonl                 # some minutes
    python benchmarks/column_shift.py speed --out speed.jsonl --peer alibi-detect=/venvs/alibi-detect/bin/python
    python benchmarks/column_shift.py tables power.jsonl speed.jsonl > docs/data-benchmarks.md

Every library is asked by ``column_shift_worker.py`` in its own environment; only those that are given take part. Times
are CPU seconds of the question alone, data in memory, the first one not counted. Answers are appended as JSON lines, so
that a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shift_scenarios import SCENARIOS

HERE = Path(__file__).parent
OWN = ("diagnose", "scipy")
JOINT = ("correlation only", "2 % subpopulation dropped")
"""What no single column shows: asked of the joint comparison, not here."""
SIZES = {200: 200, 1000: 200, 10_000: 40, 100_000: 10}
"""Draws by rows a side: an error of 3.5 points at most up to 1,000 rows; beyond, most cells are 0 or 100 %."""
QUIET = {200: 800, 1000: 600, 10_000: 100, 100_000: 20, 1_000_000: 5}
"""Draws of data that did not shift: an error of 0.8 points up to 1,000 rows."""
WIDE = {200: 800, 1000: 150, 10_000: 20}
"""The same with 200 columns."""
SPEEDS = ((1_000_000, 20), (100_000, 200), (1_000_000, 200))
SLOW = {"evidently": 60, "deepchecks": 4, "frouros": 8, "nannyml": 8}
"""How many times fewer draws are given to libraries that take long, or that alarm on most data."""
WITHOUT_POWER = ("frouros", "nannyml")
"""What calls half or all of the data that did not shift shifted: how often it is right then says nothing."""


def main() -> None:
    """Ask, or print the tables of what was answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("power", "speed", "tables"))
    parser.add_argument("answers", nargs="*", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--only", action="append", default=[], help="libraries to ask; all when none is named")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.task == "tables":
        print("\n".join(tables(list(_read(given.answers)))))
        return
    pythons = dict.fromkeys(OWN, sys.executable) | dict(peer.split("=", 1) for peer in given.peer)
    asked = {name: python for name, python in pythons.items() if not given.only or name in given.only}
    known = {_key(row) for row in _read([given.out])} if given.out.exists() else set()
    for name, python in asked.items():
        for question in speed_questions(given.quick) if given.task == "speed" else power_questions(given.quick, name):
            if (name, *question[:3]) not in known:
                ask(name, python, question, given.out)


Question = tuple[str, int, int, int]
"""Scenario, rows, columns, draws."""


def power_questions(quick: bool, library: str) -> list[Question]:
    """List what is asked of a library that is to find shifts and keep quiet where there is none."""
    slower = SLOW.get(library, 1) * (10 if quick else 1)
    found = [("none", rows, 20, draws) for rows, draws in QUIET.items()]
    found += [("none", rows, 200, draws) for rows, draws in WIDE.items()]
    if library not in WITHOUT_POWER:
        found += [(s, rows, 20, draws) for rows, draws in SIZES.items() for s in SCENARIOS[1:] if s not in JOINT]
    asked = [(s, rows, columns, draws // slower) for s, rows, columns, draws in found]
    return [q for q in asked if q[3] >= (1 if library in OWN else 3)]


def speed_questions(quick: bool) -> list[Question]:
    """List the sizes of the speed table."""
    return [("none", rows, columns, 1 if quick else 3) for rows, columns in SPEEDS[: 2 if quick else 3]]


def ask(library: str, python: str, question: Question, out: Path) -> None:
    """Run one question in the library's environment and append its answer."""
    scenario, rows, columns, draws = question
    command = [python, str(HERE / "column_shift_worker.py"), "--library", library, "--scenario", scenario,
               "--rows", str(rows), "--columns", str(columns), "--draws", str(draws)]  # fmt: skip
    # one thread: CPU seconds of several would count each other's waiting
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NML_DISABLE_USAGE_LOGGING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **alone})
    answers = [line for line in done.stdout.splitlines() if line.startswith('{"library"')]
    if not answers:
        print(f"{library}: {scenario}, {rows} rows: {done.stderr[-300:]}", file=sys.stderr)
        return
    with out.open("a", encoding="utf-8") as file:
        file.write(answers[-1] + "\n")
    print(answers[-1], file=sys.stderr)


def _read(paths: Iterable[Path]) -> Iterable[dict[str, Any]]:
    for path in paths:
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def _key(row: dict[str, Any]) -> tuple[str, str, int, int]:
    return row["library"], row["scenario"], row["rows"], row["columns"]


def tables(rows: list[dict[str, Any]]) -> list[str]:
    """Return the tables in Markdown."""
    libraries = list(dict.fromkeys(row["library"] for row in rows))
    quiet = [r for r in rows if r["scenario"] == "none"]
    timed = [r for r in quiet if (r["rows"], r["columns"]) in SPEEDS]
    return [
        *('### False alarms: "the data set shifted" where it did not, %', ""),
        *_table(quiet, libraries, lambda r: f"{r['rows']:,} × ({r['columns']} + 3)", _share),
        *("", "### Columns flagged per data set that did not shift", ""),
        *_table(quiet, libraries, lambda r: f"{r['rows']:,} × ({r['columns']} + 3)",
                lambda r: f"{r['columns_flagged'] / r['draws']:.2f}"),
        *("", '### Power: "the data set shifted" where it did, % by rows a side', ""),
        *_power([r for r in rows if r["scenario"] != "none"], libraries),
        *("", "### CPU seconds: which columns drifted, data in memory", ""),
        *_table(timed, libraries, lambda r: f"{r['rows']:,} × ({r['columns']} + 3)",
                lambda r: f"{r['cpu_seconds']:.2f}"),
    ]  # fmt: skip


def _share(row: dict[str, Any]) -> str:
    return f"{100 * row['shifted'] / row['draws']:.1f} ({row['draws']})"


def _table(rows: list[dict[str, Any]], libraries: list[str], name: Any, cell: Any) -> list[str]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in sorted(rows, key=lambda r: (r["columns"], r["rows"])):
        found[name(row)][row["library"]] = cell(row)
    return [
        "| rows a side × columns | " + " | ".join(libraries) + " |",
        "| --- |" + " --- |" * len(libraries),
        *(f"| {key} | " + " | ".join(cells.get(library, "–") for library in libraries) + " |"
          for key, cells in found.items()),
    ]  # fmt: skip


def _power(rows: list[dict[str, Any]], libraries: list[str]) -> list[str]:
    libraries = [library for library in libraries if any(row["library"] == library for row in rows)]
    sizes = sorted({row["rows"] for row in rows})
    found = {_key(row)[:3]: f"{100 * row['shifted'] / row['draws']:.0f}" for row in rows}
    lines = ["| scenario | " + " | ".join(libraries) + " |", "| --- |" + " --- |" * len(libraries)]
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        cells = (" / ".join(found.get((library, scenario, size), "–") for size in sizes) for library in libraries)
        lines.append(f"| {scenario} | " + " | ".join(cells) + " |")
    draws = {(r["library"], r["rows"]): r["draws"] for r in rows}
    cells = (" / ".join(str(draws.get((library, size), "–")) for size in sizes) for library in libraries)
    lines.append("| draws | " + " | ".join(cells) + " |")
    return [f"Rows a side: {' / '.join(f'{size:,}' for size in sizes)}.", "", *lines]


if __name__ == "__main__":
    main()
