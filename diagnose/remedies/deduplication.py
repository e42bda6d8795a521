"""Held-out rows that are training rows, or nearly, are dropped: by number, from a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Split
from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.chance import NORMAL_95, wilson
from diagnose.remedies.case import Case
from diagnose.remedies.places import form_of, framework_of, named_rows, row_header, using
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.row_files import Cell, RowFile
from diagnose.remedies.symptoms import COPIED, NEARLY_COPIED
from diagnose.remedies.wording import Verbatim, counted

BARZ = "Barz & Denzler (2020), Do We Train on Test Data? Purging CIFAR of Near-Duplicates, J. Imaging 6(6)"
MOST_DROPPED = 0.9
"""Of the held-out rows: what would be left is no validation set, and a new one has to be drawn."""
LEAST_SCORED = 30
"""Rows without copies from which their score is told: as for EVA901."""

DROP = {
    "table": """\
drop = pd.read_csv($file)["row"].to_numpy()
$held = $held.drop(index=$held.index[drop]).reset_index(drop=True)""",
    "array": """\
drop = np.loadtxt($file, delimiter=",", skiprows=1, usecols=0, dtype=int, ndmin=1)
x_$held, y_$held = np.delete(x_$held, drop, axis=0), np.delete(y_$held, drop, axis=0)""",
    "files": """\
drop = set(pd.read_csv($file)["name"])  # paths below the folder of the images
$held = [path for path in $held if path not in drop]""",
}


@dataclass(frozen=True, eq=False)
class Dropped:
    """Rows of one held-out split that training knows, in order, with the training row of each and how near it is."""

    split: Split
    rows: npt.NDArray[np.int64]
    partners: npt.NDArray[np.int64]
    near: npt.NDArray[np.bool_]


def deduplication(case: Case) -> Iterator[Proposal]:
    """Propose to drop the copies, where enough rows are left."""
    for split in case.held_out:
        found = known_rows(case, split)
        if 0 < len(found.rows) < MOST_DROPPED * split.n:
            yield _drop(case, found)


def known_rows(case: Case, split: Split) -> Dropped:
    """Return the rows of a split that are copies, exact or near, as far as findings say so."""
    rows, partners, near = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.bool_)]
    if case.shows(COPIED):
        for exact in case.measure("copies") or ():
            if exact.split == split.name:
                rows, partners = [*rows, exact.rows], [*partners, exact.partners]
                near = [*near, np.zeros(len(exact.rows), np.bool_)]
    if case.shows(NEARLY_COPIED):
        for close in case.measure("near_copies") or ():
            if close.split == split.name:
                rows, partners = [*rows, close.found.rows], [*partners, close.found.partners]
                near = [*near, np.ones(len(close.found.rows), np.bool_)]
    distinct, first = np.unique(np.concatenate(rows), return_index=True)
    return Dropped(split, distinct, np.concatenate(partners)[first], np.concatenate(near)[first])


def _drop(case: Case, found: Dropped) -> Proposal:
    split, words, count = found.split, SPLITS[found.split.name], len(found.rows)
    close = int(found.near.sum())
    exact = count - close
    kinds = [f"{counted(exact)} equal a training row" if exact else "", f"{counted(close)} nearly do" if close else ""]
    name = f"drop_{split.name}_rows.csv"
    effect = _honest(case, found)
    form = form_of(split)
    lines = using(case, DROP, form, split, file=name, held=Verbatim(split.name))
    remedy = Remedy(
        {"drop_rows": {"split": split.name, "file": name, "rows": count}},
        f"Drop {counted(count)} of the {counted(split.n)} {words} rows, before anything else is done with them",
        f"{' and '.join(filter(None, kinds))}: of these the model knows the answer",
        (Cause.LEAKAGE,),
        Basis.ESTIMATED if effect is not None else Basis.RULE_OF_THUMB,
        source=BARZ,
        code=lines,
        framework=framework_of(form),
        effect=effect,
        cost=f"none; {counted(split.n - count)} rows are left, and the honest score is lower as a rule",
    )
    return Proposal(remedy, f"drop_{split.name}", (), Effort.LOOK, comes_first=True, files=(_file(case, found, name),))


def _file(case: Case, found: Dropped, name: str) -> RowFile:
    train = case.rows_of("train")

    def rows() -> Iterator[tuple[Cell, ...]]:
        why = ["nearly a training row" if near else "equals a training row" for near in found.near.tolist()]
        partners = found.partners.tolist()
        if train is None or train.rows is None:
            yield from named_rows(found.split, found.rows, why, partners)
        else:
            yield from named_rows(found.split, found.rows, why, partners, [train.rows[p] for p in partners])

    more = ("train_name",) if train is not None and train.rows is not None else ()
    words = SPLITS[found.split.name]
    return RowFile(
        name,
        f"{words.capitalize()} rows to drop: each equals a training row, or nearly, which stands beside it.",
        (*row_header(found.split), "why", "train_row", *more),
        rows,
    )


def _honest(case: Case, found: Dropped) -> Measured | None:
    """Return the held-out loss of the rows that are no copies."""
    losses = next((one for one in case.measure("row_losses") or () if one.split == found.split.name), None)
    if losses is None:
        return None
    left = losses.values[~np.isin(losses.rows, found.rows)]
    if len(left) < LEAST_SCORED:
        return None
    value = float(left.mean())
    if losses.unit == "error rate":
        low, high = wilson(value, len(left))
    else:
        error = NORMAL_95 * float(left.std(ddof=1)) / len(left) ** 0.5
        low, high = value - error, value + error
    words = (
        f"{losses.unit} on the {SPLITS[found.split.name]} rows that are left ({float(losses.values.mean()):.3g} now)"
    )
    return Measured(words, value, "share" if losses.unit == "error rate" else losses.unit, low, high)
