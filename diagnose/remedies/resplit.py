"""The rows are divided anew, as the model will be used: by time, by groups, or with all classes on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from diagnose.data import Split
from diagnose.finding import Basis, Cause, Finding, Measured, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.copies import Copies
from diagnose.measures.new_split import How, NewSplit, new_split
from diagnose.remedies.case import Case
from diagnose.remedies.deduplication import MOST_DROPPED, known_rows
from diagnose.remedies.places import form_of, framework_of, named_rows, row_header, using
from diagnose.remedies.proposal import NEW_SPLIT, Effort, Proposal
from diagnose.remedies.row_files import Cell, RowFile
from diagnose.remedies.symptoms import ABSENT_CLASSES, COPIED, GROUPS_SHARED, TIME_MIXED, UNSEEN_CLASSES
from diagnose.remedies.wording import Verbatim, counted

SPLIT_FILE = "split.csv"
HOW: tuple[tuple[How, str, str], ...] = (
    (
        "time",
        "by time",
        "Cerqueira, Torgo & Mozetič (2020), Evaluating time series forecasting models, Machine Learning 109",
    ),
    ("groups", "by whole groups", "Kapoor & Narayanan (2023), Leakage and the reproducibility crisis, Patterns 4(9)"),
    ("labels", "stratified by the label", "Kohavi (1995), A Study of Cross-Validation and Bootstrap, IJCAI"),
)
"""What divides, in words, and who says why."""
LEAST_HELD, LEAST_TRAIN = 20, 20
"""Rows of a side: fewer are no split, whatever divides them."""

DIVIDE = {
    "table": """\
plan = pd.read_csv($file)["split"].to_numpy()  # a line for each row of train, then of $held
rows = pd.concat([train, $held], ignore_index=True)
train, $held = (rows[plan == name].reset_index(drop=True) for name in ("train", $name))""",
    "array": """\
plan = np.loadtxt($file, str, delimiter=",", skiprows=1, usecols=2)  # a line for each row of train, then of $held
x, y = np.concatenate([x_train, x_$held]), np.concatenate([y_train, y_$held])
x_train, y_train = x[plan == "train"], y[plan == "train"]
x_$held, y_$held = x[plan == $name], y[plan == $name]""",
    "files": """\
plan = pd.read_csv($file)  # paths below the folders of the images, and where each belongs
train, $held = (plan[plan["split"] == name][["from", "name"]] for name in ("train", $name))""",
}


def resplit(case: Case) -> Iterator[Proposal]:
    """Propose one new division, of training and the first held-out split at fault."""
    train = case.rows_of("train")
    if train is None:
        return
    for split in case.held_out:
        how = _how(case, split)
        if how is None:
            continue
        found = known_rows(case, split)
        within = next((c for c in case.measure("copies") or () if c.split == "train"), None)
        plan = new_split(train, split, how, (found.rows, found.partners), _repeats(within), int(case.measure("seed")))
        n_train, n_held = plan.counts()
        if n_train >= LEAST_TRAIN and n_held >= LEAST_HELD:
            yield _divide(case, train, split, plan)
            return


def _repeats(within: Copies | None) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    none = np.zeros(0, np.int64)
    return (none, none) if within is None else (within.rows, within.partners)


def _how(case: Case, split: Split) -> How | None:
    """Return what has to divide, the strictest first; None where nothing calls for it."""
    if case.shows(TIME_MIXED) and any(o.split == split.name and o.given for o in case.measure("time_order") or ()):
        return "time"
    if case.shows(GROUPS_SHARED) and any(
        g.split == split.name and g.given and len(g.rows) for g in case.measure("shared_groups") or ()
    ):
        return "groups"
    if case.shows(COPIED) and len(known_rows(case, split).rows) >= MOST_DROPPED * split.n:
        return "labels"
    # classes on one side only, of rows that are otherwise alike: an accident of the draw, not another world
    missed = case.shows(UNSEEN_CLASSES) or case.shows(ABSENT_CLASSES)
    return "labels" if missed and not case.acts_on(Cause.COVARIATE_SHIFT) else None


def _divide(case: Case, train: Split, split: Split, plan: NewSplit) -> Proposal:
    words = SPLITS[split.name]
    title, source = next((title, source) for how, title, source in HOW if how == plan.how)
    n_train, n_held = plan.counts()
    why, effect = _why(case, plan)
    form = form_of(split)
    lines = using(
        case, DIVIDE, form, train, split, file=SPLIT_FILE, held=Verbatim(split.name), name=Verbatim(f'"{split.name}"')
    )
    dropped = int(plan.dropped.sum())
    gone = f"; {counted(dropped)} copies are left out" if dropped else ""
    remedy = Remedy(
        {"resplit": {"by": plan.how, "file": SPLIT_FILE, "train": n_train, split.name: n_held, "dropped": dropped}},
        f"Split again {title}: {counted(n_train)} training and {counted(n_held)} {words} rows{gone}",
        why,
        tuple(c for c in (Cause.LEAKAGE, Cause.LABEL_SHIFT) if case.acts_on(c)),
        Basis.ESTIMATED if effect is not None else Basis.RULE_OF_THUMB,
        source=source,
        code=lines,
        framework=framework_of(form),
        effect=effect,
        cost="one more run; scores are no longer comparable with those before",
    )
    return Proposal(remedy, "resplit", NEW_SPLIT, Effort.RUN, files=(_file(train, split, plan),))


def _why(case: Case, plan: NewSplit) -> tuple[str, Measured | None]:
    if plan.how == "time":
        finding = case.found(TIME_MIXED)
        when = "" if plan.cut is None else f"; held out is now what came after {_moment(plan.cut)}"
        return f"{_claim(finding)}{when}", None
    if plan.how == "groups":
        left = Measured("groups left on both sides", float(plan.shared_groups or 0))
        return _claim(case.found(GROUPS_SHARED)), left
    finding = case.found(COPIED) or case.found(UNSEEN_CLASSES) or case.found(ABSENT_CLASSES)
    effect: Measured | None = None
    if plan.strata is not None:
        effect = Measured("largest difference of a class's share between both sides", plan.strata, "share")
    return _claim(finding), effect


def _claim(finding: Finding | None) -> str:
    return "rows stand on the wrong side" if finding is None else finding.claim


def _moment(seconds: float) -> str:
    if not -62_000_000_000 < seconds < 250_000_000_000:  # years 5 to 9892
        return f"{seconds:.6g}"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}".removesuffix(" 00:00")


def _file(train: Split, split: Split, plan: NewSplit) -> RowFile:
    goes = np.where(plan.dropped, "drop", np.where(plan.is_held, split.name, "train"))

    def rows() -> Iterator[tuple[Cell, ...]]:
        for one, part in ((train, goes[: train.n]), (split, goes[train.n :])):
            for row, to in zip(named_rows(one, np.arange(one.n)), part.tolist(), strict=True):
                yield (one.name, row[0], to, *row[1:])

    header = ("from", "row", "split", *row_header(train)[1:])
    what = f"Where each row of the training and {SPLITS[split.name]} data belongs: train, {split.name} or drop."
    return RowFile(SPLIT_FILE, what, header, rows)
