"""Where the first value that is no finite number arose: asked of the weights as they last were finite."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from diagnose.hooks.keras.call import FitCall
from diagnose.hooks.keras.data import as_numpy, first, is_array, named, some_rows
from diagnose.hooks.keras.probe import Batch, kept_states, numpy_of, prepared, rows
from diagnose.hooks.keras.watch import can_be_run, watched
from diagnose.models.keras_card_layers import Leaf, size
from diagnose.recording import NonFinite

MOST_VALUES = 50_000_000
"""Values of the inputs that are searched."""
MOST_WEIGHTS = 30_000_000
"""Values of a model's variables of which a copy is kept: 120 MB."""
BATCHES = 8
"""Batches of training data with which the origin is looked for."""
ROWS = 64


class Kept(NamedTuple):
    """The variables of a model before a step, and the largest absolute weight."""

    step: float
    trainable: list[Any]
    others: list[Any]


def kept(model: Any, step: float) -> Kept | None:
    """Return a copy of a model's variables; None where it would be too large, or is not finite itself."""
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    if sum(map(size, variables)) > MOST_WEIGHTS:
        return None
    split = len(model.trainable_variables)
    values = [_copied(v) for v in variables]
    if not all(bool(np.isfinite(np.sum(v, dtype=np.float64))) for v in values if v.dtype.kind == "f"):
        return None
    return Kept(step, values[:split], values[split:])


def origin(
    model: Any, leaves: Sequence[Leaf], call: FitCall | None, last: Kept | None, at: tuple[float, float]
) -> NonFinite:
    """Return where it arose.

    Parameters
    ----------
    model
        As it is now, after the step.
    leaves
        Its layers.
    call
        What `fit` was called with.
    last
        Its variables as they were last copied.
    at
        Step and epoch at which the loss was first seen not to be finite.
    """
    step, epoch = at
    found = _in_data(model, call, step, epoch)
    if found is None and last is not None and can_be_run(leaves) and _fits(model, last):
        with kept_states():
            found = next(_replayed(model, leaves, call, last, at), None)
    if found is not None:
        return found
    bad = [leaf.name for leaf in leaves if any(not np.isfinite(_copied(v)).all() for v in leaf.weights)]
    before = "" if last is None else f"before step {last.step:g} {_largest(last.trainable)}"
    return NonFinite(step, epoch, "weight" if bad else "loss", bad[0] if bad else "", before)


def _in_data(model: Any, call: FitCall | None, step: float, epoch: float) -> NonFinite | None:
    if call is None:
        return None
    for name, values in named(model, call.x):
        share = 1 - float(np.isfinite(some_rows(values, MOST_VALUES)).mean())
        if share > 0:
            return NonFinite(step, epoch, "input", name, f"{share:.2g} of the values of the training inputs")
    if is_array(call.y):
        labels = as_numpy(call.y)
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            return NonFinite(step, epoch, "label", "", f"{int((~np.isfinite(labels)).sum())} of the training labels")
    return None


def _replayed(
    model: Any, leaves: Sequence[Leaf], call: FitCall | None, last: Kept, at: tuple[float, float]
) -> Iterator[NonFinite]:
    """Run batches of the training data through the model as it last was finite."""
    from diagnose.hooks.keras.passes import Passes  # noqa: PLC0415  only here, and rarely

    step, epoch = at
    state = [_tensors(last.trainable), _tensors(last.others)]
    passes = Passes(model, ())
    for batch in _batches(call):
        met: list[tuple[str, bool, bool]] = []
        largest = 0.0

        def tell(leaf: Leaf, taken: Any, given: Any, _: Any, met: list[tuple[str, bool, bool]] = met) -> None:
            met.append((leaf.name, _is_finite(taken), _is_finite(given)))

        with watched(leaves, tell):
            passed = _eagerly(passes, model, batch, state)
        where = next((name for name, was, now in met if was and not now), None)
        if where is not None:
            yield NonFinite(step, epoch, "activation", where, f"before step {last.step:g} {_largest(last.trainable)}")
            return
        if not _is_finite(passed.loss):
            largest = float(np.abs(numpy_of(first(passed.outputs))).max())
            yield NonFinite(step, epoch, "loss", "", f"the largest absolute output was {largest:.3g}")
            return
        bad = {id(v) for v, g in zip(model.trainable_variables, passed.gradients, strict=True) if not _is_finite(g)}
        layer = next((leaf.name for leaf in reversed(leaves) if any(id(v) in bad for v in leaf.weights)), None)
        if layer is not None:
            yield NonFinite(step, epoch, "gradient", layer, f"the loss was {float(numpy_of(passed.loss)):.3g}")
            return


def _eagerly(passes: Any, model: Any, batch: Batch, state: Any) -> Any:
    """Run one pass, whose values can be looked at while it runs."""
    if passes.backend != "jax":
        return passes.backward(model, batch, state)
    forward = passes._run(model, tuple(state), batch, training=True)  # noqa: SLF001
    return passes.backward(model, batch, state)._replace(loss=forward.loss, outputs=forward.outputs)


def _batches(call: FitCall | None) -> Iterator[Batch]:
    if call is None or not is_array(first(call.x)):
        return
    keras: Any = sys.modules["keras"]
    n = len(first(call.x))
    at = np.unique(np.linspace(0, n - 1, min(n, BATCHES * ROWS)).astype(int))
    parts = (call.x, call.y, call.sample_weight)
    x, y, weight = (
        None if part is None else keras.tree.map_structure(lambda v: as_numpy(v, at=at), part) for part in parts
    )
    for begin in range(0, len(at), ROWS):
        yield prepared(rows((x, y, weight), slice(begin, begin + ROWS)))


def _is_finite(values: Any) -> bool:
    """Whether a tensor holds finite numbers only; what is no tensor does."""
    keras: Any = sys.modules["keras"]
    if values is None or "float" not in str(getattr(values, "dtype", "")) or type(values).__name__.endswith("Tracer"):
        return True
    return bool(np.isfinite(numpy_of(keras.ops.stop_gradient(values))).all())


def _fits(model: Any, last: Kept) -> bool:
    return (len(model.trainable_variables), len(model.non_trainable_variables)) == (
        len(last.trainable),
        len(last.others),
    )


def _tensors(values: Sequence[Any]) -> list[Any]:
    ops: Any = sys.modules["keras"].ops
    return [ops.convert_to_tensor(value) for value in values]


def _copied(variable: Any) -> Any:
    value = variable.value
    return np.array(value.detach().cpu() if hasattr(value, "detach") else np.asarray(value))


def _largest(values: Sequence[Any]) -> str:
    found = max((float(np.abs(v).max()) for v in values if v.size), default=0.0)
    return f"all weights were finite, the largest {found:.3g}"
