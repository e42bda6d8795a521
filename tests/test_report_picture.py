"""Pictures: the curves and marks of the report, the same bytes each time, no pyplot, any text survives."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace

import matplotlib as mpl
import pytest

from diagnose import reports
from diagnose.reports import picture
from diagnose.reports.picture import PDF, PNG, SVG, figure, figure_of_many
from report_examples import EXAMPLES, curve, healthy, many_causes, many_runs, overfitting

SIGNATURES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def words(drawn) -> str:
    return " ".join(found.get_text() for found in drawn.findobj(mpl.text.Text))


@pytest.mark.parametrize("form", [PNG, SVG, PDF])
def test_same_diagnosis_same_bytes_without_date_or_version(form):
    first = form.one(overfitting(), {})
    assert first.startswith(SIGNATURES[form.NAME])
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": "other", "savefig.dpi": 50, "axes.grid": True}):
        assert form.one(overfitting(), {}) == first, "the user's own settings must not change it"
    assert not [word for word in (b"Date>", b"CreationDate", b"Matplotlib v", b"matplotlib.org") if word in first]


def test_picture_shows_sentence_marks_and_ends_of_curves():
    shown = words(figure(overfitting())).replace("\n", " ")
    for wanted in (
        overfitting().sentence, "Loss", "Accuracy", "epoch", "validation loss turns up at epoch 23", "OVF101",
        "phase 2 starts", "training", "0.9726",
    ):  # fmt: skip
        assert wanted in shown
    assert "Learning rate" not in shown, "the loss and the scores only"
    assert len(figure(healthy()).axes) == 1
    assert len(figure(many_causes()).axes) == picture.MAX_CHARTS


def test_curves_lie_where_their_values_are():
    run = replace(healthy().run, curves=(curve("val_loss", "val", "loss", [3.0, 1.0, 2.0, None, 2.5]),))
    (axes,) = figure(replace(healthy(), run=run)).axes
    (line,) = axes.lines
    heights = line.get_ydata()
    ticks = dict(zip((t.get_text() for t in axes.get_yticklabels()), axes.get_yticks(), strict=True))
    assert heights[2] == pytest.approx(ticks["2.0"], abs=0.01)
    assert heights[0] < heights[4] < heights[2] < heights[1], "percent from the top"
    assert line.get_marker() == ".", "a point that stands alone is a dot"


def test_no_two_curves_need_their_colour():
    curves = tuple(curve(f"fold{i}", "val", "loss", [1.0, 0.5 + i / 10]) for i in range(4))
    curves += (curve("loss", "train", "loss", [1.0, 0.4]),)
    (axes,) = figure(replace(healthy(), run=replace(healthy().run, curves=curves))).axes
    dashes = [str(line._unscaled_dash_pattern) for line in axes.lines]
    assert len(dashes) == len(set(dashes)) == 5


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_any_diagnosis_is_drawn_without_a_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert PNG.one(EXAMPLES[name](), {}).startswith(b"\x89PNG")


def test_names_are_text_and_not_formulas():
    run = replace(healthy().run, curves=(curve("_a$\\frac{", "val", "$x_1$", [1.0, 2.0]),), unit="$u^", name="$")
    strange = replace(healthy(), sentence="costs $5 and $\\undefined{", run=run)
    assert b"$5 and $\\undefined{" in SVG.one(strange, {})
    assert PNG.many([strange, strange], {})


def test_many_runs_stand_side_by_side_worst_first():
    drawn = figure_of_many(many_runs(picture.MAX_RUNS + 2))
    headings = [axes.get_title(loc="left") for axes in drawn.axes]
    assert len(headings) == picture.MAX_RUNS
    assert headings[0] == "sweep/run-0000: overfitting"
    assert "2 more not shown" in words(drawn)
    assert PNG.many([], {}).startswith(b"\x89PNG")


def test_a_diagnosis_plots_itself_and_saves_its_picture(tmp_path):
    assert isinstance(overfitting().plot(), mpl.figure.Figure)
    for suffix, signature in SIGNATURES.items():
        assert overfitting().save(tmp_path / f"x.{suffix}").read_bytes().startswith(signature)
    assert reports.save(many_runs(2), tmp_path / "many.png").is_file()


def test_no_state_is_left_in_pyplot():
    code = (
        "import sys, diagnose.reports.picture as p; from diagnose.finding import Diagnosis, RunSummary; "
        "p.PNG.one(Diagnosis('s', 'healthy', RunSummary('n', 'epoch', 0, 0.0), {}), {}); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
