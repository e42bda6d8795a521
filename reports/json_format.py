"""A diagnosis as JSON, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from diagnose.errors import InputError
from diagnose.finding import SCHEMA_VERSION, Diagnosis
from diagnose.reports.documentation import Explain

NAME = "json"
SUFFIXES = (".json",)


@dataclass(frozen=True)
class ManyRuns:
    """The diagnoses of many runs in one file."""

    diagnoses: tuple[Diagnosis, ...]
    kind: Literal["many_runs"] = "many_runs"
    schema_version: str = SCHEMA_VERSION


def one(diagnosis: Diagnosis, explain: Explain) -> str:
    """Render for the registry; JSON holds conclusions only, so the documentation is not used."""
    del explain
    return to_json(diagnosis).decode()


def many(diagnoses: Sequence[Diagnosis], explain: Explain) -> str:
    """Render many runs for the registry."""
    del explain
    return many_json(diagnoses).decode()


def to_json(diagnosis: Diagnosis) -> bytes:
    """Encode a diagnosis: the same bytes for the same diagnosis, indented, numbers that are not finite as null."""
    return _encoded(diagnosis)


def many_json(diagnoses: Sequence[Diagnosis]) -> bytes:
    """Encode many diagnoses: ``{"schema_version": …, "kind": "many_runs", "diagnoses": […]}``."""
    return _encoded(ManyRuns(tuple(diagnoses)))


def from_json(raw: bytes, where: str) -> tuple[Diagnosis, ...]:
    """Decode one diagnosis or many.

    Parameters
    ----------
    raw
        The file's bytes.
    where
        Its name, for messages.

    Raises
    ------
    InputError
        It is not JSON, not a diagnosis, or of a version that this one cannot read.
    """
    try:
        document = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{where} is not JSON ({error}); expected a file that `diagnose audit … --output NAME.json` wrote"
        ) from error
    _check_version(document, where)
    kind: type[Diagnosis | ManyRuns] = ManyRuns if document.get("kind") == "many_runs" else Diagnosis
    try:
        read = msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{where} does not fit the diagnosis schema {SCHEMA_VERSION}: {error}") from error
    return read.diagnoses if isinstance(read, ManyRuns) else (read,)


def _check_version(document: object, where: str) -> None:
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, str):
        raise InputError(
            f"{where} has no schema_version, so it is not a diagnosis; "
            "expected a file that `diagnose audit … --output NAME.json` wrote"
        )
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise InputError(
            f"{where} has schema_version {version[:20]!r}, this diagnose reads {SCHEMA_VERSION}; "
            "audit the run again, or install the version of diagnose-ml that wrote it"
        )


def as_json(value: Any, *, indent: int = 0) -> str:
    """Encode any plain data, such as the action of a remedy, by the same rules; in one line by default."""
    built = msgspec.to_builtins(value, order="deterministic", enc_hook=_foreign, str_keys=True)
    return msgspec.json.format(msgspec.json.encode(_plain(built)), indent=indent).decode()


def _encoded(document: Diagnosis | ManyRuns) -> bytes:
    return as_json(document, indent=2).encode() + b"\n"


def _foreign(value: object) -> Any:
    """Turn what a context may hold (numpy numbers, paths, read-only mappings) into plain data."""
    if isinstance(value, Mapping):
        return {str(key): inner for key, inner in value.items()}
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _plain(value: Any) -> Any:
    """Replace what JSON cannot hold: numbers that are not finite, and unpaired surrogates of undecodable file names."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
