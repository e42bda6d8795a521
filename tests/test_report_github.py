"""Annotations of GitHub: few, escaped as documented, and a last plain line with the verdict."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from diagnose.reports import load, render
from report_examples import (
    EXAMPLES,
    GATED_EXAMPLES,
    broken_analyzer,
    gated_failing,
    gated_passing,
    healthy,
    many_runs,
    overfitting,
)

ALL = {**EXAMPLES, **GATED_EXAMPLES}
COMMAND = re.compile(r"::(error|warning|notice) (?:file=([^,:]*),line=1,)?title=([^,:]*)::(.*)")


def unescaped(text):
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def commands(diagnosis):
    """Parse as the runner does: every line but the last is a whole command."""
    *lines, verdict = render(diagnosis, "github").splitlines()
    found = [COMMAND.fullmatch(line) for line in lines]
    assert all(found), lines
    assert verdict.startswith("diagnose: ")
    return [(m[1], unescaped(m[2] or ""), unescaped(m[3]), unescaped(m[4])) for m in found], verdict


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_line_is_a_command_and_the_last_is_plain(name):
    found, verdict = commands(ALL[name]())
    assert not set("\x1b\u202e") & set(verdict.join(part for command in found for part in command))
    assert "##[" not in verdict
    assert all(len(message) < 4096 for *_, message in found)


def test_what_fails_is_an_error_at_its_log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, verdict = commands(gated_failing())
    kind, file, title, message = found[0]
    assert (kind, file) == ("error", "runs/resnet18-cifar10/training.csv")
    assert title == "OVF101 in runs/resnet18-cifar10/training.csv"
    assert message.split("\n")[1:] == [
        "Gate: worse than in the baseline: gain given back 28.3%, was 12%",
        "What to do: Stop at epoch 23 and keep the best weights",
    ]
    assert [kind for kind, *_ in found] == ["error"] * 4 + ["warning"]
    assert verdict.startswith("diagnose: Failed: 2 findings are new or worse")


def test_what_the_gate_accepted_is_one_notice_of_a_run():
    ((kind, _, _, message),), verdict = commands(gated_passing())
    assert kind == "notice"
    assert "INS102 known" in message
    assert "LRN101 suppressed" in message
    assert "EVA103" not in message
    assert verdict.startswith("diagnose: Passed")


def test_without_a_gate_nothing_fails():
    assert {kind for kind, *_ in commands(overfitting())[0]} == {"warning"}
    assert commands(healthy())[0] == []
    assert [title for kind, _, title, _ in commands(broken_analyzer())[0] if kind == "error"] == ["PLG101 crashed"]


def test_names_cannot_end_a_property_or_a_line():
    one = gated_failing("a,b:c%0A::error::x\r\n::warning::y")
    source = ({"where": "runs/a,b:c%0A.csv"},)
    found, _ = commands(replace(one, run=replace(one.run, sources=source)))
    assert found[0][1].endswith("runs/a,b:c%0A.csv")
    assert "a,b:c%0A::error::x ::warning::y" in found[0][2]


def test_the_old_kind_of_command_is_none():
    assert "##[" not in commands(replace(healthy(), sentence="##[error]boo ::error::boo"))[1]


def test_at_most_ten_of_a_kind_and_the_rest_is_counted():
    runs = [gated_failing(f"run {i}") for i in range(100)]
    found, verdict = commands([*runs, gated_passing()])
    kinds = [kind for kind, *_ in found]
    assert (kinds.count("error"), kinds.count("warning"), kinds.count("notice")) == (10, 10, 1)
    assert "391 more of this kind" in found[9][3]
    assert verdict == "diagnose: 100 of 101 runs fail the gate"
    assert commands(many_runs(6))[1] == "diagnose: 6 runs, 4 healthy"


@pytest.mark.parametrize("name", sorted(ALL))
def test_rebuilt_from_json_it_is_the_same(name, tmp_path):
    path = ALL[name]().save(tmp_path / "x.json")
    assert render(load(path), "github") == render(load(load(path).save(tmp_path / "y.json")), "github")
    if "hostile" not in name:
        assert render(load(path), "github") == render(ALL[name](), "github")
