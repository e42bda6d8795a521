"""SARIF: valid by the standard's schema, at the right file, and the same names for the same findings."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from diagnose.analyzers import pages
from diagnose.finding import RunSummary
from diagnose.gated import Problem
from diagnose.reports import load, render
from diagnose.reports.locations import locations
from report_examples import (
    EXAMPLES,
    EXPLAIN,
    GATED_EXAMPLES,
    broken_analyzer,
    gated_failing,
    gated_ignoring,
    gated_passing,
    many_runs,
    overfitting,
)

ALL = {**EXAMPLES, **GATED_EXAMPLES}
SCHEMA = Path(__file__).parent / "sarif-2.1.0-schema.json"  # its first entry says where it is from


@cache
def validator():
    return jsonschema.Draft4Validator(json.loads(SCHEMA.read_text("utf-8")))


def run_of(diagnosis, explain=EXPLAIN):
    document = json.loads(render(diagnosis, "sarif", explain=explain))
    validator().validate(document)
    (run,) = document["runs"]
    return run


def by_code(run):
    return {result["ruleId"]: result for result in run["results"]}


def test_the_schema_refuses_what_is_no_sarif():
    document = json.loads(render(overfitting(), "sarif"))
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator().is_valid(document)


@pytest.mark.parametrize("name", sorted(ALL))
def test_valid_and_every_result_has_its_rule(name):
    run = run_of(ALL[name]())
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    problems = ALL[name]().gate.problems if ALL[name]().gate else ()
    assert len(run["results"]) == len(ALL[name]().findings) + len(problems)


def test_rules_are_the_pages_of_the_codes():
    rules = {rule["id"]: rule for rule in run_of(overfitting(), pages())["tool"]["driver"]["rules"]}
    rule, page = rules["OVF101"], pages()["OVF101"]
    assert rule["shortDescription"]["text"] == page.title
    assert rule["name"].isidentifier()
    assert "## Why it matters" in rule["help"]["markdown"]
    assert rule["defaultConfiguration"]["level"] == "error"
    assert rules["OVF104"]["defaultConfiguration"]["level"] == "warning"


def test_a_result_says_how_bad_how_sure_and_what_to_do():
    result = by_code(run_of(overfitting()))["OVF101"]
    assert (result["level"], result["rank"], result["properties"]["fails"]) == ("error", 97.0, True)
    assert result["message"]["text"].startswith("Validation loss rose by 0.48")
    assert "What to do: Stop at epoch 23 and keep the best weights; Weight decay" in result["message"]["text"]
    assert len(result["properties"]["remedies"]) == 4
    assert by_code(run_of(EXAMPLES["many_causes"]()))["EVA103"]["level"] == "note"


def test_a_ruling_is_a_state_and_a_suppression():
    found = by_code(run_of(gated_failing()))
    assert [found[c]["baselineState"] for c in ("OVF101", "OVF104", "GATE-required")] == ["updated", "new", "new"]
    assert not any(result["suppressions"] for result in found.values())
    found = by_code(run_of(gated_passing()))
    assert found["INS102"]["baselineState"] == "unchanged"
    assert found["INS102"]["suppressions"] == found["EVA103"]["suppressions"] == []
    assert found["LRN101"]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "the old model is retired in March"}
    ]
    assert not any(result["properties"]["fails"] for result in found.values())
    assert by_code(run_of(gated_ignoring()))["OVF101"]["suppressions"][0]["justification"] == "OVF101 is ignored"


def test_states_are_of_all_results_or_of_none():
    mixed = [overfitting("ungated"), gated_failing("gated")]
    assert all("baselineState" in result and "suppressions" in result for result in run_of(mixed)["results"])
    assert not any("baselineState" in result for result in run_of(overfitting())["results"])


def test_the_gates_problems_have_rules_of_their_own():
    kinds = ("required", "regression", "nothing_examined", "of a later version")
    gate = replace(gated_failing().gate, problems=tuple(Problem(kind, "a claim") for kind in kinds))
    run = run_of(replace(gated_failing(), gate=gate))
    wanted = {"GATE-required", "GATE-regression", "GATE-nothing-examined", "GATE-of a later version"}
    assert wanted < set(by_code(run))
    assert run["invocations"][0]["properties"]["gate"] == "failed"


def test_a_crash_and_what_was_not_read_are_notifications():
    (invocation,) = run_of(broken_analyzer())["invocations"]
    assert not invocation["executionSuccessful"]
    crash, unread = invocation["toolExecutionNotifications"]
    assert (crash["level"], crash["associatedRule"]["id"], unread["level"]) == ("error", "PLG101", "warning")
    assert "ZeroDivisionError" in crash["message"]["text"]
    assert "training.csv, line 61" in unread["message"]["text"]
    assert run_of(overfitting())["invocations"][0]["executionSuccessful"]


def test_names_of_findings_are_the_same_gated_or_not_and_differ_between_runs():
    def names(diagnosis):
        return [r["partialFingerprints"]["primaryLocationLineHash"] for r in run_of(diagnosis)["results"][:2]]

    assert names(overfitting("a")) == names(gated_failing("a"))
    numbers = replace(overfitting("a").findings[0], claim="other numbers", probability=0.7)
    assert names(replace(overfitting("a"), findings=(numbers, overfitting().findings[1]))) == names(overfitting("a"))
    assert not set(names(overfitting("a"))) & set(names(overfitting("b")))
    twice = replace(overfitting(), findings=overfitting().findings[:1] * 2)
    assert len(set(names(twice))) == 2


def uri(where, root):
    return [
        (place.uri, place.is_inside) for place in locations(RunSummary("r", "epoch", 1, 1, ({"where": where},)), root)
    ]


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("runs/a.csv", ("sub/runs/a.csv", True)),
        ("./runs//a b%.csv", ("sub/runs/a%20b%25.csv", True)),
        ("../a:b.csv", ("a%3Ab.csv", True)),
        ("r\u00e9s\udcff.csv", ("sub/r%C3%A9s%FF.csv", True)),
        ("/elsewhere/a.csv", ("file:///elsewhere/a.csv", False)),
        ("../../beside.csv", None),
        ("C:\\runs\\a.csv", ("file:///C:/runs/a.csv", False)),
        ("https://tracker.example/runs/7?x=1", ("https://tracker.example/runs/7?x=1", False)),
    ],
)
@pytest.mark.skipif("os.name == 'nt'", reason="paths of POSIX")
def test_a_path_is_that_from_the_root_of_the_repository(where, wanted, tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    outside = (f"file://{tmp_path.parent}/beside.csv", False)
    assert uri(where, str(tmp_path)) == [wanted or outside]


@pytest.mark.parametrize("where", ["a mapping in memory", "fitted XGBClassifier", "stdin", "", "a\n/b.csv"])
def test_what_is_no_file_has_no_path(where):
    assert uri(where, "/root") == []


def test_several_logs_of_a_run_are_several_places():
    assert [place for place, _ in uri("a/train.csv, a/val.csv", "")] == ["a/train.csv", "a/val.csv"]
    assert [place for place, _ in uri("one, two.csv", "")] == ["one%2C%20two.csv"]


def test_the_result_points_at_the_log_whatever_folder_one_stands_in(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "runs").mkdir()
    shown = []
    for folder, where in ((tmp_path, "runs/a.csv"), (tmp_path / "runs", "a.csv"), (tmp_path, f"{tmp_path}/runs/a.csv")):
        monkeypatch.chdir(folder)
        one = overfitting()
        run = run_of(replace(one, run=replace(one.run, sources=({"where": where},))))
        shown.append(run["results"][0]["locations"][0]["physicalLocation"])
    wanted = {"artifactLocation": {"uri": "runs/a.csv", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 1}}
    assert shown == [wanted] * 3
    assert "%SRCROOT%" in run["originalUriBaseIds"]


def test_messages_hold_no_placeholder_and_no_link():
    one = overfitting()
    finding = replace(one.findings[0], claim="a {0} and [a link](javascript:alert(1)) \x1b[2J")
    text = run_of(replace(one, findings=(finding,)))["results"][0]["message"]["text"]
    assert text.startswith("A {{0}} and [a link] (javascript:alert(1)) \\u001b[2J")


@pytest.mark.parametrize("name", sorted(ALL))
def test_rebuilt_from_json_it_is_the_same(name, tmp_path):
    path = ALL[name]().save(tmp_path / "x.json")
    assert render(load(path), "sarif") == render(load(load(path).save(tmp_path / "y.json")), "sarif")
    if "hostile" not in name:
        assert render(load(path), "sarif") == render(ALL[name](), "sarif")


def test_many_runs_are_one_run_of_the_tool_with_each_rule_once():
    run = run_of(many_runs(30))
    assert len(run["results"]) == 20
    assert len({json.dumps(rule) for rule in run["tool"]["driver"]["rules"]}) == len(run["tool"]["driver"]["rules"])
