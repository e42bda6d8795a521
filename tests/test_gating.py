"""The gate: which findings fail, against known runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import diagnose
from diagnose import cli
from diagnose.auditing import diagnose_run
from diagnose.config import find_config, read_config
from diagnose.errors import InputError
from diagnose.finding import Cause, Diagnosis, Finding, Level, Measured, Severity, Status, Where
from diagnose.gated import Change, Ruling
from diagnose.policy import Policy
from diagnose.reference import from_diagnoses, known, worse
from diagnose.reports import render

STEPS = range(30)
CALM = {"loss": [0.3 + 0.6**n for n in STEPS], "val_loss": [0.32 + 0.6**n for n in STEPS]}
OVERFIT = {"loss": [0.8**n for n in STEPS], "val_loss": [0.4 + 0.8**n + max(0, n - 10) * 0.03 for n in STEPS]}
DAY = date(2026, 11, 24)


def gated(history, policy=None, **more):
    found = diagnose.gate(diagnose.audit(history=history), policy, today=DAY, **more).gate
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


def test_what_is_new_or_worse_fails_where_the_score_fell_or_what_is_grave_is_confirmed():
    grave = finding(0.95, Severity.ERROR)
    for now, before, passes in [
        (finding(0.8), [], True), (grave, [], False), (replace(grave, probability=0.8), [], True),
        (replace(grave, severity=Severity.WARNING), [], True), (finding(0.8), [finding(0.55)], True),
        (grave, [finding(0.95)], False), (replace(finding(0.8), cause=Cause.LEAKAGE), [], False),
    ]:  # fmt: skip
        held = likely(holding(now), now.cause)
        found = diagnose.gate(held, against=holding(*before)).gate
        assert found.passed is passes, (now, before)
        if passes:
            assert "held" in found.judged[0].why
    assert not diagnose.gate(holding(finding(0.8)), against=diagnose.audit(history=CALM)).gate.passed, "the loss rose"


def test_with_a_baseline_file_what_is_new_fails_though_the_score_held(folder):
    overfit = {**OVERFIT, "val_accuracy": [0.9 - 0.5 * 0.6**n for n in STEPS]}
    rows = zip(STEPS, *overfit.values(), strict=True)
    calm = write(folder / "log.csv", CALM)
    assert cli.main(["gate", "log.csv", "-q", "--baseline", "b.json", "--write-baseline"]) == cli.FINE
    calm.write_text("epoch,loss,val_loss,val_accuracy\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    assert cli.main(["gate", "log.csv", "-q", "--baseline", "b.json"]) == cli.GATE_FAILED


def test_a_worse_score_fails_beyond_what_is_accepted():
    worse = {"loss": CALM["loss"], "val_loss": [value + 0.3 for value in CALM["val_loss"]]}
    before = diagnose.audit(history=CALM)
    assert [problem.kind for problem in gated(worse, against=before).problems] == ["regression"]
    assert not gated(worse, {"regression": {"loss": 0.4}}, against=before).problems
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
    def crashed(run, **rest):
        found = diagnose_run(run, **rest)
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
    assert not any("matches nothing" in note for note in found.notes), "it speaks of another run"
    unused = gated(OVERFIT, suppression("2027-01-01", "BAT701"))
    assert any("matches nothing" in note for note in unused.notes)


def test_a_score_that_falls_is_worse_and_one_that_rises_is_not():
    accuracy = [0.9 - 0.5 * 0.6**n for n in STEPS]
    before = diagnose.audit(history={**CALM, "val_accuracy": accuracy})
    lower = {**CALM, "val_accuracy": [value - 0.15 for value in accuracy]}
    higher = {**CALM, "val_accuracy": [value + 0.05 for value in accuracy]}
    assert [problem.kind for problem in gated(lower, against=before).problems] == ["regression"]
    assert not gated(higher, against=before).problems


SCORED = {**CALM, "val_accuracy": [0.9 - 0.5 * 0.6**n for n in STEPS]}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"loss": CALM["loss"]}, "val_accuracy cannot be compared"),
        (CALM, "val_accuracy cannot be compared"),
        ({**CALM, "val_acc_of_head_b": SCORED["val_accuracy"]}, "val_accuracy cannot be compared"),
        ({**SCORED, "val_accuracy": [*SCORED["val_accuracy"][:-1], float("nan")]}, "ended without a number"),
        ({**SCORED, "val_accuracy": [100 * share - 40 for share in SCORED["val_accuracy"]]}, "from 0.9 to 0.5"),
    ],
)
@pytest.mark.parametrize("policy", [None, {"regression": {"acuracy": 0.01}}])
def test_a_score_that_cannot_be_compared_any_more_does_not_pass(now, said, policy):
    """Nothing was examined of the score, and a misspelt name of [gate.regression] compares nothing either."""
    before = diagnose.audit(history=SCORED)
    assert gated(SCORED, policy, against=before).passed
    (problem,) = gated(now, policy, against=before).problems
    assert said in problem.claim


def test_json_keeps_what_the_gate_said(tmp_path):
    found = diagnose.gate(diagnose.audit(history=OVERFIT), today=DAY)
    assert diagnose.load(found.save(tmp_path / "gated.json")).gate == found.gate


def finding(probability=0.8, severity=Severity.WARNING, effect=None, code="OVF101", about="val_loss"):
    evidence = () if effect is None else (Measured("gain given back", *effect, effect=True),)
    return Finding(code, Cause.OVERFITTING, severity, probability, "rose", evidence, (Where("curves", names=(about,)),))


def holding(*findings: Finding) -> Diagnosis:
    """An overfitted run's diagnosis with these findings in place of its own."""
    return replace(diagnose.audit(history=OVERFIT), findings=findings)


def likely(diagnosis: Diagnosis, cause: Cause) -> Diagnosis:
    verdict = replace(diagnosis.verdicts["overfitting"], cause=cause)
    return replace(diagnosis, verdicts={**diagnosis.verdicts, cause.value: verdict})


def test_thresholds_of_severity_and_of_level_decide():
    mild = holding(finding(severity=Severity.WARNING))
    assert not diagnose.gate(mild, {"fail-on": {"severity": "warning"}}).gate.passed
    assert diagnose.gate(mild, {"fail-on": {"severity": "error"}}).gate.passed
    assert not diagnose.gate(holding(finding(severity=Severity.ERROR)), {"fail-on": {"severity": "error"}}).gate.passed
    for level, passes in [(Level.UNLIKELY, True), (Level.LIKELY, True), (Level.CONFIRMED, False)]:
        verdict = replace(mild.verdicts["overfitting"], level=level)
        held = replace(mild, verdicts={**mild.verdicts, "overfitting": verdict})
        assert diagnose.gate(held, {"fail-on": {"level": "confirmed"}}).gate.passed is passes


def test_a_second_finding_of_one_code_is_new_and_one_about_another_curve_too():
    before = holding(finding())
    assert diagnose.gate(holding(finding()), baseline=before).gate.passed
    twice = diagnose.gate(holding(finding(), finding()), baseline=before).gate
    assert [judged.change for judged in twice.judged] == [Change.UNCHANGED, Change.NEW]
    elsewhere = diagnose.gate(holding(finding(about="val_nll")), baseline=before).gate
    assert [judged.change for judged in elsewhere.judged] == [Change.NEW]


@pytest.mark.parametrize(
    ("now", "before", "is_worse"),
    [
        (finding(effect=(0.9,)), finding(effect=(0.4,)), True),
        (finding(effect=(0.7,)), finding(effect=(0.4,)), False),
        (finding(effect=(0.2,)), finding(effect=(0.9,)), False),
        (finding(effect=(0.5, "", 0.4, 0.6)), finding(effect=(0.3, "", 0.2, 0.35)), True),
        (finding(effect=(0.5, "", 0.3, 0.6)), finding(effect=(0.3, "", 0.2, 0.35)), False),
        (finding(effect=(0.1, "", 0.0, 0.2)), finding(effect=(0.4, "", 0.3, 0.5)), False),
        (finding(effect=(0.1, "", 0.0, 0.2, None, "below")), finding(effect=(0.4, "", 0.3, 0.5, None, "below")), True),
        (finding(severity=Severity.ERROR), finding(), True),
        (finding(severity=Severity.INFO), finding(), False),
        (finding(effect=(None,)), finding(effect=(0.4,)), False),
        (finding(), finding(effect=(0.4,)), False),
    ],
)
def test_a_finding_is_worse_by_its_effect_in_the_bad_direction_only(now, before, is_worse):
    assert bool(worse(now, known(before))) is is_worse


def test_a_score_that_improved_more_makes_nothing_worse():
    def sure(gain):
        score = [0.6 + 0.2 * (1 - 0.8**n) + gain * max(0, n - 10) for n in STEPS]
        return diagnose.audit(history={**OVERFIT, "val_accuracy": score})

    first, second = sure(0.001), sure(0.006)
    assert any(f.code == "REG201" for f in second.findings)
    judged = diagnose.gate(second, against=first).judged()
    assert not [f.code for f, ruling in judged if ruling.change is Change.WORSE]


severities, shares = st.sampled_from(list(Severity)), st.floats(0, 1).map(lambda p: round(p, 3))
some = st.lists(st.builds(finding, shares, severities, st.none() | st.tuples(shares)), max_size=4)


@given(some, some, st.builds(finding, shares, severities, st.none() | st.tuples(shares)))
def test_knowing_more_never_makes_a_passing_gate_fail(now, before, more):
    diagnosis = holding_cached(*now)
    smaller, larger = (from_diagnoses([holding_cached(*fs)], "before") for fs in (before, [*before, more]))
    strict = Policy()
    if diagnose.gate(diagnosis, strict, baseline=smaller).gate.passed:
        assert diagnose.gate(diagnosis, strict, baseline=larger).gate.passed


BASE = diagnose.audit(history=OVERFIT)


def holding_cached(*findings: Finding) -> Diagnosis:
    return replace(BASE, findings=findings)


WHOLE = {
    "diagnose.toml": """[gate]
paths = ["runs/"]
select = ["OVF", "learning_rate"]
ignore = ["BAT701"]
require = ["overfitting", "n_val"]
baseline = "b.json"
allow-unread = true
[gate.fail-on]
severity = "error"
probability = 0.7
level = "confirmed"
[gate.causes.overfitting]
level = "likely"
[gate.limits.OVF107]
least_gap = 0.2
[gate.context]
n_val = 200
[gate.map]
val_loss = "dev_nll"
[gate.regression]
accuracy = 0.01
[[gate.suppress]]
code = "OVF101"
run = "runs/legacy*"
reason = "retired in March"
until = 2027-03-31
""",
    "setup.cfg": """[diagnose:gate]
paths = runs/
select = OVF, learning_rate
ignore = BAT701
require =
    overfitting
    n_val
baseline = b.json
allow-unread = true
[diagnose:gate:fail-on]
severity = error
probability = 0.7
level = confirmed
[diagnose:gate:causes:overfitting]
level = likely
[diagnose:gate:limits:OVF107]
least_gap = 0.2
[diagnose:gate:context]
n_val = 200
[diagnose:gate:map]
val_loss = dev_nll
[diagnose:gate:regression]
accuracy = 0.01
[diagnose:gate:suppress:legacy]
code = OVF101
run = runs/legacy*
reason = retired in March
until = 2027-03-31
""",
}
WHOLE["pyproject.toml"] = WHOLE["diagnose.toml"].replace("[gate", "[tool.diagnose.gate")


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg"])
def test_every_setting_means_the_same_in_the_other_files(tmp_path, name):
    for file in ("diagnose.toml", name):
        (tmp_path / file).write_text(WHOLE[file])
    first, second = (read_config(tmp_path / file).policy for file in ("diagnose.toml", name))
    assert all(getattr(first, field) != getattr(Policy(), field) for field in Policy.__struct_fields__), "all are set"
    text = ("limits", "context")  # setup.cfg has no types: the analyzer and the reader of context give them theirs
    for field in Policy.__struct_fields__:
        ours, theirs = getattr(first, field), getattr(second, field)
        assert str(theirs).replace("'", "") == str(ours).replace("'", "") if field in text else theirs == ours


def test_context_of_setup_cfg_counts_as_numbers(folder):
    write(folder / "log.csv", CALM)
    (folder / "setup.cfg").write_text("[diagnose:gate]\nrequire = n_val\n[diagnose:gate:context]\nn_val = 200\n")
    assert cli.main(["gate", "log.csv", "-q", "-o", "r.json"]) == cli.FINE
    assert diagnose.load("r.json").run.context["n_val"] == 200


def test_settings_that_exist_and_cannot_be_read_are_named(folder, capsys):
    write(folder / "log.csv", CALM)
    (folder / "diagnose.toml").write_bytes(b"\xff\xfe[gate]")
    assert cli.main(["gate", "log.csv"]) == cli.USER_MISTAKE
    assert "diagnose.toml" in capsys.readouterr().err
    (folder / "diagnose.toml").unlink()
    (folder / "b.json").mkdir()
    assert cli.main(["gate", "log.csv", "--baseline", "b.json"]) == cli.USER_MISTAKE
    assert "cannot read b.json" in capsys.readouterr().err


def test_a_run_of_which_nothing_can_be_examined_does_not_pass(folder, capsys):
    (folder / "log.csv").write_text("epoch,loss,val_loss\n0,0.5,0.6\n")
    status = cli.main(["gate", "log.csv"])
    assert status == cli.GATE_FAILED
    assert "nothing could be examined" in capsys.readouterr().out


def test_a_run_that_the_evidence_cannot_decide_passes_and_says_so():
    undecided = diagnose.audit(history={"loss": [0.3 + 0.6**n for n in STEPS]})
    assert undecided.main == "cannot_tell"
    found = diagnose.gate(undecided).gate
    assert found.passed
    assert any("cannot decide" in note and "require" in note for note in found.notes)
    assert not any("cannot decide" in note for note in gated(CALM).notes)
    assert not diagnose.gate(undecided, {"require": ["overfitting"]}).gate.passed


def test_a_run_without_findings_stays_in_the_baseline_so_that_its_first_one_is_new(folder):
    write(folder / "runs" / "calm.csv", CALM)
    write(folder / "runs" / "old.csv", OVERFIT)
    accept = ["gate", "runs/", "-q", "--baseline", "b.json"]
    assert cli.main([*accept, "--write-baseline"]) == cli.FINE
    write(folder / "runs" / "calm.csv", OVERFIT)
    assert cli.main(accept) == cli.GATE_FAILED
    assert cli.main(["gate", "runs/calm.csv", "-q", "--baseline", "b.json"]) == cli.GATE_FAILED


def test_a_drop_accepted_of_a_curve_that_one_of_many_lacks_is_noted_and_one_that_was_lost_fails(folder):
    accuracy = {**CALM, "val_accuracy": [0.9 - 0.5 * 0.6**n for n in STEPS]}
    accept = {"regression": {"accuracy": 0.01}}
    neither = gated(CALM, accept, against=diagnose.audit(history=CALM))
    assert neither.passed
    assert any("accuracy is no held-out curve of both" in note for note in neither.notes)
    lost = gated(CALM, accept, against=diagnose.audit(history=accuracy))
    assert [problem.kind for problem in lost.problems] == ["regression"]


def test_suppressions_that_match_nothing_are_named_where_they_speak_of_what_was_judged(folder, capsys):
    write(folder / "runs" / "a.csv", OVERFIT)
    write(folder / "runs" / "b.csv", CALM)
    settings(folder, '[[gate.suppress]]\ncode = "BAT701"\nreason = "r"\nuntil = 2999-01-01\n')
    cli.main(["gate", "runs/"])
    assert "suppression of BAT701 matches nothing" in capsys.readouterr().err
    settings(folder, '[[gate.suppress]]\ncode = "BAT701"\nreason = "r"\nuntil = 2999-01-01\nrun = "other*"\n')
    cli.main(["gate", "runs/b.csv"])
    said = capsys.readouterr()
    assert "matches nothing" not in said.out + said.err


@pytest.mark.parametrize(("said", "means"), [("yes", True), ("on", True), ("true", True), ("off", False)])
def test_setup_cfg_says_yes_as_its_users_do(tmp_path, said, means):
    (tmp_path / "setup.cfg").write_text(f"[diagnose:gate]\nallow-unread = {said}\n")
    assert read_config(tmp_path / "setup.cfg").policy.allow_unread is means


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pyproject.toml", "[tool.diagnose.gates]\nrequire = ['n_val']\n", "unknown section [tool.diagnose.gates]"),
        ("pyproject.toml", "[[tool.diagnose.gate]]\nrequire = ['n_val']\n", "is no table"),
        ("pyproject.toml", "[tool]\ndiagnose = 5\n", "unknown section"),
        ("diagnose.toml", "gate = 3\n", "is no table"),
        ("setup.cfg", "[diagnose:gates]\nrequire = n_val\n", "unknown section [diagnose:gates]"),
        ("setup.cfg", "[diagnose.gate]\nrequire = n_val\n", "unknown section [diagnose.gate]"),
        ("setup.cfg", "[diagnose]\nrequire = n_val\n", "unknown section [diagnose]"),
        ("setup.cfg", "[diagnose:gate]\ncauses = x\n[diagnose:gate:causes:overfitting]\nlevel = likely\n", "exclude"),
        ("diagnose.toml", "[gate]\nrequire = ['overfiting']\n", "did you mean 'overfitting'"),
        ("diagnose.toml", "[gate]\nrequire = ['n_vl']\n", "did you mean 'n_val'"),
        ("diagnose.toml", "[gate.limits.OVF107]\nleast_gap = nan\n", "least_gap = nan"),
        ("diagnose.toml", "[gate.fail-on]\nseverity = 'fatal'\n", "expected one of info, warning, error"),
        ("diagnose.toml", "[gate.causes.overfitting]\nlevel = 'x'\n", "expected one of likely, confirmed"),
        ("diagnose.toml", "[gate.causes.overfit]\nlevel = 'likely'\n", "expected one of overfitting, "),
        ("diagnose.toml", "[[gate.suppress]]\ncode='OVF'\nreason='r'\nuntil='May'\n", "a day such as"),
    ],
)
def test_settings_that_would_decide_nothing_are_refused_and_not_passed_over(folder, capsys, name, text, message):
    (folder / name).write_text(text)
    assert cli.main(["gate", str(write(folder / "runs" / "a.csv", CALM))]) == cli.USER_MISTAKE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("text", ["tool = 5\n", "[tool.ruff]\nline-length = 99\n"])
def test_a_file_of_others_is_passed_over(folder, text):
    (folder / "pyproject.toml").write_text(text)
    assert cli.main(["gate", str(write(folder / "runs" / "a.csv", CALM)), "-q"]) == cli.FINE


@pytest.mark.parametrize("start", [".", "runs", "elsewhere/below"])
def test_reports_hold_no_path_of_the_machine_where_the_settings_name_the_runs(folder, monkeypatch, start):
    settings(folder, 'paths = ["runs"]\nbaseline = "b.json"\n')
    write(folder / "runs" / "a.csv", OVERFIT)
    (folder / start).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder / start)
    assert cli.main(["gate", "--write-baseline", "-q"]) == cli.FINE
    assert (folder / "b.json").is_file()
    assert cli.main(["gate", "-q", "-o", "r.json", "-o", "r.html", "-o", "r.sarif"]) == cli.FINE
    for name in ("r.json", "r.html", "r.sarif"):
        assert str(folder) not in Path(name).read_text()


@pytest.mark.parametrize(
    ("policy", "todo"),
    [({"select": ["overfitting"]}, "validation"), ({"select": ["OVF"], "ignore": ["OVF"]}, "select")],
)
def test_a_run_of_which_nothing_that_is_selected_could_be_examined_does_not_pass(policy, todo):
    """Its other checks were made, and say nothing of what the gate was asked."""
    trained_only = {"loss": CALM["loss"]}
    (problem,) = gated(trained_only, policy).problems
    assert problem.kind == "nothing_examined"
    assert todo in problem.todo
    assert gated(trained_only, {"select": ["instability"]}).passed
    assert gated(CALM, {"select": ["overfitting"]}).passed


def test_runs_of_one_name_are_never_told_apart_by_chance(folder):
    """What is accepted in the one would be accepted in the other."""
    calm, overfit = diagnose.audit(history=CALM), diagnose.audit(history=OVERFIT)
    with pytest.raises(InputError, match="two runs are called"):
        from_diagnoses([calm, overfit], "before.json")
    for name, history in (("calm", calm), ("overfit", overfit)):
        history.save(folder / f"{name}.json")
    arguments = ["gate", "calm.json", "overfit.json", "-q", "--baseline", "b.json", "--write-baseline"]
    assert cli.main(arguments) == cli.USER_MISTAKE
    assert not (folder / "b.json").exists()


def test_a_baseline_of_another_version_is_refused_and_one_with_a_mark_of_its_encoding_read(folder, capsys):
    write(folder / "runs" / "a.csv", OVERFIT)
    arguments = ["gate", "runs/", "-q", "--baseline", "b.json"]
    assert cli.main([*arguments, "--write-baseline"]) == cli.FINE
    written = (folder / "b.json").read_bytes()
    (folder / "b.json").write_bytes(b"\xef\xbb\xbf" + written)
    assert cli.main(arguments) == cli.FINE
    (folder / "b.json").write_bytes(written.replace(b'"baseline_version": "1.0"', b'"baseline_version": "2.0"'))
    assert cli.main(arguments) == cli.USER_MISTAKE
    assert "baseline_version '2.0'" in capsys.readouterr().err


def test_logs_that_would_be_called_alike_are_told_apart_by_their_folders(folder, capsys):
    for name, history in (("one", OVERFIT), ("two", CALM)):
        (folder / "runs" / name / "logs").mkdir(parents=True)
        write(folder / "runs" / name / "logs" / "x.csv", history)
    arguments = ["gate", "runs/", "runs/one", "--baseline", "b.json"]
    assert cli.main([*arguments, "--write-baseline", "-q"]) == cli.FINE
    assert cli.main(arguments) == cli.FINE
    said = capsys.readouterr().out
    assert "2 runs" in said, "a log that is given twice is judged once"
    assert "one/logs/x.csv" in said
    write(folder / "runs" / "two" / "logs" / "x.csv", OVERFIT)
    assert cli.main(arguments) == cli.GATE_FAILED, "what is accepted in the one is new in the other"


def test_a_baseline_says_nothing_of_scores_even_where_it_is_a_whole_diagnosis():
    worse_loss = {"loss": CALM["loss"], "val_loss": [value + 0.3 for value in CALM["val_loss"]]}
    before = diagnose.audit(history=CALM)
    assert gated(worse_loss, baseline=before).passed
    assert not gated(worse_loss, against=before).passed


def test_a_cause_is_spelt_alike_in_the_sentence_and_in_the_table():
    found = diagnose.audit(history={**OVERFIT, "val_accuracy": [0.6 + 0.2 * (1 - 0.8**n) for n in STEPS]})
    assert found.verdicts["regularization"].cause.words == "regularisation"
    assert "egularization" not in render(found, "text").replace("regularization=", "")
