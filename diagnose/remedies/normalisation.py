"""Columns that hold the same values in another unit, or are of another kind, are prepared as in training."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.data import Split
from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.column_facts import ColumnFacts
from diagnose.remedies.case import Case, Unit
from diagnose.remedies.places import form_of, framework_of, using
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import MISMATCHED
from diagnose.remedies.wording import Verbatim, four_digits

SOURCE = "Breck et al. (2019), Data Validation for Machine Learning, MLSys"
NAMED = 20
"""Columns that code lists."""

RESCALE = {
    "table": """\
for name, factor, offset in $units:
    $held[name] = ($held[name] - offset) / factor  # as training has it""",
    "array": """\
for place, factor, offset in $units:  # columns by their place
    x_$held[:, place] = (x_$held[:, place] - offset) / factor  # as training has it""",
    "files": "${held}_images = ${held}_images * $factor  # as training has them",
}


def normalisation(case: Case) -> Iterator[Proposal]:
    """Propose to undo the other unit, for the first held-out split that has one; and the same columns on both sides."""
    facts: ColumnFacts | None = case.measure("column_facts")
    if facts is None or not case.shows(MISMATCHED) or not case.data_are_at_hand:
        return
    for split in case.held_out:
        units = [unit for unit in case.units if unit.split == split.name]
        if units:
            yield _rescale(case, split, units)
            break
    if facts.kinds or facts.only_train or facts.only_held_out:
        yield _same_columns(facts)


def _rescale(case: Case, split: Split, units: list[Unit]) -> Proposal:
    train = case.rows_of("train")
    assert train is not None
    words = SPLITS[split.name]
    form = "files" if units[0].is_computed else form_of(split)
    first, more = units[0], f", and {len(units) - 1} more" if len(units) > 1 else ""
    worst = max(units, key=lambda unit: unit.left)
    places = {column.name: place for place, column in enumerate(train.columns)}
    listed = [(places[u.name] if form == "array" else u.name, u.factor, u.offset) for u in units[:NAMED]]
    code = using(
        case,
        RESCALE,
        form,
        split,
        held=Verbatim(split.name),
        units=Verbatim(repr(listed)),
        factor=Verbatim(repr(four_digits(1 / first.factor))),
    )
    several = len(units) > 1
    remedy = Remedy(
        {"rescale": {"split": split.name, "columns": {u.name: [u.factor, u.offset] for u in units[:100]}}},
        f"Prepare {first.name}{more} of the {words} data as in training: "
        f"{'they are' if several else 'it is'} in another unit",
        f"{first.name} is {first.words}: rescaled, the {words} values differ from training's by "
        f"{first.left:.2g} in KS distance instead of {first.before:.2g}",
        (Cause.COVARIATE_SHIFT,),
        Basis.ESTIMATED,
        source=SOURCE,
        code=code,
        framework=framework_of(form) if code else "",
        effect=Measured(f"KS distance of {worst.name} that is left", worst.left),
        cost="minutes; then audit again, as nothing else of these columns is known before",
    )
    return Proposal(remedy, "rescale", (), Effort.LOOK, comes_first=True)


def _same_columns(facts: ColumnFacts) -> Proposal:
    lacking = list(dict.fromkeys(name for name, _ in facts.only_train))
    extra = list(dict.fromkeys(name for name, _ in facts.only_held_out))
    kinds = list(dict.fromkeys(name for name, *_ in facts.kinds))
    said = [
        f"{_listed(lacking)} only in training" if lacking else "",
        f"{_listed(extra)} only in the held-out data" if extra else "",
        f"{_listed(kinds)} of another kind there" if kinds else "",
    ]
    remedy = Remedy(
        {"same_columns": {"only_train": lacking[:100], "only_held_out": extra[:100], "kinds": kinds[:100]}},
        f"Prepare both data sets by one and the same code: {_listed([*kinds, *lacking, *extra])}",
        "; ".join(filter(None, said)),
        (Cause.COVARIATE_SHIFT,),
        Basis.RULE_OF_THUMB,
        source=SOURCE,
        cost="minutes to hours; a column that one side cannot have is dropped from both",
    )
    return Proposal(remedy, "same_columns", (), Effort.LOOK, comes_first=True)


def _listed(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
