"""The formats a diagnosis can be saved in: one file each, imported when it is used.

A new format is one file with ``NAME``, ``SUFFIXES``, ``one`` and ``many`` (see `Format`) and one line in `FORMATS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol, cast

from diagnose.errors import InputError
from diagnose.finding import Diagnosis
from diagnose.reports.documentation import Explain


class Registered(NamedTuple):
    """Where a format lives. Suffixes stand here too, so that choosing a format imports nothing."""

    home: str
    """A module, or ``module:object`` where one module holds several formats."""
    suffixes: tuple[str, ...]
    is_text: bool = True
    """Whether it can be printed; what can't is bytes."""


FORMATS: Mapping[str, Registered] = MappingProxyType(
    {
        "html": Registered("diagnose.reports.html", (".html", ".htm")),
        "json": Registered("diagnose.reports.json_format", (".json",)),
        "markdown": Registered("diagnose.reports.markdown", (".md", ".markdown")),
        "junit": Registered("diagnose.reports.junit", (".xml",)),
        "sarif": Registered("diagnose.reports.sarif", (".sarif",)),
        "github": Registered("diagnose.reports.github", ()),
        "text": Registered("diagnose.reports.text", (".txt",)),
        "png": Registered("diagnose.reports.picture:PNG", (".png",), is_text=False),
        "svg": Registered("diagnose.reports.picture:SVG", (".svg",), is_text=False),
        "pdf": Registered("diagnose.reports.picture:PDF", (".pdf",), is_text=False),
    }
)
TEXT_FORMATS = tuple(name for name, registered in FORMATS.items() if registered.is_text)
"""Names of the formats that can be printed."""


class Format(Protocol):
    """What a format holds: a module, or an object in one."""

    NAME: str
    SUFFIXES: tuple[str, ...]

    def one(self, diagnosis: Diagnosis, explain: Explain) -> str | bytes:
        """Render one diagnosis."""
        ...

    def many(self, diagnoses: Sequence[Diagnosis], explain: Explain) -> str | bytes:
        """Render a summary of many runs."""
        ...


def format_of(suffix: str) -> str:
    """Name of the format that a file suffix stands for.

    Raises
    ------
    InputError
        The suffix is unknown; the message lists the known ones.
    """
    for name, registered in FORMATS.items():
        if suffix.lower() in registered.suffixes:
            return name
    known = ", ".join(suffix for registered in FORMATS.values() for suffix in registered.suffixes)
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
    module, _, attribute = FORMATS[name].home.partition(":")
    home = importlib.import_module(module)
    return cast("Format", getattr(home, attribute) if attribute else home)
