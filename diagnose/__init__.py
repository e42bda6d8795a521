"""Why does validation fall? A differential diagnosis of training runs.

>>> import diagnose
>>> diagnosis = diagnose.audit(history={"loss": [1.0, 0.6, 0.4, 0.3, 0.25], "val_loss": [1.0, 0.7, 0.6, 0.58, 0.57]})
>>> sorted(diagnosis.verdicts)[:2]
['batch_size', 'concept_shift']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagnose.auditing import audit, audit_many
    from diagnose.errors import DiagnoseError, InputError
    from diagnose.finding import Cause, Diagnosis, Finding, Level, Remedy, Severity, Verdict
    from diagnose.gating import gate
    from diagnose.healthy import Unhealthy, assert_healthy
    from diagnose.profiles.profile import Profile
    from diagnose.profiling import profile, read_profile, write_profile
    from diagnose.reports import load, load_many
    from diagnose.trials.trying import try_remedies

__all__ = [
    "Cause",
    "DiagnoseError",
    "Diagnosis",
    "Finding",
    "InputError",
    "Level",
    "Profile",
    "Remedy",
    "Severity",
    "Unhealthy",
    "Verdict",
    "assert_healthy",
    "audit",
    "audit_many",
    "gate",
    "load",
    "load_many",
    "profile",
    "read_profile",
    "try_remedies",
    "write_profile",
]

_HOME = {
    "Unhealthy": "diagnose.healthy",
    "assert_healthy": "diagnose.healthy",
    "audit": "diagnose.auditing",
    "audit_many": "diagnose.auditing",
    "gate": "diagnose.gating",
    "load": "diagnose.reports",
    "load_many": "diagnose.reports",
    "Profile": "diagnose.profiles.profile",
    "profile": "diagnose.profiling",
    "read_profile": "diagnose.profiling",
    "write_profile": "diagnose.profiling",
    "try_remedies": "diagnose.trials.trying",
    "DiagnoseError": "diagnose.errors",
    "InputError": "diagnose.errors",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: ``import diagnose`` itself costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'diagnose' has no attribute {name!r}; public names: {', '.join(__all__)}")
    value = getattr(importlib.import_module(_HOME.get(name, "diagnose.finding")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
