"""What is shown first: an order for people that loses nothing."""

from __future__ import annotations

from dataclasses import replace

from diagnose.finding import Cause, Level, Severity, Status, Verdict
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
        verdict = Verdict(Cause.LEAKAGE, level, 0.5, ("for it",), ("against it",), ("a way",))
        rows = views.cause_rows(replace(healthy(), verdicts={"leakage": verdict}))
        return next(row for row in rows if row.cause is Cause.LEAKAGE).reason

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
