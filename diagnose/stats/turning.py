"""Is a turn real, and where is it? Fall-then-rise against falling, at the least favourable curve: a flat one."""

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
    interval: list[float]


@cache
def _table() -> _Table:
    raw = files("diagnose.stats").joinpath("turning_null.json").read_bytes()
    return msgspec.json.decode(raw, type=_Table)


def turning_p_value(values: FloatArray, shape: UnimodalFit, sigma: float) -> float:
    """How often a curve that never turns would look as turned as this one.

    The statistic is the drop in squared error from the best falling to the best fall-then-rise fit, over the noise
    variance (an isotonic likelihood ratio; Robertson, Wright & Dykstra 1988, ch. 2). Its null quantiles come from
    ``calibration/turning_null.py``. Noise that is correlated from step to step is inflated by (1 + ρ) / (1 - ρ), and
    never taken to be below the typical residual of the fit (its median, so that a wild first epoch does not count). The
    fit hides part of the correlation: at ρ = 0.4 the error rate is some three times the nominal one.

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
    if improvement <= np.finfo(np.float64).tiny:  # squares below have lost their digits
        return 1.0
    residuals = values - shape.fit
    deviation = MAD_TO_SIGMA * float(np.median(np.abs(residuals)))
    variance = max(sigma, deviation) ** 2 * _inflation(residuals)
    if variance <= 0:
        return 0.0005
    table = _table()
    quantiles = [
        float(np.interp(np.log(len(values)), np.log(table.sizes), column))
        for column in zip(*table.quantiles, strict=True)
    ]
    statistic = improvement / variance
    if statistic <= quantiles[0]:
        return 1.0 - 0.5 * statistic / quantiles[0]
    return float(np.exp(np.interp(statistic, quantiles, np.log(table.tails), right=np.log(0.0005))))


def turning_interval(values: FloatArray, shape: UnimodalFit, sigma: float) -> tuple[int, int]:
    """Return the 95 % interval of the turning point: every split whose squared error the noise can explain.

    A split is kept while its squared error exceeds that of the best by less than the 95 % quantile that the true
    split's has in the middle of a flat bottom, the hardest to place (``calibration/turning_null.py``). That limit grows
    with the logarithm of the number of values, from 5.6 noise variances at ten to 15 at 256: the 3.84 of a smooth
    likelihood covers as few as a third of the turning points in wide valleys. Steeper valleys are covered more often
    than 95 %.

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
    low, high
        Indices of the first and the last possible turning point; the fit's own lies between.
    """
    table = _table()
    limit = float(np.interp(np.log(len(values)), np.log(table.sizes), table.interval))
    near = np.flatnonzero(shape.error_by_turn <= shape.error + limit * interval_variance(values, shape, sigma))
    # a rise that begins after i has its lowest point at i or i + 1
    return min(int(near[0]), shape.turn), min(max(int(near[-1]) + 1, shape.turn), len(values) - 1)


def interval_variance(values: FloatArray, shape: UnimodalFit, sigma: float) -> float:
    """Return the noise variance that the interval allows for: at least the mean squared residual, inflated."""
    residuals = values - shape.fit
    return max(sigma**2, float(np.mean(residuals**2))) * _inflation(residuals)


def _inflation(residuals: FloatArray) -> float:
    """Return the factor by which correlation from step to step multiplies the variance of a mean."""
    correlation = min(max(lag_one(residuals), 0.0), 0.9)
    return (1 + correlation) / (1 - correlation)
