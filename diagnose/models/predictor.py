"""What asks a model: the same shape for every framework."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Answer(NamedTuple):
    """Of a batch of b rows: what the model says, shape ``(b, …)``; features, shape ``(b, d)``, or None."""

    outputs: Array
    features: Array | None = None


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model that can be asked.

    Attributes
    ----------
    name
        What the report calls it.
    ask
        From a batch of rows to an answer; whatever the model raises goes through.
    featured_by
        What the features were that it gave last, or empty where there were none.
    classes
        Names of the classes where the model knows them.
    columns
        Names of the columns that it takes, where it knows them.
    image_size
        Height, width and channels of the images that it takes, where it takes images of one size.
    wants_arrays
        Whether rows of a data frame are given as an array of numbers.
    """

    name: str
    ask: Callable[[Any], Answer]
    featured_by: Callable[[], str] = lambda: ""
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    image_size: tuple[int, int, int] | None = None
    wants_arrays: bool = True


class Inspector(Protocol):
    """One framework's way of asking."""

    def recognises(self, model: Any) -> bool:
        """Whether the model is of this framework, which is then imported already. Cheap; never raises."""
        ...

    def opened(self, model: Any) -> AbstractContextManager[Predictor]:
        """Prepare the model for being asked, and leave it as it was when the block ends."""
        ...


def failures() -> tuple[type[BaseException], ...]:
    """Return what a model raises at rows that it cannot take."""
    known: tuple[type[BaseException], ...] = (
        RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, AssertionError,
    )  # fmt: skip
    errors = getattr(sys.modules.get("tensorflow"), "errors", None)
    return (*known, errors.OpError) if errors is not None else known


def pooled(features: Array) -> Array | None:
    """Return features as ``(b, d)``: means over whatever lies between rows and the last axis; None without one."""
    if features.ndim < 2:
        return None
    return np.asarray(features if features.ndim == 2 else features.mean(axis=tuple(range(1, features.ndim - 1))))
