"""Runs programmes of one framework one after another, and writes a line of JSON for each; started by the runner.

python -m programs.worker RESULTS FRAMEWORK with|without SEED NAME…      # in the folder benchmarks/
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from programs.catalogue import Program, catalogue
from programs.hooked import hook, no_hook


class Complaints(logging.Handler):
    """Keeps what the hooks say that they could not do."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        if "could not" in record.getMessage():
            self.said.append(record.getMessage()[:400])


def main() -> None:
    """Run the named programmes."""
    results, framework, mode, seed, *names = sys.argv[1:]
    warnings.simplefilter("ignore")
    importlib.import_module(framework)
    known = {program.name: program for program in catalogue()}
    complaints = Complaints()
    logging.getLogger("diagnose").addHandler(complaints)
    for name in names:
        complaints.said = []
        line = {"name": name, "mode": mode, **run(known[name], int(seed), hooked=mode == "with")}
        line["failures"] = complaints.said
        with Path(results).open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")


def run(program: Program, seed: int, *, hooked: bool) -> dict[str, Any]:
    """Train one programme in a folder of its own; return its score, its cost and, with the hook, its diagnosis."""
    seed_all(program.framework, seed)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        place = Path(folder) / "run"
        added, noted = (hook(program.framework, place), []) if hooked else no_hook(program.framework)
        start = time.process_time()
        try:
            found: dict[str, Any] = {"score": program.run(added)}
        except Exception:  # noqa: BLE001  a programme that fails is a result
            found = {"score": None, "error": traceback.format_exc()[-1500:]}
        found["seconds"] = round(time.process_time() - start, 2)
        found |= diagnosed(place) if hooked else {"val_loss": noted}
        os.chdir("/")
    return found | {"versions": versions(program.framework)}


def diagnosed(place: Path) -> dict[str, Any]:
    """Return what an audit of the run directory says."""
    diagnose = importlib.import_module("diagnose")

    start = time.process_time()
    try:
        diagnosis = diagnose.audit(place)
    except Exception:  # noqa: BLE001  an audit that fails is a result
        return {"audit_error": traceback.format_exc()[-1500:], "findings": []}
    return {
        "main": diagnosis.main,
        "audit_seconds": round(time.process_time() - start, 2),
        "findings": [
            {"code": f.code, "cause": f.cause.value, "severity": f.severity.value,
             "probability": round(f.probability, 3), "claim": f.claim}
            for f in diagnosis.findings
        ],
        "broken": [f"{o.code}: {o.why}" for o in diagnosis.outcomes if o.status.value == "broken"],
    }  # fmt: skip


def seed_all(framework: str, seed: int) -> None:
    """Seed every source of chance that a programme may use."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  what the frameworks draw from
    if framework == "keras":
        importlib.import_module("keras").utils.clear_session()
        importlib.import_module("keras").utils.set_random_seed(seed)
    else:
        torch = importlib.import_module("torch")
        torch.manual_seed(seed)
        torch.set_num_threads(1)


def versions(framework: str) -> dict[str, str]:
    """Return the versions that a result depends on."""
    names = {"keras": ("keras", "tensorflow")}.get(framework, ("torch", framework))
    return {name: sys.modules[name].__version__ for name in (*names, "numpy") if name in sys.modules}


if __name__ == "__main__":
    main()
