"""No failure inside a hook may reach the training program: it is told once, and training goes on."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from diagnose.healthy import Unhealthy

log = logging.getLogger("diagnose")


class Guard:
    """Runs a hook's code.

    Attributes
    ----------
    failures
        What has failed, each once: the part of the hook, and the error.
    """

    def __init__(self) -> None:
        self.failures: list[str] = []
        self._failed: set[str] = set()

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Run a block; an error in it ends the block, is told once for each part, and goes no further.

        Raises
        ------
        Unhealthy
            As the user wants with ``on_finding="raise"``: the only error that goes through.
        """
        try:
            yield
        except Unhealthy:
            raise
        except Exception as error:  # noqa: BLE001  the one place: a hook must not take training down
            if part not in self._failed:
                self._failed.add(part)
                where = traceback.extract_tb(error.__traceback__)[-1]
                said = f"{part}: {type(error).__name__}: {error} ({where.name}, line {where.lineno})"
                self.failures.append(said)
                log.warning("diagnose could not %s; training goes on without it", said)

    def has_failed(self, part: str) -> bool:
        """Whether a part has failed before: a costly one is better left alone then."""
        return part in self._failed
