"""How much do profiles lose, and what do they cost? Verdicts and distances against the rows', file sizes, memory.

Profiles are compared as a file gives them back, which is coarser than in memory.

    python benchmarks/profiles.py verdicts                 # 1,000 pairs, about ten minutes on one core
    python benchmarks/profiles.py verdicts --pairs 60      # for a look
    python benchmarks/profiles.py stream --folder big --gigabytes 0.5 1 5
    python benchmarks/profiles.py sizes

Every result is a line of JSON. Streams are profiled by processes of their own, whose largest resident size
``resource.getrusage`` gives; CPU seconds are theirs, so that other programs distort them little.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from pyarrow import parquet
from shift_scenarios import SCENARIOS, Table, draw

import diagnose
from diagnose import testing
from diagnose.analyzers.categories_unseen import CategoriesUnseen
from diagnose.analyzers.columns_shifted import ColumnsShifted
from diagnose.analyzers.missingness_changed import MissingnessChanged
from diagnose.data import Column, Kind, Split
from diagnose.finding import Finding, Severity
from diagnose.profiles.file_format import fitted, from_bytes, to_bytes
from diagnose.profiles.profile import Profile
from diagnose.run import Context, History, Run
from diagnose.stats.cells import pooled_cells
from diagnose.stats.dyadic import side_by_side
from diagnose.stats.dyadic_shift import hidden

RULES = (ColumnsShifted(), MissingnessChanged(), CategoriesUnseen())
COLUMNS = 12
WIDTH = 20
"""Columns of the streamed tables."""
PIECE = 500_000
"""Rows of each of their files."""


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("verdicts", "stream", "sizes", "child"))
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("streamed"))
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[0.5, 1.0])
    parser.add_argument("--form", choices=("parquet", "csv"), default="parquet")
    given = parser.parse_args()
    if given.what == "verdicts":
        told = verdicts(given.pairs)
    elif given.what == "sizes":
        told = sizes()
    elif given.what == "child":
        told = iter([child(given.folder)])
    else:
        told = streams(given.folder, given.gigabytes, given.form)
    for line in told:
        print(json.dumps(line), flush=True)


def verdicts(pairs: int) -> Iterator[dict[str, Any]]:
    """Compare what is found from rows, from a training profile and from two, in turn over all scenarios and sizes."""
    kinds = [*SCENARIOS, "at the margin"]
    told = {kind: Agreement() for kind in kinds}
    for number in range(pairs):
        kind = kinds[number % len(kinds)]
        n = (20_000, 100_000)[number // len(kinds) % 2]
        tables = draw(kind if kind in SCENARIOS else "none", n, COLUMNS, number=number, rows=n // 2)
        if kind not in SCENARIOS:
            _to_the_margin(tables[1], np.random.default_rng([7, number]))
        told[kind].add({"train": split("train", tables[0]), "val": split("val", tables[1])})
    for kind, agreement in told.items():
        yield {"scenario": kind, **agreement.summary()}
    total = Agreement()
    for agreement in told.values():
        total.join(agreement)
    yield {"scenario": "all", **total.summary()}


def _to_the_margin(table: Table, rng: np.random.Generator) -> None:
    """Move every column by so little that its distance is about what matters, 0.01: the hardest to tell alike."""
    for name, values in table.numbers.items():
        table.numbers[name] = values + np.float32(np.nanstd(values) * rng.uniform(0, 0.12))


class Agreement:
    """Counts of pairs judged alike, and of distances within their bounds."""

    def __init__(self) -> None:
        self.pairs = self.found = self.columns = self.within = 0
        self.alike = {"training profile": 0, "two profiles": 0}
        self.same_columns = dict(self.alike)
        self.errors: list[float] = []
        self.bounds: list[float] = []

    def add(self, splits: dict[str, Split]) -> None:
        """Judge a pair by its rows and by its profiles."""
        profiles = {name: from_bytes(to_bytes(Profile.of(part)), name) for name, part in splits.items()}
        exact = named(Run("rows", History(()), Context(), splits=splits))  # type: ignore[arg-type]
        given = {
            "training profile": ({"val": splits["val"]}, {"train": profiles["train"]}),
            "two profiles": ({}, profiles),
        }
        self.pairs += 1
        self.found += bool(exact)
        for what, (rows, without) in given.items():
            found = named(Run("profiles", History(()), Context(), splits=rows, profiles=without))  # type: ignore[arg-type]
            self.alike[what] += {code for code, _ in found} == {code for code, _ in exact}
            self.same_columns[what] += found == exact
        for column in splits["train"].of_kind(Kind.NUMBER):
            other = splits["val"].column(column.name)
            sides = [profiles[name].column(column.name) for name in ("train", "val")]
            if other is None or None in sides:
                continue
            values = [side.values[~np.isnan(side.values)] for side in (column, other)]
            one, two = side_by_side(sides[0].cells, sides[1].cells)  # type: ignore[union-attr]
            seen = float(np.abs(np.cumsum(one.counts) / one.n - np.cumsum(two.counts) / two.n).max())
            error = pooled_cells(*values).distance - seen
            bound = hidden(one, two)
            self.columns += 1
            self.within += -1e-12 <= error <= bound + 1e-12
            self.errors.append(error)
            self.bounds.append(bound)

    def join(self, other: Agreement) -> None:
        """Add the counts of another."""
        for name in ("pairs", "found", "columns", "within"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for what in self.alike:
            self.alike[what] += other.alike[what]
            self.same_columns[what] += other.same_columns[what]
        self.errors += other.errors
        self.bounds += other.bounds

    def summary(self) -> dict[str, Any]:
        """Return shares and the largest errors."""
        pairs = max(self.pairs, 1)
        return {
            "pairs": self.pairs,
            "found from rows": self.found,
            **{f"same codes, {what}": count / pairs for what, count in self.alike.items()},
            **{f"same columns, {what}": count / pairs for what, count in self.same_columns.items()},
            "distances": self.columns,
            "within the bound": self.within / max(self.columns, 1),
            "median error": float(np.median(self.errors)) if self.errors else 0.0,
            "largest error": max(self.errors, default=0.0),
            "median bound": float(np.median(self.bounds)) if self.bounds else 0.0,
            "largest bound": max(self.bounds, default=0.0),
        }


def named(run: Run) -> set[tuple[str, str]]:
    """Return the code and column of all that is found; what is immaterial is not."""
    found: list[Finding] = [f for rule in RULES for f in testing.examine(rule, history=run).findings]
    real = [f for f in found if f.severity is not Severity.INFO]
    return {(f.code, name) for f in real for where in f.where for name in (where.names or ("all",))}


def split(name: Any, table: Table) -> Split:
    """Return a drawn table as a split."""
    columns = [Column(key, Kind.NUMBER, values) for key, values in table.numbers.items()]
    for key, codes in table.categories.items():
        known, places = np.unique(codes, return_inverse=True)
        columns.append(Column(key, Kind.CATEGORY, places.astype(np.int32), tuple(f"level {code}" for code in known)))
    return Split(name, len(columns[0]), tuple(columns))


def sizes() -> Iterator[dict[str, Any]]:
    """Return bytes of a file of 100 columns, and CPU seconds a million rows and column."""
    for n in (1_000, 8_000, 20_000, 100_000, 1_000_000):
        rng = np.random.default_rng(n)
        draws = [
            rng.normal(size=n),
            np.exp(rng.normal(size=n)),
            rng.standard_cauchy(n),
            rng.random(n),
            rng.gamma(2, 3, n),
        ]
        held = Split("train", n, tuple(Column(f"c{k}", Kind.NUMBER, values) for k, values in enumerate(draws)))
        start = time.process_time()
        profile = Profile.of(held)
        spent = time.process_time() - start
        whole, without = (len(to_bytes(p)) for p in (profile, Profile(profile.n, profile.columns)))
        yield {
            "rows": n,
            "bytes of 100 columns": round(100 * without / len(draws)) + whole - without,
            "CPU s a million values": round(spent / len(draws) * 1e6 / n, 3),
            "largest rank error": max(round(column.rank_error, 5) for column in profile.columns),
            "in a file": max(round(fitted(column).rank_error, 5) for column in profile.columns),
        }


def streams(folder: Path, gigabytes: list[float], form: str) -> Iterator[dict[str, Any]]:
    """Profile generated folders of growing size, each in a process of its own."""
    for size in gigabytes:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        for number in range(max(1, round(size * 1e9 / (8 * WIDTH * PIECE)))):
            _write(folder / f"part-{number:04d}.{form}", number)
        command = [sys.executable, __file__, "child", "--folder", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        yield {"form": form, "GB of numbers": size, **json.loads(done.stdout)}
    shutil.rmtree(folder)


def _write(path: Path, number: int) -> None:
    rng = np.random.default_rng(number)
    columns: dict[str, Any] = {f"x{k}": rng.normal(k, 1 + k / 5, PIECE) for k in range(WIDTH - 2)}
    columns["zip"] = pa.array(rng.choice([f"zip {k}" for k in range(50)], PIECE))
    columns["label"] = pa.array(rng.choice(["no", "yes"], PIECE))
    table = pa.table(columns)
    if path.suffix == ".csv":
        arrow_csv.write_csv(table, path)
    else:
        parquet.write_table(table, path)


def child(folder: Path) -> dict[str, Any]:
    """Profile a folder and say what it took."""
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = diagnose.profile(folder)
    spent, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    held = sum(path.stat().st_size for path in folder.iterdir())
    return {
        "rows": whole.n,
        "MB on disk": round(held / 1e6),
        "CPU s": round(spent, 1),
        "peak MB": round(peak / 1024),
        "MB before": round(before / 1024),
        "profile kB": round(len(to_bytes(whole)) / 1e3),
    }


if __name__ == "__main__":
    main()
