"""The formats a diagnosis can be saved in: one file each, imported when it is used.

A new format is one file with ``NAME``, ``SUFFIXES``, ``one`` and ``many`` (see `Format`) and one line in `FORMATS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, cast

from diagnose.errors import InputError
from diagnose.finding import Diagnosis
from diagnose.reports.documentation import Explain

FORMATS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "html": ("diagnose.reports.html", (".html", ".htm")),
        "json": ("diagnose.reports.json_format", (".json",)),
        "markdown": ("diagnose.reports.markdown", (".md", ".markdown")),
        "text": ("diagnose.reports.text", (".txt",)),
    }
)
"""Name to module and suffixes. The suffixes stand here too, so that choosing a format imports nothing."""


class Format(Protocol):
    """What the module of a format holds."""

    NAME: str
    SUFFIXES: tuple[str, ...]

    def one(self, diagnosis: Diagnosis, explain: Explain) -> str:
        """Render one diagnosis."""
        ...

    def many(self, diagnoses: Sequence[Diagnosis], explain: Explain) -> str:
        """Render a summary of many runs."""
        ...


def format_of(suffix: str) -> str:
    """Name of the format that a file suffix stands for.

    Raises
    ------
    InputError
        The suffix is unknown; the message lists the known ones.
    """
    for name, (_, suffixes) in FORMATS.items():
        if suffix.lower() in suffixes:
            return name
    known = ", ".join(suffix for _, suffixes in FORMATS.values() for suffix in suffixes)
    raise InputError(f"no report format has the suffix {suffix!r}; known are {known}")


def load_format(name: str) -> Format:
    """Import a format by name.

    Raises
    ------
    InputError
        There is no such format; the message lists those there are.
    """
    if name not in FORMATS:
        raise InputError(f"no report format is called {name!r}; known are {', '.join(FORMATS)}")
    return cast("Format", importlib.import_module(FORMATS[name][0]))
