"""Whether an output activation can reach the targets of a regression."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnose.recording import LabelFacts

RANGES = {
    "sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0), "relu": (0.0, math.inf), "relu6": (0.0, 6.0), "softplus": (0.0, math.inf),
    "exponential": (0.0, math.inf), "elu": (-1.0, math.inf), "selu": (-1.7581, math.inf),
    "log_softmax": (-math.inf, 0.0),
}  # fmt: skip
"""What an activation's values lie between."""


@dataclass(frozen=True)
class Excess:
    """How far targets lie beyond what the output can say.

    Attributes
    ----------
    low, high
        Of the activation.
    by
        The farther end's distance, in standard deviations of the targets.
    mean_is_beyond
        Whether even the mean of the targets is out of reach.
    """

    low: float
    high: float
    by: float
    mean_is_beyond: bool

    @property
    def words(self) -> str:
        """The range."""
        if math.isinf(self.high):
            return f"no less than {self.low:g}"
        return f"no more than {self.high:g}" if math.isinf(self.low) else f"{self.low:g} to {self.high:g} only"


def excess(activation: str, labels: LabelFacts) -> Excess | None:
    """Return how far the targets lie beyond the activation's range; None where it has no ends.

    Examples
    --------
    >>> facts = LabelFacts("train", (1,), "float32", 100, -2.0, 3.0, 100, mean=0.0, std=1.0)
    >>> excess("tanh", facts).by
    2.0
    """
    if activation not in RANGES:
        return None
    low, high = RANGES[activation]
    spread = labels.std or max(abs(labels.mean), 1e-12)
    beyond = max(low - labels.low, labels.high - high, 0.0)
    return Excess(low, high, beyond / spread, not low <= labels.mean <= high)
