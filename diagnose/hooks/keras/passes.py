"""Forward and backward passes beside training, by each backend's own differentiation; variables keep their values.

Everything runs in a `keras.StatelessScope`: what layers assign (statistics, random seeds, metrics) goes into the scope
and is thrown away with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from diagnose.hooks.keras.watch import in_numbers, watched
from diagnose.models.keras_card_layers import Leaf


class Passed(NamedTuple):
    """What one pass gave, in tensors of the backend."""

    loss: Any
    outputs: Any
    layers: dict[str, dict[str, Any]]
    state: list[Any]
    gradients: list[Any]


class Passes:
    """Passes of one model over small batches.

    Parameters
    ----------
    model
        Compiled and built.
    leaves
        Its layers, which are watched.
    """

    def __init__(self, model: Any, leaves: Sequence[Leaf]) -> None:
        self.leaves = leaves
        self.backend = str(sys.modules["keras"].backend.backend())
        self._compiled: dict[bool, Callable[..., Any]] = {}
        self._trainable = tuple(id(v) for v in model.trainable_variables)

    def is_of(self, model: Any) -> bool:
        """Whether the same weights are trainable as when this was made."""
        return self._trainable == tuple(id(v) for v in model.trainable_variables)

    def forward(self, model: Any, batch: tuple[Any, Any, Any], state: Any = None) -> Passed:
        """Run the model in evaluation mode, without a loss."""
        if self.backend == "torch":
            with sys.modules["torch"].no_grad():
                return self._run(model, _values(model, state), batch, training=False)
        if self.backend == "jax":
            return self._jax(model, _values(model, state), batch, training=False)
        return self._run(model, _values(model, state), batch, training=False)

    def backward(self, model: Any, batch: tuple[Any, Any, Any], state: Any = None) -> Passed:
        """Run the model in training mode, and differentiate its loss with respect to the trainable variables."""
        values = _values(model, state)
        if self.backend == "tensorflow":
            return self._tensorflow(model, values, batch)
        return self._torch(model, values, batch) if self.backend == "torch" else self._jax(model, values, batch)

    def _run(self, model: Any, state: tuple[Any, Any], batch: tuple[Any, Any, Any], *, training: bool) -> Passed:
        keras: Any = sys.modules["keras"]
        x, y, weight = batch
        layers: dict[str, dict[str, Any]] = {}

        def tell(leaf: Leaf, taken: Any, given: Any, mode: Any) -> None:
            layers[leaf.name] = in_numbers(leaf, taken, given, mode)

        variables = [*model.trainable_variables, *model.non_trainable_variables]
        mapping = list(zip(variables, [*state[0], *state[1]], strict=True))
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope, watched(self.leaves, tell):
            says = {"training": training} if model._call_has_training_arg else {}  # noqa: SLF001
            outputs = model(x, **says)
            loss = (
                model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight, training=True) if training else None
            )
            after = [scope.get_current_value(v) for v in model.non_trainable_variables]
        return Passed(loss, outputs, layers, after, [])

    def _tensorflow(self, model: Any, state: tuple[Any, Any], batch: tuple[Any, Any, Any]) -> Passed:
        tf: Any = sys.modules["tensorflow"]
        weights = [tf.convert_to_tensor(value) for value in state[0]]
        with tf.GradientTape() as tape:
            for value in weights:
                tape.watch(value)
            passed = self._run(model, (weights, state[1]), batch, training=True)
        gradients = tape.gradient(passed.loss, weights)
        return passed._replace(gradients=[None if g is None else tf.convert_to_tensor(g) for g in gradients])

    def _torch(self, model: Any, state: tuple[Any, Any], batch: tuple[Any, Any, Any]) -> Passed:
        torch: Any = sys.modules["torch"]
        with torch.enable_grad():
            weights = [value.detach().requires_grad_() for value in state[0]]
            passed = self._run(model, (weights, state[1]), batch, training=True)
            gradients = torch.autograd.grad(passed.loss, weights, allow_unused=True) if weights else ()
        return passed._replace(
            loss=passed.loss.detach(),
            outputs=sys.modules["keras"].tree.map_structure(lambda t: t.detach(), passed.outputs),
            gradients=list(gradients),
        )

    def _jax(self, model: Any, state: tuple[Any, Any], batch: tuple[Any, Any, Any], *, training: bool = True) -> Passed:
        jax: Any = sys.modules["jax"]
        if training not in self._compiled:

            def run(weights: Any, others: Any, batch: Any) -> tuple[Any, Any]:
                passed = self._run(model, (weights, others), batch, training=training)
                return passed.loss, passed

            both = jax.value_and_grad(run, has_aux=True)

            def compiled(weights: Any, others: Any, batch: Any) -> Any:
                if not training:
                    return run(weights, others, batch)[1]
                (_, passed), gradients = both(weights, others, batch)
                return passed._replace(gradients=gradients)

            self._compiled[training] = jax.jit(compiled)
        found: Passed = self._compiled[training](list(state[0]), list(state[1]), batch)
        return found


def _values(model: Any, state: Any) -> tuple[Any, Any]:
    if state is None:
        return [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]
    return state[0], state[1]
