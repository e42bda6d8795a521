"""Regenerate the null distribution of the turning-point statistic: `python calibration/turning_null.py`.

The least favourable curve that does not turn is a flat one: any fall makes a rise harder to see (Robertson, Wright &
Dykstra 1988, §2.3). So flat curves of independent normal noise are simulated, the statistic is computed just as for a
real curve (its noise estimated from second differences), and its upper quantiles are written to the package.

The same curves give the interval of a turning point: how much worse a fit is that must turn where the curve really
does, in the middle of a bottom so flat that nothing shows where. A steeper valley makes it less. The χ²₁ quantile of a
smooth likelihood, 3.84, is far too short: the fit is free to chase the noise around a flat minimum, and more so the
more points there are.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from diagnose.stats.monotone import unimodal_fit
from diagnose.stats.noise import jitter
from diagnose.stats.turning import interval_variance

SIZES = (4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 50, 80, 128, 256)
TAILS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001)
DRAWS = 20_000
TARGET = Path(__file__).parents[1] / "diagnose" / "stats" / "turning_null.json"


def statistic(values: np.ndarray) -> tuple[float, float]:
    """How much better the best fall-then-rise fits than falling and than a turn in the middle, in noise variances."""
    fit, sigma, middle = unimodal_fit(values), jitter(values), len(values) // 2
    excess = fit.error_by_turn[middle - 1 : middle + 1].min() - fit.error  # the middle ends the fall or begins the rise
    return (fit.falling_error - fit.error) / sigma**2, excess / interval_variance(values, fit, sigma)


def main() -> None:
    """Simulate, and write the table."""
    rng = np.random.default_rng(20_261_124)
    quantiles, interval = [], []
    for size in SIZES:
        of_test, of_interval = zip(*(statistic(rng.normal(size=size)) for _ in range(DRAWS)), strict=True)
        row = np.quantile(of_test, [1 - tail for tail in TAILS])
        quantiles.append([float(f"{q:.4g}") for q in row])
        interval.append(float(f"{np.quantile(of_interval, 0.95):.4g}"))
        print(size, quantiles[-1], interval[-1])
    table = {"sizes": SIZES, "tails": TAILS, "quantiles": quantiles, "interval": interval, "draws": DRAWS}
    TARGET.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
