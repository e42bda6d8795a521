"""Write what an adviser may see of every training in the table: the training rows' pooled features after every block.

    python benchmarks/freezing/features.py --out DIR --packages DIR --photographs cifar10_sample.npz

One .npz for each (backbone, data, rows) and seed: ``block_00`` … (rows × channels, float16 where it holds the values),
``labels`` (wrong ones among them, where the set has such), ``parameters`` (of every block), ``cpu_seconds`` (of the one
forward pass), ``data`` (the digest in the table). Validation rows are not in it. Files that are there are kept. They
are large: they lie outside the repository.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from pairs import PAIRS, SEEDS, Pair
from rows import SETS
from truth import add_places, places


def main() -> None:
    """Write what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("development", "held-out"))
    parser.add_argument("--pair", help="only pairs whose name has this in it")
    parser.add_argument("--out", type=Path, required=True)
    add_places(parser)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for pair in PAIRS:
        if given.set in {None, pair.half} and (given.pair or "") in pair.name:
            write(pair, given)


def file_of(folder: Path, pair: str, seed: int) -> Path:
    """Return where the features of a pair's seed lie."""
    return folder / f"{pair.replace('/', '__')}__{seed}.npz"


def write(pair: Pair, given: argparse.Namespace) -> None:
    """Write the files of one pair; data or packages that are not there are named and passed over."""
    from backbones import load  # noqa: PLC0415  reading features needs no torch
    from training import split  # noqa: PLC0415

    wanted = [seed for seed in SEEDS if not file_of(given.out, pair.name, seed).exists()]
    if not wanted:
        return
    try:
        backbone, data = load(pair.backbone, given.packages), SETS[pair.data](places(given))
    except (FileNotFoundError, AssertionError) as error:
        print(f"{pair.name}: passed over, {error} is not there")
        return
    parameters = np.array([sum(p.numel() for p in block.parameters()) for block in backbone.blocks])
    for seed in wanted:
        drawn = split(data, pair.rows, seed)
        start = time.process_time()
        found = after_each_block(backbone, data.take(drawn.train))
        arrays: dict[str, Any] = {f"block_{k:02}": narrow(x) for k, x in enumerate(found)}
        arrays |= {"labels": drawn.labels, "parameters": parameters, "data": np.array(data.digest())}
        np.savez(file_of(given.out, pair.name, seed), cpu_seconds=time.process_time() - start, **arrays)


def after_each_block(backbone: Any, rows: Any) -> list[np.ndarray]:
    """Return pooled features, rows × channels, after every block of one forward pass."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    found: list[list[np.ndarray]] = [[] for _ in backbone.blocks]
    with torch.no_grad():
        for at in np.array_split(np.arange(len(rows)), max(1, len(rows) // 100)):
            state = backbone.prepare(rows[at] if isinstance(rows, np.ndarray) else [rows[k] for k in at])
            for k in range(len(backbone.blocks)):
                state = backbone.through(state, k, k + 1)
                found[k].append(backbone.pooled(state).numpy())
    return [np.concatenate(parts) for parts in found]


def narrow(x: np.ndarray) -> np.ndarray:
    """Return float16 where it holds every value without loss of range, else float32."""
    size = np.abs(x).max()
    return x.astype(np.float16) if 1e-2 < size < 6e4 else x


if __name__ == "__main__":
    main()
