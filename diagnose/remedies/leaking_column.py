"""A column that holds the label is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Finding, Measured, Remedy
from diagnose.measures.row_positions import RowNumbering
from diagnose.measures.single_predictors import SinglePredictors
from diagnose.remedies.case import Case
from diagnose.remedies.places import form_of, framework_of, reading
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import LABEL_IN_COLUMN, LABEL_IN_NUMBER
from diagnose.remedies.wording import Verbatim, snippet

SOURCE = "Kaufman et al. (2012), Leakage in Data Mining: Formulation, Detection, and Avoidance, TKDD 6(4)"

DROP = {
    "table": """\
leaking = $columns
train = train.drop(columns=leaking)
$held = $held.drop(columns=leaking, errors="ignore")  # then train again, and compare the scores""",
    "array": """\
leaking = $places  # columns by their place
x_train = np.delete(x_train, leaking, axis=1)
x_$held = np.delete(x_$held, leaking, axis=1)  # then train again, and compare the scores""",
}
SHUFFLE = {
    "table": "train = train.sample(frac=1, random_state=0).reset_index(drop=True)  # before any split by position",
    "array": """\
order = np.random.default_rng(0).permutation(len(x_train))
x_train, y_train = x_train[order], y_train[order]  # before any split by position""",
}


def leaking_column(case: Case) -> Iterator[Proposal]:
    """Propose to train without the column, or without the order of the rows."""
    train = case.rows_of("train")
    if train is None:
        return
    inputs = {column.name: place for place, column in enumerate(train.columns)}
    if case.shows(LABEL_IN_COLUMN):
        finding = case.found(LABEL_IN_COLUMN)
        names = [name for name in _columns(finding) if name in inputs]
        if names:
            predictors: SinglePredictors | None = case.measure("single_predictors")
            others = predictors.others if predictors is not None else None
            yield _drop(case, names, [inputs[name] for name in names], finding, others)
    if case.shows(LABEL_IN_NUMBER):
        finding = case.found(LABEL_IN_NUMBER)
        named = set(_columns(finding))
        numberings: tuple[RowNumbering, ...] = case.measure("row_positions") or ()
        names = [one.name for one in numberings if one.name and one.name in named and one.name in inputs]
        if names:
            yield _drop(case, names, [inputs[name] for name in names], finding, None)
        else:
            yield _shuffle(case, finding)


def _columns(finding: Finding | None) -> list[str]:
    return [] if finding is None else [n for w in finding.where if w.kind == "columns" for n in w.names]


def _drop(case: Case, names: list[str], places: list[int], finding: Finding | None, others: float | None) -> Proposal:
    train = case.rows_of("train")
    assert train is not None
    form = form_of(train)
    held = case.held_out[0].name if case.held_out else "val"
    code = snippet(
        DROP, form, columns=Verbatim(repr(names)), places=Verbatim(repr(places)), held=Verbatim(held)
    )  # fmt: skip
    effect = None
    if others is not None:
        effect = Measured("skill of all other columns together", max(others, 0.0), "share of what guessing gets wrong")
    several = len(names) > 1
    remedy = Remedy(
        {"drop_columns": names},
        f"Train without {', '.join(names[:5])}{' …' if len(names) > 5 else ''}, unless "
        f"{'they are' if several else 'it is'} known before the label is",
        "the label can be read off" if finding is None else finding.claim,
        (Cause.LEAKAGE,),
        Basis.ESTIMATED if effect is not None else Basis.RULE_OF_THUMB,
        source=SOURCE,
        code=(reading(train, *case.held_out[:1]) if form == "table" else "") + code if code else "",
        framework=framework_of(form) if code else "",
        effect=effect,
        cost="one more run; the honest score will be lower",
    )
    return Proposal(remedy, "leaking_column", (), Effort.RUN, comes_first=True)


def _shuffle(case: Case, finding: Finding | None) -> Proposal:
    train = case.rows_of("train")
    assert train is not None
    form = form_of(train)
    code = snippet(SHUFFLE, form)
    remedy = Remedy(
        {"shuffle": "train"},
        "Shuffle the rows before they are split or cut into batches, and give the model no number of the row",
        "the order tells the label" if finding is None else finding.claim,
        (Cause.LEAKAGE,),
        Basis.RULE_OF_THUMB,
        source=SOURCE,
        code=(reading(train) if form == "table" else "") + code if code else "",
        framework=framework_of(form) if code else "",
        cost="none",
    )
    return Proposal(remedy, "shuffle", (), Effort.NOTHING)
