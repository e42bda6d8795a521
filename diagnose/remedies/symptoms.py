"""Codes of findings that say in which direction a hyperparameter is off, or which fault of its cause it is."""

from __future__ import annotations

MEMORISED = "OVF103"
UNDECIDED_GAPS = ("OVF106", "OVF107")
"""A gap that overfitting and a shift of the data explain alike."""

OVERCONFIDENT = "REG201"
OVER_REGULARISED = "REG202"
UNDER_REGULARISED = "REG203"

FORGETTING = "FRZ801"
MANY_TRAINABLE = "FRZ802"

NOT_FINITE = "INS501"
DIVERGED = (NOT_FINITE, "INS503")

FEW_EPOCHS = "UTR402"
NOTHING_LEARNT = "UNF302"
LOSS_STANDS = "PRG901"

RATE_TOO_HIGH = "LRN601"
RATE_TOO_LOW = "LRN602"
NEVER_DECAYED = "LRN603"
NO_WARMUP = "LRN604"

TOO_FEW_SAMPLES = "EVA901"
SEVERAL_RUNS = "EVA905"
BROKEN_METRICS = ("EVA902", "EVA903", "EVA904")
