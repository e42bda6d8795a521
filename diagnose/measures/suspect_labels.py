"""Training rows whose labels contradict their inputs, by a probe that did not see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import DigestArray, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.input_matrix import input_matrix
from diagnose.measures.label_values import label_values
from diagnose.stats.label_noise import Confident, Floor, confident_joint, floor_of, margins
from diagnose.stats.neighbours import without_tails
from diagnose.stats.probes import choose, folds_of, indicators, one_thread, out_of_fold

RowNumbers = npt.NDArray[np.int64]

MOST_ROWS = 10_000
"""That the probe learns from: some seconds, and a share of one in a hundred is known to two in a thousand."""
LEAST_ROWS = 200
"""Fewer hold no hundred rows where classes lie clearly apart."""
LEAST_OF_A_CLASS = 10
"""Rows: of rarer classes nothing is learnt in five folds."""
MOST_CLASSES = 100


@dataclass(frozen=True, eq=False)
class SuspectLabels:
    """What the probe says of the labels.

    Attributes
    ----------
    n
        Rows that were asked; ``sampled`` says whether there are more.
    probe
        Which kind was chosen: ``"linear"``, ``"trees"``, or ``"constant"`` where inputs tell nothing.
    accuracy
        Share of the rows that it agrees with.
    floor
        Contradictions where it is sure.
    rows, meant
        Numbers of the suspicious rows, the most suspicious first, and the class that each is likely to be.
    confident
        The joint counts of classes given and meant.
    classes
        Names of the classes.
    """

    n: int
    sampled: bool
    probe: str
    accuracy: float
    floor: Floor
    rows: RowNumbers
    meant: tuple[str, ...]
    confident: Confident
    classes: tuple[str, ...]


def suspect_labels(
    train_split: Split, exact_digests: Mapping[SplitName, DigestArray] | None = None, seed: int = 0
) -> SuspectLabels | None:
    """Ask a cross-fitted probe for every training row; None where the label is a number.

    Rows with equal inputs stand in one fold, so that a copy does not tell its label.
    """
    label = train_split.label
    if label is None:
        raise NotEnoughEvidence("the training data have no labels", "say which column is the label: --label NAME")
    if label.kind is not Kind.CATEGORY:
        return None
    values = label_values([label])[0]
    rows = np.flatnonzero(~np.isnan(values))
    counts = np.bincount(values[rows].astype(np.int64), minlength=len(label.levels))
    kept = np.flatnonzero(counts >= LEAST_OF_A_CLASS)
    rows = rows[np.isin(values[rows], kept)]
    if len(rows) < LEAST_ROWS or not 2 <= len(kept) <= MOST_CLASSES:
        raise NotEnoughEvidence(
            f"{len(rows)} labelled rows in {len(kept)} classes of {LEAST_OF_A_CLASS} rows or more are too few to tell",
            f"give {LEAST_ROWS} labelled rows or more, in 2 to {MOST_CLASSES} classes",
        )
    sampled = len(rows) > MOST_ROWS
    if sampled:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
    x = input_matrix([train_split], [rows.astype(np.int64)]).parts[0]
    if not x.shape[1]:
        raise NotEnoughEvidence("no numbers or categories to learn from", "give embeddings: --embedding FILE.npy")
    if exact_digests is not None:
        rows, x = _in_order(rows, x, exact_digests["train"])
    given = np.searchsorted(kept, values[rows]).astype(np.int64)
    same = exact_digests["train"][rows] if exact_digests is not None else None
    probe, probabilities = _out_of_fold(without_tails(x, x)[0], indicators(given, len(kept)), same, seed)
    likely, margin = margins(probabilities)
    floor = floor_of(margin, likely != given)
    confident = confident_joint(probabilities, given)
    suspects = confident.rows[floor.clear[confident.rows] & (likely != given)[confident.rows]]
    names = tuple(label.levels[code] for code in kept.tolist())
    return SuspectLabels(
        len(rows), sampled, probe, float((likely == given).mean()), floor, rows[suspects].astype(np.int64),
        tuple(names[code] for code in likely[suspects].tolist()), confident, names,
    )  # fmt: skip


def _in_order(
    rows: npt.NDArray[np.intp], x: npt.NDArray[np.float64], digests: DigestArray
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Order rows by their content, so that the order in which they were given changes nothing."""
    order = np.argsort(digests[rows], kind="stable")
    return rows[order], x[order]


def _out_of_fold(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], same: DigestArray | None, seed: int
) -> tuple[str, npt.NDArray[np.float64]]:
    with one_thread():
        chosen = choose(x, y, classes=True, seed=seed)
        own, _ = out_of_fold(chosen.learner, x, y, folds_of(len(x), seed, same), seed=seed)
    return chosen.name, np.clip(own, 0, 1)
