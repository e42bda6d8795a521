"""PyTorch's `Dataset` and `DataLoader`, in the order of the rows, whatever the loader would shuffle."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.readers.data.cells import Table
from diagnose.readers.data.gathering import as_arrays, gather, inputs_of
from diagnose.waiting import watched

AT_ONCE = 64
"""Rows that are read together where no loader says how many."""


class TorchDataReader:
    """A data set, or a loader of one."""

    format: ClassVar[str] = "PyTorch data set"

    def recognises(self, source: Any) -> bool:
        """Whether it is one of PyTorch's classes, or of their heirs."""
        data = _torch_data()
        return data is not None and isinstance(source, (data.Dataset, data.DataLoader))

    def size(self, source: Any) -> int:
        """Nothing: how much is kept is decided while reading."""
        del source
        return 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read all rows."""
        del rows
        where = f"{type(_dataset(source)).__module__}.{type(_dataset(source)).__name__}"
        order = _order(source)
        again = partial(_inputs, source, order) if order is not None else None
        total = -(-len(order) // _batch_size(source)) if order is not None else None
        found = gather(watched(_batches(source, order), f"reading {where}", total), where, again)
        found.notes += _told(source, order)
        yield found.table(name, _classes(_dataset(source)))


def _torch_data() -> Any:
    torch = sys.modules.get("torch")
    return getattr(getattr(torch, "utils", None), "data", None)


def _dataset(source: Any) -> Any:
    return source.dataset if isinstance(source, _torch_data().DataLoader) else source


def _batch_size(source: Any) -> int:
    return int(getattr(source, "batch_size", None) or AT_ONCE)


def _order(source: Any) -> Sequence[int] | None:
    """Return the row numbers of a data set in order; None where it can only be read as it comes."""
    data = _torch_data()
    dataset = _dataset(source)
    if isinstance(dataset, data.IterableDataset) or not hasattr(dataset, "__len__"):
        return None
    sampler = getattr(source, "sampler", None)
    if sampler is None or isinstance(sampler, data.SequentialSampler):
        return range(len(dataset))
    if isinstance(sampler, data.SubsetRandomSampler):
        return sorted(int(at) for at in sampler.indices)
    is_shuffled = isinstance(sampler, data.RandomSampler) and not sampler.replacement
    return range(len(dataset)) if is_shuffled else None


def _batches(source: Any, order: Sequence[int] | None) -> Iterator[Any]:
    """Yield batches; what is drawn at random meanwhile is the same each time, and leaves the user's numbers alone."""
    torch: Any = sys.modules["torch"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if order is None:
            is_loader = isinstance(source, _torch_data().DataLoader)
            yield from source if is_loader else _together(iter(source), AT_ONCE)
            return
        dataset, size = _dataset(source), _batch_size(source)
        collate = getattr(source, "collate_fn", None) if getattr(source, "batch_size", None) else None
        for start in range(0, len(order), size):
            items = [dataset[at] for at in order[start : start + size]]
            yield collate(items) if collate is not None else stacked(items)


def _inputs(source: Any, order: Sequence[int], size: int) -> Iterator[Any]:
    del size  # that of the loader counts
    return inputs_of(_batches(source, order))


def _together(items: Iterator[Any], size: int) -> Iterator[Any]:
    held = []
    for item in items:
        held.append(item)
        if len(held) == size:
            yield stacked(held)
            held = []
    if held:
        yield stacked(held)


def stacked(items: Sequence[Any]) -> Any:
    """Return rows as one batch: arrays of one shape as an array, others as a list; by part and by name."""
    first = items[0]
    if isinstance(first, (tuple, list)):
        return tuple(stacked([item[at] for item in items]) for at in range(len(first)))
    if isinstance(first, dict):
        return {name: stacked([item[name] for item in items]) for name in first}
    held = [as_arrays(item) for item in items]
    if isinstance(held[0], str) or held[0] is None:
        return held
    shapes = {np.shape(value) for value in held}
    return np.stack([np.asarray(value) for value in held]) if len(shapes) == 1 else held


def _classes(dataset: Any) -> tuple[str, ...]:
    """Return the names of the classes in the order of their numbers, where a data set or one within it has them."""
    while dataset is not None:
        names = getattr(dataset, "classes", None)
        if isinstance(names, (list, tuple)) and names and all(isinstance(name, str) for name in names):
            return tuple(map(str, names)) if len(set(names)) == len(names) else ()
        dataset = getattr(dataset, "dataset", None)
    return ()


def _told(source: Any, order: Sequence[int] | None) -> list[str]:
    if order is None:
        is_loader = isinstance(source, _torch_data().DataLoader)
        return ["the loader's own order and choice of rows is taken"] if is_loader else []
    if not order:
        return []
    torch: Any = sys.modules["torch"]
    with torch.random.fork_rng(devices=[]):
        once, twice = (stacked([_dataset(source)[order[0]]]) for _ in range(2))
    if _are_equal(once, twice):
        return []
    told = (
        "the data set gives another row each time (augmentation): what it gave this time is examined; give it without "
        "augmentation, or a difference to held-out rows is only that"
    )
    return [told]


def _are_equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return all(map(_are_equal, one, other))
    if isinstance(one, dict):
        return all(_are_equal(one[name], other[name]) for name in one)
    try:
        return bool(np.array_equal(one, other, equal_nan=getattr(one, "dtype", np.dtype(object)).kind == "f"))
    except (TypeError, ValueError):
        return True
