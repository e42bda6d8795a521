"""One file a question; each is the whole of it: code, documentation, limits, logic. Registration is the tuple below."""

from __future__ import annotations

from functools import cache

from diagnose.analyzer import Analyzer, Documentation
from diagnose.analyzer import documentation as _documentation
from diagnose.analyzers.rising_validation_loss import RisingValidationLoss
from diagnose.analyzers.still_improving import StillImproving
from diagnose.analyzers.widening_gap import WideningGap
from diagnose.plugins import plugins

ANALYZERS: tuple[Analyzer, ...] = (
    RisingValidationLoss(),
    WideningGap(),
    StillImproving(),
)
"""The built-in analyzers, in the order in which they are run and listed."""


@cache
def analyzers() -> tuple[Analyzer, ...]:
    """Return all analyzers: the built-in ones, then those of installed plug-ins (entry-point group ``diagnose.analyzers``)."""
    return (*ANALYZERS, *plugins("diagnose.analyzers", required=("code", "cause", "check")))


def documentation(code: str) -> Documentation:
    """Return the page of one code.

    Raises
    ------
    KeyError
        No registered analyzer has this code.
    """
    for analyzer in analyzers():
        if analyzer.code == code:
            return _documentation(analyzer)
    raise KeyError(code)
