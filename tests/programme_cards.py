"""Model cards, inputs, labels and recordings whose truth is known, for the tests of programme faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from diagnose import testing
from diagnose.analyzer import Analyzer
from diagnose.finding import Finding, Severity
from diagnose.model_card import GroupCard, Labels, LayerCard, LossCard, ModelCard, OptimizerCard, Role, Wants
from diagnose.readers.data.array_facts import input_facts_of, label_facts_of
from diagnose.recording import InputFacts, LabelFacts, LayerTable, OrderFacts, OutputFacts, Recording, Stage
from diagnose.run import Context, History, Run

GOOD = {"loss": [2.3, 1.2, 0.6, 0.3, 0.2], "accuracy": [0.2, 0.6, 0.8, 0.9, 0.95]}
"""A run that learns ten classes beyond doubt."""
POOR = {"loss": [2.31, 2.30, 2.30, 2.30], "accuracy": [0.1, 0.11, 0.1, 0.1]}


def layer(name: str, role: Role = Role.DENSE, size: int = 100, *, trained: bool = True, **more: Any) -> LayerCard:
    """Return a layer; one that is not trained has its flag off too."""
    kind = more.pop("kind", str(role))
    return LayerCard(name, kind, role, size, size if trained else 0, is_trainable=more.pop("flag", trained), **more)


def plain(name: str, role: Role, *, flag: bool = True, **more: Any) -> LayerCard:
    """Return a layer without weights."""
    return LayerCard(name, more.pop("kind", str(role)), role, is_trainable=flag, **more)


LOSSES = {
    "cce": LossCard("categorical_crossentropy", Wants.PROBABILITIES, Labels.ONE_HOT, "categorical_crossentropy"),
    "cce_logits": LossCard("categorical_crossentropy", Wants.LOGITS, Labels.ONE_HOT,
                           "CategoricalCrossentropy(from_logits=True)"),
    "scce": LossCard("sparse_categorical_crossentropy", Wants.PROBABILITIES, Labels.INDICES,
                     "sparse_categorical_crossentropy"),
    "scce_logits": LossCard("sparse_categorical_crossentropy", Wants.LOGITS, Labels.INDICES,
                            "SparseCategoricalCrossentropy(from_logits=True)"),
    "ce": LossCard("categorical_crossentropy", Wants.LOGITS, None, "CrossEntropyLoss()"),
    "bce": LossCard("binary_crossentropy", Wants.PROBABILITIES, None, "binary_crossentropy"),
    "bce_logits": LossCard("binary_crossentropy", Wants.LOGITS, None, "BCEWithLogitsLoss()"),
    "nll": LossCard("negative_log_likelihood", Wants.LOG_PROBABILITIES, Labels.INDICES, "NLLLoss()"),
    "kl_log": LossCard("kl_divergence", Wants.LOG_PROBABILITIES, None, "KLDivLoss()"),
    "kl": LossCard("kl_divergence", Wants.PROBABILITIES, None, "kl_divergence"),
    "hinge": LossCard("hinge", Wants.VALUES, None, "hinge"),
    "hinge_torch": LossCard("hinge", Wants.VALUES, Labels.SIGNS, "HingeEmbeddingLoss()"),
    "mse": LossCard("mean_squared_error", Wants.VALUES, Labels.VALUES, "mean_squared_error"),
    "mae": LossCard("mean_absolute_error", Wants.VALUES, Labels.VALUES, "L1Loss()"),
    "triplet": LossCard("triplet_margin", Wants.VALUES, None, "TripletMarginLoss()"),
    "ctc": LossCard("ctc", Wants.LOG_PROBABILITIES, None, "CTCLoss()"),
    "own": LossCard("my_loss", None, None, "my_loss"),
}  # fmt: skip
ADAM = OptimizerCard("Adam", (GroupCard(1e-3, parameters=300),))


def card(
    loss: str | None = "cce",
    activation: str | None = "softmax",
    width: int | None = 10,
    *,
    layers: Iterable[LayerCard] = (),
    framework: str = "keras",
    **more: Any,
) -> ModelCard:
    """Return the card of a small network."""
    held = tuple(layers) or (layer("dense"), layer("dense_1"), layer("out", activation=activation or ""))
    more.setdefault("top_level", tuple(dict.fromkeys(one.name.partition("/")[0] for one in held)))
    more.setdefault("optimizer", ADAM)
    return ModelCard(
        "model", framework, held, output_width=width, output_activation=activation,
        loss=None if loss is None else LOSSES[loss], **more,
    )  # fmt: skip


def labels(kind: str = "one-hot", n: int = 400, classes: int = 10, seed: int = 0) -> LabelFacts:
    """Return labels of a kind, as the loss gets them."""
    rng = np.random.default_rng(seed)
    index = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    made = {
        "one-hot": lambda: np.eye(classes, dtype="float32")[index],
        "indices": lambda: index.astype("int64"),
        "float indices": lambda: index.astype("float32"),
        "from one": lambda: index + 1,
        "column": lambda: index[:, None],
        "binary": lambda: index % 2,
        "signs": lambda: 2 * (index % 2) - 1,
        "multi-hot": lambda: (rng.random((n, classes)) < 0.3).astype("float32"),
        "smoothed": lambda: 0.9 * np.eye(classes)[index] + 0.1 / classes,
        "standardised": lambda: rng.normal(size=(n, 1)).astype("float32"),
        "standardised flat": lambda: rng.normal(size=n).astype("float32"),
        "unit": lambda: rng.random((n, 1)),
        "images": lambda: rng.random((n, 8, 8, 1)),
        "prices": lambda: rng.lognormal(12, 0.5, n),
        "counts": lambda: rng.poisson(3, n),
        "padded": lambda: np.where(rng.random((n, 5)) < 0.2, -100, rng.integers(0, classes, (n, 5))),
        "pixels": lambda: rng.integers(0, classes, (n, 6, 6)),
        "tokens": lambda: rng.integers(0, 5_000, (n, 12)),
        "texts": lambda: np.array([f"class {at}" for at in index]),
        "bytes": lambda: rng.integers(0, 256, (n, 4)),
    }[kind]()
    found = label_facts_of(made, "train")
    assert found is not None
    return found


def inputs(values: Any, *, embedded: bool = False, split: Any = "train") -> InputFacts:
    found = input_facts_of(np.asarray(values), split, has_embedding=embedded)
    assert found is not None
    return found


def images(low: float = 0.0, high: float = 255.0, n: int = 64, side: int = 16) -> InputFacts:
    """Return photographs between two values; the whole range is used."""
    drawn = np.random.default_rng(0).beta(1.2, 1.5, (n, side, side, 3))
    drawn.flat[:2] = 0.0, 1.0
    return inputs((low + (high - low) * drawn).astype("float32"))


def table(**samples: Any) -> LayerTable:
    """Return samples: ``steps=[…], epochs=[…], layers=[…]`` and quantities of shape ``(n, layers)``."""
    names, epochs = tuple(samples.pop("layers")), np.array(samples.pop("epochs"), float)
    held = {name: np.array(values, float) for name, values in samples.items()}
    return LayerTable(names, np.arange(1.0, len(epochs) + 1), epochs, held)


def recorded(*cards: ModelCard, each: float = 3.0, **more: Any) -> Recording:
    """Return the recording of phases, each of so many epochs."""
    stages = tuple(Stage(at * each, at * each * 10, one) for at, one in enumerate(cards))
    return Recording(more.pop("framework", cards[0].framework if cards else "torch"), stages, **more)


def run(
    one: ModelCard | None = None,
    facts: Iterable[InputFacts | LabelFacts] = (),
    *,
    history: Mapping[str, list[float]] | None = None,
    context: Mapping[str, Any] | None = None,
    recording: Recording | None = None,
) -> Run:
    """Return a run of a model, of what is known of its data, and of what a hook saw."""
    made = Run("run", History(()), Context()) if history is None else testing.run_of(dict(history), dict(context or {}))
    if history is None and context:
        made = replace(made, context=Context(**context))
    last = recording.stages[-1].card if recording is not None and recording.stages else one
    return replace(made, model=last, facts=tuple(facts), recording=recording)


def fires(rule: Analyzer, made: Run, *words: str, severity: Severity | None = None) -> Finding:
    """Assert that a rule fires, with these words in its first claim."""
    found = testing.assert_fires(rule, history=made)
    for word in words:
        assert word in found.claim, found.claim
    if severity is not None:
        assert found.severity is severity, found
    assert found.evidence
    return found


def quiet(rule: Analyzer, made: Run) -> str:
    """Assert that a rule finds nothing but information, and return why."""
    findings, outcome = testing.examine(rule, history=made)
    loud = [f for f in findings if f.severity is not Severity.INFO]
    assert not loud, loud[0].claim
    assert outcome.status.value != "broken", outcome.why
    assert outcome.why
    return outcome.why


__all__ = ["OrderFacts", "OutputFacts"]
