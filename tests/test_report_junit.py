"""JUnit XML: stock parsers read it, failures say what to do, and silence is never a pass."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from diagnose.finding import Measured
from diagnose.reports import load, render
from report_examples import (
    EXAMPLES,
    EXPLAIN,
    GATED_EXAMPLES,
    broken_analyzer,
    gated_failing,
    gated_ignoring,
    gated_passing,
    healthy,
    overfitting,
)

ALL = {**EXAMPLES, **GATED_EXAMPLES}


def read(diagnosis) -> JUnitXml:
    return JUnitXml.fromstring(render(diagnosis, "junit", explain=EXPLAIN).encode())


def cases(diagnosis):
    (suite,) = read(diagnosis)
    return {case.name.partition(":")[0]: case for case in suite}


def kind(case):
    return [type(result) for result in case.result]


@pytest.mark.parametrize("name", sorted(ALL))
def test_stock_parsers_read_it_and_count_alike(name):
    shown = render(ALL[name](), "junit", explain=EXPLAIN)
    root = ET.fromstring(shown)
    for document in (root, *root.iter("testsuite")):
        for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped",) * 2):
            assert int(document.attrib[attribute]) == len(list(document.iter(tag)))
    assert len(list(read(ALL[name]()))) == 1
    assert len(shown) < 50_000


@pytest.mark.parametrize("name", sorted(ALL))
def test_only_what_fails_fails(name):
    diagnosis = ALL[name]()
    problems = diagnosis.gate.problems if diagnosis.gate else ()
    (suite,) = read(diagnosis)
    assert suite.failures == len(diagnosis.failing) + len(problems)


def test_a_failure_holds_numbers_beside_limits_the_reason_and_what_to_do():
    case = cases(gated_failing())["OVF101"]
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert case.name == "OVF101: Validation loss turns up while training loss falls"
    assert failure.message.startswith("Validation loss rose by 0.48 after epoch 23")
    for wanted in (
        "Gate: worse than in the baseline", "28.3% (24.9% to 31.2%); limit: above 10%", "What to do: Stop at epoch 23",
    ):  # fmt: skip
        assert wanted in failure.text


def test_a_missing_evidence_and_a_worse_score_are_failures_of_their_own():
    found = cases(gated_failing())
    assert kind(found["GATE-required"]) == kind(found["GATE-regression"]) == [Failure]
    assert "--model model.keras" in found["GATE-required"].result[0].text


def test_what_was_accepted_passes_and_says_so():
    found = cases(gated_passing())
    assert [kind(found[code]) for code in ("INS102", "LRN101", "EVA103")] == [[], [], []]
    assert found["INS102"].system_out.startswith("known: the baseline holds it")
    assert "the old model is retired in March" in found["LRN101"].system_out
    assert found["EVA103"].system_out.startswith("tolerated: ")
    assert kind(cases(gated_ignoring())["OVF101"]) == [Skipped]


def test_checks_end_as_what_they_ended_as():
    found = cases(broken_analyzer())
    assert kind(found["PLG101"]) == [Error]
    assert "ZeroDivisionError" in found["PLG101"].result[0].message
    assert kind(found["BAT101"]) == kind(found["FRZ101"]) == [Skipped]
    assert "no gradient noise was recorded; to examine it: train with" in found["BAT101"].result[0].message
    assert found["FRZ101"].result[0].message.startswith("not applicable: no pretrained")
    assert kind(found["UND101"]) == []
    assert "majority rate" in found["UND101"].system_out


def test_findings_of_one_code_have_names_of_their_own():
    run = overfitting()
    twice = replace(run, findings=(run.findings[0], replace(run.findings[0], claim="test loss rose as well")))
    (suite,) = read(twice)
    names = [case.name for case in suite]
    assert len(names) == len(set(names))
    assert suite.failures == 2


def test_runs_of_one_name_stay_apart():
    document = read([healthy("a"), overfitting("a"), overfitting("b")])
    assert [suite.name for suite in document] == ["a", "a", "b"]
    assert (document.tests, document.failures) == (sum(suite.tests for suite in document), 4)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x85", "\ud800", "\ufffe", "\uffff", "\u202e"])
def test_characters_that_xml_forbids_are_visible(character):
    run = overfitting(f"a{character}b")
    finding = replace(run.findings[0], claim=f"c{character}d", evidence=(Measured(f"e{character}f", 1.0),))
    shown = render(replace(run, findings=(finding,)), "junit")
    ET.fromstring(shown)
    assert character not in shown
    mark = " " if character == "\x85" else f"\\u{ord(character):04x}"  # a line's end is one of them
    assert all(f"{a}{mark}{b}" in shown for a, b in ("ab", "cd", "ef"))


def test_markup_is_text():
    root = ET.fromstring(render(GATED_EXAMPLES["gated_hostile"](), "junit"))
    assert not list(root.iter("script"))
    assert "<script>alert('x')</script>" in "".join(root.itertext())


@pytest.mark.parametrize("name", sorted(ALL))
def test_rebuilt_from_json_it_is_the_same(name, tmp_path):
    path = ALL[name]().save(tmp_path / "x.json")
    assert render(load(path), "junit") == render(load(load(path).save(tmp_path / "y.json")), "junit")
    if "hostile" not in name:
        assert render(load(path), "junit") == render(ALL[name](), "junit")
