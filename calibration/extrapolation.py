"""How far off are predicted gains? Predict the second half of every labelled run from its first.

Prints the quantiles of actual over predicted gain (the constants of `diagnose.stats.extrapolate`) and the coverage of
its interval, on runs whose group is held out and on the others.
"""

from __future__ import annotations

import numpy as np
from corpus import algoperf, rated, simulated, trained

from diagnose.measures.trend import Trend, trend_of
from diagnose.stats.extrapolate import extrapolate


def end_level(trend: Trend) -> float:
    """Return the median of the last twentieth."""
    return float(np.median(trend.cost[-max(1, trend.n // 20) :]))


def main() -> None:
    """Print one line a source."""
    for source in (simulated, trained, algoperf, rated):
        ratios: dict[bool, list[float]] = {True: [], False: []}
        inside: dict[bool, list[bool]] = {True: [], False: []}
        for labelled in source():
            whole = labelled.run.history.find("val", "loss")
            if whole is None or len(whole.finite) < 12:
                continue
            whole = whole.finite
            half = whole.between(whole.steps[0], (whole.steps[0] + whole.steps[-1]) / 2)
            if len(half) < 6:
                continue
            seen, full = trend_of(half), trend_of(whole)
            tail = slice(seen.n // 3, None)
            predicted = extrapolate(seen.steps[tail], seen.cost[tail], seen.sigma, float(whole.steps[-1]))
            actual = max(end_level(seen) - end_level(full), 0.0)
            inside[labelled.held_out].append(
                predicted.low - 2 * seen.sigma <= actual <= predicted.high + 2 * seen.sigma
            )
            if predicted.gain > max(3 * seen.sigma, 0.02 * seen.gain):
                ratios[labelled.held_out].append(actual / predicted.gain)
        for held_out, title in ((False, "calibration"), (True, "held out")):
            if ratios[held_out]:
                quantiles = np.quantile(ratios[held_out], [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
                print(
                    f"{source.__name__:10s} {title:12s} {len(inside[held_out]):5d} runs, "
                    f"coverage {np.mean(inside[held_out]):.2f}; actual / predicted where a gain is predicted "
                    f"({len(ratios[held_out])}): {quantiles.round(2)}"
                )


if __name__ == "__main__":
    main()
