"""Findings and the verdict go to the trackers that a program uses already."""

from __future__ import annotations

from pathlib import Path

from diagnose.finding import Diagnosis, Finding


class Trackers:
    """The trackers of one run, each used only where the program has loaded and started it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def found(self, finding: Finding, line: str, step: float) -> None:
        """Tell of a finding when it is made."""

    def concluded(self, diagnosis: Diagnosis, step: float) -> None:
        """Tell the verdict."""
