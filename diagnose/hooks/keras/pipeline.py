"""The first rows of a ``tf.data`` pipeline, without running it: an iteration more would change the order of the next.

The pipeline is read back to its source; what is between (maps without state, batching, shuffling, prefetching) is
replayed on the source's first rows. Where anything else is in between, nothing is looked at.
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

import numpy as np

ROWS = 512
SOURCES = ("_TensorSliceDataset", "TensorSliceDataset", "_TensorDataset", "TensorDataset", "_RangeDataset")
SKIPPED = ("Shuffle", "Prefetch", "Repeat", "Cache", "Options")
LONGEST = 30


def chain(dataset: Any) -> list[Any] | None:
    """Return the steps of a pipeline from its source on; None where it has several sources or is none."""
    if not (type(dataset).__module__.startswith("tensorflow") and hasattr(dataset, "_inputs")):
        return None
    steps = [dataset]
    while len(steps) < LONGEST:
        inputs = steps[-1]._inputs()  # noqa: SLF001
        if not inputs:
            return steps[::-1]
        if len(inputs) != 1:
            return None
        steps.append(inputs[0])
    return None


def shuffles(dataset: Any) -> bool | None:
    """Whether a pipeline or data loader shuffles; None where that can't be told."""
    steps = chain(dataset)
    if steps is not None:
        if any("Shuffle" in type(step).__name__ for step in steps):
            return True
        return False if type(steps[0]).__name__ in SOURCES else None
    sampler = type(getattr(dataset, "sampler", None)).__name__
    return {"RandomSampler": True, "SequentialSampler": False}.get(sampler)


def rows_of_pipeline(dataset: Any, n: int = ROWS) -> tuple[Any, Any] | None:
    """Return the first rows ``(x, y)`` that a pipeline makes of its source; None where that has to be guessed."""
    steps = chain(dataset)
    if steps is None or type(steps[0]).__name__ not in SOURCES:
        return None
    tf: Any = sys.modules["tensorflow"]
    source = steps[0]
    items = list(itertools.islice(source, n))
    is_batched = False
    for step in steps[1:]:
        kind = type(step).__name__
        if "MapDataset" in kind:
            function = step._map_func.function  # noqa: SLF001
            if _has_state(function):
                return None
            items = [tf.nest.pack_sequence_as(step.element_spec, function(*tf.nest.flatten(item))) for item in items]
        elif "BatchDataset" in kind and not is_batched and items:
            items, is_batched = [tf.nest.map_structure(lambda *rows: tf.stack(rows), *items)], True
        elif not any(word in kind for word in SKIPPED):
            return None
    if not items or not is_batched:
        items = items[:1]  # each element of the source is a batch already
    pair = items[0] if items else None
    if not isinstance(pair, tuple) or len(pair) < 2:
        return None
    x, y = (tf.nest.map_structure(lambda t: np.asarray(t)[:n], part) for part in pair[:2])
    return x, y


def batch_size_of(dataset: Any) -> int | None:
    """Return the batch size of a pipeline or data loader; None where that can't be told."""
    steps = chain(dataset) or []
    sizes = [step._batch_size for step in steps if hasattr(step, "_batch_size")]  # noqa: SLF001
    found = int(np.asarray(sizes[-1])) if sizes else getattr(dataset, "batch_size", None)
    return found if isinstance(found, int) else None


def _has_state(function: Any) -> bool:
    """Whether a map draws random numbers, reads files or calls back into Python."""
    graphs = [function.graph]
    while graphs:
        graph = graphs.pop()
        for operation in graph.get_operations():
            if operation.op_def is not None and operation.op_def.is_stateful:
                return True
        graphs.extend(f.graph for f in getattr(graph, "_functions", {}).values() if hasattr(f, "graph"))
    return False
