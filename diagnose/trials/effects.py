"""Effects measured by paired seeds: differences with t intervals, and which of several are real.

A pair is a training with the remedy and one without it from the same seed; its difference has no part of what the seed
does to both. The interval of a mean difference over n seeds is Student's with n - 1 degrees of freedom. Holm's (1979)
procedure keeps the chance that *any* remedy without effect is called helpful at 5 % over all that were tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

ERROR = 0.05
"""Two-sided, of an interval; and of the whole family of remedies by Holm's procedure: the usual 5 %."""
RESOLUTION = 1e-6
"""Share of the score itself that single precision resolves: differences below are rounding."""


@dataclass(frozen=True)
class Effect:
    """A mean paired difference, positive where the remedy is better.

    Attributes
    ----------
    value
        Mean over the pairs.
    low, high
        Of the 95 % interval; infinite where one pair alone is there.
    p
        Two-sided, that there is no difference.
    seeds
        Pairs.
    """

    value: float
    low: float
    high: float
    p: float
    seeds: int

    @property
    def is_apart_from_zero(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def paired(differences: Sequence[float], *, n_val: int | None = None, scale: float = 1.0) -> Effect:
    """Return the mean of paired differences with its interval.

    Parameters
    ----------
    differences
        Remedy minus baseline, turned so that positive is better, one a seed.
    n_val
        Where the score is a share of that many validation rows: a difference d needs ``|d| n`` rows whose answers
        changed, so its variance over other validation rows is ``|d| (1 - |d|) / n`` at least (McNemar 1947: the
        variance with all changes in one direction). It is added to the variance over seeds, with Satterthwaite's (1946)
        degrees of freedom, so that one row more is never proof where training does not depend on the seed.
    scale
        Size of the score, for the limit of its digits.

    Examples
    --------
    >>> effect = paired([0.03, 0.02, 0.04])
    >>> round(effect.value, 3), round(effect.low, 4), round(effect.high, 4)
    (0.03, 0.0052, 0.0548)
    """
    from scipy.stats import t as student  # noqa: PLC0415

    d = np.asarray(differences, dtype=np.float64)
    n, mean = len(d), float(np.mean(d))
    if n < 2:
        return Effect(mean, -math.inf, math.inf, 1.0, n)
    of_seeds = float(d.var(ddof=1)) / n
    of_rows = abs(mean) * max(1 - abs(mean), 0.0) / n_val if n_val and abs(mean) <= 1 else 0.0
    of_digits = (RESOLUTION * abs(scale)) ** 2
    variance = of_seeds + of_rows + of_digits
    freedom = (n - 1) * min(variance / of_seeds, 1e3) ** 2 if of_seeds > 0 else 1e6
    error = math.sqrt(variance)
    if error == 0:
        return Effect(mean, mean, mean, 1.0, n)
    half = float(student.ppf(1 - ERROR / 2, freedom)) * error
    p = 2 * float(student.sf(abs(mean) / error, freedom))
    return Effect(mean, mean - half, mean + half, p, n)


def helpful(effects: Mapping[str, Effect]) -> set[str]:
    """Return the keys of those that are better than the baseline, by Holm's step-down procedure at 5 % over all.

    The interval of each of them leaves zero out: Holm's condition is never weaker than ``p <= 0.05``.

    Examples
    --------
    >>> strong, weak = paired([0.30, 0.31, 0.29]), paired([0.03, 0.02, 0.05])
    >>> sorted(helpful({"strong": strong, "weak": weak, "none": paired([0.01, -0.01, 0.0])}))
    ['strong']
    """
    ranked = sorted(effects.items(), key=lambda item: item[1].p)
    found = set()
    for at, (key, effect) in enumerate(ranked):
        if effect.p > ERROR / (len(ranked) - at):
            break
        if effect.value > 0 and effect.low > 0:
            found.add(key)
    return found
