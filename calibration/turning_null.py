"""Regenerate the null distribution of the turning-point statistic: `python calibration/turning_null.py`.

The least favourable curve that does not turn is a flat one: any fall makes a rise harder to see (Robertson, Wright & Dykstra
1988, §2.3). So flat curves of independent normal noise are simulated, the statistic is computed just as for a real curve (its
noise estimated from second differences), and its upper quantiles are written to the package.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from diagnose.stats.monotone import unimodal_fit
from diagnose.stats.noise import jitter

SIZES = (4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 50, 80, 128, 256)
TAILS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001)
DRAWS = 20_000
TARGET = Path(__file__).parents[1] / "diagnose" / "stats" / "turning_null.json"


def statistic(values: np.ndarray) -> float:
    """How much better fall-then-rise fits than falling, in noise variances."""
    fit = unimodal_fit(values)
    return (fit.falling_error - fit.error) / jitter(values) ** 2


def main() -> None:
    """Simulate, and write the table."""
    rng = np.random.default_rng(20_261_124)
    quantiles = []
    for size in SIZES:
        draws = [statistic(rng.normal(size=size)) for _ in range(DRAWS)]
        row = np.quantile(draws, [1 - tail for tail in TAILS])
        quantiles.append([float(f"{q:.4g}") for q in row])
        print(size, quantiles[-1])
    table = {"sizes": SIZES, "tails": TAILS, "quantiles": quantiles, "draws": DRAWS}
    TARGET.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
