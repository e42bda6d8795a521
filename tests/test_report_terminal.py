"""Terminal: whole, plain where it is none, never wider than it, and deaf to escape sequences in names."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from diagnose.finding import Measured
from diagnose.reports import render
from diagnose.reports.terminal import print_diagnosis, print_many
from report_examples import (
    EXAMPLES,
    GATED_EXAMPLES,
    broken_analyzer,
    gated_failing,
    gated_hostile,
    gated_passing,
    hostile,
    many_causes,
    many_runs,
    nothing_examined,
    overfitting,
)


def shown(*diagnoses, width=100, encoding="utf-8", colour=False, reports=()):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    system = "truecolor" if colour else None
    console = Console(file=stream, width=width, force_terminal=colour, color_system=system, legacy_windows=False)
    if len(diagnoses) == 1:
        print_diagnosis(diagnoses[0], console, reports=reports)
    else:
        print_many(diagnoses, console, reports=reports)
    return raw.getvalue().decode(encoding)


def test_says_what_a_person_needs():
    output = " ".join(shown(overfitting(), reports=["out/report.html"]).split())
    for wanted in (
        overfitting().sentence, "● confirmed 97%", "✓ ruled out <1%", "OVF101 error, 97%", "1. Stop at epoch 23",
        "28.3% (24.9% to 31.2%); limit: above 10%", "EarlyStopping(", "Cost: none; saves 36 epochs",
        "rule of thumb: Loshchilov & Hutter (2019)",
        "Not examined: freezing", "give the training and the validation data",
            "training.csv, line 61", "report: out/report.html",
    ):  # fmt: skip
        assert wanted in output


@pytest.mark.parametrize("name", sorted(EXAMPLES))
@pytest.mark.parametrize("width", [30, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(name, width):
    for line in shown(EXAMPLES[name](), width=width).splitlines():
        assert cell_len(line) <= width


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_table_of_runs_fits_too(width):
    output = shown(*many_runs(7), many_causes(), hostile(), width=width)
    assert all(cell_len(line) <= width for line in output.splitlines())
    assert "9 runs, 4 healthy" in output


def test_a_path_of_a_report_is_not_broken():
    path = "a-folder/" * 12 + "report.html"
    assert f"report: {path}\n" in shown(overfitting(), width=40, reports=[path])


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_no_escape_sequence_without_a_terminal_or_from_a_name(name):
    assert "\x1b" not in shown(EXAMPLES[name]())
    coloured = shown(EXAMPLES[name](), colour=True)
    assert "\x1b[31mred" not in coloured
    assert "\x1b[2J" not in coloured
    assert "\u202e" not in coloured


def test_markup_in_names_is_text():
    assert "[bold]x[/bold]" in shown(hostile())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_narrow_encoding_is_survived(name, encoding):
    output = shown(EXAMPLES[name](), encoding=encoding, reports=["r\u00e9sum\u00e9-\u2192.html"])
    assert "[X] confirmed" in output or "[x] likely" in output or "[ ] unlikely" in output or "No cause" in output


def test_a_crash_is_loud_and_its_absence_silent():
    assert "BROKEN: PLG101 crashed: ZeroDivisionError" in shown(broken_analyzer())
    assert "BROKEN" not in shown(overfitting())


def test_nothing_examined_says_what_to_give():
    output = shown(nothing_examined())
    assert "No cause could be examined." in output
    assert "log val_loss every epoch" in output


def test_text_format_is_the_plain_terminal():
    text = render(overfitting(), "text")
    assert text.strip() == "\n".join(line.rstrip() for line in shown(overfitting()).splitlines()).strip()
    assert render(many_runs(3), "text").count("sweep/run-") == 3


def test_runs_beyond_the_table_are_counted():
    assert "40 more runs are not shown" in render(many_runs(240), "text")


def test_code_that_is_too_wide_stays_code():
    wide = "def closure():\n    loss = cross_entropy(logits / temperature.exp(), validation_labels)\n    return loss"
    remedy = replace(overfitting().remedies[0], code=wide)
    output = shown(replace(overfitting(), remedies=(remedy,)), width=60)
    after = output[output.index("What to do") :]
    code = [line[5:] for line in after.splitlines() if line.startswith("     ")]
    assert compile("\n".join(code).rstrip(), "shown", "exec")
    assert len([line for line in code if line.strip()]) == 4


def test_remedies_beyond_the_top_are_short_and_long_lists_are_counted():
    output = shown(overfitting())
    assert "Dropout 0 → 0.2" in output
    long = replace(overfitting().findings[0], evidence=overfitting().findings[0].evidence * 5)
    assert "and 9 more measured values; the report lists all" in shown(replace(overfitting(), findings=(long,)))


def test_a_value_that_does_not_pass_its_limit_is_said_not_to():
    evidence = (Measured("rise", 0.315, "share", limit=0.5), Measured("fall", 0.6, "share", limit=0.5))
    finding = replace(overfitting().findings[0], evidence=evidence)
    output = " ".join(shown(replace(overfitting(), findings=(finding,))).split())
    assert "rise: 31.5%; limit: above 50%, not exceeded" in output
    assert "fall: 60%; limit: above 50%" in output
    assert output.count("not exceeded") == 1


def test_the_gate_says_in_words_what_fails_why_and_what_to_do():
    output = " ".join(shown(gated_failing()).split())
    for wanted in (
        "Gate failed: 2 findings are new or worse", "- OVF101: validation loss rose by 0.48",
        "Why it fails: worse than in the baseline: gain given back 28.3%, was 12%",
        "What to do: Stop at epoch 23 and keep the best weights", "Worse than before: accuracy of validation fell",
        "What to do: give the model: --model model.keras", "Compared with diagnose-baseline.json",
    ):  # fmt: skip
        assert wanted in output
    assert output.index("Gate failed") < output.index("Strongest reason")


def test_what_the_gate_accepted_is_a_line_for_each_ruling():
    output = shown(gated_passing())
    assert "Gate passed: Nothing is new or worse" in output
    for line in ("Known: INS102", "Suppressed: LRN101 (the old model is retired in March)", "Tolerated: EVA103"):
        assert line in [shown_line.rstrip() for shown_line in output.splitlines()]
    assert "Why it fails" not in output
    assert "Gate" not in shown(overfitting())


@pytest.mark.parametrize("name", sorted(GATED_EXAMPLES))
@pytest.mark.parametrize("width", [30, 80])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_gate_fits_the_terminal_and_is_deaf_to_names(name, width, encoding):
    output = shown(GATED_EXAMPLES[name](), width=width, encoding=encoding)
    if encoding == "utf-8":  # "…" is three characters in ASCII
        assert all(cell_len(line) <= width for line in output.splitlines())
    assert not {"\x1b", "\u202e"} & set(output)


def test_hundreds_of_failures_are_counted():
    many = replace(gated_failing(), findings=gated_failing().findings * 500)
    many = replace(many, gate=replace(many.gate, judged=many.gate.judged * 500))
    assert "and 990 more failures; the report lists all" in shown(many)


def test_of_many_runs_the_gate_says_what_fails_why_and_what_to_do():
    output = " ".join(shown(gated_passing("fine"), gated_failing("bad"), *many_runs(2)).split())
    for wanted in (
        "Run bad - OVF101: validation loss rose by 0.48", "Why it fails: worse than in the baseline",
        "What to do: Stop at epoch 23", "Worse than before: accuracy of validation fell",
        "What to do: give the model: --model model.keras",
    ):  # fmt: skip
        assert wanted in output
    assert "Run fine -" not in output
    assert "What fails" not in shown(gated_passing("fine"), gated_passing("well"))
    assert "and 5 more runs that fail" in shown(*(gated_failing(f"bad{n}") for n in range(15)))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_of_many_runs_those_that_fail_come_first(width):
    output = shown(gated_passing("fine"), gated_failing("bad"), *many_runs(2), gated_hostile(), width=width)
    assert all(cell_len(line) <= width for line in output.splitlines())
    assert "gate failed: 2 fail" in " ".join(output.split())
    assert output.index("bad") < output.index("fine")
    table = output.partition("What fails")[0]
    assert table.count("failed") == 3
    assert table.count("passed") == 1
    assert "OVF101" in output
    assert "Gate" not in shown(*many_runs(3), width=width)
