"""Codes of findings that say in which direction a hyperparameter is off, or which fault of its cause it is."""

from __future__ import annotations

OVERCONFIDENT = "OVF104"
MEMORISED = "OVF103"
TURNED = "OVF101"
GAP_WIDENS = "OVF102"

OVER_REGULARISED = "REG201"
UNDER_REGULARISED = "REG203"

DIVERGED = ("INS502", "INS503")

RATE_TOO_HIGH = "LRN601"
RATE_TOO_LOW = "LRN602"
NEVER_DECAYED = "LRN603"
NO_WARMUP = "LRN604"

TOO_FEW_SAMPLES = "EVA901"
BROKEN_METRICS = ("EVA902", "EVA903", "EVA904")
