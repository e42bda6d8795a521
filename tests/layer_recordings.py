"""Recordings made by hand: a chain of dense layers that trains well, and what one test changes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from diagnose import testing
from diagnose.finding import Severity, Status
from diagnose.model_card import GroupCard, LayerCard, LossCard, ModelCard, OptimizerCard, Role
from diagnose.recording import BatchLosses, GradientNoise, LayerTable, OutputFacts, Recording, Stage
from diagnose.run import History, Run

LAYERS = ("fc1", "fc2", "fc3", "fc4", "fc5", "out")
SIZE, RATE = 4096.0, 0.01
STEPS = np.array([1, 2, 4, 8, 16, 32, 60, 100, 150, 200, 250, 300], dtype=float)
GUESSING = float(np.log(10))
rng = np.random.default_rng(0)
_NOISE = rng.normal(0, 0.02, 100)
LEARNS = GUESSING * np.exp(-np.arange(100) / 25) + 0.1 + _NOISE
STANDS = GUESSING + _NOISE
EXPLODES = GUESSING * np.exp(np.arange(100) / 8) + _NOISE
LOST = np.where(np.arange(100) < 40, STANDS, np.nan)
NORMAL = {
    "size": SIZE, "gradient": 0.05, "weight": 8.0, "update_ratio": 2e-3, "distance": 0.3, "activation_std": 1.0,
    "activation_mean": 0.1, "spread": 0.9, "zero_share": 0.5, "dead_share": 0.05, "decay_ratio": 0.01,
}  # fmt: skip
"""Of every layer at every sample, in a run without a fault."""


def card_of(
    layers: Sequence[str] = LAYERS, *, optimizer: str = "SGD", rate: float | None = RATE, decay: float = 0.0,
    initial: Any = True, trained: Any = None, activation: str = "relu", settings: Mapping[str, Any] | None = None,
    roles: Mapping[str, Role] | None = None, loss: str = "sparse_categorical_crossentropy", units: int = 64,
    width: int = 10, framework: str = "torch", held: Any = None,
) -> ModelCard:  # fmt: skip
    """Describe a chain of layers; ``trained`` and ``initial`` may name some of them."""
    made = []
    for name in layers:
        is_trained = trained is None or name in trained
        is_initial = name in initial if isinstance(initial, (set, tuple, list)) else initial
        made.append(
            LayerCard(
                name, "Linear", (roles or {}).get(name, Role.DENSE), int(SIZE), int(SIZE) * is_trained,
                int(SIZE) * (is_trained if held is None else name in held), is_trained, activation,
                (units,), is_initial=is_initial, settings=settings or {},
            )
        )  # fmt: skip
    groups = (GroupCard(rate, decay, layers=tuple(layers)),)
    return ModelCard("chain", framework, tuple(made), output_width=width, loss=LossCard(loss),
                     optimizer=OptimizerCard(optimizer, groups))  # fmt: skip


def table_of(layers: Sequence[str] = LAYERS, steps: Sequence[float] = STEPS, **changed: Any) -> LayerTable:
    """Fill a table with what is normal, but for what is given: a number, a row by layer, a column by sample."""
    at = np.asarray(steps, dtype=float)
    shape = (len(at), len(layers))
    values = {}
    for name, normal in {**NORMAL, **changed}.items():
        if isinstance(normal, dict):
            whole = np.full(shape, NORMAL.get(name, np.nan))
            for layer, value in normal.items():
                whole[:, list(layers).index(layer)] = value
        else:
            given = np.asarray(normal, dtype=float)
            whole = np.broadcast_to(given[:, None] if given.shape == (len(at),) and len(at) != len(layers) else given,
                                    shape).copy()  # fmt: skip
        values[name] = whole
    return LayerTable(tuple(layers), at, at / 50, values)


def losses_of(values: Any) -> BatchLosses:
    """Spread losses over 300 steps."""
    found = np.asarray(values, dtype=float)
    steps = np.linspace(1, 300, len(found)).round()
    return BatchLosses(steps, steps / 50, found)


def run_of_layers(
    *, losses: Any = LEARNS, card: ModelCard | None = None, stages: Sequence[Stage] = (),
    table: LayerTable | None = None, context: Any = None, history: History | None = None,
    recording: Mapping[str, Any] | None = None, **changed: Any,
) -> Run:  # fmt: skip
    """Make a run with a recording; what is not given is as in a run that learns."""
    described = card or card_of()
    made = Recording(
        "torch",
        tuple(stages) or (Stage(0.0, 0.0, described, batch_size=32),),
        table if table is not None else table_of(tuple(layer.name for layer in described.layers), **changed),
        losses_of(losses),
    )
    run = Run("recorded", history or History(()), model=described, recording=replace(made, **(recording or {})))
    return run if context is None else replace(run, context=replace(run.context, **context))


def looks(spread: float = 1.0, level: float = 2.0, top: float | None = 0.15, label_top: float | None = 0.12,
          width: int = 10, n: int = 128) -> tuple[OutputFacts, ...]:  # fmt: skip
    """Look at the outputs of the probe five times."""
    return tuple(
        OutputFacts(step, step / 50, "probe", n, width, -level, level, spread, level, top, label_top)
        for step in (1.0, 32.0, 100.0, 200.0, 300.0)
    )


def noises(scale: float, batch: int = 32, n: int = 8, error: float = 0.05) -> tuple[GradientNoise, ...]:
    """Compare gradients of batches whose noise scale is known."""
    found = []
    for i in range(n):
        product = 1.0 + error * np.sin(2.1 * i)
        found.append(
            GradientNoise(10.0 * i, 0.2 * i, batch, 4, product + scale / batch * (1 + error * np.cos(i)), product)
        )
    return tuple(found)


def reversed_layers(run: Run) -> Run:
    """Give the same run with the columns of its table in the opposite order."""
    table = run.recording.layers
    values = {name: values[:, ::-1] for name, values in table.values.items()}
    return with_table(run, LayerTable(table.layers[::-1], table.steps, table.epochs, values))


def thinned(run: Run, keep: Sequence[int]) -> Run:
    """Give the same run with some of its samples."""
    table, at = run.recording.layers, list(keep)
    values = {name: values[at] for name, values in table.values.items()}
    return with_table(run, LayerTable(table.layers, table.steps[at], table.epochs[at], values))


def rescaled(run: Run, factor: float) -> Run:
    """Give the same run under a loss that is a multiple: gradients go with it, and nothing else that is recorded."""
    table, losses = run.recording.layers, run.recording.batch_losses
    values = {**table.values, "gradient": table.of("gradient") * factor}
    made = with_table(run, LayerTable(table.layers, table.steps, table.epochs, values))
    scaled = BatchLosses(losses.steps, losses.epochs, losses.values * factor)
    noise = tuple(replace(n, squared=n.squared * factor**2, product=n.product * factor**2) for n in run.recording.noise)
    return replace(made, recording=replace(made.recording, batch_losses=scaled, noise=noise))


def without(run: Run, *quantities: str) -> Run:
    """Give the same run without what a hook could not record."""
    table = run.recording.layers
    values = {n: np.full_like(v, np.nan) if n in quantities else v for n, v in table.values.items()}
    return with_table(run, LayerTable(table.layers, table.steps, table.epochs, values))


def with_table(run: Run, table: LayerTable) -> Run:
    return replace(run, recording=replace(run.recording, layers=table))


def of_unknown_loss(card: ModelCard) -> ModelCard:
    """Give the same model under a loss for which nobody knows what guessing costs."""
    return replace(card, loss=LossCard("energy"))


VALUES_LOSS = of_unknown_loss(card_of())
QUIET = {
    "learns": run_of_layers(),
    "stands, and nothing else is odd": run_of_layers(losses=STANDS, distance=0.3),
    "one layer": run_of_layers(card=card_of(("out",))),
    "two layers": run_of_layers(card=card_of(("fc1", "out"))),
    "frozen backbone": run_of_layers(card=card_of(trained={"out"}), update_ratio={"fc1": 0, "fc2": 0, "fc3": 0},
                                     distance=dict.fromkeys(LAYERS[:-1], 0.0)),
    "converged, gradients gone": run_of_layers(
        gradient=np.geomspace(0.1, 1e-9, 12), update_ratio=np.geomspace(1e-2, 1e-9, 12), distance=0.8),
    "Adam's first steps": run_of_layers(update_ratio=np.geomspace(0.08, 1e-3, 12)),
    "widths differ": run_of_layers(size={"fc1": 65536.0}, gradient={"fc1": 0.2}),
    "normalisation and embedding aside": run_of_layers(
        card=card_of(roles={"fc1": Role.EMBEDDING, "fc2": Role.NORMALISATION}), gradient={"fc1": 1e-9, "fc2": 1e-9},
        update_ratio={"fc1": 0.0}),
    "nothing recorded of units": without(run_of_layers(losses=STANDS), "dead_share", "saturated_share"),
    "a loss without a level": run_of_layers(card=VALUES_LOSS),
    "fine-tuned slowly": run_of_layers(card=card_of(initial=("out",), optimizer="Adam", rate=2e-5),
                                       update_ratio=3e-4, distance=0.05),
    "outputs and noise as usual": run_of_layers(recording={"outputs": looks(), "noise": noises(100.0)}),
}  # fmt: skip
"""Runs of which no analyzer of layers says more than information."""


def assert_silent(rule: Any, run: Run) -> Any:
    """Assert that a rule finds nothing beyond information, and does not crash."""
    findings, outcome = testing.examine(rule, history=run)
    assert all(f.severity is Severity.INFO for f in findings), findings[0].claim
    assert outcome.status is not Status.BROKEN, outcome.why
    return outcome


def assert_same_claims(rule: Any, one: Run, other: Run) -> None:
    """Assert that two runs get the same findings, but for the numbers in their claims."""
    found = [testing.examine(rule, history=run).findings for run in (one, other)]
    told = [
        [(f.code, f.severity, f.probability, {n for w in f.where for n in w.names}) for f in some] for some in found
    ]
    assert told[0] == told[1]
