"""The documentation of every installed code, as `diagnose explain` and the reports show it."""

from __future__ import annotations

from functools import cache

from diagnose.analyzer import Documentation, documentation
from diagnose.analyzers import analyzers


@cache
def pages() -> dict[str, Documentation]:
    """Documentation by code; a plug-in that brings none is left out."""
    found = {}
    for analyzer in analyzers():
        try:
            found[analyzer.code] = documentation(analyzer)
        except ValueError:
            continue
    return found
