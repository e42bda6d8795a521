"""Showing a diagnosis: files, terminal, notebook. Nothing here computes a conclusion."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from types import MappingProxyType

from diagnose.errors import InputError
from diagnose.finding import Diagnosis
from diagnose.reports.documentation import Explain
from diagnose.reports.files import write_atomically
from diagnose.reports.formats import FORMATS, TEXT_FORMATS, format_of, load_format
from diagnose.reports.json_format import from_json

__all__ = ["FORMATS", "TEXT_FORMATS", "Explain", "load", "load_many", "notebook_html", "render", "save"]

NOTHING_EXPLAINED: Explain = MappingProxyType({})


def render(diagnosis: Diagnosis | Sequence[Diagnosis], name: str, *, explain: Explain = NOTHING_EXPLAINED) -> str:
    """Render one diagnosis, or a summary of many, in a text format by name.

    Parameters
    ----------
    diagnosis
        One diagnosis, or a sequence of them.
    name
        One of ``TEXT_FORMATS``: ``"html"``, ``"json"``, ``"markdown"``, ``"text"`` …
    explain
        Documentation by code, for formats that show it.

    Raises
    ------
    InputError
        There is no such format, or it is no text.
    """
    shown = _rendered(diagnosis, name, explain)
    if isinstance(shown, bytes):
        raise InputError(f"{name} is no text and can only be saved; text formats are {', '.join(TEXT_FORMATS)}")
    return shown


def _rendered(diagnosis: Diagnosis | Sequence[Diagnosis], name: str, explain: Explain) -> str | bytes:
    form = load_format(name)
    return form.one(diagnosis, explain) if isinstance(diagnosis, Diagnosis) else form.many(diagnosis, explain)


def notebook_html(diagnosis: Diagnosis) -> str:
    """Render a fragment for a notebook's cell: the sentence, the causes, one figure."""
    fragment: str = importlib.import_module("diagnose.reports.html").notebook_html(diagnosis)
    return fragment


def save(
    diagnosis: Diagnosis | Sequence[Diagnosis], path: str | PathLike[str], *, explain: Explain = NOTHING_EXPLAINED
) -> Path:
    """Write one diagnosis, or a summary of many, to a file whose suffix chooses the format.

    The file is replaced at once or not at all. Returns its path.

    Raises
    ------
    InputError
        The suffix is unknown, or the file cannot be written.
    """
    target = Path(path)
    shown = _rendered(diagnosis, format_of(target.suffix), explain)
    write_atomically(target, shown if isinstance(shown, bytes) else shown.encode("utf-8", "replace"))
    return target


def load(path: str | PathLike[str]) -> Diagnosis:
    """Read back a diagnosis that was saved as JSON.

    Raises
    ------
    InputError
        The file is missing, is no diagnosis, is of another version, or holds many runs.
    """
    read = load_many(path)
    if len(read) != 1:
        raise InputError(f"{path} holds the diagnoses of {len(read)} runs; read it with load_many")
    return read[0]


def load_many(path: str | PathLike[str]) -> list[Diagnosis]:
    """Read back diagnoses from a JSON file of one or of many runs.

    Raises
    ------
    InputError
        The file is missing, is no diagnosis, or is of another version.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    return list(from_json(raw, str(path)))
