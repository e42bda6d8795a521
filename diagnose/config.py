"""Where a gate's settings stand: ``diagnose.toml``, ``pyproject.toml`` or ``setup.cfg``, found like other tools'."""

from __future__ import annotations

import configparser
import difflib
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from diagnose.errors import InputError
from diagnose.finding import Cause
from diagnose.policy import FAILING_LEVELS, SEVERITIES, Policy, Suppression, Thresholds

NAMES = ("diagnose.toml", "pyproject.toml", "setup.cfg")
"""In the order in which they win within one folder."""
LISTS = ("paths", "select", "ignore", "require")


@dataclass(frozen=True)
class Config:
    """A gate's settings and where they stand; without a file the defaults, relative to the current folder."""

    policy: Policy
    path: Path | None = None

    @property
    def where(self) -> str:
        """Name the place in messages."""
        return str(self.path) if self.path else "the command line"

    def beside(self, name: str) -> Path:
        """Return a path of the settings, which is relative to their file's folder, as one would type it from here.

        Reports hold the paths of what was read, and shall not tell of the machine.
        """
        if self.path is None:
            return Path(name)
        folder, here = self.path.parent, Path.cwd()
        is_near = folder.is_absolute() and (here.is_relative_to(folder) or folder.is_relative_to(here))
        return Path(os.path.relpath(folder, here) if is_near else folder) / name


def find_config(start: Path) -> Config:
    """Return the settings that stand nearest: in a folder or above it, up to the root of the repository.

    Raises
    ------
    InputError
        A file that should hold them cannot be read.
    """
    folder = start.resolve()
    for place in (folder, *folder.parents):
        for name in NAMES:
            if (place / name).is_file():
                section = _section(place / name)
                if section is not None:
                    return _converted(section, place / name)
        if (place / ".git").exists():
            break
    return Config(Policy())


def read_config(path: Path) -> Config:
    """Return the settings of one file.

    Raises
    ------
    InputError
        It cannot be read, holds no settings of a gate, or one that is unknown or of the wrong kind.
    """
    section = _section(path)
    if section is None:
        raise InputError(f"{path} holds no settings of a gate; expected {_heading(path)}")
    return _converted(section, path)


def _heading(path: Path) -> str:
    if path.suffix == ".toml":
        return "[tool.diagnose.gate]" if path.name == "pyproject.toml" else "[gate]"
    return "[diagnose:gate]"


def _section(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if path.suffix == ".toml":
        return _toml(text, path)
    return _ini(text, path)


def _toml(text: str, path: Path) -> dict[str, Any] | None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: {error}") from error
    above = ""
    if path.name == "pyproject.toml":
        tools = document.get("tool")
        ours = tools.get("diagnose", {}) if isinstance(tools, dict) else {}
        document, above = ours if isinstance(ours, dict) else {"diagnose": ours}, "tool.diagnose."
    if unknown := set(document) - {"gate"}:
        raise InputError(f"{path}: unknown section [{above}{min(unknown)}]; expected [{above}gate] and tables below it")
    section = document.get("gate")
    if section is not None and not isinstance(section, dict):
        raise InputError(f"{path}: {above}gate is no table; expected [{above}gate] and settings below it")
    return section


def _ini(text: str, path: Path) -> dict[str, Any] | None:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from error
    sections = [name for name in parser.sections() if re.match(r"(tool[:.])?diagnose\b", name)]
    if not sections:
        return None
    found: dict[str, Any] = {}
    for name in sections:
        if name.split(":")[:2] != ["diagnose", "gate"]:
            raise InputError(
                f"{path}: unknown section [{name}]; expected [diagnose:gate], or [diagnose:gate:fail-on] …"
            )
        place = found
        for part in name.split(":")[2:]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise InputError(f"{path}: [{name}] and a setting {part!r} exclude each other")
        place.update({key: _typed(key, value) for key, value in parser[name].items()})
    if isinstance(found.get("suppress"), dict):
        found["suppress"] = list(found["suppress"].values())
    return found


def _typed(key: str, text: str) -> Any:
    """Give a setting of a file without types the one that it has; numbers and days are converted with the rest."""
    if key in LISTS:
        return _listed(text)
    return configparser.ConfigParser.BOOLEAN_STATES.get(text.lower(), text) if key == "allow-unread" else text


def _listed(text: str) -> list[str]:
    return [part for part in re.split(r"[,\n]\s*", text.strip()) if part]


def _converted(section: dict[str, Any], path: Path) -> Config:
    try:
        return Config(msgspec.convert(section, Policy, strict=path.suffix == ".toml"), path)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {_explained(str(error))}") from error


def _explained(message: str) -> str:
    """Say in the words of the file what msgspec found, and which setting was probably meant."""
    where = "".join(f"{part}." for part in re.findall(r"[\w-]+", message.partition("`$")[2]))
    unknown = re.search(r"unknown field `([^`]*)`", message)
    if unknown is None:
        return f"gate.{where.rstrip('.')}: {_plainly(message.partition(' - at ')[0], where)}"
    known = sorted(_known(where))
    close = difflib.get_close_matches(unknown[1], known, n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    return f"gate.{where}{unknown[1]} is no setting{meant}; known here: {', '.join(known)}"


def _plainly(text: str, where: str) -> str:
    """Say what was expected where msgspec does not."""
    if text.startswith("Invalid enum value"):
        names = FAILING_LEVELS if where.endswith("level.") else SEVERITIES if where.endswith("severity.") else Cause
        return f"{text[:1].lower()}{text[1:]}; expected one of {', '.join(names)}"
    if where.endswith("until."):
        return "expected a day such as 2027-03-31"
    return text[:1].lower() + text[1:]


def _known(where: str) -> Iterator[str]:
    kind = Suppression if where.startswith("suppress") else Thresholds if where else Policy
    yield from (field.encode_name for field in msgspec.structs.fields(kind))
