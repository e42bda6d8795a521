"""How fast is it? Ratios are taken side by side in one run; a Markdown table is printed.

    python benchmarks/speed.py            # all, about two minutes on one core
    python benchmarks/speed.py --quick    # smaller, for a look

CPU seconds of child processes come from ``resource.getrusage``; a machine that other programs share distorts wall-clock
time, not these.
"""

from __future__ import annotations

import argparse
import gc
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

import diagnose

BULK_EPOCHS = 100


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    rows = [
        *start_up(),
        *bulk(50 if quick else 200),
        *memory(20 if quick else 200),
        *linear(50_000 if quick else 500_000),
    ]
    print("| what | measured | target |")
    print("| --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def history(epochs: int, seed: int) -> dict[str, np.ndarray]:
    """Make a run that overfits from a third of the way on, with noise."""
    rng = np.random.default_rng(seed)
    epoch = np.arange(epochs)
    loss = 2 * np.exp(-epoch / (epochs / 8)) + 0.02
    val_loss = loss + 0.2 + 0.5 * np.maximum(0, epoch - epochs / 3) / epochs
    noise = 1 + rng.normal(0, 0.01, (2, epochs))
    return {"epoch": epoch, "loss": loss * noise[0], "val_loss": val_loss * noise[1], "val_accuracy": np.exp(-val_loss)}


def write(path: Path, columns: dict[str, np.ndarray]) -> Path:
    """Write columns as CSV."""
    table = np.column_stack(list(columns.values()))
    np.savetxt(path, table, delimiter=",", header=",".join(columns), comments="", fmt="%.6g")
    return path


def child_cpu(*arguments: str) -> float:
    """CPU seconds of one command of its own process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def start_up() -> list[tuple[str, str, str]]:
    """One audit on the command line, and what of it is Python itself."""
    with tempfile.TemporaryDirectory() as folder:
        log = write(Path(folder, "training.csv"), history(200, 0))
        report = Path(folder, "report.html")
        child_cpu("-m", "diagnose", "audit", str(log), "-q", "-o", str(report))  # compiles what was never compiled
        audit = min(child_cpu("-m", "diagnose", "audit", str(log), "-q", "-o", str(report)) for _ in range(3))
        size = report.stat().st_size / 1e6
    python = min(child_cpu("-c", "pass") for _ in range(3))
    imported = min(child_cpu("-c", "import diagnose") for _ in range(3))
    helped = min(child_cpu("-m", "diagnose", "--help") for _ in range(3))
    return [
        ("`diagnose audit` of one 200-epoch CSV to HTML, with start-up", f"{audit:.2f} CPU s", "≤ 2.5 CPU s"),
        ("the HTML", f"{size:.2f} MB", "< 1 MB"),
        ("`import diagnose`, beyond Python's own start", f"{max(0, imported - python):.2f} CPU s", "< 0.3 CPU s"),
        ("`diagnose --help`", f"{helped:.2f} CPU s", ""),
    ]


def bulk(count: int) -> list[tuple[str, str, str]]:
    """Histories a second a core through the API."""
    histories = [history(BULK_EPOCHS, seed) for seed in range(count)]
    diagnose.audit(history=histories[0])
    start = time.process_time()
    for given in histories:
        diagnose.audit(history=given)
    rate = count / (time.process_time() - start)
    return [(f"histories of {BULK_EPOCHS} epochs through the API, no figures", f"{rate:.0f} a second a core", "≥ 50")]


def memory(count: int) -> list[tuple[str, str, str]]:
    """Python's memory that is held after few and after many runs, one at a time."""
    few = count // 10
    with tempfile.TemporaryDirectory() as folder:
        logs = [write(Path(folder, f"{seed}.csv"), history(BULK_EPOCHS, seed)) for seed in range(count)]
        tracemalloc.start()
        held = []
        for _ in diagnose.audit_many(logs):
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0] / 1e6)
        tracemalloc.stop()
    shown = f"{held[-1]:.2f} MB beside {held[few - 1]:.2f} MB"
    return [(f"memory held after {count} runs beside {few}", shown, "flat")]


def linear(longest: int) -> list[tuple[str, str, str]]:
    """CPU seconds of one long history, and the exponent of its growth."""
    sizes = [longest // 100, longest // 10, longest]
    diagnose.audit(history=history(sizes[0], 0))
    seconds = []
    for size in sizes:
        given = history(size, 0)
        taken = []
        for _ in range(3):
            start = time.process_time()
            diagnose.audit(history=given)
            taken.append(time.process_time() - start)
        seconds.append(min(taken))
    shown = ", ".join(f"{size:,}: {second:.2f} s" for size, second in zip(sizes, seconds, strict=True))
    exponent = np.log(seconds[2] / seconds[1]) / np.log(sizes[2] / sizes[1])
    return [(f"points of one history ({shown})", f"grows with the power {exponent:.2f}", "≤ 1")]


if __name__ == "__main__":
    main()
