"""Some of a data set's rows, drawn with a seed, as a model takes them, with their labels: whatever holds them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import Kind, Split, SplitName
from diagnose.errors import InputError
from diagnose.models.feature_arrays import input_of
from diagnose.models.predictor import Array, Predictor
from diagnose.models.rows import batches as split_batches
from diagnose.readers.data import memory, read_split
from diagnose.readers.data.gathering import as_arrays
from diagnose.readers.data.mappings import TARGETS
from diagnose.readers.data.registry import READERS, as_source
from diagnose.readers.data.tensorflow_data import is_batched
from diagnose.readers.data.torch_data import TorchDataReader, _dataset, _order, stacked

Ints = npt.NDArray[np.int64]
Pairs = Iterator[tuple[Any, Any]]

FEW = 3
"""Rows by which a model's layers are put in order; not 2 or 4, which are usual sizes of other axes."""
VALUES_AT_ONCE = 1 << 22
"""Of a batch's inputs: 28 images of 224 × 224, which take some hundred megabytes in the first layers."""
MOST_AT_ONCE = 256
TOKENS_AT_ONCE = 64
"""Rows of a batch of token numbers, each of which becomes hundreds of features."""
STREAMED = 20
"""Times the rows that are wanted: as many are read of a stream that says no end, and it is left there."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to be passed through a model, as often as needed in the same order.

    Attributes
    ----------
    n, of
        How many, of how many; None where a stream was left before its end.
    numbers
        Shape ``(n,)``: which rows, rising.
    pairs
        Given a batch size, inputs and labels (None where there are none) batch by batch.
    classes
        Names of the classes in the order of their codes, where labels are such.
    notes
        What a reader of the report should know.
    """

    n: int
    of: int | None
    numbers: Ints
    pairs: Callable[[int], Pairs]
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def few(self) -> Any:
        """Return the inputs of a few rows."""
        return next(self.pairs(FEW))[0]

    def size(self) -> int:
        """Return how many rows are passed at once."""
        given = np.asarray(input_of(self.few()))
        per_row = max(1, given.size // max(len(given), 1))
        most = TOKENS_AT_ONCE if given.dtype.kind in "iu" and given.ndim == 2 and per_row > 1 else MOST_AT_ONCE
        return max(1, min(most, VALUES_AT_ONCE // per_row))


def rows_of(data: Any, most: int, seed: int, *, name: SplitName = "train", like: Any = None) -> Rows:
    """Return at most that many rows of a data set.

    Parameters
    ----------
    data
        What `diagnose.audit` takes for a network: arrays, ``(inputs, labels)``, a mapping of them, a data set or loader
        of PyTorch, TensorFlow or Hugging Face, a `Split`, a path, or an iterable of batches.
    most
        Rows that are drawn; all where there are no more.
    seed
        Of the draw.
    name
        Which split is wanted, where the source holds several.
    like
        The model's image size ``(height, width, channels)`` where it takes files of images; or None.

    Raises
    ------
    InputError
        It cannot be read, or holds no rows.
    """
    if isinstance(data, Rows):
        return data
    known = as_source(data)
    found = _known(known, most, seed)
    is_stream = isinstance(known, Iterable) and not isinstance(known, (str, bytes, Mapping))
    if found is None and is_stream and not any(reader.recognises(known) for reader in READERS):
        found = _streamed(iter(known), most, seed)
    if found is None:
        split = known if isinstance(known, Split) else read_split(known, name, is_asked=True)
        found = _of_split(split, most, seed, like)
    if not found.n:
        raise InputError(f"{name}: no rows; expected at least one")
    return found


def _known(data: Any, most: int, seed: int) -> Rows | None:
    datasets: Any = sys.modules.get("datasets")
    tensorflow: Any = sys.modules.get("tensorflow")
    if TorchDataReader().recognises(data):
        return _of_torch(data, most, seed)
    if hasattr(tensorflow, "data") and isinstance(data, tensorflow.data.Dataset):
        batched = data if is_batched(data.element_spec) else data.batch(MOST_AT_ONCE)
        found = _streamed(batched.as_numpy_iterator(), most, seed)
        return _classed(found, getattr(data, "class_names", None))
    if hasattr(datasets, "Dataset") and isinstance(data, datasets.Dataset):
        return _of_hugging_face(data, most, seed)
    inputs, labels = parted(as_arrays(data)) if isinstance(data, (tuple, list, Mapping)) else (as_arrays(data), None)
    return _of_arrays(inputs, labels, most, seed) if _are_arrays(inputs) else None


def parted(given: Any) -> tuple[Any, Any]:
    """Return inputs and labels of a batch: ``(inputs, labels, …)``, or a mapping that has one of the usual names."""
    if isinstance(given, Mapping):
        key = next((key for key in TARGETS if key in given), None)
        return {name: value for name, value in given.items() if name != key}, given[key] if key else None
    if isinstance(given, (tuple, list)) and given:
        return given[0], given[1] if len(given) > 1 else None
    return given, None


def _are_arrays(inputs: Any) -> bool:
    if isinstance(inputs, Mapping):
        return bool(inputs) and all(map(_are_arrays, inputs.values()))
    if isinstance(inputs, tuple):
        return bool(inputs) and all(map(_are_arrays, inputs))
    return isinstance(inputs, np.ndarray) and inputs.ndim > 1 and inputs.dtype.kind in "fiub"


def _drawn(n: int, most: int, seed: int) -> Ints:
    return np.sort(np.random.default_rng([seed, 606]).permutation(n)[:most]).astype(np.int64)


def _of_arrays(inputs: Any, labels: Any, most: int, seed: int) -> Rows:
    n = length(inputs)
    numbers = _drawn(n, most, seed)
    told = None if labels is None else plain_labels(labels)
    if told is not None and len(told) != n:
        raise InputError(f"data: {n:,} rows of inputs, but {len(told):,} labels; expected one for each row")

    def pairs(size: int) -> Pairs:
        for start in range(0, len(numbers), size):
            rows = numbers[start : start + size]
            yield cut(inputs, rows), None if told is None else told[rows]

    return Rows(len(numbers), n, numbers, pairs)


def _of_torch(data: Any, most: int, seed: int) -> Rows:
    order = _order(data)
    if order is None:
        is_loader = hasattr(data, "dataset")
        return _streamed((as_arrays(batch) for batch in (data if is_loader else _together(iter(data)))), most, seed)
    dataset = _dataset(data)
    chosen = _drawn(len(order), most, seed)
    collate = getattr(data, "collate_fn", None) if getattr(data, "batch_size", None) else None

    def pairs(size: int) -> Pairs:
        for start in range(0, len(chosen), size):
            items = [dataset[order[at]] for at in chosen[start : start + size]]
            inputs, labels = parted(as_arrays(collate(items) if collate is not None else stacked(items)))
            yield inputs, None if labels is None else plain_labels(labels)

    found = Rows(len(chosen), len(order), np.asarray([order[at] for at in chosen], np.int64), pairs)
    return _classed(found, getattr(dataset, "classes", None))


def _of_hugging_face(data: Any, most: int, seed: int) -> Rows:
    numbers = _drawn(len(data), most, seed)
    chosen = data.select(numbers)

    def pairs(size: int) -> Pairs:
        for batch in chosen.iter(size):
            inputs, labels = parted({name: _as_array(values) for name, values in batch.items()})
            kept = {name: value for name, value in inputs.items() if isinstance(value, np.ndarray)}
            yield kept, None if labels is None else plain_labels(labels)

    label = next((name for name in TARGETS if name in data.features), "")
    return _classed(Rows(len(numbers), len(data), numbers, pairs), getattr(data.features.get(label), "names", None))


def _as_array(values: Any) -> Any:
    """Return a column of numbers as an array; words, and rows of several lengths, stay lists."""
    held = as_arrays(values)
    if isinstance(held, np.ndarray) or not held or isinstance(held[0], str):
        return held
    try:
        return np.stack([np.asarray(value) for value in held])
    except ValueError:
        return held


def _streamed(batches: Iterator[Any], most: int, seed: int) -> Rows:
    """Keep a sample of what comes once: each row draws a number, and those with the smallest stay (Vitter 1985)."""
    rng = np.random.default_rng([seed, 607])
    held: list[tuple[float, int, Any, Any]] = []
    seen, room = 0, memory.SHARE * (memory.available() or 1 << 32)
    is_whole = True
    for batch in batches:
        inputs, labels = parted(as_arrays(batch))
        told = None if labels is None else plain_labels(labels)
        n = length(inputs)
        keys = rng.random(n)
        held += [
            (float(keys[at]), seen + at, cut(inputs, slice(at, at + 1)), None if told is None else told[at : at + 1])
            for at in range(n)
        ]
        seen += n
        if held:
            most = max(FEW, min(most, int(room // max(1, _bytes(held[0][2])))))
        held = sorted(held, key=lambda row: row[0])[:most]
        if seen >= STREAMED * most:
            is_whole = False
            break
    held.sort(key=lambda row: row[1])

    def pairs(size: int) -> Pairs:
        for start in range(0, len(held), size):
            some = held[start : start + size]
            labels = None if some[0][3] is None else np.concatenate([row[3] for row in some])
            yield joined([row[2] for row in some]), labels

    notes = () if is_whole else (f"a stream was read for {seen:,} rows and left there",)
    return Rows(len(held), seen if is_whole else None, np.asarray([row[1] for row in held], np.int64), pairs, (), notes)


def _of_split(split: Split, most: int, seed: int, like: Any) -> Rows:
    numbers = _drawn(split.n, most, seed)
    predictor = Predictor("model", lambda _: None, image_size=like)  # type: ignore[arg-type,return-value]
    label = split.label

    def pairs(size: int) -> Pairs:
        done, kept = 0, []
        waiting = 0
        for batch in split_batches(split, predictor):
            inputs = parted(as_arrays(batch))[0] if isinstance(batch, Mapping) else as_arrays(batch)
            n = length(inputs)
            rows = numbers[(numbers >= done) & (numbers < done + n)] - done
            done += n
            if not len(rows):
                continue
            kept.append((cut(inputs, rows), rows + done - n))
            waiting += len(rows)
            if waiting >= size:
                yield from _in_pieces(kept, size, label)
                kept, waiting = [], 0
        if kept:
            yield from _in_pieces(kept, size, label)

    classes = label.levels if label is not None and label.kind is Kind.CATEGORY else ()
    return Rows(len(numbers), split.n, numbers, pairs, classes)


def _in_pieces(kept: Sequence[tuple[Any, Ints]], size: int, label: Any) -> Pairs:
    inputs, rows = joined([item[0] for item in kept]), np.concatenate([item[1] for item in kept])
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        yield cut(inputs, part), None if label is None else label.values[rows[part]]


def _together(items: Iterator[Any]) -> Iterator[Any]:
    held = []
    for item in items:
        held.append(item)
        if len(held) == TOKENS_AT_ONCE:
            yield stacked(held)
            held = []
    if held:
        yield stacked(held)


def _classed(rows: Rows, names: Any) -> Rows:
    known = tuple(map(str, names)) if isinstance(names, (list, tuple)) else ()
    return Rows(rows.n, rows.of, rows.numbers, rows.pairs, known, rows.notes)


def plain_labels(labels: Any) -> Array:
    """Return labels as one value a row: one-hot rows as the number of their class.

    Examples
    --------
    >>> plain_labels([[0, 1, 0], [0, 0, 1]]), plain_labels([[0.5], [2.0]])
    (array([1, 2]), array([0.5, 2. ]))
    """
    told = np.asarray(labels)
    if told.ndim == 2 and told.shape[1] == 1:
        return told[:, 0]
    if told.ndim == 2 and np.isin(told, (0, 1)).all() and (told.sum(1) == 1).all():
        return np.asarray(told.argmax(1))
    return told


def length(inputs: Any) -> int:
    """Return the number of rows of a batch."""
    if isinstance(inputs, Mapping):
        return len(next(iter(inputs.values())))
    return len(inputs[0]) if isinstance(inputs, tuple) else len(inputs)


def cut(inputs: Any, rows: Any) -> Any:
    """Return some rows of a batch."""
    if isinstance(inputs, Mapping):
        return {name: cut(value, rows) for name, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(cut(value, rows) for value in inputs)
    return inputs[rows] if not isinstance(inputs, list) or isinstance(rows, slice) else [inputs[row] for row in rows]


def joined(parts: Sequence[Any]) -> Any:
    """Return batches as one."""
    first = parts[0]
    if isinstance(first, Mapping):
        return {name: joined([part[name] for part in parts]) for name in first}
    if isinstance(first, tuple):
        return tuple(joined([part[at] for part in parts]) for at in range(len(first)))
    if isinstance(first, list):
        return [row for part in parts for row in part]
    return first if len(parts) == 1 else np.concatenate(parts)


def _bytes(inputs: Any) -> int:
    if isinstance(inputs, Mapping):
        return sum(map(_bytes, inputs.values()))
    return sum(map(_bytes, inputs)) if isinstance(inputs, (tuple, list)) else int(getattr(inputs, "nbytes", 64))
