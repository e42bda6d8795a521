"""What is shown first: an order for people that loses nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from diagnose.differential import SETTLES
from diagnose.finding import Cause, DataColumn, Diagnosis, Level, Outcome, ReadData, Severity, Status, Verdict
from diagnose.reports import missing, render, views
from report_examples import broken_analyzer, healthy, many_causes, nothing_examined, overfitting


def test_all_causes_are_there_the_surest_first():
    for diagnosis in (overfitting(), many_causes(), nothing_examined(), replace(healthy(), verdicts={})):
        rows = views.cause_rows(diagnosis)
        assert {row.cause for row in rows} == set(Cause)
        levels = [list(Level).index(row.level) for row in rows]
        assert levels == sorted(levels)
    assert views.cause_rows(overfitting())[0].cause is Cause.OVERFITTING


def test_order_does_not_depend_on_the_order_of_the_mapping():
    diagnosis = overfitting()
    turned = replace(diagnosis, verdicts=dict(reversed(diagnosis.verdicts.items())))
    assert views.cause_rows(diagnosis) == views.cause_rows(turned)


def test_the_reason_shown_first_fits_the_level():
    def reason(level):
        verdict = Verdict(Cause.FREEZING, level, 0.5, ("for it",), ("against it",), ("a way",))
        rows = views.cause_rows(replace(healthy(), verdicts={"freezing": verdict}))
        return next(row for row in rows if row.cause is Cause.FREEZING).reason

    assert [reason(level) for level in Level] == [*["for it"] * 4, "to tell: a way"]


def test_without_a_finding_the_reason_is_the_pass_that_leaves_most():
    verdict = Verdict(Cause.OVERFITTING, Level.UNLIKELY, 0.3, (), ("p = 1", "the gap hardly grew", "no score"))
    outcomes = (
        Outcome("A1", Cause.OVERFITTING, Status.PASSED, "p = 1", 0.02),
        Outcome("A2", Cause.OVERFITTING, Status.PASSED, "the gap hardly grew", 0.3),
        Outcome("A3", Cause.OVERFITTING, Status.PASSED, "no score"),
        Outcome("A4", Cause.FREEZING, Status.PASSED, "p = 1", 0.9),
    )
    diagnosis = replace(healthy(), verdicts={"overfitting": verdict}, outcomes=outcomes)
    row = next(row for row in views.cause_rows(diagnosis) if row.cause is Cause.OVERFITTING)
    assert (row.reason, *row.more) == ("the gap hardly grew", "p = 1", "no score")


FROZEN = "say what is frozen: --context frozen=backbone trainable_parameters=5130 n_train=800"


@pytest.mark.parametrize(
    ("way", "known", "shown"),
    [
        (FROZEN, {}, ["say what is frozen: --context frozen=backbone trainable_parameters=… n_train=…"]),
        (
            FROZEN,
            {"n_train": 3},
            ["say what is frozen: --context frozen=backbone trainable_parameters=…; n_train is known"],
        ),
        (
            FROZEN,
            {"n_train": 3, "frozen": "none"},
            ["say what is frozen: --context trainable_parameters=…; frozen, n_train are known"],
        ),
        ("give the number of samples: --context n_val=1000", {"n_val": 5}, []),
        ("log the rate, or give it: --context learning_rate=1e-3", {"learning_rate": 0.1}, ["log the rate"]),
        ("log the rate, or give it: --context learning_rate=1e-3", {}, [
            "log the rate, or give it: --context learning_rate=…"]),
        ("say what a baseline scores, e.g. --context n_classes=10", {}, [
            "say what a baseline scores, e.g. --context n_classes=…"]),
        ("log more", {"n_train": 3}, ["log more"]),
    ],
)  # fmt: skip
def test_wishes_hold_neither_what_was_given_nor_made_up_values(way, known, shown):
    diagnosis = replace(healthy(), run=replace(healthy().run, context=known))
    assert list(views.wishes((way,), diagnosis)) == shown


def test_all_wishes_of_the_differential_are_understood():
    for way in SETTLES.values():
        for shown in views.wishes((way,), replace(healthy(), run=replace(healthy().run, context={}))):
            assert not re.search(r"=\S*\d", shown), shown


def test_findings_stand_by_weight():
    weights = [(f.severity, f.probability) for f in views.findings_by_weight(many_causes())]
    assert [severity for severity, _ in weights] == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_outcomes_are_all_there_broken_first():
    grouped = views.outcomes_by_status(broken_analyzer())
    assert grouped[0][0] is Status.BROKEN
    assert sum(len(members) for _, members in grouped) == len(broken_analyzer().outcomes)
    assert views.broken(overfitting()) == ()


def test_wishes_stand_once_with_all_they_would_settle():
    first, second, third = missing.requests(overfitting())
    assert len(first.causes) == 5
    assert second.causes == ("Freezing", "Training program")
    assert third.causes == ("Overfitting",)


def test_causes_that_need_the_data_share_one_wish_until_a_check_speaks_of_them():
    own = {str(c): Verdict(c, Level.NOT_EXAMINED, would_settle=(f"look at {c}",)) for c in views.DATA_CAUSES}
    diagnosis = replace(healthy(), verdicts=own)
    (wish,) = missing.requests(diagnosis)
    assert (wish.what, len(wish.causes)) == (views.DATA_WISH, len(views.DATA_CAUSES))
    reasons = {row.cause: (row.reason, row.more) for row in views.cause_rows(diagnosis)}
    assert reasons[Cause.LEAKAGE] == (views.DATA_REASON, ("to tell: look at leakage",))
    checked = replace(diagnosis, outcomes=(Outcome("LEA1", Cause.LEAKAGE, Status.SKIPPED, "no rows"),))
    assert [wish.what for wish in missing.requests(checked)] == [views.DATA_WISH, "look at leakage"]


def test_nothing_is_wished_for_a_cause_that_the_evidence_speaks_against():
    for level in Level:
        verdict = Verdict(Cause.INSTABILITY, level, 0.2, would_settle=("log more",))
        wished = missing.requests(replace(healthy(), verdicts={"instability": verdict}))
        assert bool(wished) == (level not in {Level.UNLIKELY, Level.RULED_OUT})


def test_runs_stand_worst_first_and_equal_ones_stay_in_order():
    a, b = replace(healthy(), seed=1), replace(healthy(), seed=2)
    likely = replace(overfitting(), main="regularization")
    ranked = views.worst_first([a, nothing_examined(), b, likely, many_causes(), overfitting()])
    assert ranked == [many_causes(), overfitting(), likely, nothing_examined(), a, b]


def test_end_points_are_those_of_the_run():
    ends = {end.name: end for end in views.end_points(overfitting())}
    assert list(ends) == ["loss", "val_loss", "accuracy", "val_accuracy"]
    assert ends["val_loss"].best_step == 23
    assert ends["loss"].best is None
    assert views.validation_loss(overfitting()) == ends["val_loss"]
    assert views.validation_loss(nothing_examined()) is None


def of_data_alone(outputs=False, verdicts=None, outcomes=()) -> Diagnosis:
    columns = (DataColumn("age", "input", "number"), *([DataColumn("outputs", "output", "number")] if outputs else []))
    data = tuple(ReadData(name, f"{name}.csv", 9, columns) for name in ("train", "val"))
    run = replace(healthy().run, curves=(), n_points=0, sources=(), data=data, context={})
    return replace(healthy(), run=run, verdicts=verdicts or {}, outcomes=outcomes)


UNLOGGED = {
    str(cause): Verdict(cause, Level.NOT_EXAMINED, would_settle=("log the training loss every epoch", "log more"))
    for cause in Cause if cause not in views.DATA_CAUSES
}  # fmt: skip
SKIPPED = (
    Outcome("OVF102", Cause.OVERFITTING, Status.SKIPPED, "no loss", settle="log the training loss every epoch"),
    Outcome("EVA901", Cause.EVALUATION, Status.SKIPPED, "no n", settle="give their number: --context n_val=1000"),
    Outcome("EVA908", Cause.EVALUATION, Status.SKIPPED, "no outputs", settle="give the predictions: --prediction C"),
    Outcome("LKG143", Cause.LEAKAGE, Status.SKIPPED, "no groups", settle="say which column is the group: --group N"),
)


def test_data_alone_wish_for_predictions_first_and_for_a_log_last_in_one_line():
    wished = missing.requests(of_data_alone(verdicts=UNLOGGED, outcomes=SKIPPED))
    assert [wish.what for wish in wished] == [
        missing.OUTPUT_WISH, "say which column is the group: --group N", missing.LOG_WISH
    ]  # fmt: skip
    assert wished[-1].causes[0] == "Overfitting"
    assert "Evaluation" in wished[0].causes
    # those that were given are not asked for
    given = missing.requests(of_data_alone(outputs=True, verdicts=UNLOGGED, outcomes=SKIPPED[:2]))
    assert [wish.what for wish in given] == [missing.LOG_WISH]


def test_what_a_log_would_show_stands_apart_and_last():
    verdicts = UNLOGGED | {"leakage": Verdict(Cause.LEAKAGE, Level.NOT_EXAMINED)}
    diagnosis = of_data_alone(verdicts=verdicts, outcomes=SKIPPED)
    of_rest, of_log = missing.not_examined(diagnosis)
    assert of_rest.startswith("Not examined: ")
    assert "leakage" in of_rest
    assert of_log.startswith("Not examined, for want of a training log: overfitting, ")
    titles = [row.title for row in views.cause_rows(diagnosis)]
    assert titles.index("Leakage") < titles.index("Overfitting")
    reasons = {row.cause: row.reason for row in views.cause_rows(diagnosis)}
    assert reasons[Cause.FREEZING] == views.LOG_REASON
    # beside a log, the ways to log more stand as they are
    logged = replace(healthy(), verdicts=UNLOGGED, outcomes=SKIPPED)
    assert len(missing.not_examined(logged)) == 1
    assert "log more" in [wish.what for wish in missing.requests(logged)]


def test_forms_wish_alike():
    diagnosis = of_data_alone(verdicts=UNLOGGED, outcomes=SKIPPED)
    for form in ("text", "markdown", "html"):
        shown = " ".join(re.sub(r"<[^>]+>|\\", "", render(diagnosis, form)).split())
        places = [shown.index(wish.what[:24]) for wish in missing.requests(diagnosis)]
        assert places == sorted(places), form
        assert "What would settle more" in shown
