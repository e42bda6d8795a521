"""How runs are named, and the config files that lie beside a log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from diagnose.readers.protocol import decode
from diagnose.run import Unread

_STEMS = "config params hyperparameters hyperparams train_config training_config"
CONFIG_NAMES = (
    *("hparams.yaml", "args.yaml", "opt.yaml", "hyp.yaml", "config.yml", "args.json", "hparams.json"),
    *("training_args.json", "optimizer_config.json"),
    *(f"{stem}.{kind}" for stem in _STEMS.split() for kind in ("yaml", "json")),
)
"""Looked for in a log's own folder, in this order: the earlier wins."""
_MAX_CONFIG_BYTES = 2_000_000


@dataclass
class Beside:
    """Hyperparameters found beside a log."""

    hyperparameters: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    def add(self, values: Mapping[str, Any], origin: str) -> None:
        """Add values; a name that is there already keeps its first value."""
        for name, value in values.items():
            if str(name) not in self.hyperparameters:
                self.hyperparameters[str(name)] = value
                self.origins[str(name)] = origin


def run_name(path: Path) -> str:
    """Return a short name that tells runs apart: the folder and the file.

    Examples
    --------
    >>> run_name(Path("/data/runs/exp6/results.csv"))
    'exp6/results.csv'
    """
    resolved = path if path.name not in {"", ".", ".."} else path.resolve()
    parent = resolved.parent if resolved.parent.name else resolved.absolute().parent
    return f"{parent.name}/{resolved.name}" if parent.name else resolved.name


def told_apart(paths: Iterable[Path]) -> dict[Path, tuple[str, str]]:
    """Return, for paths whose short names meet, the short name and one with as many folders as tell them apart.

    Examples
    --------
    >>> told_apart([Path("/a/1/logs/x.csv"), Path("/a/2/logs/x.csv"), Path("/a/y.csv")])[Path("/a/2/logs/x.csv")]
    ('logs/x.csv', '2/logs/x.csv')
    """
    alike: dict[str, list[Path]] = {}
    for path in paths:
        alike.setdefault(run_name(path), []).append(path)
    longer: dict[Path, tuple[str, str]] = {}
    for short, group in alike.items():
        parts = [path.absolute().parts for path in group] if len(group) > 1 else []
        most = max(map(len, parts), default=0)
        enough = next((n for n in range(3, most) if len({own[-n:] for own in parts}) == len(parts)), most)
        longer |= {path: (short, Path(*own[-enough:]).as_posix()) for path, own in zip(group, parts, strict=False)}
    return longer


def configs_beside(path: Path, names: Iterable[str] = CONFIG_NAMES) -> Beside:
    """Read the config files in the log's folder."""
    found = Beside()
    for name in names:
        candidate = path.parent / name
        if candidate != path:
            add_config(found, candidate)
    return found


def add_config(found: Beside, path: Path) -> None:
    """Read one YAML or JSON config file into what was found; a missing file is no error, a broken one is reported."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_CONFIG_BYTES:
            return
        text = decode(path.read_bytes())
    except OSError as error:
        found.unread.append(Unread(str(path), f"could not be opened: {error.strerror}"))
        return
    values, why = load_config(text, is_json=path.suffix == ".json")
    if why:
        found.unread.append(Unread(str(path), why))
    if isinstance(values, Mapping):
        found.add(values, path.name)


def load_config(text: str, *, is_json: bool) -> tuple[Any, str]:
    """Return a config text as plain data, and what in it was not understood. Nothing in it is executed."""
    if is_json:
        try:
            return json.loads(text), ""
        except (ValueError, RecursionError) as error:
            return None, f"not valid JSON: {error}"
    loader = _TagBlindLoader(text)
    try:
        values = loader.get_single_data()
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        return None, f"not valid YAML: {' '.join(str(error).split())[:200]}"
    finally:
        loader.dispose()
    why = (
        f"left out: values with the tags {', '.join(sorted(loader.tags)[:5])}, which could run code"
        if loader.tags
        else ""
    )
    return values, why


class _TagBlindLoader(yaml.SafeLoader):
    """The safe loader, except that a value with a foreign tag becomes None and is reported."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.tags: set[str] = set()


def _leave_out(loader: _TagBlindLoader, suffix: str, node: yaml.Node) -> None:
    loader.tags.add(suffix or node.tag)


_TagBlindLoader.add_multi_constructor("", _leave_out)
