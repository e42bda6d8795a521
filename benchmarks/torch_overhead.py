"""What the PyTorch monitor costs: time of a step, and memory, beside the same training without it.

    python benchmarks/torch_overhead.py                     # ResNet-18 at 32 × 32 and 64 × 64: some twenty minutes
    python benchmarks/torch_overhead.py --quick             # a small network: two minutes

Two copies of a model are trained in turns, one of them with the monitor, step by step and in random order within each
pair, in one process; a pair's times are one observation. Steps of the same model differ by some five hundredths on a
shared machine, so two hundred pairs are needed before a hundredth can be told. The first looks at a
training (its first three steps, whatever they cost) lie in the warm-up and are told apart. Times are those of the
processor with one thread, so that neighbours on the machine do not count. Memory is the peak of the resident set of a
process that trains, ends an epoch and is judged, beside one that never imports this package.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

SEED = 0


class Block(nn.Module):
    """Two convolutions with a way around them."""

    def __init__(self, ins: int, outs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(ins, outs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outs)
        self.conv2 = nn.Conv2d(outs, outs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outs)
        self.relu = nn.ReLU(inplace=True)
        self.around: nn.Module = nn.Identity()
        if stride != 1 or ins != outs:
            self.around = nn.Sequential(nn.Conv2d(ins, outs, 1, stride, bias=False), nn.BatchNorm2d(outs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add both ways."""
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(inner + self.around(x))


def resnet18(classes: int = 10) -> nn.Module:
    """Return a ResNet-18 for small images: 11.2 million parameters (He et al. 2016)."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    widths = ((64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2),
              (512, 512, 1))  # fmt: skip
    layers += [Block(*width) for width in widths]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))


def small(classes: int = 10) -> nn.Module:
    """Return a network of 0.3 million parameters."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 64, 64), nn.ReLU(),
        nn.Linear(64, classes),
    )  # fmt: skip


class Training:
    """One model with its data, trained in blocks of steps.

    Parameters
    ----------
    kind
        ``"resnet18"`` or ``"small"``.
    side, batch
        Of the images, and their number.
    """

    def __init__(self, kind: str, side: int, batch: int) -> None:
        torch.manual_seed(SEED)
        self.model = resnet18() if kind == "resnet18" else small()
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.01, momentum=0.9, weight_decay=5e-4)
        self.data = torch.utils.data.TensorDataset(
            torch.randn(batch * 40, 3, side, side), torch.arange(batch * 40) % 10
        )
        order = torch.Generator().manual_seed(SEED)
        self.loader = torch.utils.data.DataLoader(self.data, batch_size=batch, shuffle=True, generator=order)
        self._batches: Any = iter(())

    def block(self, steps: int) -> float:
        """Train some steps; return the seconds that they took."""
        began = time.process_time()
        for _ in range(steps):
            batch = next(self._batches, None)
            if batch is None:
                self._batches = iter(self.loader)
                batch = next(self._batches)
            self.optimizer.zero_grad()
            nn.functional.cross_entropy(self.model(batch[0]), batch[1]).backward()
            self.optimizer.step()
        return time.process_time() - began


def paired(kind: str, side: int, batch: int, pairs: int, steps: int) -> dict[str, Any]:
    """Measure one setting: the ratio of the times with and without, with a 95 % bootstrap interval of its mean."""
    from diagnose.hooks.torch import DiagnoseMonitor  # noqa: PLC0415  the other process is not to import it

    without, watched = Training(kind, side, batch), Training(kind, side, batch)
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as place:
        monitor = DiagnoseMonitor(watched.model, watched.optimizer, Path(place) / "run", report=False).start()
        assert monitor.session is not None
        first = watched.block(4)
        without.block(4)
        looks = monitor.session.budget.spent
        times: list[tuple[float, float]] = []
        began, away = time.perf_counter(), 0.0
        for at in range(pairs):
            seen = watched.block(steps) if rng.random() < 0.5 else None
            left = time.perf_counter()
            plain = without.block(steps)
            monitor.session.budget._began += time.perf_counter() - left  # noqa: SLF001  of the watched one alone
            times.append((plain, watched.block(steps) if seen is None else seen))
            away = time.perf_counter() - began
            print(f"  pair {at + 1}: {times[-1][1] / times[-1][0]:.4f}", file=sys.stderr)
        spent = monitor.session.budget.spent - looks
        monitor.close()
        same = all(torch.equal(a, b) for a, b in zip(without.model.state_dict().values(),
                                                     watched.model.state_dict().values(), strict=True))  # fmt: skip
    rows = np.array(times)
    draws = np.random.default_rng(SEED).integers(0, len(rows), (4000, len(rows)))
    ratios = rows[draws, 1].sum(1) / rows[draws, 0].sum(1)
    total = rows.sum(0)
    return {
        "model": kind, "side": side, "batch": batch, "steps": steps * pairs,
        "seconds_a_step": total[0] / (steps * pairs), "ratio": total[1] / total[0],
        "low": float(np.quantile(ratios, 0.025)), "high": float(np.quantile(ratios, 0.975)),
        "median_pair": float(np.median(rows[:, 1] / rows[:, 0])),
        "own_share": spent / (away / 2), "first_looks_seconds": looks, "first_block_seconds": first,
        "same_weights": same,
    }  # fmt: skip


def high_water() -> float:
    """Return the peak of this process's resident set in megabytes (Linux); that of `resource` counts its parent's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def peak(kind: str, side: int, batch: int, steps: int, *, watched: bool) -> float:
    """Train in this process and return the peak of its memory in megabytes."""
    training = Training(kind, side, batch)
    if not watched:
        training.block(steps)
        return high_water()
    from diagnose.hooks.torch import DiagnoseMonitor  # noqa: PLC0415  the other process is not to import it

    with tempfile.TemporaryDirectory() as place:
        monitor = DiagnoseMonitor(training.model, training.optimizer, Path(place) / "run", report=False).start()
        for _ in range(3):
            training.block(steps // 3)
            monitor.epoch(val_loss=1.0)
        monitor.close()
        return high_water()


def memory(kind: str, side: int, batch: int, steps: int) -> dict[str, float]:
    """Compare the peaks of two processes."""
    peaks = {}
    for watched in (False, True):
        words = [sys.executable, __file__, "--peak", kind, str(side), str(batch), str(steps), str(int(watched))]
        peaks[watched] = float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return {"memory_mb": peaks[True] - peaks[False], "memory_without_mb": peaks[False]}


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--side", type=int, nargs="*", default=[32, 64])
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--steps", type=int, default=1, help="in one block")
    parser.add_argument("--peak", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        kind, side, batch, steps, watched = given.peak
        print(peak(kind, int(side), int(batch), int(steps), watched=watched == "1"))
        return
    torch.set_num_threads(1)
    settings = [("small", 32, 64, 10, 40)] if given.quick else [
        ("resnet18", side, 64, given.pairs, given.steps) for side in given.side
    ]  # fmt: skip
    for kind, side, batch, pairs, steps in settings:
        found = paired(kind, side, batch, pairs, steps) | memory(kind, side, batch, 12)
        print(f"{kind} {side} × {side}, batch {batch}: step {found['seconds_a_step'] * 1e3:.0f} ms, ratio "
              f"{found['ratio']:.4f} ({found['low']:.4f} to {found['high']:.4f}), {found['memory_mb']:.0f} MB more, "
              f"weights {'the same' if found['same_weights'] else 'DIFFERENT'}")  # fmt: skip
        print(json.dumps(found))


if __name__ == "__main__":
    main()
