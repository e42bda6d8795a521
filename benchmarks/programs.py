"""How many faults of small training programmes the hooks find, how often they name them right, and what they say of
correct ones.

    python benchmarks/programs.py --set development                # some minutes; --only NAME for one
    python benchmarks/programs.py --validate                       # without hooks: do the faults harm?

Each programme runs in a worker process of its framework with one line added: its hook. Then ``diagnose.audit`` reads
the run directory. A fault counts as detected where any warning or error is more likely true than not; as named where
one of the first two names it (``programs/faults.py``). A correct programme with any such finding is a false alarm.
Results go to a file, one line of JSON each; programmes that are in it already are not run again.
"""  # noqa: D205

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if __package__ in {None, ""}:
    sys.path.insert(0, str(HERE))

from programs.catalogue import FRAMEWORKS, Program, catalogue  # noqa: E402  found beside this file
from programs.scoring import Result, shown  # noqa: E402
from programs.validation import validated  # noqa: E402

QUIET = {
    "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "tensorflow", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip
VALIDATED = HERE / "programs" / "validated.jsonl"


def main() -> None:
    """Choose, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("development", "held-out", "fresh", "all"), default="all")
    parser.add_argument("--only", nargs="*", default=[], help="names of programmes")
    parser.add_argument("--framework", choices=FRAMEWORKS)
    parser.add_argument("--jobs", type=int, default=1, help="worker processes at a time")
    parser.add_argument("--json", type=Path, help="file of the results; those in it are not run again")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validate", action="store_true", help="run without hooks and compare twins")
    given = parser.parse_args()
    chosen = [
        program
        for program in catalogue(given.set)
        if program.name in (given.only or (program.name,))
        and program.framework == (given.framework or program.framework)
    ]
    results = given.json or (VALIDATED if given.validate else HERE / "programs-results.jsonl")
    if given.json is None and not given.validate:
        results.unlink(missing_ok=True)
    run(chosen, results, "without" if given.validate else "with", given.seed, given.jobs)
    lines = read(results)
    if given.validate:
        print(validated(chosen, lines))
    else:
        print(shown([Result(program, lines[program.name]) for program in chosen]))


def read(results: Path) -> dict[str, dict[str, Any]]:
    """Return the lines of a file of results by name."""
    if not results.exists():
        return {}
    parsed = (json.loads(line) for line in results.read_text(encoding="utf-8").splitlines())
    return {line["name"]: line for line in parsed}


def run(chosen: list[Program], results: Path, mode: str, seed: int, jobs: int) -> None:
    """Run what the results lack, each framework in a worker; a programme that takes its worker down is noted."""
    results = results.resolve()
    missing = [program for program in chosen if program.name not in read(results)]
    with ThreadPoolExecutor(jobs) as pool:
        of = [[p.name for p in missing if p.framework == framework] for framework in FRAMEWORKS]
        tuple(pool.map(lambda pair: work(results, *pair, mode, seed), zip(FRAMEWORKS, of, strict=True)))


def work(results: Path, framework: str, names: list[str], mode: str, seed: int) -> None:
    """Run one framework's programmes; start again behind one that ended the process."""
    while names:
        command = [sys.executable, "-m", "programs.worker", str(results), framework, mode, str(seed), *names]
        ended = subprocess.run(command, cwd=HERE, env=QUIET_ENVIRONMENT, capture_output=True, text=True, check=False)
        done = read(results)
        names = [name for name in names if name not in done]
        if ended.returncode and names:
            lost = {"name": names.pop(0), "mode": mode, "score": None, "error": ended.stderr[-1500:] or "process died"}
            with results.open("a", encoding="utf-8") as out:
                out.write(json.dumps(lost) + "\n")


QUIET_ENVIRONMENT = os.environ | QUIET

if __name__ == "__main__":
    main()
