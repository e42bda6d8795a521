"""Features behind the blocks of a Keras model, on any backend: its own call, its layers listened to, compiled once.

Layers are listened to through their ``call`` while the model runs (TensorFlow, JAX: while its run is traced, once), so
that nested models, layers of layers and subclassed models need nothing of their own, and no graph of the user's grows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diagnose.errors import InputError
from diagnose.model_card import Role
from diagnose.models.block_parts import ModelBlock
from diagnose.models.block_rows import cut, length
from diagnose.models.block_statistics import ROWS_OF_STATISTICS, BatchNormShift, Moments
from diagnose.models.block_taps import Event, Tap, order_of, structured, taps_of
from diagnose.models.feature_arrays import MASKS, Passed, Pooled
from diagnose.models.keras_blocks import has_statistics, keras_blocks
from diagnose.models.keras_card_layers import children, is_model, leaves, role_of
from diagnose.models.keras_listening import Listening, listened
from diagnose.models.predictor import Array, failures

Found = tuple[dict[str, Any], dict[str, tuple[Any, Any]]]


def keras_features(
    model: Any, batches: Callable[[], Iterator[Any]], some: Any, chosen: Sequence[str] | None, n: int
) -> Passed:
    """Return the pooled features of a Keras model's blocks; parameters and errors as of `torch_features`."""
    if not model.built:
        raise InputError(f"model: {model.name!r} is not built, so that it has no weights yet; call it on a batch first")
    layers = dict(_walked(model, ""))
    run = _Run(model, layers, every=max(1, n // ROWS_OF_STATISTICS))
    with _told(model):
        if not _has_graph(model):
            events = run.events(_tensors(some), length(some))
            run.blocks = keras_blocks(model, chosen, order_of(events), structured(events))
        else:
            run.blocks = keras_blocks(model, chosen)
        return _passed(run, batches, some)


@dataclass
class _Run:
    """A model, its layers by their paths, and what is taken of each batch."""

    model: Any
    layers: Mapping[str, Any]
    every: int
    blocks: tuple[ModelBlock, ...] = ()
    taps: dict[str, Tap] = field(default_factory=dict)

    def events(self, given: Any, n: int) -> list[Event]:
        """Return what is called in what order, by running a few rows as they are."""
        del n
        heard = Listening(wanted=())
        with _no_gradients(), listened(self.layers, heard, 0):
            self.model(given, training=False)
        return heard.events

    def forward(self, given: Any, n: int, call: Callable[[Any], Any]) -> Found:
        """Run a batch, and return pooled features by block, and moments by layer."""
        wanted = {(tap.way, tap.path, tap.call) for tap in self.taps.values()} if self.taps else None
        heard = Listening(wanted)
        with listened(self.layers, heard, self.every):
            call(given)
        if not self.taps:
            self.taps = self._chosen(heard.events, n)
        mask = next((given[name] for name in MASKS if name in given), None) if isinstance(given, Mapping) else None
        features = {
            name: _pooled(heard.tensors[tap.way, tap.path, tap.call], tap, mask)
            for name, tap in self.taps.items()
            if (tap.way, tap.path, tap.call) in heard.tensors
        }
        return features, heard.moments

    def _chosen(self, events: Sequence[Event], n: int) -> dict[str, Tap]:
        keras: Any = sys.modules["keras"]
        found = leaves(self.model)
        roles = {role_of(leaf.layer) for leaf in found}
        has_token = Role.EMBEDDING in roles or any("cls" in leaf.name or "class_token" in leaf.name for leaf in found)
        return taps_of(
            self.blocks,
            events,
            n,
            {leaf.name: _width(leaf.layer) for leaf in found if leaf.weights},
            channels_last=keras.config.image_data_format() == "channels_last",
            is_transformer=Role.ATTENTION in roles and has_token,
        )


def _passed(run: _Run, batches: Callable[[], Iterator[Any]], some: Any) -> Passed:
    keras: Any = sys.modules["keras"]
    moments = {path: Moments(run.every) for path, layer in run.layers.items() if has_statistics(layer)}
    pooled, seconds, ask, size = Pooled(), 0.0, None, 0
    if keras.backend.backend() == "torch":  # nothing is traced: a few rows tell what to keep of the others
        with _no_gradients():
            run.forward(_tensors(some), length(some), lambda given: run.model(given, training=False))
    for batch in batches():
        n = length(batch)
        started = time.perf_counter()
        size = size or n
        ask = ask or _asking(run, size)
        features, seen = ask(_tensors(_padded(batch, n, size)))
        for name, values in features.items():
            pooled.add(name, _array(values)[:n])
        if n == size:
            rows = -(-n // run.every)
            for path, (mean, variance) in seen.items():
                moments[path].add(rows, rows, _array(mean), _array(variance))
        seconds += time.perf_counter() - started
    owner = {layer: block.name for block in run.blocks for layer in block.layers}
    shifts = tuple(
        BatchNormShift.of(
            path, owner.get(path, ""), told, _array(run.layers[path].moving_mean.value),
            _array(run.layers[path].moving_variance.value), float(getattr(run.layers[path], "epsilon", 0.0)),
        )
        for path, told in moments.items()
    )  # fmt: skip
    return Passed(run.blocks, pooled.arrays(run.taps), pooled.words(run.taps), shifts, seconds)


def _asking(run: _Run, size: int) -> Callable[[Any], Found]:
    """Return what runs a batch of that size, compiled where the backend compiles."""
    keras: Any = sys.modules["keras"]
    backend = keras.backend.backend()
    if backend == "tensorflow":
        tensorflow: Any = sys.modules["tensorflow"]
        traced = tensorflow.function(
            lambda given: run.forward(given, size, lambda rows: run.model(rows, training=False)), autograph=False
        )
        found: Callable[[Any], Found] = traced
        return found
    if backend == "jax":
        jax: Any = sys.modules["jax"]
        variables = run.model.variables

        def forward(values: Any, given: Any) -> Found:
            with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
                return run.forward(given, size, lambda rows: run.model(rows, training=False))

        compiled, held = jax.jit(forward), [variable.value for variable in variables]
        return lambda given: compiled(held, given)

    def plain(given: Any) -> Found:
        with _no_gradients():
            return run.forward(given, size, lambda rows: run.model(rows, training=False))

    return plain


def _pooled(tensor: Any, tap: Tap, mask: Any) -> Any:
    keras: Any = sys.modules["keras"]
    ops = keras.ops
    mask = getattr(tensor, "_keras_mask", None) if mask is None else mask
    whole = ops.cast(tensor, "float32")
    axes = [axis for axis in range(1, len(whole.shape)) if axis != tap.channels]
    if not axes:
        return whole
    if len(whole.shape) == 3 and mask is not None and tuple(mask.shape) == tuple(whole.shape[:2]):
        weights = ops.cast(mask, "float32")
        mean = ops.sum(whole * weights[:, :, None], 1) / ops.maximum(ops.sum(weights, 1, keepdims=True), 1.0)
    else:
        mean = ops.mean(whole, axis=axes)
    return ops.concatenate([mean, whole[:, 0]], 1) if tap.takes_first else mean


def _walked(parent: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the layers within a model by their paths, those that hold others too; each once."""
    seen: set[int] = set()

    def within(layer: Any, before: str) -> Iterator[tuple[str, Any]]:
        for child in children(layer):
            if id(child) not in seen:
                seen.add(id(child))
                yield before + child.name, child
                yield from within(child, f"{before}{child.name}/")

    yield from within(parent, prefix)


def _has_graph(model: Any) -> bool:
    """Whether the order of all layers is known without running: functional and sequential models, and such in them."""
    graph = getattr(model, "_functional", None) or model
    return hasattr(graph, "_run_through_graph") and all(map(_has_graph, filter(is_model, children(model))))


def _width(layer: Any) -> int | None:
    names = ("units", "filters", "output_dim", "num_features")
    return next((value for name in names if isinstance(value := getattr(layer, name, None), int)), None)


def _tensors(batch: Any) -> Any:
    keras: Any = sys.modules["keras"]
    given = dict(batch) if isinstance(batch, Mapping) else list(batch) if isinstance(batch, tuple) else batch
    return keras.tree.map_structure(lambda part: keras.ops.convert_to_tensor(_single(part)), given)


def _single(part: Any) -> Any:
    array = np.asarray(part)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _padded(batch: Any, n: int, size: int) -> Any:
    """Fill a short last batch with rows that it has, so that nothing is compiled anew for it."""
    return batch if n == size else cut(batch, np.arange(size) % n)


@contextmanager
def _told(model: Any) -> Iterator[None]:
    """Say what was wrong with the rows where the model does not take them."""
    try:
        yield
    except failures() as error:
        raise InputError(
            f"data: the model {model.name} does not take these rows: {type(error).__name__}: "
            f"{str(error).strip()[:300]}\nGive rows as the model takes them, such as the data that it was trained with"
        ) from error


@contextmanager
def _no_gradients() -> Iterator[None]:
    torch: Any = sys.modules.get("torch")
    keras: Any = sys.modules["keras"]
    if torch is None or keras.backend.backend() != "torch":
        yield
        return
    with torch.no_grad():
        yield


def _array(tensor: Any) -> Array:
    return np.asarray(tensor.detach().cpu() if hasattr(tensor, "detach") else tensor).astype(np.float32)
