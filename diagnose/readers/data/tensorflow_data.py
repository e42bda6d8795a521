"""`tf.data.Dataset`, batched or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, ClassVar

from diagnose.data import SplitName
from diagnose.readers.data.cells import Table
from diagnose.readers.data.gathering import gather
from diagnose.waiting import watched

AT_ONCE = 64


class TensorFlowDataReader:
    """A data set of TensorFlow, which is read once: it may come in another order the next time."""

    format: ClassVar[str] = "tf.data.Dataset"

    def recognises(self, source: Any) -> bool:
        """Whether it is one."""
        tensorflow = sys.modules.get("tensorflow")
        return tensorflow is not None and hasattr(tensorflow, "data") and isinstance(source, tensorflow.data.Dataset)

    def size(self, source: Any) -> int:
        """Nothing: how much is kept is decided while reading."""
        del source
        return 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read all rows."""
        del rows
        batched = source if is_batched(source.element_spec) else source.batch(AT_ONCE)
        count = int(batched.cardinality())  # negative where unknown or infinite
        batches = watched(batched.as_numpy_iterator(), "reading tf.data.Dataset", count if count > 0 else None)
        classes = tuple(map(str, getattr(source, "class_names", None) or ()))
        yield gather(batches, "tf.data.Dataset", None).table(name, classes)


def is_batched(spec: Any) -> bool:
    """Whether the elements of a data set are batches: by an open first axis, or by labels that have one."""
    tensorflow: Any = sys.modules["tensorflow"]
    parts = tensorflow.nest.flatten(spec)
    shapes = [getattr(part, "shape", None) for part in parts]
    known = [shape for shape in shapes if shape is not None and shape.rank is not None]
    if not known or any(shape.rank == 0 for shape in known):
        return False
    if any(shape[0] is None for shape in known):
        return all(shape[0] is None for shape in known)
    return len(known) > 1 and len({int(shape[0]) for shape in known}) == 1 and known[0].rank > 1
