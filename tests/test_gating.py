"""The gate: which findings fail, against known runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import diagnose
from diagnose import cli
from diagnose.auditing import diagnose_run
from diagnose.config import find_config, read_config
from diagnose.finding import Status
from diagnose.gated import Ruling
from diagnose.reports import render

STEPS = range(30)
CALM = {"loss": [0.3 + 0.6**n for n in STEPS], "val_loss": [0.32 + 0.6**n for n in STEPS]}
OVERFIT = {"loss": [0.8**n for n in STEPS], "val_loss": [0.4 + 0.8**n + max(0, n - 10) * 0.03 for n in STEPS]}
DAY = date(2026, 11, 24)


def gated(history, policy=None, **given):
    found = diagnose.gate(diagnose.audit(history=history), policy, today=DAY, **given).gate
    assert found is not None
    return found


def write(path: Path, history) -> Path:
    rows = zip(STEPS, history["loss"], history["val_loss"], strict=True)
    path.write_text("epoch,loss,val_loss\n" + "".join(f"{n},{a:.6f},{b:.6f}\n" for n, a, b in rows))
    return path


def suppression(until: str, code: str = "OVF"):
    return {"suppress": [{"code": code, "reason": "known", "until": until}]}


def test_a_settled_run_passes_and_an_overfitted_one_fails():
    assert gated(CALM).passed
    failed = gated(OVERFIT)
    assert not failed.passed
    assert "OVF101" in failed.sentence


@pytest.mark.parametrize("policy", [{"ignore": ["overfitting"]}, {"ignore": ["OVF"]}, {"select": ["LRN"]}])
def test_what_is_ignored_or_not_selected_does_not_fail(policy):
    found = gated(OVERFIT, policy)
    assert found.passed
    assert {j.ruling for j in found.judged} == {Ruling.IGNORED}


def test_thresholds_hold_for_all_causes_or_for_one():
    assert gated(OVERFIT, {"fail-on": {"probability": 1.0}}).passed
    assert gated(OVERFIT, {"causes": {"overfitting": {"probability": 1.0}}}).passed
    assert not gated(OVERFIT, {"causes": {"instability": {"probability": 1.0}}}).passed


def test_a_suppression_holds_until_its_day_and_fails_after_it_even_if_known():
    assert gated(OVERFIT, suppression("2026-11-24")).passed
    before = diagnose.audit(history=OVERFIT)
    assert gated(OVERFIT, baseline=before).passed
    expired = gated(OVERFIT, suppression("2026-11-23"), baseline=before)
    assert not expired.passed
    assert any("expired on 2026-11-23" in judged.why for judged in expired.judged)


def test_only_what_is_new_or_worse_fails():
    before = diagnose.audit(history=OVERFIT)
    assert gated(OVERFIT, against=before).passed
    assert not gated(OVERFIT, against=diagnose.audit(history=CALM)).passed
    milder = replace(before, findings=tuple(replace(f, probability=f.probability - 0.3) for f in before.findings))
    assert not gated(OVERFIT, against=milder).passed


def test_a_worse_score_fails_beyond_what_is_accepted():
    worse = {"loss": CALM["loss"], "val_loss": [value + 0.1 for value in CALM["val_loss"]]}
    before = diagnose.audit(history=CALM)
    assert [problem.kind for problem in gated(worse, against=before).problems] == ["regression"]
    assert not gated(worse, {"regression": {"loss": 0.2}}, against=before).problems
    assert not gated(CALM, against=diagnose.audit(history=worse)).problems


def test_required_evidence_that_is_missing_fails():
    assert [p.kind for p in gated(CALM, {"require": ["leakage"]}).problems] == ["required"]
    assert [p.kind for p in gated(CALM, {"require": ["n_val"]}).problems] == ["required"]
    assert gated(CALM, {"require": ["overfitting", "OVF101"]}).passed


@pytest.mark.parametrize(
    ("policy", "message"),
    [({"ignore": ["OVX"]}, "OVX"), ({"fail-on": {"level": "unlikely"}}, "likely"), ({"selects": []}, "selects"),
     ({"suppress": [{"code": "OVF", "reason": " ", "until": "2027-01-01"}]}, "no reason")],
)  # fmt: skip
def test_a_policy_that_means_nothing_is_refused(policy, message):
    with pytest.raises(diagnose.InputError, match=message):
        gated(CALM, policy)


def test_the_command_ends_with_the_fixed_codes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    calm, overfit = write(tmp_path / "calm.csv", CALM), write(tmp_path / "overfit.csv", OVERFIT)
    assert cli.main(["gate", str(calm), "-q"]) == cli.FINE
    assert cli.main(["gate", str(overfit), "-q"]) == cli.GATE_FAILED
    assert cli.main(["gate", str(overfit), str(tmp_path / "missing.csv"), "-q"]) == cli.USER_MISTAKE
    assert cli.main(["gate"]) == cli.USER_MISTAKE
    assert cli.main(["gate", str(overfit), "-q", "--write-baseline"]) == cli.FINE
    kept = (tmp_path / "diagnose-baseline.json").read_bytes()
    assert cli.main(["gate", str(overfit), "-q", "--baseline", "diagnose-baseline.json"]) == cli.FINE
    assert cli.main(["gate", str(overfit), "-q", "--write-baseline"]) == cli.FINE
    assert (tmp_path / "diagnose-baseline.json").read_bytes() == kept
    assert cli.main(["audit", str(overfit), "-q", "-o", "r.json"]) == cli.FINE
    assert cli.main(["gate", "r.json", "-q"]) == cli.GATE_FAILED


def test_the_three_files_mean_the_same_and_a_misspelling_is_named(tmp_path):
    (tmp_path / "diagnose.toml").write_text('[gate]\nignore = ["BAT701"]\n[gate.limits.OVF107]\nleast_gap = 0.2\n')
    (tmp_path / "pyproject.toml").write_text(
        '[tool.diagnose.gate]\nignore = ["BAT701"]\n[tool.diagnose.gate.limits.OVF107]\nleast_gap = 0.2\n'
    )
    (tmp_path / "setup.cfg").write_text(
        "[diagnose:gate]\nignore = BAT701\n[diagnose:gate:limits:OVF107]\nleast_gap = 0.2\n"
    )
    policies = [read_config(tmp_path / name).policy for name in ("diagnose.toml", "pyproject.toml", "setup.cfg")]
    assert all(policy.ignore == ("BAT701",) for policy in policies)
    assert all(float(policy.limits["OVF107"]["least_gap"]) == 0.2 for policy in policies)
    (tmp_path / "diagnose.toml").write_text('[gate]\nignores = ["BAT701"]\n')
    with pytest.raises(diagnose.InputError, match=r"diagnose.toml.*did you mean 'ignore'"):
        read_config(tmp_path / "diagnose.toml")


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("history", [CALM, OVERFIT])
def test_reports_say_what_the_gate_said(form, history):
    found = diagnose.gate(diagnose.audit(history=history), today=DAY)
    assert f"Gate {'passed' if found.gate.passed else 'failed'}" in render(found, form)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "runs").mkdir()
    return tmp_path


def settings(folder: Path, text: str) -> None:
    (folder / "diagnose.toml").write_text(f"[gate]\n{text}")


def test_runs_of_a_folder_are_compared_with_their_own_past_only(folder):
    write(folder / "runs" / "old.csv", OVERFIT)
    accept = ["gate", "runs/", "-q", "--baseline", "b.json"]
    assert cli.main([*accept, "--write-baseline"]) == cli.FINE
    assert cli.main(accept) == cli.FINE
    write(folder / "runs" / "second.csv", OVERFIT)
    assert cli.main(accept) == cli.GATE_FAILED, "another run with the same fault is new"
    (folder / "runs" / "second.csv").unlink()
    (folder / "runs" / "old.csv").rename(folder / "runs" / "renamed.csv")
    assert cli.main(accept) == cli.FINE, "one run alone is compared with one alone"


def test_what_cannot_be_read_is_named_and_does_not_pass_unless_allowed(folder, capsys):
    write(folder / "calm.csv", CALM)
    assert cli.main(["gate", "calm.csv", "gone.csv", "-q"]) == cli.USER_MISTAKE
    assert "gone.csv" in capsys.readouterr().err
    settings(folder, "allow-unread = true\n")
    assert cli.main(["gate", "calm.csv", "gone.csv", "-q"]) == cli.FINE


def test_a_crashed_analyzer_ends_with_the_highest_code(folder, monkeypatch):
    def crashed(run, *, analyzers, seed):
        found = diagnose_run(run, analyzers=analyzers, seed=seed)
        return replace(found, outcomes=(replace(found.outcomes[0], status=Status.BROKEN), *found.outcomes[1:]))

    write(folder / "log.csv", OVERFIT)
    monkeypatch.setattr("diagnose.commands.batch.diagnose_run", crashed)
    assert cli.main(["gate", "log.csv", "-q"]) == cli.INTERNAL_ERROR


def test_a_limit_changes_what_is_found_and_a_wrong_one_is_refused(folder, capsys):
    write(folder / "log.csv", OVERFIT)
    settings(folder, "[gate.limits.OVF101]\nalpha = 0.0\n")
    assert cli.main(["gate", "log.csv", "-q", "--select", "OVF101"]) == cli.FINE
    settings(folder, "[gate.limits.OVF101]\nalpa = 0.0\n")
    assert cli.main(["gate", "log.csv", "-q"]) == cli.USER_MISTAKE
    assert "no limit 'alpa'; it has alpha" in capsys.readouterr().err


def test_the_nearest_settings_win_and_the_repository_ends_the_search(folder):
    settings(folder, 'ignore = ["OVF", "REG"]\n')
    inner = folder / "inner"
    (inner / "deep").mkdir(parents=True)
    assert find_config(inner / "deep").path == (folder / "diagnose.toml").resolve()
    (inner / ".git").mkdir()
    assert find_config(inner / "deep").path is None
    (inner / "setup.cfg").write_text("[diagnose:gate]\nselect = LRN\n")
    assert find_config(inner / "deep").policy.select == ("LRN",)


def test_a_suppression_speaks_of_the_runs_that_its_pattern_names():
    elsewhere = {"suppress": [{"code": "OVF", "reason": "known", "until": "2027-01-01", "run": "legacy*"}]}
    found = gated(OVERFIT, elsewhere)
    assert not found.passed
    assert any("matches nothing" in note for note in found.notes)


def test_a_score_that_falls_is_worse_and_one_that_rises_is_not():
    accuracy = [0.9 - 0.5 * 0.6**n for n in STEPS]
    before = diagnose.audit(history={**CALM, "val_accuracy": accuracy})
    lower = {**CALM, "val_accuracy": [value - 0.1 for value in accuracy]}
    higher = {**CALM, "val_accuracy": [value + 0.05 for value in accuracy]}
    assert [problem.kind for problem in gated(lower, against=before).problems] == ["regression"]
    assert not gated(higher, against=before).problems


def test_json_keeps_what_the_gate_said(tmp_path):
    found = diagnose.gate(diagnose.audit(history=OVERFIT), today=DAY)
    assert diagnose.load(found.save(tmp_path / "gated.json")).gate == found.gate
