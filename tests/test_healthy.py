"""`assert_healthy`: an assertion that fails as the gate does, and says what a person needs."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

import diagnose
from diagnose import Unhealthy, assert_healthy
from diagnose.analyzers import analyzers
from diagnose.finding import Cause, Finding
from diagnose.gated import Ruling
from diagnose.policy import Policy
from diagnose.reference import write_baseline
from diagnose.run import History

STEPS = range(30)
CALM = {"loss": [0.3 + 0.6**n for n in STEPS], "val_loss": [0.32 + 0.6**n for n in STEPS]}
OVERFIT = {"loss": [0.8**n for n in STEPS], "val_loss": [0.4 + 0.8**n + max(0, n - 10) * 0.03 for n in STEPS]}
WORSE = {**CALM, "val_loss": [value + 0.3 for value in CALM["val_loss"]]}
PAST, FUTURE = "2020-01-01", "9999-12-31"


def write(path: Path, history: dict[str, list[float]], names: str = "loss,val_loss") -> Path:
    path.parent.mkdir(exist_ok=True)
    rows = zip(STEPS, history["loss"], history["val_loss"], strict=True)
    path.write_text(f"epoch,{names}\n" + "".join(f"{n},{a:.6f},{b:.6f}\n" for n, a, b in rows))
    return path


def failure(run: object, **more: object) -> Unhealthy:
    with pytest.raises(AssertionError) as caught:
        assert_healthy(run, **more)
    assert isinstance(caught.value, Unhealthy)
    return caught.value


def suppressed(until: str) -> dict[str, object]:
    return {"suppress": [{"code": "OVF", "reason": "retired soon", "until": until}]}


def test_a_settled_run_passes_and_its_judged_diagnosis_comes_back() -> None:
    diagnosis = assert_healthy(CALM)
    assert diagnosis.gate is not None
    assert diagnosis.gate.passed
    assert diagnosis.main == "healthy"


def test_an_overfitted_run_fails_with_what_why_and_what_to_do() -> None:
    error = failure(OVERFIT)
    first, *rest = str(error).splitlines()
    (finding,) = error.diagnosis.failing
    assert first.startswith(f"Gate failed: OVF101 {finding.claim}")
    assert any(line.startswith("OVF101 (error, ") and finding.claim[1:] in line for line in rest)
    assert "    Why it fails: error of probability " in str(error)
    assert f"    What to do: {error.diagnosis.remedies[0].title}" in rest
    assert "OVF104" not in str(error), "what is tolerated is not named"


def test_a_path_and_a_diagnosis_are_judged_like_the_mapping(tmp_path: Path) -> None:
    log = write(tmp_path / "runs" / "log.csv", OVERFIT)
    for run in (log, str(log), diagnose.audit(history=OVERFIT)):
        assert "OVF101" in str(failure(run))
    assert "Run: runs/log.csv, 30 points" in str(failure(log))


def test_a_policy_may_be_a_policy_a_mapping_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "diagnose.toml"
    file.write_text('[gate]\nignore = ["overfitting"]\n')
    for policy in (Policy(ignore=("overfitting",)), {"ignore": ["overfitting"]}, file, str(file)):
        gate = assert_healthy(OVERFIT, policy=policy).gate
        assert gate is not None
        assert {judged.ruling for judged in gate.judged} == {Ruling.IGNORED}


@pytest.mark.parametrize("policy", [{"ignore": ["OVX"]}, Policy(ignore=("OVX",)), {"ignored": []}, "missing.toml"])
def test_a_policy_that_means_nothing_is_no_verdict_on_the_run(policy: object) -> None:
    with pytest.raises(diagnose.InputError, match=r"OVX|ignored|missing\.toml"):
        assert_healthy(CALM, policy=policy)


def test_limits_apply_to_a_log_and_are_refused_for_a_diagnosis_made_without_them() -> None:
    policy = {"limits": {"OVF101": {"alpha": 0.0}}, "select": ["OVF101"]}
    diagnosis = assert_healthy(OVERFIT, policy=policy)
    assert diagnosis.limits["OVF101"]["alpha"] == 0.0
    assert assert_healthy(replace(diagnosis, gate=None), policy=policy), "it was made with these limits"
    with pytest.raises(diagnose.InputError, match=r"alpha = 0\.0 cannot change a diagnosis"):
        assert_healthy(diagnose.audit(history=OVERFIT), policy=policy)


def test_what_the_test_says_wins_over_the_policy() -> None:
    policy = {"context": {"n_val": 100, "n_train": 800}, "require": ["n_val", "n_train"], "map": {"val_loss": "bad"}}
    named = {"loss": CALM["loss"], "bad": OVERFIT["val_loss"], "dev": CALM["val_loss"]}
    known = assert_healthy(named, policy=policy, context={"n_val": 300}, column_map={"val_loss": "dev"}).run.context
    assert (known["n_val"], known["n_train"]) == (300, 800)
    assert "OVF101" in str(failure(named, policy=policy))


@pytest.mark.parametrize("word", [{"context": {"n_val": 3}}, {"column_map": {"val_loss": "dev"}}])
def test_words_that_come_after_the_diagnosis_are_refused(word: dict[str, object]) -> None:
    for diagnosis in (diagnose.audit(history=CALM), assert_healthy(CALM)):
        with pytest.raises(diagnose.InputError, match=f"{next(iter(word))}= cannot change"):
            assert_healthy(diagnosis, **word)


def test_required_evidence_and_a_worse_score_are_named_with_what_to_do() -> None:
    required = str(failure(CALM, policy={"require": ["n_val"]}))
    assert "Required evidence is missing: n_val" in required
    assert "    What to do: give " in required
    regression = str(failure(WORSE, against=diagnose.audit(history=CALM)))
    assert "Worse than before: " in regression
    assert assert_healthy(CALM, against=diagnose.audit(history=WORSE))


def accepted(folder: Path, name: str) -> Path:
    """Write a baseline that accepts the faults of one overfitted run."""
    baseline = folder / "accepted.json"
    write_baseline(baseline, [(name, failure(OVERFIT).diagnosis.failing)])
    return baseline


def test_a_baseline_given_for_a_run_speaks_of_it_whatever_its_name(tmp_path: Path) -> None:
    baseline = accepted(tmp_path, "runs/old.csv")
    log = write(tmp_path / "runs" / "renamed.csv", OVERFIT)
    for source in (baseline, str(baseline), failure(OVERFIT).diagnosis):
        gate = assert_healthy(log, baseline=source).gate
        assert gate is not None
        assert Ruling.KNOWN in {judged.ruling for judged in gate.judged}
        assert not gate.notes


def test_a_baseline_of_the_policy_accepts_a_fault_in_its_own_run_only(tmp_path: Path) -> None:
    accepted(tmp_path, "runs/old.csv")
    (tmp_path / "diagnose.toml").write_text('[gate]\nbaseline = "accepted.json"\n')
    old, other = (write(tmp_path / "runs" / name, OVERFIT) for name in ("old.csv", "other.csv"))
    assert assert_healthy(old, policy=tmp_path / "diagnose.toml")
    message = str(failure(other, policy=tmp_path / "diagnose.toml"))
    assert "    Why it fails: new: the reference does not hold it" in message
    assert "Note: accepted.json does not hold this run" in message
    assert assert_healthy(other, policy=tmp_path / "diagnose.toml", baseline=tmp_path / "accepted.json")
    nothing = diagnose.audit(history=CALM)
    assert "new: " in str(failure(old, policy=tmp_path / "diagnose.toml", baseline=nothing)), "it stands instead"


def test_a_suppression_holds_until_it_expires_whatever_the_baseline_says(tmp_path: Path) -> None:
    assert assert_healthy(OVERFIT, policy=suppressed(FUTURE))
    expired = str(failure(OVERFIT, policy=suppressed(PAST), baseline=accepted(tmp_path, "run")))
    assert f"its suppression expired on {PAST}" in expired
    assert "retired soon" in expired


def test_reports_are_written_pass_or_fail_and_named_in_the_message(tmp_path: Path) -> None:
    page, data = tmp_path / "new" / "page.html", tmp_path / "data.json"
    message = str(failure(OVERFIT, report=[page, str(data)]))
    assert f"Report: {page}" in message
    assert f"Report: {data}" in message
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "OVF101" in str(failure(diagnose.load(data), policy={}))
    assert assert_healthy(CALM, report=tmp_path / "calm.md")
    assert "Gate passed" in (tmp_path / "calm.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Crashing:
    """It crashes."""

    code: ClassVar[str] = "TST901"
    cause: ClassVar[Cause] = Cause.EVALUATION

    def check(self, history: History) -> Iterator[Finding]:
        raise ZeroDivisionError(history.last_step)


def test_a_crashed_analyzer_never_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnose.healthy.analyzers", lambda: (*analyzers(), Crashing()))
    calm = failure(CALM)
    assert str(calm).startswith("Gate incomplete: TST901 crashed")
    assert "TST901 crashed: ZeroDivisionError" in str(calm)
    assert calm.diagnosis.gate is not None
    assert calm.diagnosis.gate.passed
    both = str(failure(OVERFIT))
    assert both.startswith("Gate failed: OVF101")
    assert "TST901 crashed: ZeroDivisionError" in both
    assert "TST901" in str(failure(calm.diagnosis)), "judged before, and still broken"


def test_several_runs_are_not_passed_by_one_of_them(tmp_path: Path) -> None:
    write(tmp_path / "runs" / "a.csv", CALM)
    write(tmp_path / "runs" / "b.csv", OVERFIT)
    for runs in (tmp_path / "runs", sorted((tmp_path / "runs").iterdir())):
        with pytest.raises(diagnose.InputError, match=r"2 runs were given, runs/a\.csv, runs/b\.csv"):
            assert_healthy(runs)


def test_what_cannot_be_read_does_not_pass_unless_the_policy_allows_it(tmp_path: Path) -> None:
    log = write(tmp_path / "runs" / "a.csv", CALM)
    pieces = [log, tmp_path / "runs" / "gone.csv"]
    with pytest.raises(diagnose.InputError, match=r"gone\.csv"):
        assert_healthy(pieces)
    assert assert_healthy(pieces, policy={"allow-unread": True}).run.unread
    with pytest.raises(diagnose.InputError):
        assert_healthy(None)


def test_a_run_of_which_nothing_could_be_examined_does_not_pass() -> None:
    assert "nothing could be examined" in str(failure({"loss": [0.5], "val_loss": [0.6]}))


def test_a_judged_diagnosis_keeps_its_judgement_until_rules_are_given() -> None:
    lenient = diagnose.gate(diagnose.audit(history=OVERFIT), {"ignore": ["overfitting"]})
    assert assert_healthy(lenient) is lenient
    assert "OVF101" in str(failure(lenient, policy={}))
    strict = diagnose.gate(diagnose.audit(history=CALM), against=diagnose.audit(history=OVERFIT))
    assert assert_healthy(strict) is strict


def test_names_from_a_log_reach_the_terminal_as_text() -> None:
    diagnosis = diagnose.audit(history=OVERFIT)
    evil = "\x1b[31mred\nGate passed\u202e"
    findings = tuple(replace(finding, claim=f"{finding.claim} {evil}") for finding in diagnosis.findings)
    message = str(failure(replace(diagnosis, findings=findings, run=replace(diagnosis.run, name=evil))))
    assert "\\u001b[31mred Gate passed\\u202e" in message
    assert not set(message) & {"\x1b", "\u202e"}
    assert not any(line.startswith("Gate passed") for line in message.splitlines())


def test_the_error_travels_between_processes() -> None:
    error = failure(OVERFIT)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.diagnosis) == (Unhealthy, str(error), error.diagnosis)
