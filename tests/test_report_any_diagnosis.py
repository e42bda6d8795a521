"""Whatever the data model can hold, every format shows it: no traceback, well-formed, encodable."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnose.finding import (
    Basis,
    Cause,
    Diagnosis,
    Figure,
    Finding,
    Level,
    Mark,
    Measured,
    Outcome,
    PlottedCurve,
    ReadColumn,
    Remedy,
    RunSummary,
    Severity,
    Status,
    Verdict,
    Where,
)
from diagnose.reports import TEXT_FORMATS, notebook_html, render
from test_report_html import Page

text = st.text(max_size=12)
number = st.floats()
maybe = st.none() | number
causes = st.sampled_from(Cause)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
texts = st.dictionaries(text, text, max_size=2)


def some(strategy, most=3):
    return st.lists(strategy, max_size=most).map(tuple)


def as_long(curve: PlottedCurve) -> PlottedCurve:
    n = min(len(curve.steps), len(curve.values))
    return replace(curve, steps=curve.steps[:n], values=curve.values[:n])


curves = st.builds(
    PlottedCurve,
    text,
    st.sampled_from(["train", "val", "test", "other"]),
    st.sampled_from(["loss", "accuracy"]) | text,
    st.sampled_from(["lower", "higher"]),
    some(number, 9),
    some(maybe, 9),
    st.integers(0, 9),
    text,
).map(as_long)
marks = st.builds(Mark, st.sampled_from(["point", "line", "span"]), text, number, maybe, maybe)
units = text | st.sampled_from(["share", "epoch"])
measures = st.builds(Measured, text, maybe, units, maybe, maybe, maybe, st.sampled_from(["above", "below"]), text)
figures = st.builds(Figure, st.just("curves"), some(text), some(marks), st.booleans(), text)
wheres = st.builds(Where, st.sampled_from(["epochs", "columns"]), maybe, maybe, some(text))
findings = st.builds(
    Finding, text, causes, st.sampled_from(Severity), number, text, some(measures), some(wheres), st.none() | figures
)
remedies = st.builds(
    Remedy,
    st.dictionaries(text, anything, max_size=2),
    text,
    text,
    some(causes),
    st.sampled_from(Basis),
    text,
    text,
    text,
    st.none() | measures,
    text,
)
verdicts = st.builds(Verdict, causes, st.sampled_from(Level), maybe, some(text), some(text), some(text), some(text))
runs = st.builds(
    RunSummary,
    text,
    text,
    st.integers(),
    number,
    some(texts),
    some(st.builds(ReadColumn, text, text, text, text)),
    some(texts),
    some(text),
    some(text),
    st.dictionaries(text, anything, max_size=3),
    texts,
    some(st.dictionaries(st.sampled_from(["start", "end", "because", "x"]), anything, max_size=3)),
    some(curves, 4),
    st.none() | curves,
    st.dictionaries(text, maybe, max_size=3),
    st.dictionaries(text, st.dictionaries(st.sampled_from(["value", "step"]), maybe), max_size=3),
)
diagnoses = st.builds(
    Diagnosis,
    text,
    st.sampled_from(["healthy", "cannot_tell", "overfitting"]) | text,
    runs,
    st.dictionaries(causes.map(str), verdicts, max_size=5),
    some(findings),
    some(remedies),
    some(st.builds(Outcome, text, causes, st.sampled_from(Status), text, maybe, text)),
    st.dictionaries(text, st.dictionaries(text, anything, max_size=2), max_size=2),
    texts,
    st.integers(0, 9),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(diagnoses)
def test_every_format_shows_any_diagnosis(diagnosis):
    for name in TEXT_FORMATS:
        for subject in (diagnosis, [diagnosis, diagnosis]):
            shown = render(subject, name)
            shown.encode()
            if name == "html":
                Page(shown)
            if name == "json":
                json.loads(shown)
    Page(notebook_html(diagnosis))
