"""Hyperparameters that a hook learns only when training begins: written behind the run's first line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from diagnose.hooks.session import Session
from diagnose.journal.records import Began

MOST = 200
LONGEST = 200
"""Characters of a text: a longer one is data, not a setting."""


def tell_settings(session: Session, framework: str, settings: Mapping[str, Any], *, unit: str = "epoch") -> None:
    """Add settings to a run's; what the user gave as ``context=`` counts more.

    Parameters
    ----------
    settings
        By the framework's own names; what is no number, text or flag is left out.
    unit
        What the run's epochs count: ``"epoch"``, or ``"iteration"`` for rounds of boosting.
    """
    plain = {str(name): value for name, value in settings.items() if _is_plain(value)}
    given = {str(name): value for name, value in session.options.context.items() if _is_plain(value)}
    told = dict(list((plain | given).items())[:MOST])
    session.write(Began(framework=framework, settings=told, resumes=session.options.resume, unit=unit))


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, (bool, int)) or (isinstance(value, str) and len(value) <= LONGEST)
