"""A diagnosis as one HTML file that asks for nothing else: no request, no script."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from diagnose.finding import Cause, Diagnosis, Finding
from diagnose.reports import (
    documentation,
    drawings,
    facts,
    gate_table,
    numbers,
    paths,
    run_charts,
    sweep,
    views,
    wording,
)
from diagnose.reports.documentation import Explain
from diagnose.reports.figures import Chart
from diagnose.reports.json_format import as_json
from diagnose.reports.whiskers import whisker

NAME = "html"
SUFFIXES = (".html", ".htm")
MAX_EVIDENCE = 8
"""Measured values of a finding that stand open; further ones are folded away."""
LONG_SENTENCE = 110
"""Characters from which the first sentence is set smaller, so that the first screen still holds causes and remedies."""
HEADLINE = 4000
"""Characters of the first sentence: whole, unless a name in it is no name but an attack."""


def one(diagnosis: Diagnosis, explain: Explain) -> str:
    """Render for the registry."""
    return to_html(diagnosis, explain=explain)


def many(diagnoses: Sequence[Diagnosis], explain: Explain) -> str:
    """Render many runs for the registry; a sweep's table has no room for documentation."""
    del explain
    return many_html(diagnoses)


def to_html(diagnosis: Diagnosis, *, explain: Explain | None = None) -> str:
    """Render the whole report of one run.

    Parameters
    ----------
    diagnosis
        What to show.
    explain
        Documentation by code; a code without one is shown without.
    """
    pages = explain or {}
    findings = views.findings_by_weight(diagnosis)
    charts = run_charts.charts(diagnosis)
    return _rendered(
        "report.html",
        d=diagnosis,
        gate=gate_table.of(diagnosis, findings),
        rows=views.cause_rows(diagnosis),
        main=views.main_row(diagnosis),
        charts=charts,
        drawings=[drawings.of(finding) for finding in findings],
        places=_places(charts, findings),
        anchors={f.cause: f"finding-{rank}" for rank, f in reversed(list(enumerate(findings, 1)))},
        findings=findings,
        docs={f.code: (documentation.title(pages, f.code), documentation.parts(pages, f.code)) for f in findings},
        facts=facts.of(diagnosis),
    )


def many_html(diagnoses: Sequence[Diagnosis], links: Sequence[str] = ()) -> str:
    """Render a table of many runs, those that want attention first; every row opens to its verdicts.

    Parameters
    ----------
    diagnoses
        What to show.
    links
        Address of each run's own report, relative to this one; none where they were not written.
    """
    return _rendered("many.html", sweep=sweep.of(diagnoses, links))


def notebook_html(diagnosis: Diagnosis) -> str:
    """Render a fragment for a notebook's cell: the sentence, the gate's in one line, the causes, one figure."""
    charts = run_charts.charts(diagnosis)[:1]
    gate = gate_table.of(diagnosis, ())
    return _rendered("notebook.html", d=diagnosis, gate=gate, rows=views.cause_rows(diagnosis), charts=charts)


def _places(charts: Sequence[Chart], findings: Sequence[Finding]) -> dict[str, list[tuple[int, str, str]]]:
    """Where each code is marked: number and title of the figure, and the numbers of its marks."""
    places: dict[str, list[tuple[int, str, str]]] = {finding.code: [] for finding in findings}
    for rank, chart in enumerate(charts, 1):
        for code, found in places.items():
            marked = [str(badge.number) for badge in chart.badges if code in badge.codes]
            if marked:
                found.append((rank, chart.title, ", ".join(marked)))
    return places


def _rendered(template: str, **shown: Any) -> str:
    return _environment().get_template(template).render(**shown)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("diagnose.reports", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_shown,
    )  # fmt: skip
    environment.filters.update(
        name=name, sentence=sentence, number=numbers.number, percent=numbers.percent, quantity=numbers.quantity,
        value=numbers.value, interval=numbers.interval, limit=numbers.limit, plain=numbers.plain,
        missed=numbers.missed, linked=linked, explained=explained, anchor=anchor,
        cause=wording.cause_title, opening=wording.opening, as_json=as_json, inline=documentation.inline,
    )  # fmt: skip
    environment.globals.update(
        SEVERITIES=wording.SEVERITIES, STATUSES=wording.STATUSES, BASES=wording.BASES, SPLITS=wording.SPLITS,
        MEANINGS=wording.CAUSE_MEANINGS, TERMS=wording.TERMS, HEADLINE=HEADLINE,
        CAUSES=tuple(Cause), TOP=views.TOP_REMEDIES,
        MAX_EVIDENCE=MAX_EVIDENCE, LONG=LONG_SENTENCE, whisker=whisker, wishes=views.wishes,
        WIDTH=paths.WIDTH, HEIGHT=paths.HEIGHT,
    )  # fmt: skip
    return environment


def _shown(value: object) -> object:
    """Make characters harmless that HTML does not escape, in everything that a template prints."""
    if isinstance(value, Markup):
        return value
    return wording.clean(value) if isinstance(value, str) else value


def name(text: str, limit: int = wording.MAX_NAME) -> Markup:
    """Show a name from an input: isolated from the text around it, cut where long, whole in its title."""
    whole = wording.clean(str(text))
    if len(whole) <= limit:
        return Markup("<bdi>{}</bdi>").format(whole)
    return Markup('<bdi title="{}">{}</bdi>').format(whole, wording.short(whole, limit))


def sentence(text: str, limit: int = wording.MAX_TEXT) -> Markup:
    """Show a sentence of a conclusion: isolated and cut as a name is, and it may break anywhere."""
    return name(text, limit)


def anchor(term: str) -> str:
    """Name the place of a term in the glossary."""
    return f"term-{term.replace(' ', '-')}"


def linked(text: Markup) -> Markup:
    """Lead from terms that a learner can't know to the report's glossary."""
    return _marked(text, '<a class="term" href="#{anchor}" title="{meaning}">{term}</a>')


def explained(text: Markup) -> Markup:
    """Explain such terms where they stand, for a page without a glossary."""
    return _marked(text, '<abbr title="{meaning}">{term}</abbr>')


def _marked(text: Markup, form: str) -> Markup:
    html = str(text)
    for term, meaning in wording.TERMS.items():
        # the first time only, and never inside a tag: names of logs stand there as titles
        before, found, after = html.partition(term)
        if found and before.rfind("<") <= before.rfind(">"):
            html = before + str(Markup(form).format(anchor=anchor(term), meaning=meaning, term=term)) + after  # noqa: S704
    return Markup(html)  # noqa: S704 - escaped before, and the forms are ours
