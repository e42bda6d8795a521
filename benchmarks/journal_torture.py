"""What is lost of a run directory when the process is killed, the disk is full, or nothing may be written.

`python benchmarks/journal_torture.py [KILLS]` prints one line a trial kind. A process writes as fast as it can and is
killed after a random time, 100 times; whatever it left is then audited. A small file system in memory stands for a full
disk and one that is mounted read-only for a directory without permission; both need the right to mount, and are skipped
without it.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import diagnose
from diagnose.journal import read_directory
from diagnose.journal.records import Epoch

FAST = """
import sys
from diagnose.hooks.options import Options
from diagnose.hooks.session import Session
from diagnose.journal.records import Layers
session = Session(sys.argv[1], "torch", Options(share=0, report=False))
names = tuple(f"layer{i}" for i in range(50))
print("begun", flush=True)
for e in range(1, int(sys.argv[2]) + 1):
    session.write(Layers(e, e, names, {"gradient": [0.1] * 50, "weight": [float("nan")] * 50}))
    session.epoch_ended(e, e, {"loss": 0.3 + 1 / e, "val_loss": 0.4 + 1 / e})
print(session.epochs_done, len(session.guard.failures), flush=True)
"""


def begun(place: Path, epochs: int) -> subprocess.Popen[str]:
    """Start a process that writes, and wait until it has begun."""
    command = [sys.executable, "-c", FAST, str(place), str(epochs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if process.stdout.readline() != "begun\n":
        raise RuntimeError(process.communicate()[1])
    return process


def killed(times: int) -> dict[str, int]:
    """Kill a writer at random moments; count what an audit of the rest makes of it."""
    rng = random.Random(0)
    found = {"kills": times, "audited": 0, "cut last lines": 0, "lines lost before the last": 0, "epochs read": 0}
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            process = begun(Path(folder) / "run", 10**9)
            time.sleep(rng.uniform(0.0, 0.3))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            (segment,) = read_directory(Path(folder) / "run")
            raw = segment.path.read_bytes()
            found["lines lost before the last"] += raw.count(b"\n") - len(segment.records)
            found["cut last lines"] += not raw.endswith(b"\n")
            epochs = [epoch.epoch for epoch in segment.of(Epoch)]
            assert epochs == list(range(1, len(epochs) + 1))
            found["epochs read"] += len(epochs)
            diagnosis = diagnose.audit(history=Path(folder) / "run")
            found["audited"] += not diagnosis.is_broken
    return found


@contextlib.contextmanager
def mounted(*options: str) -> Iterator[Path | None]:
    """Yield a small file system in memory, or None where nothing may be mounted."""
    place = Path(tempfile.mkdtemp())
    done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(place)], capture_output=True, check=False)
    try:
        yield place if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", str(place)], check=True)
        shutil.rmtree(place)


def full_disk() -> dict[str, object]:
    """Train on while the disk is full, free it, and see what is read."""
    with mounted("-o", "size=256k") as place:
        if place is None:
            return {"skipped": "nothing may be mounted here"}
        said, errors = begun(place / "run", 2000).communicate()
        (segment,) = read_directory(place / "run")
        return {
            "trained to the end": float(said.split()[0]) == 2000,
            "told": errors.count("could not"),
            "epochs read": len(segment.of(Epoch)),
            "broken lines": len(segment.broken),
            "audited": not diagnose.audit(history=place / "run").is_broken,
        }


def read_only() -> dict[str, object]:
    """Train into a directory where nothing may be written, not even by root."""
    with mounted("-o", "ro") as place:
        if place is None:
            return {"skipped": "nothing may be mounted here"}
        said, errors = begun(place / "run", 200).communicate()
        return {"trained to the end": float(said.split()[0]) == 200, "told": errors.count("could not")}


def two_at_once() -> dict[str, object]:
    """Let two processes train into one directory."""
    with tempfile.TemporaryDirectory() as folder:
        both = [begun(Path(folder), 500) for _ in range(2)]
        for process in both:
            process.communicate()
        segments = read_directory(Path(folder))
        read = [len(segment.of(Epoch)) for segment in segments]
        return {"journals": len(segments), "epochs read": read, "broken": sum(len(s.broken) for s in segments)}


def main() -> None:
    """Print one line a kind."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for name, trial in (("full disk", full_disk), ("read-only", read_only), ("two at once", two_at_once)):
        print(name, json.dumps(trial()), flush=True)
    print("killed", json.dumps(killed(times)), flush=True)


if __name__ == "__main__":
    main()
