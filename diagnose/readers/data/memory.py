"""How much memory there is, and whether data fit into it."""

from __future__ import annotations

from pathlib import Path

SHARE = 0.5
"""Of the available memory, that a split may take: measures sort columns and make copies of some."""
_LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


def available() -> int | None:
    """Return the bytes that this process may still take, by the system's and a container's account; None if unknown."""
    known = [_of_system(), *(_of_container(limit, used) for limit, used in _LIMITS)]
    return min((size for size in known if size is not None), default=None)


def _of_system() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024 * int(found[0]) if found else None


def _of_container(limit: Path, used: Path) -> int | None:
    try:
        return int(limit.read_text(encoding="ascii")) - int(used.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no container, or "max"
        return None
