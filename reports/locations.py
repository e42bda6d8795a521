"""Which file of a repository a run was read from, as servers that annotate files want it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from diagnose.finding import RunSummary

_SUFFIX = re.compile(r"\.\w{1,16}$")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Unpaired surrogates that stand for no byte of an undecodable file name."""


@dataclass(frozen=True)
class Location:
    """A file: ``path`` with forward slashes, relative to the repository's root where ``is_inside``."""

    path: str
    is_inside: bool

    @property
    def uri(self) -> str:
        """Percent-encoded: relative where inside, else absolute."""
        if _ADDRESS.match(self.path):
            return quote(_bytes(self.path), safe="/:@?#&=+%~")
        escaped = quote(_bytes(self.path), safe="/~")
        if self.is_inside:
            return escaped
        return "file://" + (escaped if escaped.startswith("/") else f"/{escaped.replace('%3A', ':', 1)}")


def repository() -> str:
    """Root of the repository that holds the working folder; that folder itself where there is none, empty if gone.

    A server knows files by their path from there. So the bytes of a report depend, besides the diagnosis, on where
    in its repository one stands: a relative path means another file elsewhere.
    """
    try:
        here = Path.cwd()
    except OSError:
        return ""
    return str(next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here))


def locations(run: RunSummary, root: str) -> tuple[Location, ...]:
    """Files that a run was read from; empty for one from memory or from a pipe.

    Parameters
    ----------
    run
        What was read.
    root
        The repository's root, from `repository`.
    """
    places = [place for source in run.sources for place in _files(source.get("where", ""))]
    return tuple(dict.fromkeys(_located(place, root) for place in places))


def _files(where: str) -> list[str]:
    # several logs that make one run are named in one line
    parts = where.split(", ")
    named = parts if len(parts) > 1 and all(_SUFFIX.search(part) for part in parts) else [where]
    return [part for part in named if _is_file(part)]


def _is_file(where: str) -> bool:
    is_named = bool(_SUFFIX.search(where)) or "/" in where or bool(_DRIVE.match(where))
    return is_named and not any(ord(character) < ord(" ") for character in where)


def _located(where: str, root: str) -> Location:
    if _ADDRESS.match(where):
        return Location(where, is_inside=False)
    if _DRIVE.match(where) and os.name != "nt":
        return Location(where.replace("\\", "/"), is_inside=False)
    if not root:
        return Location(_slashes(os.path.normpath(where)), is_inside=not Path(where).is_absolute())
    absolute = os.path.abspath(where)  # noqa: PTH100 - lexical: a link keeps the name that the repository has
    below = absolute.startswith(root.rstrip(os.sep) + os.sep)
    return Location(_slashes(os.path.relpath(absolute, root) if below else absolute), is_inside=below)


def _slashes(path: str) -> str:
    return path.replace(os.sep, "/")


def _bytes(path: str) -> bytes:
    return _NO_BYTE.sub("\ufffd", path).encode("utf-8", "surrogateescape")
