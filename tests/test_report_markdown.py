"""Markdown: short, and inert whatever the names are."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from diagnose.reports.markdown import many_markdown, to_markdown
from report_examples import EXAMPLES, HOSTILE, broken_analyzer, healthy, many_runs, overfitting

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
