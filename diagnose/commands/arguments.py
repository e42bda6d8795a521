"""What the user says about a run on the command line: ``--context KEY=VALUE`` and ``--context-file FILE``."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from diagnose.errors import InputError

REPEATED = frozenset({"-c", "--context", "-m", "--map", "--kind"})
PAIR = re.compile(r"[^\W\d][^=]*=")
WORDS: Mapping[str, bool | None] = {"true": True, "yes": True, "false": False, "no": False, "none": None, "null": None}


class RepeatedPairs(click.Command):
    """A command whose ``--context``, ``--map`` and ``--kind`` take as many KEY=VALUE as follow them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before every further pair, as click expects it."""
        return super().parse_args(ctx, repeated(args))


def repeated(args: Iterable[str]) -> list[str]:
    """Repeat an option of pairs before each pair that follows it; what exists on disk is a path (``lr=0.1/``).

    Examples
    --------
    >>> repeated(["log.csv", "-c", "n_train=800", "n_val=200", "other.csv"])
    ['log.csv', '-c', 'n_train=800', '-c', 'n_val=200', 'other.csv']
    """
    found: list[str] = []
    option = ""
    for arg in args:
        if option and found[-1] != option and PAIR.match(arg) and not Path(arg).exists():
            found.append(option)
        elif option and found[-1] != option:
            option = ""
        if arg in REPEATED:
            option = arg
        found.append(arg)
    return found


def pairs(given: Iterable[str], option: str, example: str) -> dict[str, str]:
    """Split ``KEY=VALUE`` arguments.

    Raises
    ------
    InputError
        There is no ``=``, or nothing before it.
    """
    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InputError(f"{option} {text!r}: expected KEY=VALUE, for example {option} {example}")
        found[key.strip()] = value.strip()
    return found


def context_from(given: Iterable[str], file: Path | None) -> dict[str, Any]:
    """Return what the user says about the run; arguments win over the file.

    Raises
    ------
    InputError
        An argument is no ``KEY=VALUE``, or the file cannot be read as a mapping.
    """
    said = pairs(given, "--context", "n_train=800")
    return {**(_file(file) if file else {}), **{key: value(text) for key, text in said.items()}}


def value(text: str) -> Any:
    """Read a number, a truth value or nothing where the text is one; else the text itself.

    Examples
    --------
    >>> [value(text) for text in ("800", "1e-3", "true", "none", "adam")]
    [800, 0.001, True, None, 'adam']
    """
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--context-file {path}: cannot be read ({error})") from error
    try:
        read = _parsed(text, path.suffix.lower())
    except (yaml.YAMLError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"--context-file {path}: {' '.join(str(error).split())}") from error
    if not isinstance(read, dict):
        raise InputError(
            f"--context-file {path}: expected keys and values such as `n_train: 800`, found {type(read).__name__}"
        )
    # YAML 1.1 reads 1e-3 as text
    return {str(key): value(inner) if isinstance(inner, str) else inner for key, inner in read.items()}


def _parsed(text: str, suffix: str) -> Any:
    if suffix == ".toml":
        return tomllib.loads(text)
    return json.loads(text) if suffix == ".json" else yaml.safe_load(text)
