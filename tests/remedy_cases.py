"""Hand-made cases for the tests of the remedies: verdicts and findings that no analyzer had to make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from diagnose.differential import level_of
from diagnose.finding import Cause, Finding, Severity, Verdict
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.remedies.case import Case
from diagnose.testing import run_of

CAUSE_OF = {
    "OVF": Cause.OVERFITTING,
    "UNF": Cause.UNDERFITTING,
    "UTR": Cause.UNDERTRAINING,
    "INS": Cause.INSTABILITY,
    "LRN": Cause.LEARNING_RATE,
    "BAT": Cause.BATCH_SIZE,
    "REG": Cause.REGULARIZATION,
    "FRZ": Cause.FREEZING,
    "EVA": Cause.EVALUATION,
    "PRG": Cause.TRAINING_PROGRAM,
}

_EPOCHS = np.arange(30.0)
_NOISE = 0.004 * np.sin(7.3 * _EPOCHS**1.1)
TURNING = {
    "loss": 0.2 + 2 * np.exp(-_EPOCHS / 6),
    "val_loss": 0.8 + np.exp(-_EPOCHS / 3) + 0.03 * np.maximum(_EPOCHS - 11, 0) + _NOISE,
}
"""Validation loss falls to epoch 11 and rises by about 0.5 to epoch 29."""
OVERCONFIDENT = {
    **TURNING,
    "val_accuracy": 0.9 - 0.5 * np.exp(-_EPOCHS / 8),
    "accuracy": 1 - 0.6 * np.exp(-_EPOCHS / 5),
}
"""The same loss, while accuracy goes on improving."""
FALLING = {"loss": 2 * np.exp(-_EPOCHS / 25), "val_loss": 0.2 + 2 * np.exp(-_EPOCHS / 25) + _NOISE}
"""Both still fall at the end."""
STALLED = {
    "loss": 0.05 + 2 * np.exp(-_EPOCHS / 10),
    "val_loss": 1.0 + np.exp(-_EPOCHS / 2) + _NOISE,
}
"""Validation stands from about epoch 6 on."""
RISING = {"loss": 2 * np.exp(-_EPOCHS / 6), "val_loss": 2 + 0.1 * _EPOCHS + _NOISE}
"""Validation is best at its first evaluation."""


def verdicts_of(probabilities: Mapping[Cause, float]) -> dict[Cause, Verdict]:
    """Make verdicts on all causes; those not named are unlikely."""
    return {c: Verdict(c, level_of(p := probabilities.get(c, 0.1)), p) for c in Cause}


def finding(code: str, probability: float = 0.9, severity: Severity = Severity.WARNING) -> Finding:
    """Make a bare finding of that code."""
    return Finding(code, CAUSE_OF[code[:3]], severity, probability, f"what {code} claims")


def case(
    history: Any,
    likely: Mapping[Cause, float] | Iterable[Cause] = (),
    codes: Iterable[str] = (),
    **context: Any,
) -> Case:
    """Make a case; the causes of the codes are likely too."""
    probabilities = dict(likely) if isinstance(likely, Mapping) else dict.fromkeys(likely, 0.8)
    findings = [finding(code) for code in codes]
    for found in findings:
        probabilities.setdefault(found.cause, found.probability)
    measurements = Measurements(run_of(history, context or None), MEASURES)
    return Case(verdicts_of(probabilities), findings, measurements)
