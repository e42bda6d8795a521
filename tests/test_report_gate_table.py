"""The gate in HTML: on the first screen, in a section of its own, in the table of runs; nowhere where none judged."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from diagnose.finding import Diagnosis
from diagnose.gated import Gate
from diagnose.reports import gate_table, sweep, views
from diagnose.reports.html import many_html, notebook_html, to_html
from report_examples import (
    EXAMPLES,
    GATED_EXAMPLES,
    HOSTILE,
    gated_failing,
    gated_hostile,
    gated_passing,
    healthy,
    overfitting,
)  # fmt: skip
from test_report_html import Page


def shown(page: str) -> str:
    return " ".join(" ".join(Page(page).text).split())


def table(diagnosis: Diagnosis) -> gate_table.GateTable:
    made = gate_table.of(diagnosis, views.findings_by_weight(diagnosis))
    assert made is not None
    return made


def test_a_run_that_no_gate_judged_shows_none():
    for name, make in EXAMPLES.items():
        assert "Gate:" not in to_html(make()), name
        assert 'id="gate"' not in to_html(make())
        assert "Gate:" not in notebook_html(make())
    assert "Gate" not in shown(many_html([overfitting(), healthy()]))


@pytest.mark.parametrize("make", [gated_failing, gated_passing])
def test_the_band_stands_between_the_sentence_and_the_causes(make):
    page = to_html(make())
    assert page.index("<h1") < page.index('<div class="gate-band') < page.index('<table class="causes"')
    assert f"Gate: {'passed' if make().gate.passed else 'failed'}" in shown(page)


def test_the_section_holds_every_ruling_problem_note_setting_and_reference():
    for make in (gated_failing, gated_passing):
        gate, text = make().gate, shown(to_html(make())).lower()
        wanted = [judged.why for judged in gate.judged] + [judged.reason for judged in gate.judged]
        wanted += [part for problem in gate.problems for part in (problem.claim, problem.todo)]
        wanted += [*gate.notes, gate.reference, *(part for pair in gate.policy for part in pair)]
        assert not [part for part in wanted if part.lower() not in text]


def test_each_ruling_leads_to_its_finding():
    diagnosis = gated_passing()
    findings = views.findings_by_weight(diagnosis)
    for row in table(diagnosis).rows:
        assert (findings[row.place - 1].code, findings[row.place - 1].claim) == (row.code, row.claim)
        assert f'href="#finding-{row.place}"' in to_html(diagnosis)


def test_what_fails_stands_first_and_the_first_screen_says_why():
    mixed = gated_passing()
    fails = replace(mixed.gate.judged[2], ruling=gate_table.Ruling.FAILS, why="it is worse")
    mixed = replace(mixed, gate=replace(mixed.gate, passed=False, judged=(*mixed.gate.judged[:2], fails)))
    made = table(mixed)
    assert next(row.wording.word for row in made.rows) == "fails"
    assert made.why == (f"{mixed.findings[2].code}: it is worse",)
    assert table(gated_passing()).why == ()


def test_a_verdict_is_not_said_twice():
    assert table(replace(overfitting(), gate=Gate(False, "Gate failed: it is worse"))).sentence == "It is worse"
    assert table(replace(overfitting(), gate=Gate(True, "all is well"))).sentence == "All is well"


def test_findings_without_a_ruling_are_said_to_be_not_judged():
    made = table(replace(overfitting(), gate=Gate(passed=True, sentence="Passed")))
    assert {row.wording.word for row in made.rows} == {"not judged"}


def test_hostile_text_of_a_gate_is_text():
    for page in (to_html(gated_hostile()), notebook_html(gated_hostile()), many_html([gated_hostile()])):
        assert "<script" not in page
        assert HOSTILE in "".join(Page(page).text)
        assert not set("\u202e\x1b") & set(page)
        assert len(page) < 300_000


@pytest.mark.parametrize("name", sorted(GATED_EXAMPLES))
def test_a_gated_page_keeps_headings_and_links_in_order(name):
    parsed = Page(to_html(GATED_EXAMPLES[name]()))
    ids = {attrs["id"] for _, attrs in parsed.tags if "id" in attrs}
    assert {a["href"][1:] for a in parsed.all("a") if a["href"].startswith("#")} <= ids
    levels = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_failing_runs_come_first_where_any_is_gated():
    runs = [overfitting("sick, no gate"), gated_passing("passes"), gated_failing("fails"), healthy("fine")]
    made = sweep.of(runs)
    assert [(row.name, row.gate) for row in made.rows] == [
        ("fails", "failed"), ("sick, no gate", ""), ("fine", ""), ("passes", "passed"),
    ]  # fmt: skip
    assert (made.is_gated, made.failed) == (True, 1)
    text = shown(many_html(runs))
    assert "1 Failed at the gate" in text
    assert gated_failing().gate.sentence in text


def test_a_notebook_has_one_line():
    cell = notebook_html(gated_failing())
    assert cell.count("Gate: failed") == 1
    assert 'href="#' not in cell
