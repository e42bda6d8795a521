"""Two splits with one known fault each, the case that its analyzers make of them, and their code, run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from diagnose import analyzer as protocol
from diagnose.analyzers import ANALYZERS
from diagnose.differential import differentiate
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Proposal
from diagnose.run import Run
from diagnose.testing import run_of_data
from diagnose.writing_rows import write_row_files

Tables = dict[str, pd.DataFrame]


def table(n: int, seed: int, *, shift: float = 0.0) -> pd.DataFrame:
    """Make rows of two numbers and a category; ``shift`` moves age by so many standard deviations, and cities along."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40 + 10 * shift, 10, n)
    shares = np.array([0.6 - 0.3 * shift, 0.3, 0.1 + 0.3 * shift])
    return pd.DataFrame({
        "age": age,
        "income": np.exp(rng.normal(size=n)),
        "height": rng.normal(170, 10, n),
        "city": rng.choice(["Bonn", "Köln", "Ulm"], n, p=shares / shares.sum()),
        "target": rng.choice(["no", "yes"], n),
    })  # fmt: skip


def alike() -> Tables:
    return {"train": table(800, 0), "val": table(300, 1)}


def shifted() -> Tables:
    return {"train": table(1500, 0), "val": table(600, 1, shift=0.7)}


def apart() -> Tables:
    """Hardly a training row lies where the validation rows are."""
    return {"train": table(1500, 0), "val": table(600, 1).assign(age=lambda t: t["age"] + 60)}


def copied() -> Tables:
    train, val = table(800, 0), table(300, 1)
    return {"train": train, "val": pd.concat([val, train[:40]]).sample(frac=1, random_state=0, ignore_index=True)}


def grouped() -> Tables:
    """Make patients of ten rows each, all with one label, on both sides."""
    rng = np.random.default_rng(0)
    rows = table(1000, 0)
    patients = np.repeat(np.arange(100), 10)
    rows["age"] = rng.normal(40, 10, 100)[patients] + rng.normal(size=1000)
    rows["target"] = rng.choice(["no", "yes"], 100)[patients]
    rows["patient"] = [f"p{k}" for k in patients]
    rows = rows.sample(frac=1, random_state=0, ignore_index=True)
    return {"train": rows[:800].reset_index(drop=True), "val": rows[800:].reset_index(drop=True)}


def written(tables: Tables, folder: Path) -> dict[str, str]:
    """Write the tables as CSV; return their paths by split."""
    paths = {name: str(folder / f"{name}.csv") for name in tables}
    for name, rows in tables.items():
        rows.to_csv(paths[name], index=False)
    return paths


def case_of(run: Run | Any, *codes: str, folder: Any = "", **known: Any) -> Case:
    """Make the case that the analyzers of these codes make of a run, or of splits."""
    options = known.pop("data", {"label": "target"})
    run = run if isinstance(run, Run) else run_of_data(data=options, **run, **known)
    measurements = Measurements(run, MEASURES)
    examined = [protocol.examine(a, measurements) for a in ANALYZERS if a.code in codes]
    findings = [finding for found, _ in examined for finding in found]
    return Case(differentiate(findings, [o for _, o in examined]), findings, measurements, str(folder))


def arrays(tables: Tables) -> dict[str, Any]:
    """Return the numbers of each table as an array, beside its labels."""
    return {name: (rows[["age", "income", "height"]].to_numpy(), rows["target"].to_numpy().astype(str))
            for name, rows in tables.items()}  # fmt: skip


def namespace(**names: Any) -> dict[str, Any]:
    return {"np": np, "pd": pd, "print": lambda *said: None, **names}


def array_names(tables: Tables) -> dict[str, Any]:
    found = {}
    for name, (x, y) in arrays(tables).items():
        found |= {f"x_{name}": x, f"y_{name}": y}
    return namespace(**found)


def run_code(proposal: Proposal, folder: Path, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write the files of a proposal, run its code, and return what it left."""
    write_row_files(proposal.files, folder)
    names = namespace() if names is None else names
    exec(compile(proposal.remedy.code, "remedy", "exec"), names)
    return names


def keys(family: Callable[[Case], Iterator[Proposal]], case: Case) -> list[str]:
    return [proposal.key for proposal in family(case)]
