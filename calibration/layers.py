"""Train small programmes, right and wrong, record their layers, and judge what the analyzers of layers say of them.

    python calibration/layers.py --train   # layers.jsonl.gz, in some ten minutes
    python calibration/layers.py --write   # false alarms and hits, from it: layers.json

Limits were chosen on the groups that calibrate; the others are printed beside them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from diagnose.analyzers import analyzers
from diagnose.finding import Finding, Severity
from diagnose.journal.reading import recorded
from diagnose.journal.records import Record, decoded, encoded
from diagnose.readers.run_directory import raw_log
from diagnose.readers.understand import understand
from diagnose.run import Run
from diagnose.testing import examine

KEPT = Path(__file__).with_name("layers.jsonl.gz")
CODES = ("UNF303", "UNF304", "UNF305", "UNF306", "INS504", "INS505", "LRN605", "LRN606", "LRN607", "BAT702", "BAT703",
         "REG204", "PRG913", "PRG914")  # fmt: skip
GOOD, BAD = 0.1, 0.4
"""Losses as shares of what guessing costs above the best of the family's rates: within the first a rate is right,
beyond the second it is wrong, between them nothing is claimed."""


def train() -> None:
    """Train every programme and keep the records."""
    import torch  # noqa: PLC0415  what was kept is judged without it
    from layer_programmes import programmes  # noqa: PLC0415
    from layer_training import trained  # noqa: PLC0415

    torch.set_num_threads(1)
    began = time.process_time()
    with gzip.GzipFile(KEPT, "wb", mtime=0) as file:
        for programme in programmes():
            records, result = trained(programme)
            head = {"name": programme.name, "group": programme.group, "fault": programme.fault,
                    "optimizer": programme.optimizer, "rate": programme.rate, **result}  # fmt: skip
            file.write(msgspec.json.encode([head, [encoded(r).decode() for r in records]]) + b"\n")
            print(f"{time.process_time() - began:6.0f} s  {programme.name:40} {result}", flush=True)


def kept(path: Path = KEPT) -> Iterator[tuple[dict[str, Any], Run]]:
    """Give what was kept: the programme and its run, with a fault for each whose rate's result decides it."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    best: dict[tuple[str, str], tuple[float, float]] = {}
    for head, _ in lines:
        if head["fault"] == "by result" and math.isfinite(head["end"] or math.nan):
            key = (head["group"], head["optimizer"])
            best[key] = min(best.get(key, (math.inf, 0.0)), (head["end"], head["rate"]))
    for head, records in lines:
        if head["fault"] == "by result":
            end = head["end"] if head["end"] is not None else math.inf
            least, rate = best[head["group"], head["optimizer"]]
            worse = (end - least) / head["guess"] if math.isfinite(end) else math.inf
            fault = "LRN605" if head["rate"] > rate else "LRN606"
            head["fault"] = "" if worse <= GOOD else fault if worse >= BAD else "grey"
        made: Sequence[Record] = [decoded(line.encode()) for line in records]
        raw = raw_log(head["name"], head["name"], made)
        assert recorded(made).layers is not None
        yield head, understand(raw)[0]


def is_held_out(group: str) -> bool:
    """Whether a group of programmes judges instead of calibrating: every other one by its letters."""
    return sum(map(ord, group)) % 2 == 1


def said(run: Run, codes: Sequence[str] = CODES) -> list[Finding]:
    """Return what the analyzers of layers find, the most probable first."""
    ours = [analyzer for analyzer in analyzers() if analyzer.code in codes]
    found = []
    for analyzer in ours:
        findings, outcome = examine(analyzer, history=run)
        assert outcome.status.value != "broken", f"{analyzer.code}: {outcome.why}"
        found += findings
    return sorted(found, key=lambda f: -f.probability)


def judged(*, verbose: bool = False) -> dict[str, dict[str, Any]]:
    """Count false alarms and hits, of the programmes that calibrate and of those held out.

    A false alarm is a finding beyond information on a programme that is right; a hit names the fault by its code among
    the first two findings.
    """
    counts: dict[str, dict[str, Any]] = {
        part: {"right": 0, "with_an_alarm": 0, "alarms": Counter(), "faults": defaultdict(lambda: [0, 0, 0])}
        for part in ("calibration", "held out")
    }
    for head, run in kept():
        if head["fault"] == "grey":
            continue
        part = counts["held out" if is_held_out(head["group"]) else "calibration"]
        told = [f for f in said(run) if f.severity is not Severity.INFO]
        wanted = head["fault"].split("|")
        is_named = any(f.code in wanted for f in told[:2])
        if head["fault"]:
            entry = part["faults"][head["fault"]]
            part["faults"][head["fault"]] = [entry[0] + 1, entry[1] + bool(told), entry[2] + is_named]
        else:
            part["right"] += 1
            part["with_an_alarm"] += bool(told)
            part["alarms"].update({f.code for f in told})
        if verbose and (not is_named if head["fault"] else bool(told)):
            shown = [f"{f.code} {f.probability:.2f}" for f in told]
            print(f"{head['name']:40} {head['fault'] or 'right':16} {shown}")
    return counts


def show(counts: dict[str, dict[str, Any]]) -> None:
    """Print the counts."""
    for name, part in counts.items():
        alarms = dict(part["alarms"])
        print(f"\n{name}: {part['right']} right programmes, {part['with_an_alarm']} with an alarm {alarms or ''}")
        for fault, (n, found, named) in sorted(part["faults"].items()):
            print(f"  {fault:16} {n:4} programmes, {found:4} with a finding, {named:4} named among the first two")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true", help="train all programmes anew")
    parser.add_argument("--write", action="store_true", help="write the counts to layers.json")
    parser.add_argument("--verbose", action="store_true", help="print every miss and false alarm")
    asked = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    if asked.train:
        train()
    result = judged(verbose=asked.verbose)
    show(result)
    if asked.write:
        text = json.dumps(result, indent=1, sort_keys=True)
        KEPT.with_name("layers.json").write_text(text + "\n", encoding="utf-8")
