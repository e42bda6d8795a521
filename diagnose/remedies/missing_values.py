"""Columns that miss values more often on one side are repaired at their source, or filled alike with a flag."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.data import Split
from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.column_shift import ColumnShifts, MissingShift
from diagnose.remedies.case import Case
from diagnose.remedies.places import form_of, reading
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import MISSINGNESS
from diagnose.remedies.wording import Verbatim, snippet

SOURCE = "Little & Rubin (2019), Statistical Analysis with Missing Data; Breck et al. (2019), Data Validation for ML"
NAMED = 20
GONE = 0.5
"""Share of missing values on one side from which a column tells little there and is dropped sooner than filled."""
SURE = 0.05

FILL = {
    "table": """\
columns = $columns
train[columns].isna().mean(), $held[columns].isna().mean()  # ask first why these differ
fill = train[columns].mode().iloc[0]  # of training, for both
for rows in (train, $held):
    rows[[f"{name} is missing" for name in columns]] = rows[columns].isna().to_numpy()
    rows[columns] = rows[columns].fillna(fill)""",
}
DROP = {
    "table": """\
columns = $columns
train, $held = train.drop(columns=columns), $held.drop(columns=columns)""",
}


def missing_values(case: Case) -> Iterator[Proposal]:
    """Propose what the gaps call for: to drop a column that is mostly missing on one side, else to fill alike."""
    shifts: ColumnShifts | None = case.measure("column_shift")
    finding = case.found(MISSINGNESS)
    train = case.rows_of("train")
    if shifts is None or finding is None or not case.shows(MISSINGNESS) or train is None or not case.held_out:
        return
    named = {name for where in finding.where if where.kind == "columns" for name in where.names}
    for split in case.held_out:
        gaps = [g for g in shifts.missing if g.split == split.name and g.name in named and g.q <= SURE]
        gaps.sort(key=lambda g: -abs(g.second - g.first))
        gone = [g for g in gaps if max(g.first, g.second) >= GONE]
        filled = [g for g in gaps if g not in gone]
        if gone:
            yield _drop(train, split, gone)
        if filled:
            yield _fill(train, split, filled)
        if gaps:
            return


def _told(gaps: list[MissingShift], split: Split) -> str:
    first = gaps[0]
    more = f" (and {len(gaps) - 1} more)" if len(gaps) > 1 else ""
    return (
        f"{first.name} is missing in {first.first:.1%} of the training and {first.second:.1%} of the "
        f"{SPLITS[split.name]} rows{more}"
    )


def _drop(train: Split, split: Split, gaps: list[MissingShift]) -> Proposal:
    names = [gap.name for gap in gaps]
    remedy = Remedy(
        {"drop_columns": names[:100]},
        f"Find out why {_names(names)} {'are' if len(names) > 1 else 'is'} missing, or train without "
        f"{'them' if len(names) > 1 else 'it'}",
        f"{_told(gaps, split)}: most of what the model learnt from it is not there to be used",
        (Cause.COVARIATE_SHIFT,),
        Basis.RULE_OF_THUMB,
        source=SOURCE,
        code=_code(DROP, train, split, names),
        framework="pandas" if form_of(train) == "table" else "",
        cost="one more run",
    )
    return Proposal(remedy, "missing_dropped", (), Effort.RUN)


def _fill(train: Split, split: Split, gaps: list[MissingShift]) -> Proposal:
    names, first = [gap.name for gap in gaps], gaps[0]
    remedy = Remedy(
        {"fill_missing": names[:100], "flag": True},
        f"Find out why {_names(names)} {'go' if len(names) > 1 else 'goes'} missing more often on one side; until then "
        "fill both alike, with a flag",
        _told(gaps, split),
        (Cause.COVARIATE_SHIFT,),
        Basis.RULE_OF_THUMB,
        source=SOURCE,
        code=_code(FILL, train, split, names),
        framework="pandas" if form_of(train) == "table" else "",
        effect=Measured(
            f"difference of the shares of missing {first.name}", first.second - first.first, "share", first.low,
            first.high,
        ),
        cost="minutes to look; one more run",
    )  # fmt: skip
    return Proposal(remedy, "missing_filled", (), Effort.RUN)


def _code(templates: dict[str, str], train: Split, split: Split, names: list[str]) -> str:
    form = form_of(train)
    lines = snippet(templates, form, columns=Verbatim(repr(names[:NAMED])), held=Verbatim(split.name))
    return reading(train, split) + lines if lines else ""


def _names(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
