"""Categories that training never saw are read as unknown, by a code that training has learnt too."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.column_shift import ColumnShifts
from diagnose.remedies.case import Case
from diagnose.remedies.places import form_of, reading
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import NEW_CATEGORIES
from diagnose.remedies.wording import Verbatim, snippet

SOURCE = (
    "Micci-Barreca (2001), A preprocessing scheme for high-cardinality categorical attributes, SIGKDD Explorations 3(1)"
)
NAMED = 20
RARE = 20
"""Training rows below which a category is read as other: so few rows teach nothing of it by themselves."""

UNKNOWN = {
    "table": """\
for name in $columns:
    counts = train[name].value_counts()
    known = counts.index[counts >= $rare]  # rarer ones, and what only $name has, are one: other
    for rows in (train, $held):
        rows[name] = rows[name].where(rows[name].isin(known) | rows[name].isna(), "other")""",
}


def new_categories(case: Case) -> Iterator[Proposal]:
    """Propose to read new categories as other."""
    shifts: ColumnShifts | None = case.measure("column_shift")
    train, finding = case.rows_of("train"), case.found(NEW_CATEGORIES)
    if shifts is None or train is None or finding is None or not case.shows(NEW_CATEGORIES):
        return
    named = {name for where in finding.where if where.kind == "columns" for name in where.names}
    for split in case.held_out:
        own = named - {column.name for column in train.columns if column.made_of}  # a file's kind is no input
        new = [level for level in shifts.levels if level.split == split.name and level.new and level.name in own]
        if not new:
            continue
        new.sort(key=lambda level: -level.new_share)
        first, more = new[0], f" (and {len(new) - 1} more columns)" if len(new) > 1 else ""
        words = SPLITS[split.name]
        form = form_of(train)
        code = snippet(
            UNKNOWN, form, columns=Verbatim(repr([level.name for level in new[:NAMED]])), rare=RARE,
            held=Verbatim(split.name), name=Verbatim(words),
        )  # fmt: skip
        remedy = Remedy(
            {"unknown_categories": {level.name: list(level.new[:10]) for level in new[:NAMED]}},
            f"Read categories of {first.name}{more} that training never saw as 'other', which training knows",
            f"{first.new_share:.1%} of the {words} rows have {first.name} in {', '.join(map(repr, first.new[:3]))}"
            f"{' …' if len(first.new) > 3 else ''}, of which the model has learnt nothing",
            (Cause.COVARIATE_SHIFT,),
            Basis.RULE_OF_THUMB,
            source=SOURCE,
            code=reading(train, split) + code if code else "",
            framework="pandas" if code else "",
            cost="one more run; or collect rows of these categories",
        )
        yield Proposal(remedy, "unknown_categories", (), Effort.RUN)
        return
