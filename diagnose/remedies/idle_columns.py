"""Columns of one value, and copies of others, are dropped."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.data import SplitName
from diagnose.finding import Basis, Cause, Remedy
from diagnose.measures.column_facts import ColumnFacts
from diagnose.remedies.case import Case
from diagnose.remedies.places import form_of, framework_of, reading
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import MISMATCHED
from diagnose.remedies.wording import Verbatim, snippet

SOURCE = "Sculley et al. (2015), Hidden Technical Debt in Machine Learning Systems: underutilised data dependencies"
NAMED = 50

WITHOUT = {
    "table": """\
idle = $columns
train, $held = train.drop(columns=idle), $held.drop(columns=idle)""",
    "array": """\
idle = $places  # columns by their place
x_train, x_$held = np.delete(x_train, idle, axis=1), np.delete(x_$held, idle, axis=1)""",
}


def idle_columns(case: Case) -> Iterator[Proposal]:
    """Propose to drop what says nothing, beside a shift: what is not learnt from can still spoil an answer."""
    facts: ColumnFacts | None = case.measure("column_facts")
    train = case.rows_of("train")
    if facts is None or train is None or not case.held_out or not case.acts_on(Cause.COVARIATE_SHIFT):
        return
    # an idle column is information; beside a shift it is one more way in which both sides differ
    if case.mentions(MISMATCHED) is None:
        return
    twins = dict(facts.twins or ())
    names = [*facts.constant, *twins]
    if not names:
        return
    split: SplitName = case.held_out[0].name
    form = form_of(train)
    places = {column.name: place for place, column in enumerate(train.columns)}
    code = snippet(
        WITHOUT, form, columns=Verbatim(repr(names[:NAMED])), held=Verbatim(split),
        places=Verbatim(repr([places[name] for name in names[:NAMED]])),
    )  # fmt: skip
    constant = f"{', '.join(facts.constant[:3])} {'have' if len(facts.constant) > 1 else 'has'} one value in training"
    equal = "; ".join(f"{name} equals {other}" for name, other in list(twins.items())[:3])
    remedy = Remedy(
        {"drop_columns": names[:100]},
        f"Drop {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}: nothing is learnt from "
        f"{'them' if len(names) > 1 else 'it'}",
        "; ".join(filter(None, (constant if facts.constant else "", equal))),
        (Cause.COVARIATE_SHIFT,),
        Basis.RULE_OF_THUMB,
        source=SOURCE,
        code=(reading(train, case.held_out[0]) if form == "table" else "") + code if code else "",
        framework=framework_of(form) if code else "",
        cost="one more run",
    )
    yield Proposal(remedy, "idle_columns", (), Effort.RUN, comes_last=True)
