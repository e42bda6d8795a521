"""One run of a Keras model, through all its calls of ``fit``: what is looked at, when, and what is told of it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from diagnose.data import FloatArray
from diagnose.hooks.keras.call import FitCall, batch_in_sight, fit_call
from diagnose.hooks.keras.data import facts_of, order_of, overlap, probe_rows
from diagnose.hooks.keras.losses import batch_losses
from diagnose.hooks.keras.origin import Kept, kept, origin
from diagnose.hooks.keras.pace import Pace
from diagnose.hooks.keras.probe import SAMPLES, Look, Probe
from diagnose.hooks.keras.stages import what_changed
from diagnose.hooks.keras.weights import Samples, penalty
from diagnose.hooks.session import Advice, Session
from diagnose.journal.records import Counts, Layers, Lost, Noise, Output
from diagnose.model_card import ModelCard
from diagnose.models.keras_card import card_of
from diagnose.models.keras_card_compiled import inner_optimizer, rate_of
from diagnose.models.keras_card_layers import leaves

ALARMED = 3.0
"""A mean loss this many times its least so far: a copy of the weights is kept before every step from then on."""


class KerasRun:
    """What is known of a run beside its session; it does not hold the model."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.epochs, self.steps = session.epochs_done, session.steps_done
        self.card: ModelCard | None = None
        self.pace = Pace(session.budget)
        self.call: FitCall | None = None
        self.counts: dict[str, int] = {}
        self._compiled: Any = None
        self._trained: frozenset[int] = frozenset()
        self._trainable: frozenset[int] = frozenset()
        self._is_known = False
        self._samples: Samples | None = None
        self._probe: Probe | None = None
        self._pending: tuple[float, float, int, list[Any], Look | None, int] | None = None
        self._means: list[tuple[int, float]] = []
        self._batches, self._per_epoch, self._began = 0, 0, 0.0
        self._orders = 0
        self._is_first = True
        self._rate: float | None = None
        self._last: Kept | None = None
        self._is_lost = False
        self._least = math.inf

    def fit_begins(self, model: Any, params: Mapping[str, Any]) -> None:
        """Find out what is trained on what."""
        guard = self.session.guard
        with guard("find the call of fit"):
            self.call = fit_call(model)
        if self.call is not None:
            self.epochs = max(self.epochs, float(self.call.initial_epoch))
        self._per_epoch = int(params.get("steps") or 0)
        self._is_known = False
        if _is_built(model):
            self._read(model)
        self._orders = 0
        self._probe = None
        if self.call is not None:
            with guard("look at the data"):
                for record in facts_of(model, self.call):
                    self.session.write(record)
            with guard("compare the rows of training and validation"):
                self._compare_rows(self.call)

    def epoch_begins(self, model: Any) -> None:
        """Note the order of the epoch's samples, and whether something else trains from here on."""
        self._means, self._batches, self._began, self._rate = [], 0, time.perf_counter(), None
        self._least, self._is_first = math.inf, True
        if self._is_known and self._trainable != _trainable(model):
            self._read(model)
        with self.session.guard("look at the order of the data"):
            order = order_of(self.call, self.epochs + 1) if self.call is not None and self._orders < 2 else None
            if order is not None:
                self._orders += (
                    2 if order.facts.is_shuffled else 1
                )  # of an order that is drawn anew, one note is enough
                self.session.write(order)

    def batch_begins(self, model: Any, batch: int) -> None:
        """Finish the look at the step before; look at this one where it is due."""
        self.session.budget.begin()
        self._batches = batch
        if not self._is_known:
            if batch == 0:
                return  # TensorFlow builds such a model in its first step
            self._read(model)
        if self._pending is not None:
            with self.session.guard("look at the weights"), self.pace.spending("weights", is_whole=False):
                self._finish_look(model)
        if self._means and not math.isfinite(self._means[-1][1]):
            self._find_origin(model, self._means[-1][0])
        step = self._step(model, batch + 1)
        is_due = self._is_step(model, batch) and self.pace.is_due(step, is_first=self._is_first)
        if (is_due or self._is_alarmed()) and not self._is_lost and self.pace.affords("copy"):
            with self.session.guard("keep the weights"), self.pace.spending("copy"):
                _synced(model)
                self._last = kept(model, step) or self._last
        if is_due:
            self._is_first = False
            self._look(model, step, batch)
        if batch == 0:
            with self.session.guard("read the learning rate"):
                self._rate = rate_of(inner_optimizer(model))

    def batch_ended(self, batch: int, logs: Mapping[str, Any]) -> None:
        """Note the mean loss so far; nothing of the model is touched here, which JAX calls from other threads."""
        loss = logs.get("loss")
        if isinstance(loss, (int, float)):
            self._means.append((batch, float(loss)))
        self._per_epoch = max(self._per_epoch, batch + 1)

    def epoch_ends(self, model: Any, logs: Mapping[str, Any]) -> Advice:
        """Tell what the epoch ended with."""
        guard = self.session.guard
        if not self._is_known:
            self._read(model)
        if self._pending is not None:
            with guard("look at the weights"), self.pace.spending("weights", is_whole=False):
                self._finish_look(model)
        means = list(self._means)
        batches = max((last + 1 for last, _ in means), default=max(1, self._batches + 1))
        if any(not math.isfinite(mean) for _, mean in means):
            self._find_origin(model, self._batches)
        with guard("tell the losses of batches"):
            self._tell_losses(model, means, batches)
        self._per_epoch = batches
        self.steps = self._step(model, batches)
        self.epochs += 1
        self.counts |= {"steps": int(self.steps), "backward_passes": self.counts.get("backward_passes", 0) + batches}
        self.session.write(Counts(dict(self.counts)))
        seconds = time.perf_counter() - self._began
        return self.session.epoch_ended(self.epochs, self.steps, dict(logs), learning_rate=self._rate, seconds=seconds)

    def _read(self, model: Any) -> None:
        self._is_known = True
        with self.session.guard("read the model"):
            _synced(model)
            self._stage(model)

    def _stage(self, model: Any) -> None:
        tracker = getattr(model, "_loss_tracker", None)
        is_recompiled = self._compiled is not None and tracker is not self._compiled
        traced = self._trained if self._compiled is tracker and self._trained else None
        has_class_weights = self.call is not None and self.call.class_weight is not None
        card = card_of(model, traced=traced, class_weights=has_class_weights)
        because = what_changed(self.card, card, is_recompiled=is_recompiled)
        if because:
            size = None if self.call is None else self.call.batch_size
            self.session.stage(card, epoch=self.epochs, step=self.steps, because=because, batch_size=size)
            self.card = card
        self._trainable = _trainable(model)
        if traced is None or not card.stale_layers:  # what was trainable when the step was compiled is what it trains
            self._trained = self._trainable
        self._compiled = tracker
        found = leaves(model)
        if self._samples is None or self._samples.names != Samples(found).names:
            self._samples = Samples(found)
        self._last = None

    def _compare_rows(self, call: FitCall) -> None:
        found = overlap(call) if "compared_rows" not in self.counts else None
        if found is not None:
            self.counts |= {"overlapping_rows": found[0], "compared_rows": found[1]}

    def _step(self, model: Any, batches: int) -> float:
        """Return the optimizer step that the epoch's n-th batch ends with."""
        every = getattr(inner_optimizer(model), "gradient_accumulation_steps", None) or 1
        return self.steps + max(1, batches // every)

    def _is_step(self, model: Any, batch: int) -> bool:
        """Whether the optimizer steps in this batch: where gradients are accumulated, it does so in every n-th."""
        every = getattr(inner_optimizer(model), "gradient_accumulation_steps", None) or 1
        return (self.counts.get("backward_passes", 0) + batch + 1) % int(every) == 0

    def _place(self, batch: int) -> float:
        return self.epochs + min(1.0, (batch + 1) / max(self._per_epoch, batch + 1))

    def _is_alarmed(self) -> bool:
        if not self._means or self._is_lost:
            return False
        self._least = min(self._least, self._means[-1][1])
        return self._means[-1][1] > ALARMED * abs(self._least)

    def _look(self, model: Any, step: float, batch: int) -> None:
        guard, look = self.session.guard, None
        if self.pace.affords("probe") and not guard.has_failed("look at gradients and activations"):
            with guard("look at gradients and activations"), self.pace.spending("probe"):
                _synced(model)
                look = self._probed(model, step, self._place(batch))
        if not self.pace.affords("weights") or self._samples is None:
            return
        with guard("look at the weights"), self.pace.spending("weights"):
            _synced(model)
            taken = int(_iterations(model))
            self._pending = (step, self._place(batch), batch, self._samples.read(), look, taken)
        self.pace.done(step)

    def _probed(self, model: Any, step: float, epoch: float) -> Look | None:
        if self._probe is None:
            batch = probe_rows(self.call, SAMPLES) if self.call is not None else None
            given = self.session.options.train
            if batch is None and isinstance(given, tuple) and len(given) == 2:
                batch = probe_rows(FitCall(x=given[0], y=given[1]), SAMPLES)
            seen = batch_in_sight(model) if batch is None else None
            if seen is not None:
                batch = _rows_in_sight(seen)
            if batch is None:
                return None
            self._probe = Probe(model, leaves(model), batch, None if self.call is None else self.call.class_weight)
        return self._probe.look(model, step, epoch) if self._probe.can_run else None

    def _finish_look(self, model: Any) -> None:
        if self._pending is None or self._samples is None:
            return
        (step, epoch, batch, before, look, taken), self._pending = self._pending, None
        _synced(model)
        after, samples = self._samples.read(), self._samples
        if not all(np.isfinite(values).all() for values in after):  # TensorFlow may log a finite loss all the same
            self._find_origin(model, batch)
        steps = int(_iterations(model)) - taken
        found: dict[str, FloatArray] = samples.quantities(before, after, steps)
        if "update_ratio" in found:
            optimizer = inner_optimizer(model)
            found["decay_ratio"] = samples.decay(optimizer, found["weight"], found["update_ratio"])
        names = [leaf.name for leaf in leaves(model)]
        rows = {quantity: dict(zip(samples.names, map(float, v), strict=True)) for quantity, v in found.items()}
        rows["statistics_moved"] = samples.statistics_moved()
        if look is not None:
            rows |= look.layers
            _penalties(samples, rows)
            for facts in look.outputs:
                self.session.write(Output(facts))
            if look.noise is not None:
                self.session.write(Noise(look.noise))
        seen = tuple(name for name in names if any(name in values for values in rows.values()))
        table = {q: [values.get(name, math.nan) for name in seen] for q, values in rows.items() if values}
        self.session.write(Layers(step, epoch, seen, table))

    def _tell_losses(self, model: Any, means: list[tuple[int, float]], batches: int) -> None:
        if _has_own_step(model):
            return
        share = 1.0 if self.call is None else self.call.last_share
        losses = batch_losses(means, first_step=self.steps, begun=self.epochs, batches=batches, last_share=share)
        if losses is not None:
            self.session.write(losses)

    def _find_origin(self, model: Any, seen: int) -> None:
        """Find the origin, once; ``seen`` is the batch by whose end it was there."""
        if self._is_lost:
            return
        self._is_lost = True
        with self.session.guard("find where the first number was lost"):
            _synced(model)
            at = next((batch for batch, mean in self._means if not math.isfinite(mean)), seen)
            step, epoch = self._step(model, at + 1), self._place(at)
            self.session.write(Lost(origin(model, leaves(model), self.call, self._last, (step, epoch))))


def _is_built(model: Any) -> bool:
    return all(layer.built for layer in model._flatten_layers())  # noqa: SLF001


def _trainable(model: Any) -> frozenset[int]:
    return frozenset(id(v) for v in model.trainable_variables)


def _synced(model: Any) -> None:
    """Bring JAX's state back into the variables, as Keras lets callbacks do; `fit` takes it up from there."""
    sync = getattr(model, "jax_state_sync", None)
    if sync is not None:
        sync()


def _iterations(model: Any) -> Any:
    iterations = getattr(inner_optimizer(model), "iterations", 0)
    value = getattr(iterations, "value", iterations)
    return value.detach().cpu() if hasattr(value, "detach") else np.asarray(value)


def _has_own_step(model: Any) -> bool:
    """Whether the program has its own ``train_step``, whose loss may be logged in any way."""
    step = getattr(type(model), "train_step", None)
    return not str(getattr(step, "__module__", "")).startswith("keras.")


def _rows_in_sight(batch: Any) -> tuple[Any, Any, Any] | None:
    parts = [*batch, None, None][:3]
    if not all(part is None or hasattr(part, "detach") for part in parts) or parts[0] is None:
        return None
    x, y, weight = (None if part is None else part[:SAMPLES].detach().cpu().numpy().copy() for part in parts)
    return x, y, weight


def _penalties(samples: Samples, rows: dict[str, dict[str, float]]) -> None:
    """Add what an L2 penalty makes of a gradient where the optimizer scales it: the share of the gradient."""
    gradients, decay = rows.get("gradient", {}), rows.setdefault("decay_ratio", {})
    for leaf in samples.leaves:
        factor, gradient = penalty(leaf), gradients.get(leaf.name, 0.0)
        if factor and gradient > 0 and not decay.get(leaf.name, math.nan) > 0:
            decay[leaf.name] = 2 * factor * rows["weight"][leaf.name] / gradient
