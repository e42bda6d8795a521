"""The catalogue's held-out set: nothing is tuned on these."""

from __future__ import annotations

from programs.catalogue import Program

PROGRAMS: tuple[Program, ...] = ()
