"""What installed packages add through entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from diagnose.errors import PluginError


def plugins(group: str, *, required: tuple[str, ...]) -> tuple[Any, ...]:
    """Load every entry point of a group, in the order of their names; classes are instantiated.

    Parameters
    ----------
    group
        ``"diagnose.analyzers"`` or ``"diagnose.readers"``.
    required
        Attributes that each must have.

    Raises
    ------
    PluginError
        One cannot be imported or lacks a required attribute; the message names it and the distribution it came from.
    """
    found = []
    for entry in sorted(entry_points(group=group), key=lambda point: point.name):
        origin = entry.dist.name if entry.dist is not None else "an unknown distribution"
        named = f"{entry.value} (entry point {entry.name!r} of {origin}, group {group!r})"
        try:
            loaded = entry.load()
        except (ImportError, AttributeError) as error:
            raise PluginError(f"{named} cannot be imported: {error}; update or uninstall {origin}") from error
        plugin = loaded() if isinstance(loaded, type) else loaded
        missing = [name for name in required if not hasattr(plugin, name)]
        if missing:
            raise PluginError(f"{named} lacks {', '.join(missing)}")
        found.append(plugin)
    return tuple(found)
