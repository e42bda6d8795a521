"""What a Lightning module logged: which values are new, for the trainer keeps the old ones beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Logged:
    """The metrics that a trainer holds for its callbacks; ``names`` are those that were ever told.

    A module may log in hooks that come after those of callbacks: until then the trainer holds the epoch before's value.
    So a value counts as new where it is another object than at the last look.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}
        self._told: dict[str, float] = {}
        self._of_steps: set[str] = set()
        self.names: set[str] = set()

    def forget_all(self, metrics: Mapping[str, Any]) -> None:
        """Take all that is there for old."""
        self._seen = dict(metrics)

    def of_epoch(self, trainer: Any) -> dict[str, float]:
        """Return what was logged since the last look and speaks for the whole epoch."""
        self._of_steps |= of_steps(trainer)
        self.names -= self._of_steps
        return self.new(trainer.callback_metrics)

    def new(self, metrics: Mapping[str, Any]) -> dict[str, float]:
        """Return the numbers that were logged since the last look, means over an epoch rather than single steps."""
        fresh = {
            name: value
            for name, value in metrics.items()
            if self._seen.get(name) is not value and name not in self._of_steps
        }
        self._seen = dict(metrics)  # which keeps the objects alive, so that no new one is taken for an old one
        self._told = {name: float(v) for name, v in fresh.items() if _is_wanted(name, metrics) and _is_one(v)}
        self.names |= self._told.keys()
        return self._told

    def late(self, metrics: Mapping[str, Any]) -> dict[str, float]:
        """Return what was logged since the last look and differs: the trainer puts means that are told in anew."""
        before = self._told
        return {name: value for name, value in self.new(metrics).items() if before.get(name) != value}


def _is_wanted(name: str, metrics: Mapping[str, Any]) -> bool:
    """Whether it is no part or copy of another one: of ``x``, ``x_step`` and ``x_epoch`` the first says it."""
    return not any(name.endswith(end) and name.removesuffix(end) in metrics for end in ("_step", "_epoch"))


def of_steps(trainer: Any) -> set[str]:
    """Return what is logged step by step only: what the trainer holds of it is the last batch's, not the epoch's."""
    metas = [getattr(found, "meta", None) for found in (getattr(trainer, "_results", None) or {}).values()]
    known = [meta for meta in metas if meta is not None]
    return {meta.name for meta in known if meta.on_step} - {meta.name for meta in known if meta.on_epoch}


def _is_one(value: Any) -> bool:
    return isinstance(value, (int, float)) or getattr(value, "numel", lambda: 0)() == 1
