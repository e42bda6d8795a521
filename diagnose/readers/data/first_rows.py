"""The first rows of data as they were given, before they are columns: what a model and its loss get of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from diagnose.data import Kind, Split, SplitName
from diagnose.readers.data.array_facts import MOST_FEATURES, input_facts_of, label_facts_of
from diagnose.readers.data.gathering import as_arrays
from diagnose.readers.data.mappings import INPUTS, TARGETS
from diagnose.readers.data.tensorflow_data import TensorFlowDataReader, is_batched
from diagnose.readers.data.torch_data import TorchDataReader, stacked
from diagnose.recording import InputFacts, LabelFacts

Facts = tuple[InputFacts | LabelFacts, ...]
ROWS = 1_024
"""Rows that are looked at: a share of 1 % is seen with near certainty, and ImageNet's images take a second."""
LABELS = 100_000
"""Labels are small: rare classes and the largest number are told from as many."""


def facts_of_source(source: Any, split: Split, *, has_embedding: bool = False) -> Facts:
    """Look at the first rows of a source that was read as ``split``; of what has columns, at those."""
    pair = _pair(source)
    if pair is None:
        return _of_columns(split)
    inputs, labels = pair
    parts = inputs if isinstance(inputs, Mapping) else {"x": inputs}
    found: list[InputFacts | LabelFacts | None] = [
        input_facts_of(value[:ROWS], split.name, str(name), has_embedding=has_embedding)
        for name, value in parts.items()
        if isinstance(value, np.ndarray)
    ]
    if isinstance(labels, (np.ndarray, list)):
        found.append(label_facts_of(np.asarray(labels)[:LABELS], split.name))
    return tuple(facts for facts in found if facts is not None)


def _pair(source: Any) -> tuple[Any, Any] | None:
    if TorchDataReader().recognises(source):
        return _first_of(_torch(source))
    if TensorFlowDataReader().recognises(source):
        return _first_of(_tensorflow(source))
    if isinstance(source, np.ndarray):
        return (source, None) if not source.dtype.names else None
    if isinstance(source, Mapping):
        inputs = next((source[key] for key in INPUTS if isinstance(source.get(key), np.ndarray)), None)
        labels = next((source[key] for key in TARGETS if key in source), None)
        return None if inputs is None or inputs.ndim < 2 else (inputs, _array(labels))
    if isinstance(source, (tuple, list)) and len(source) in {2, 3} and not hasattr(source, "_fields"):
        inputs = as_arrays(source[0])
        parts = inputs.values() if isinstance(inputs, Mapping) else (inputs,)
        return (inputs, _array(source[1])) if all(map(_is_array, parts)) else None
    return None


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _array(labels: Any) -> Any:
    if labels is None or isinstance(labels, Mapping):
        return None
    found = as_arrays(labels)
    return np.asarray(found) if hasattr(found, "__len__") else None


def _first_of(batches: Iterator[Any]) -> tuple[Any, Any] | None:
    """Return the first rows of batches ``(inputs, labels)``; None of any other kind."""
    held: list[tuple[Any, Any]] = []
    rows = 0
    for batch in batches:
        given = as_arrays(batch)
        if not isinstance(given, tuple) or len(given) < 2 or not all(map(_is_array, given[:2])):
            return None
        held.append((given[0], given[1]))
        rows += len(given[0])
        if rows >= ROWS:
            break
    if not held or len({(x.shape[1:], y.shape[1:]) for x, y in held}) > 1:
        return None
    return np.concatenate([x for x, _ in held]), np.concatenate([y for _, y in held])


def _tensorflow(source: Any) -> Iterator[Any]:
    return iter((source if is_batched(source.element_spec) else source.batch(64)).as_numpy_iterator())


def _torch(source: Any) -> Iterator[Any]:
    """Yield rows of a data set that has a length, evenly spread; what is drawn at random meanwhile is put back."""
    dataset = getattr(source, "dataset", source)
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__") or not len(dataset):
        return
    torch: Any = sys.modules["torch"]
    with torch.random.fork_rng(devices=[]):
        for at in np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), ROWS)).astype(int)):
            item = dataset[int(at)]
            yield stacked([item])


def _of_columns(split: Split) -> Facts:
    """Look at the columns of numbers and at the label of what was never an array."""
    name: SplitName = split.name
    numbers = [c for c in split.of_kind(Kind.NUMBER) if not c.made_of][:MOST_FEATURES]
    found: list[InputFacts | LabelFacts | None] = []
    if numbers:
        table = np.column_stack([column.values[:ROWS] for column in numbers])
        found.append(input_facts_of(table, name, "columns of numbers"))
    if split.label is not None and split.label.kind is Kind.NUMBER:
        found.append(label_facts_of(split.label.values[:LABELS], name))
    return tuple(facts for facts in found if facts is not None)
