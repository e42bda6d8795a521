"""Remedies, tried: trained with paired seeds under a budget, and reported with what they really do."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagnose.trials.adapters import of_estimator, of_keras, of_lightning, of_torch, of_trainer
    from diagnose.trials.settings import KEYS, Settings
    from diagnose.trials.stand_ins import HeadData
    from diagnose.trials.tried import Tried
    from diagnose.trials.trying import try_remedies

_HOME = {
    "KEYS": "diagnose.trials.settings",
    "Settings": "diagnose.trials.settings",
    "HeadData": "diagnose.trials.stand_ins",
    "Tried": "diagnose.trials.tried",
    "try_remedies": "diagnose.trials.trying",
    "of_estimator": "diagnose.trials.adapters",
    "of_keras": "diagnose.trials.adapters",
    "of_lightning": "diagnose.trials.adapters",
    "of_torch": "diagnose.trials.adapters",
    "of_trainer": "diagnose.trials.adapters",
}

__all__ = [
    "KEYS",
    "HeadData",
    "Settings",
    "Tried",
    "of_estimator",
    "of_keras",
    "of_lightning",
    "of_torch",
    "of_trainer",
    "try_remedies",
]


def __getattr__(name: str) -> Any:
    """Load a name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'diagnose.trials' has no attribute {name!r}; names: {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOME[name]), name)
