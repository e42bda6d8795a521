"""Which figures a run gets: what matters first, with the marks of its findings and phases."""

from __future__ import annotations

from dataclasses import replace

from diagnose.finding import Figure, Mark
from diagnose.reports.run_charts import charts
from report_examples import curve, nan_everywhere, overfitting


def test_run_shows_loss_first_then_a_rate_that_varies():
    assert [drawn.title for drawn in charts(overfitting())] == ["Loss", "Learning rate", "Accuracy"]
    run = overfitting().run
    constant = curve("lr", "train", "learning_rate", [1e-3] * 60)
    still = replace(overfitting(), run=replace(run, learning_rate=constant))
    assert [drawn.title for drawn in charts(still)] == ["Loss", "Accuracy"]


def test_findings_and_phases_are_marked_on_the_curves_they_speak_of():
    loss, rate, accuracy = charts(overfitting())
    assert [badge.codes for badge in loss.badges] == [("OVF101",), ("OVF101",), ()]
    assert [badge.text for badge in accuracy.badges] == ["phase 2 starts: learning rate 0.001 → 0.0001"]
    assert rate.badges == charts(overfitting())[1].badges


def test_nothing_finite_is_drawn_as_that():
    (drawn,) = charts(nan_everywhere())
    assert [line.value for line in drawn.lines] == ["nothing finite"] * 2
    assert len(drawn.notes) == 2


def test_what_matters_most_is_drawn_first():
    plain = [curve(f"val_class{i}_f1", "val", f"class{i}_f1", [0.1, 0.2], "higher") for i in range(3)]
    both = [curve(f"{s}_recall", s, "recall", [0.1, 0.2], "higher") for s in ("train", "val")]
    usual = [curve("val_accuracy", "val", "accuracy", [0.1, 0.2], "higher")]
    marked = [curve("val_odd", "val", "odd", [0.1, 0.2], "higher")]
    loss = [curve("val_loss", "val", "loss", [0.2, 0.1])]
    finding = replace(overfitting().findings[0], figure=Figure("curves", ("val_odd",), (Mark("line", "here", 1.0),)))
    run = replace(overfitting().run, curves=(*plain, *usual, *both, *marked, *loss), learning_rate=None)
    titles = [drawn.title for drawn in charts(replace(overfitting(), run=run, findings=(finding,)))]
    assert titles == ["Loss", "Odd", "Recall", "Accuracy", "Class0 f1", "Class1 f1", "Class2 f1"]
