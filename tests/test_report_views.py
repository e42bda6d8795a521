"""What is shown first: an order for people that loses nothing."""

from __future__ import annotations

from dataclasses import replace

from diagnose.finding import Cause, Level, Outcome, Severity, Status, Verdict
from diagnose.reports import views
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

    assert [reason(level) for level in Level] == ["for it", "for it", "against it", "against it", "to tell: a way"]


def test_findings_stand_by_weight():
    weights = [(f.severity, f.probability) for f in views.findings_by_weight(many_causes())]
    assert [severity for severity, _ in weights] == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_outcomes_are_all_there_broken_first():
    grouped = views.outcomes_by_status(broken_analyzer())
    assert grouped[0][0] is Status.BROKEN
    assert sum(len(members) for _, members in grouped) == len(broken_analyzer().outcomes)
    assert views.broken(overfitting()) == ()


def test_wishes_stand_once_with_all_they_would_settle():
    first, second, third = views.requests(overfitting())
    assert len(first.causes) == 5
    assert second.causes == ("Freezing", "Training program")
    assert third.causes == ("Overfitting",)


def test_causes_that_need_the_data_share_one_wish_until_a_check_speaks_of_them():
    own = {str(c): Verdict(c, Level.NOT_EXAMINED, would_settle=(f"look at {c}",)) for c in views.DATA_CAUSES}
    diagnosis = replace(healthy(), verdicts=own)
    (wish,) = views.requests(diagnosis)
    assert (wish.what, len(wish.causes)) == (views.DATA_WISH, len(views.DATA_CAUSES))
    reasons = {row.cause: (row.reason, row.more) for row in views.cause_rows(diagnosis)}
    assert reasons[Cause.LEAKAGE] == (views.DATA_REASON, ("to tell: look at leakage",))
    checked = replace(diagnosis, outcomes=(Outcome("LEA1", Cause.LEAKAGE, Status.SKIPPED, "no rows"),))
    assert [wish.what for wish in views.requests(checked)] == [views.DATA_WISH, "look at leakage"]


def test_nothing_is_wished_for_a_cause_that_the_evidence_speaks_against():
    for level in Level:
        verdict = Verdict(Cause.INSTABILITY, level, 0.2, would_settle=("log more",))
        wished = views.requests(replace(healthy(), verdicts={"instability": verdict}))
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
