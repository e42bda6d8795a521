"""Is a turn real? The test of fall-then-rise against falling, at the least favourable curve: a flat one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec
import numpy as np

from diagnose.run import FloatArray
from diagnose.stats.monotone import UnimodalFit
from diagnose.stats.noise import MAD_TO_SIGMA, lag_one


class _Table(msgspec.Struct):
    sizes: list[int]
    tails: list[float]
    quantiles: list[list[float]]


@cache
def _table() -> _Table:
    raw = files("diagnose.stats").joinpath("turning_null.json").read_bytes()
    return msgspec.json.decode(raw, type=_Table)


def turning_p_value(values: FloatArray, shape: UnimodalFit, sigma: float) -> float:
    """How often a curve that never turns would look as turned as this one.

    The statistic is the drop in squared error from the best falling to the best fall-then-rise fit, over the noise variance
    (an isotonic likelihood ratio; Robertson, Wright & Dykstra 1988, ch. 2). Its null quantiles come from
    ``calibration/turning_null.py``. Noise that is correlated from step to step is inflated by (1 + ρ) / (1 - ρ), and never
    taken to be below the typical residual of the fit (its median, so that a wild first epoch does not count).

    Parameters
    ----------
    values
        Shape ``(n,)``, ``n >= 4``.
    shape
        Its unimodal fit.
    sigma
        Noise of one value, from second differences.

    Returns
    -------
    float
        Between 0.001 and 1, log-interpolated between tabulated tails; 0.0005 beyond the last.
    """
    improvement = shape.falling_error - shape.error
    if improvement <= 0:
        return 1.0
    residuals = values - shape.fit
    correlation = min(max(lag_one(residuals), 0.0), 0.9)
    deviation = MAD_TO_SIGMA * float(np.median(np.abs(residuals)))
    variance = max(sigma, deviation) ** 2 * (1 + correlation) / (1 - correlation)
    if variance <= 0:
        return 0.0005
    table = _table()
    quantiles = [
        float(np.interp(np.log(len(values)), np.log(table.sizes), column)) for column in zip(*table.quantiles, strict=True)
    ]
    statistic = improvement / variance
    if statistic <= quantiles[0]:
        return 1.0 - 0.5 * statistic / quantiles[0]
    return float(np.exp(np.interp(statistic, quantiles, np.log(table.tails), right=np.log(0.0005))))
