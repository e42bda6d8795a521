"""One programme of the suite, as the catalogue lists it; the three sets lie in files of their own."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from programs.faults import FAULTS

__all__ = ["FRAMEWORKS", "SETS", "Program", "catalogue"]

FRAMEWORKS = ("keras", "torch", "lightning", "transformers")
SETS = ("development", "held out", "fresh")
Domain = Literal["images", "tables", "text", "sequences"]


@dataclass(frozen=True)
class Program:
    """One programme.

    Attributes
    ----------
    at
        Module and function, ``"development_keras_images:digits_convnet"``.
    domain
        What it learns from.
    change
        What is called differently from the function's defaults: how a twin differs from the programme it belongs to.
    fault
        Slug of the one fault, or None.
    twin
        Name of the same programme without the fault.
    reaches
        The score on held-out rows that a correct programme must reach to be called correct; more is better.
    certain
        Why it is a fault whatever it costs in this programme; otherwise it must score worse than its twin.
    also
        Further codes that name this programme's fault, beyond those of `FAULTS`.
    """

    name: str
    at: str
    domain: Domain
    change: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None
    twin: str = ""
    reaches: float | None = None
    certain: str = ""
    also: str = ""

    @property
    def framework(self) -> str:
        """Name of its hook's module, told by the name of its file."""
        return next(name for name in FRAMEWORKS if f"_{name}" in self.at)

    @property
    def set(self) -> str:
        """``"development"``, ``"held out"`` or ``"fresh"``, told by the name of its file."""
        return next(name for name in SETS if self.at.startswith(name.replace(" ", "_")))

    @property
    def accepts(self) -> frozenset[str]:
        """Codes that name the fault."""
        return (FAULTS[self.fault].accepts if self.fault else frozenset()) | frozenset(self.also.split())

    @property
    def causes(self) -> frozenset[str]:
        """Causes that name the fault."""
        return FAULTS[self.fault].causes if self.fault else frozenset()

    def run(self, hook: Any) -> float:
        """Train with the hook in; return the score on held-out rows."""
        module, _, function = self.at.partition(":")
        return float(getattr(importlib.import_module(f"programs.{module}"), function)(hook, **self.change))


def catalogue(which: str = "all") -> Iterator[Program]:
    """Yield the programmes of one set or of ``"all"``; imports no framework."""
    for name in SETS if which == "all" else (which.replace("-", " "),):
        yield from importlib.import_module(f"programs.{name.replace(' ', '_')}").PROGRAMS
