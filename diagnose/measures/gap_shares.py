"""The parts of the gaps between training and held-out data, of the model where its outputs are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from diagnose.data import FloatArray, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.class_counts import labelled
from diagnose.measures.input_matrix import input_matrix
from diagnose.measures.label_values import label_values
from diagnose.stats.conditional import inputs_given_class, labels_given_inputs
from diagnose.stats.gap_learning import Nuisances, Sample, Task, learn, targets
from diagnose.stats.gap_parts import GapParts, parts_by_unseen, parts_of_losses, parts_of_model, parts_of_stand_in
from diagnose.stats.probes import one_thread, reduced

Rows = npt.NDArray[np.int64]

MOST_ROWS = 4000
"""Rows of each split: parts of an error rate are known to about one point then, in four seconds of one core."""
MOST_ROWS_OF_TWO = 2500
"""The same where validation and test data are both decomposed, in five seconds."""
LEAST_ROWS = 100
"""With fewer an error rate is known to no better than eight points."""
MOST_CLASSES = 50
"""More would need more rows than are taken."""


@dataclass(frozen=True)
class GapShares:
    """The gap of one held-out split and its parts, with two tests of what changed.

    Attributes
    ----------
    split
        The held-out split.
    unit
        What risks are: ``"error rate"``, ``"squared error"`` or ``"loss"``.
    parts
        The gap's.
    n, m
        Rows compared, of training and of the held-out split.
    drawn
        Whether these are a sample of more.
    knows_model
        Whether the model's outputs or losses were given. A stand-in is asked all the same where the two splits have too
        few places in common to tell the model's parts.
    p_labels
        p-value of equal labels given inputs; None without labels.
    p_inputs
        p-value of equal inputs within each class, which a mere change of the classes' shares leaves in place; None of
        numbers.
    unseen_by
        The held-out split that told what the model loses on unseen rows like the training rows, where this one has too
        few places in common with them; None where this one did, or none.
    apart
        The model's gap where its parts could not be told by this split alone.
    """

    split: SplitName
    unit: str
    parts: GapParts
    n: int
    m: int
    drawn: bool
    knows_model: bool
    p_labels: float | None
    p_inputs: float | None
    unseen_by: SplitName | None = None
    apart: GapParts | None = None

    @property
    def is_of_model(self) -> bool:
        """Whether the risks are the model's, not a stand-in's."""
        return self.parts.basis != "stand-in"


def gap_shares(train_split: Split, held_out: tuple[Split, ...], seed: int) -> tuple[GapShares, ...]:
    """Decompose the gap of each held-out split that allows it.

    Where the test data lie apart from the training data and the validation data do not, those say what the model loses
    on unseen rows like the training rows.
    """
    most = MOST_ROWS if len(held_out) == 1 else MOST_ROWS_OF_TWO
    found: list[GapShares] = []
    missing: list[NotEnoughEvidence] = []
    for held in held_out:
        try:
            found.append(_by_others(_shares((train_split, held), most, seed), found))
        except NotEnoughEvidence as error:
            missing.append(error)
    if not found:
        raise missing[0]
    return tuple(found)


def _by_others(shares: GapShares, others: list[GapShares]) -> GapShares:
    of_model = shares.apart
    if of_model is None or of_model.basis != "model":
        return shares
    for other in others:
        told = other.parts
        if told.basis == "model" and told.fitting is not None and told.train_risk == of_model.train_risk:
            return replace(shares, parts=parts_by_unseen(of_model, told.fitting), unseen_by=other.split)
    return shares


def _shares(pair: tuple[Split, Split], most: int, seed: int) -> GapShares:
    task, y = _labels(pair)
    outputs = _outputs(pair, task)
    losses = [split.losses for split in pair]
    has_losses = outputs is None and all(e is not None for e in losses)
    if y is None and not has_losses:
        labelled(pair[0], pair[1:])  # says what is missing
        raise NotEnoughEvidence(
            f"the label has more than {MOST_CLASSES} classes", "give the loss of each row: --loss COLUMN"
        )
    usable = [_usable(split, *(v[i] for v in (y, outputs) if v is not None)) for i, split in enumerate(pair)]
    rows = [_drawn(some, most, seed + i) for i, some in enumerate(usable)]
    if min(map(len, rows)) < LEAST_ROWS:
        raise NotEnoughEvidence(
            f"{len(rows[0])} training and {len(rows[1])} held-out rows are complete; {LEAST_ROWS} are needed",
            f"give {LEAST_ROWS} labelled rows of each split",
        )
    samples = _samples(pair, rows, y, outputs, losses if has_losses else None, task)
    with one_thread():
        known = learn(*samples, task, seed)
        parts, of_model = _parts(*samples, known, task, seed)
        p_labels, p_inputs = _tests(*samples, known, task, seed)
    knows_model = outputs is not None or has_losses
    unit = "loss" if parts.basis == "losses" else "error rate" if task == "classes" else "squared error"
    drawn = any(len(some) < len(all_) for some, all_ in zip(rows, usable, strict=True))
    return GapShares(
        pair[1].name, unit, parts, len(rows[0]), len(rows[1]), drawn, knows_model, p_labels, p_inputs, apart=of_model
    )


def _labels(pair: tuple[Split, Split]) -> tuple[Task, list[FloatArray] | None]:
    first, second = (split.label for split in pair)
    if first is None or second is None or first.kind is not second.kind:
        return "numbers", None
    if first.kind is not Kind.CATEGORY:
        return "numbers", label_values((first, second)) if first.kind is Kind.NUMBER else None
    found = label_values((first, second))
    most = max(float(np.nanmax(codes, initial=-1)) for codes in found)
    return "classes", found if most < MOST_CLASSES else None


def _outputs(pair: tuple[Split, Split], task: Task) -> list[FloatArray] | None:
    """Return what the model says, in the labels' codes; None where it is not known of both splits."""
    if any(split.outputs is None or split.label is None for split in pair):
        return None
    if task == "numbers":
        return [split.outputs for split in pair] if all(s.outputs.ndim == 1 for s in pair) else None  # type: ignore[union-attr, misc]
    at: dict[str, int] = {}
    for split in pair:
        for level in split.label.levels:  # type: ignore[union-attr]
            at.setdefault(level, len(at))
    found = []
    for split in pair:
        assert split.outputs is not None
        if split.outputs.ndim != 2 or not split.classes:
            return None
        to = np.array([at.get(name, np.nan) for name in split.classes])
        if np.isnan(to).any():
            return None  # the model names classes that no label holds: their codes would be invented
        known = ~np.isnan(split.outputs).any(1)
        says = np.full(split.n, np.nan)
        says[known] = to[split.outputs[known].argmax(1)]
        found.append(says)
    return found


def _usable(split: Split, *needed: FloatArray) -> Rows:
    known = np.ones(split.n, np.bool_)
    for values in needed:
        known &= np.isfinite(values)
    if split.losses is not None:
        known &= np.isfinite(split.losses)
    return np.flatnonzero(known)


def _drawn(rows: Rows, most: int, seed: int) -> Rows:
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _samples(  # noqa: PLR0913, PLR0917  all that two samples are made of
    pair: tuple[Split, Split], rows: list[Rows], y: list[FloatArray] | None, outputs: list[FloatArray] | None,
    losses: list[FloatArray | None] | None, task: Task,
) -> tuple[Sample, Sample]:  # fmt: skip
    label = pair[0].label
    without = (label.name,) if label is not None else ()
    # what a layer of the model says of its own training rows knows their labels
    of_layer = any("layer" in split.embedded_by for split in pair)
    x = input_matrix(pair, rows, without=without, embeddings=not of_layer).parts
    if x[0].shape[1] == 0:
        x = input_matrix(pair, rows, without=without).parts
    if x[0].shape[1] == 0:
        raise NotEnoughEvidence(
            "the splits share no column of numbers or categories", "give tables with the same columns, or embeddings"
        )
    x = reduced(*x)
    kind = np.int64 if task == "classes" else np.float64
    grouped = all(split.groups is not None for split in pair)

    def sample(i: int) -> Sample:
        some = rows[i]
        groups = np.unique(pair[i].groups.values[some], return_inverse=True)[1] if grouped else None  # type: ignore[union-attr]
        return Sample(
            x[i],
            y[i][some].astype(kind) if y is not None else None,
            outputs[i][some].astype(kind) if outputs is not None else None,
            losses[i][some] if losses is not None else None,  # type: ignore[index]
            groups,
        )

    return sample(0), sample(1)


def _parts(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> tuple[GapParts, GapParts | None]:
    """Return the parts, and the model's undivided gap where they are a stand-in's or could not be told."""
    of_model = None
    if train.outputs is not None:
        of_model = parts_of_model(train, val, known, task, seed)
    elif train.losses is not None:
        of_model = parts_of_losses(train, val, known, seed)
    if of_model is not None and (of_model.covariate is not None or train.y is None):
        return of_model, None if of_model.covariate is not None else of_model
    found = parts_of_stand_in(train, val, known, task, seed) or of_model
    if found is None:
        raise NotEnoughEvidence(
            "no model that was tried predicts the label from the inputs at hand, so that none can stand in for yours",
            "give the model's predictions on both splits",
        )
    return found, of_model


def _tests(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> tuple[float | None, float | None]:
    if train.y is None or val.y is None:
        return None, None
    x, y = np.concatenate([train.x, val.x]), np.concatenate([train.y, val.y])
    is_val = np.repeat([0.0, 1.0], [len(train), len(val)])
    p = labels_given_inputs(x, is_val, known.told, targets(y, task) - known.mean, known.folds, seed)
    return p, inputs_given_class(x, is_val, y, known.folds, seed) if task == "classes" else None
