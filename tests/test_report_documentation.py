"""Documentation of codes: its Markdown becomes safe HTML, and a plug-in may have none."""

from __future__ import annotations

import pytest

from diagnose.reports.documentation import Block, inline, parts, title
from report_examples import EXPLAIN


def test_the_five_parts_are_in_reading_order():
    found = parts(EXPLAIN, "OVF101")
    headings = [part.heading for part in found]
    assert headings == ["What it detects", "Why it matters", "The evidence", "What to do", "References"]
    assert len(found[0].blocks) == 2
    assert found[2].blocks[1] == Block("code", ("rise / gain > limit",))
    assert found[3].blocks == (Block("list", ("stop at the turning point", "regularise", "give more data")),)
    assert title(EXPLAIN, "OVF101").startswith("Validation loss turns up")


@pytest.mark.parametrize("documented", [{}, {"X": None}, {"X": object()}, {"X": "text"}])
def test_a_code_may_have_none(documented):
    assert parts(documented, "X") == ()
    assert title(documented, "Y") == ""


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("a `b*c*d` e", "a <code>b*c*d</code> e"),
        ("``x``", "<code>x</code>"),
        ("**bold** and *soft*", "<strong>bold</strong> and <em>soft</em>"),
        ("2 * 3 * 4, a*b", "2 * 3 * 4, a*b"),
        ("<script>&`<i>`", "&lt;script&gt;&amp;<code>&lt;i&gt;</code>"),
        (
            "see https://doi.org/10.1/x.",
            'see <a href="https://doi.org/10.1/x" rel="noreferrer">https://doi.org/10.1/x</a>.',
        ),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ('https://a.b/"onclick="x', '<a href="https://a.b/" rel="noreferrer">https://a.b/</a>&#34;onclick=&#34;x'),
    ],
)
def test_inline_markdown(text, html):
    assert inline(text) == html
