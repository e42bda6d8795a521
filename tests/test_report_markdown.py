"""Markdown: short, and inert whatever the names are."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from diagnose.gated import Problem
from diagnose.reports import load, render
from diagnose.reports.markdown import many_markdown, to_markdown
from report_examples import (
    EXAMPLES,
    GATED_EXAMPLES,
    HOSTILE,
    LONG,
    RTL,
    broken_analyzer,
    gated_failing,
    gated_hostile,
    gated_passing,
    healthy,
    many_runs,
    overfitting,
)

GITHUB_LIMIT = 65_536


def html_of(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_fits_a_comment(name):
    assert len(to_markdown(EXAMPLES[name]())) < 6000
    assert len(many_markdown([EXAMPLES[name]()] * 2000)) < GITHUB_LIMIT


def test_holds_sentence_causes_finding_and_remedy():
    page = html_of(to_markdown(overfitting()))
    assert "<h3>Overfitting, confirmed" in page
    assert "<strong>Overfitting</strong></td>" in page
    assert "<code>OVF101</code> error, 97%" in page
    assert '<code class="language-python">keras.callbacks.EarlyStopping(' in page
    assert "Not examined: freezing" in page
    assert page.count("<table>") == 1


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_row_of_a_table_has_its_cells(name):
    rows = [line for line in to_markdown(EXAMPLES[name]()).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {5}


def test_names_are_inert():
    page = html_of(to_markdown(EXAMPLES["hostile"]()))
    assert "<script" not in page
    assert "<img" not in page
    assert "href" not in page
    assert "<strong>bold</strong>" not in page
    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in page
    assert not set("\x1b\u202e") & set(page)


def test_a_crash_is_said_and_a_healthy_run_has_no_findings():
    assert "**Incomplete:** PLG101 crashed" in to_markdown(broken_analyzer())
    fine = to_markdown(healthy())
    assert "Incomplete" not in fine
    assert "Findings" not in fine
    assert "What to do" not in fine


def test_many_runs_are_a_table_that_says_what_it_leaves_out():
    page = many_markdown(many_runs(60))
    assert "60 runs, 40 healthy" in page
    assert "10 more runs are not shown" in page
    assert "not shown" not in many_markdown(many_runs(50))


def test_each_finding_shows_its_numbers_beside_their_limits():
    page = to_markdown(overfitting())
    assert "\n  - gain given back: 28.3% (24.9% to 31.2%), limit above 10%; gap at the end" in page
    long = replace(overfitting().findings[0], evidence=overfitting().findings[0].evidence * 3)
    assert "; and 5 more" in to_markdown(replace(overfitting(), findings=(long,)))


def test_the_gate_comes_first_with_what_fails_why_and_what_to_do():
    page = to_markdown(gated_failing())
    assert page.startswith("### Gate failed: 2 findings are new or worse")
    first = page[: page.index("### Overfitting")]
    assert first.count("*Why it fails:*") == 2
    assert first.count("*What to do:*") == 4
    assert "**Worse than before:** accuracy of validation fell" in first
    assert "Compared with diagnose-baseline.json" in first
    assert "<strong><code>OVF101</code></strong> Validation loss rose" in html_of(page)


def test_what_was_accepted_is_a_line_for_each_ruling():
    first = to_markdown(gated_passing()).partition("### Instability")[0]
    assert first.startswith("### Gate passed: Nothing is new")
    for line in ("Known: INS102", "Suppressed: LRN101 (the old model is retired in March)", "Tolerated: EVA103"):
        assert f"- {line}\n" in first
    assert "Gate" not in to_markdown(overfitting())


def worst_case(count: int):
    """Make as much hostile text of everything as there can be: every character of it needs an escape."""
    text = "<*@" * 4000 + HOSTILE + RTL + LONG
    one = gated_hostile()
    finding = replace(overfitting().findings[0], code=text, claim=text)
    remedy = replace(overfitting().remedies[0], title=text, why=text, code=f"{'`' * 500}\n" * 500)
    judged = replace(one.gate.judged[0], why=text, reason=text)
    problems = tuple(Problem(text, text, text) for _ in range(count))
    gate = replace(
        one.gate, sentence=text, judged=(judged,) * count, problems=problems, notes=(text,) * count, reference=text
    )
    return replace(
        one,
        run=replace(one.run, name=text),
        findings=(replace(finding, evidence=(replace(finding.evidence[0], name=text, unit=text),) * 50),) * count,
        remedies=(remedy,) * count,
        outcomes=one.outcomes * count,
        gate=gate,
    )


def test_a_thousand_findings_of_hostile_text_fit_a_comment():
    assert len(to_markdown(worst_case(1000))) < GITHUB_LIMIT
    assert len(many_markdown([worst_case(1000)] * 60)) < GITHUB_LIMIT
    many = replace(gated_failing(), findings=gated_failing().findings * 500)
    many = replace(many, gate=replace(many.gate, judged=many.gate.judged * 500))
    assert "and 994 more that fail" in to_markdown(many)


def test_hostile_gates_are_inert():
    for page in (to_markdown(gated_hostile()), many_markdown([gated_hostile()] * 2), to_markdown(worst_case(3))):
        html = html_of(page)
        assert "<script" not in html
        assert "<img" not in html
        assert not set("\x1b\u202e") & set(html)
        rows = [line for line in page.splitlines() if line.startswith("|")]
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {5, 8}


def test_of_many_runs_those_that_fail_come_first_with_their_findings():
    runs = [gated_passing("fine"), *(gated_failing(f"bad {i}") for i in range(12))]
    page = many_markdown(runs)
    assert page.startswith("### Gate failed: 12 of 13 runs fail\n\n**bad 0**\n")
    assert "and 2 more runs that fail" in page
    assert page.index("| bad 11 | failed |") < page.index("| fine | passed |")
    assert many_markdown([gated_passing(), healthy()]).startswith("### Gate passed")
    assert "Gate" not in many_markdown(many_runs(3))


@pytest.mark.parametrize("name", sorted({**EXAMPLES, **GATED_EXAMPLES}))
@pytest.mark.parametrize("form", ["markdown", "text"])
def test_rebuilt_from_json_it_is_the_same(name, form, tmp_path):
    made = {**EXAMPLES, **GATED_EXAMPLES}[name]()
    kept = load(made.save(tmp_path / "x.json"))
    assert render(kept, form) == render(load(kept.save(tmp_path / "y.json")), form)
    if "hostile" not in name:  # its unpaired surrogate is what JSON cannot hold
        assert render(kept, form) == render(made, form)
