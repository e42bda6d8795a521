"""Rows whose labels contradict their inputs are looked at, by number, from a file; equal rows get one label."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from diagnose.data import Kind, Split
from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measures.label_conflicts import LabelConflicts
from diagnose.measures.suspect_labels import SuspectLabels
from diagnose.remedies.case import Case
from diagnose.remedies.places import form_of, framework_of, named_rows, row_header, using
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.row_files import Cell, RowFile
from diagnose.remedies.symptoms import CONFLICTING_LABELS, WRONG_LABELS
from diagnose.remedies.wording import counted

LABELS_FILE = "suspicious_labels.csv"
NORTHCUTT = "Northcutt, Jiang & Chuang (2021), Confident Learning, arXiv 1911.00068"
A_MINUTE = 6
"""Labels that a person judges in a minute, with the inputs on the screen."""

REVIEW = {
    "table": """\
suspects = pd.read_csv($file)  # the most suspicious first: look at each before anything is changed
print(train.iloc[suspects["row"]].assign(meant=suspects["meant"].to_numpy()).head(20))
repaired = suspects[suspects["meant"].notna()]  # of these, keep the lines that you agree with
train.loc[train.index[repaired["row"]], $label] = repaired["meant"].astype(train[$label].dtype).to_numpy()""",
    "array": """\
suspects = np.loadtxt($file, int, delimiter=",", skiprows=1, usecols=0, ndmin=1)
print(y_train[suspects[:20]])  # the most suspicious first: look at each before anything is changed
x_train = np.delete(x_train, suspects, axis=0)  # or train without those that you cannot judge
y_train = np.delete(y_train, suspects, axis=0)""",
    "files": """\
suspects = pd.read_csv($file)  # paths below the folder of the images, the most suspicious first
print(suspects.head(20))  # look at each, and move it to the folder of its class""",
}


def label_repair(case: Case) -> Iterator[Proposal]:
    """Propose to look at the rows that are named."""
    train = case.rows_of("train")
    if train is None or train.label is None or not case.acts_on(Cause.LABEL_ERRORS):
        return
    found: SuspectLabels | None = case.measure("suspect_labels") if case.shows(WRONG_LABELS) else None
    conflicts: LabelConflicts | None = case.measure("label_conflicts") if case.shows(CONFLICTING_LABELS) else None
    rows = list(_suspects(train, found, conflicts))
    if rows:
        yield _review(case, train, found, conflicts, rows)


def _suspects(
    train: Split, found: SuspectLabels | None, conflicts: LabelConflicts | None
) -> Iterator[tuple[int, str, str, str]]:
    """Yield each row once: its number, its label, the one it is likely to mean, and why."""
    given = _labels(train)
    seen: set[int] = set()
    if found is not None:
        for row, meant in zip(found.rows.tolist(), found.meant, strict=True):
            seen.add(row)
            yield row, given(row), meant, "rows like it have another label"
    if conflicts is not None:
        for row in conflicts.rows.tolist():
            if row not in seen:
                yield row, given(row), "", "a row with equal inputs has another label"


def _labels(train: Split) -> Callable[[int], str]:
    """Return what says the label of a row as text."""
    label = train.label
    assert label is not None
    if label.kind is Kind.CATEGORY:
        return lambda row: label.levels[label.values[row]] if label.values[row] >= 0 else ""
    return lambda row: f"{label.values[row]:.6g}"


def _review(
    case: Case, train: Split, found: SuspectLabels | None, conflicts: LabelConflicts | None,
    rows: list[tuple[int, str, str, str]],
) -> Proposal:  # fmt: skip
    assert train.label is not None
    n = len(rows)
    said = []
    if found is not None and len(found.rows):
        said.append(
            f"a probe that did not see them contradicts {counted(len(found.rows))} of {counted(found.n)} labels where "
            "it is nearly always right"
        )
    if conflicts is not None and len(conflicts.rows):
        said.append(f"{counted(len(conflicts.rows))} rows equal others that carry another label")
    form = form_of(train)
    share = n / (found.n if found is not None else conflicts.n if conflicts is not None else n)
    remedy = Remedy(
        {"review_labels": {"split": "train", "file": LABELS_FILE, "rows": n}},
        f"Look at {counted(n)} training labels that are likely wrong, the most suspicious first",
        "; ".join(said),
        (Cause.LABEL_ERRORS,),
        Basis.ESTIMATED,
        source=NORTHCUTT,
        code=using(case, REVIEW, form, train, file=LABELS_FILE, label=train.label.name),
        framework=framework_of(form),
        effect=Measured("share of the training labels to look at", share, "share"),
        cost=f"about {_minutes(n)} of looking",
    )
    return Proposal(remedy, "labels", (), Effort.LOOK, comes_first=True, files=(_file(train, rows),))


def _minutes(n: int) -> str:
    minutes = max(1, round(n / A_MINUTE))
    return f"{minutes} minute{'s' if minutes > 1 else ''}" if minutes < 90 else f"{minutes / 60:.0f} hours"


def _file(train: Split, rows: list[tuple[int, str, str, str]]) -> RowFile:
    def made() -> Iterator[tuple[Cell, ...]]:
        numbers = np.array([row[0] for row in rows], np.int64)
        yield from named_rows(train, numbers, *([row[k] for row in rows] for k in (1, 2, 3)))

    what = "Training rows whose label is likely wrong, the most suspicious first, and what is likely meant."
    return RowFile(LABELS_FILE, what, (*row_header(train), "label", "meant", "why"), made)
