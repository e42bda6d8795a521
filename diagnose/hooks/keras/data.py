"""What `fit` was given: inputs, labels, their order, and rows on both sides; looked at without any effect on it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from diagnose.hooks.keras.call import FitCall
from diagnose.hooks.keras.pipeline import rows_of_pipeline, shuffles
from diagnose.journal.records import Input, Label, Order, Record
from diagnose.model_card import Role
from diagnose.models.keras_card_layers import leaves, role_of
from diagnose.readers.data.array_facts import input_facts_of, label_facts_of
from diagnose.recording import OrderFacts

MOST_VALUES = 20_000_000
"""Values of an input that are looked at: a tenth of a second."""
MOST_LABELS = 100_000
MOST_ROWS = 50_000
"""Rows of each side that are compared."""
MOST_BYTES = 200_000_000
"""Bytes of each side that are compared: half a second."""
ORDERED = 4_096
"""Samples whose order is looked at."""

ANEW = "not seen"
"""In place of the digest of an order that was not looked at: never the same twice."""


def facts_of(model: Any, call: FitCall) -> Iterator[Record]:
    """Give what can be said of the inputs and labels on both sides."""
    has_embedding = any(role_of(leaf.layer) is Role.EMBEDDING for leaf in leaves(model)[:3])
    sides: tuple[tuple[Literal["train", "val"], Any, Any], ...] = (
        ("train", call.x, call.y),
        ("val", call.val_x, call.val_y),
    )
    for split, x, y in sides:
        given = (x, y)
        if y is None and x is not None and not is_array(x):
            given = rows_of_pipeline(x) or (None, None)
        for name, values in named(model, given[0]):
            facts = input_facts_of(some_rows(values, MOST_VALUES), split, name, has_embedding=has_embedding)
            if facts is not None:
                yield Input(facts)
        if is_array(given[1]):
            labels = label_facts_of(as_numpy(given[1], MOST_LABELS), split)
            if labels is not None:
                yield Label(replace(labels, is_complete=y is not None and labels.n == len(given[1])))


def order_of(call: FitCall, epoch: float) -> Order | None:
    """Return the order of an epoch's samples where the call tells it: as they are, or shuffled."""
    if not is_array(first(call.x)):
        says = shuffles(call.x)
        if says is None:
            return None
        read = None if says else rows_of_pipeline(call.x)
        if read is None:
            return Order(OrderFacts(epoch, f"{ANEW} {epoch:g}", 0, is_shuffled=says))
        return _as_it_is(epoch, first(read[0]), read[1])
    if call.is_shuffled:
        return Order(OrderFacts(epoch, f"{ANEW} {epoch:g}", len(first(call.x)), is_shuffled=True))
    return _as_it_is(epoch, as_numpy(first(call.x)[:ORDERED]), call.y)


def _as_it_is(epoch: float, rows: Any, y: Any) -> Order:
    changes, expected = _changes(y)
    digest = hashlib.blake2b(np.ascontiguousarray(rows[:512]).tobytes(), digest_size=16).hexdigest()
    return Order(OrderFacts(epoch, digest, len(rows), changes, expected, is_shuffled=False))


def overlap(call: FitCall) -> tuple[int, int] | None:
    """Return how many validation rows stand in training too, byte for byte, and of how many; None where unknown."""
    keras: Any = sys.modules["keras"]
    if call.x is None or call.val_x is None:
        return None
    train, val = keras.tree.flatten(call.x), keras.tree.flatten(call.val_x)
    if not all(map(is_array, (*train, *val))) or [a.shape[1:] for a in train] != [a.shape[1:] for a in val]:
        return None
    known = set(zip(*map(_digests, train), strict=False))  # of wide inputs fewer rows are looked at
    found = [digest in known for digest in zip(*map(_digests, val), strict=False)]
    return sum(found), len(found)


def probe_rows(call: FitCall, n: int) -> tuple[Any, Any, Any] | None:
    """Return at most ``n`` training samples, evenly spread, as nested arrays ``(x, y, sample weight)``; or None."""
    keras: Any = sys.modules["keras"]
    x, y, weight = call.x, call.y, call.sample_weight
    if not is_array(first(x)):
        found = rows_of_pipeline(x, n) if x is not None else None
        return None if found is None else (*found, None)
    rows = len(first(x))
    at = np.unique(np.linspace(0, rows - 1, min(n, rows)).astype(int))

    def pick(values: Any) -> Any:
        return np.ascontiguousarray(as_numpy(values, at=at))

    taken = (keras.tree.map_structure(pick, part) if part is not None else None for part in (x, y, weight))
    return tuple(taken)  # type: ignore[return-value]


def is_array(values: Any) -> bool:
    """Whether these are numbers that lie in memory in a fixed order: looking at them changes nothing."""
    if isinstance(values, np.ndarray):
        return values.ndim > 0 and values.dtype.kind in "fiub"
    module = type(values).__module__.partition(".")[0]
    return module in ("tensorflow", "torch", "jax", "jaxlib") and hasattr(values, "shape") and hasattr(values, "dtype")


def first(values: Any) -> Any:
    """Return the first array of a nested structure, or what is no structure itself."""
    while isinstance(values, (list, tuple, dict)) and values:
        values = next(iter(values.values())) if isinstance(values, dict) else values[0]
    return values


def named(model: Any, values: Any) -> Iterator[tuple[str, Any]]:
    """Give the arrays of an input by name."""
    if isinstance(values, Mapping):
        yield from ((str(name), value) for name, value in values.items() if is_array(value))
    elif isinstance(values, (list, tuple)):
        names = getattr(model, "input_names", None) or []
        for at, value in enumerate(values):
            if is_array(value):
                yield str(names[at]) if at < len(names) else f"input {at + 1}", value
    elif is_array(values):
        yield "x", values


def as_numpy(values: Any, most: int | None = None, *, at: Any = None) -> Any:
    """Return an array's rows: all, evenly spread ones, or those at some places."""
    if most is not None and len(values) > most:
        at = np.unique(np.linspace(0, len(values) - 1, most).astype(int))
    if at is not None:
        values = values[at] if isinstance(values, np.ndarray) else _gathered(values, at)
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)


def _gathered(values: Any, at: Any) -> Any:
    if type(values).__module__.startswith("tensorflow"):
        return sys.modules["tensorflow"].gather(values, at)
    if hasattr(values, "detach"):
        return values.detach()[sys.modules["torch"].as_tensor(at, device=values.device)]
    return np.asarray(values)[at]


def some_rows(values: Any, most: int) -> Any:
    """Return so many evenly spread rows that they hold at most so many values."""
    width = max(1, int(np.prod([int(n) for n in values.shape[1:]])))
    return as_numpy(values, max(1, most // width))


def _changes(y: Any) -> tuple[int | None, float | None]:
    if not is_array(y):
        return None, None
    labels = as_numpy(y[:ORDERED])
    if labels.ndim > 1:
        is_one_hot = labels.ndim == 2 and labels.shape[1] > 1 and bool(np.isin(labels, (0, 1)).all())
        if not is_one_hot and labels.shape[1:] != (1,):
            return None, None
        labels = labels.argmax(1) if is_one_hot else labels[:, 0]
    found, counts = np.unique(labels, return_counts=True)
    if len(labels) < 2 or len(found) > max(2, len(labels) // 5):
        return None, None
    share = float((counts / len(labels)) @ ((len(labels) - counts) / (len(labels) - 1)))
    return int((labels[1:] != labels[:-1]).sum()), share * (len(labels) - 1)


def _digests(values: Any) -> Iterator[bytes]:
    width = max(1, int(np.prod([int(n) for n in values.shape[1:]]))) * 4
    rows = np.ascontiguousarray(as_numpy(values[: min(MOST_ROWS, max(1, MOST_BYTES // width))]))
    for row in rows:
        yield hashlib.blake2b(row.tobytes(), digest_size=12).digest()
