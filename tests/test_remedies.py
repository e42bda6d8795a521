from __future__ import annotations

import ast
import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from string import Template
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diagnose
from diagnose import remedies
from diagnose.finding import Basis, Cause, Remedy, Severity
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.remedies import prescribe
from diagnose.remedies.case import Case
from diagnose.remedies.prescribe import FAMILIES, MOST_SHOWN, SHARE_OF_ONE_CAUSE, chosen
from diagnose.remedies.proposal import Proposal
from diagnose.remedies.symptoms import UNDECIDED_GAPS
from diagnose.testing import run_of
from remedy_cases import FALLING, OVERCONFIDENT, RISING, STALLED, TURNING, case, finding, verdicts_of

FRAMEWORKS = (
    None,
    "keras",
    "torch",
    "lightning",
    "transformers",
    "ultralytics",
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
)
CODES = (
    "OVF101", "OVF102", "OVF103", "OVF104", "REG201", "REG202", "REG203", "UNF301", "UNF302", "UTR401", "UTR402",
    "INS501", "INS502", "INS503", "LRN601", "LRN602", "LRN603", "LRN604", "BAT701", "FRZ801", "FRZ802", "EVA901",
    "EVA902", "EVA905", "PRG901", "OVF106", "OVF107",
)  # fmt: skip
HISTORIES = (
    TURNING,
    OVERCONFIDENT,
    FALLING,
    STALLED,
    RISING,
    {"loss": [1.0, 0.5]},
    {"val_accuracy": [0.1, 0.2, 0.2, 0.3]},
)
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        "n_train": st.integers(10, 100_000),
        "n_val": st.integers(5, 10_000),
        "batch_size": st.integers(1, 4096),
        "learning_rate": st.floats(1e-6, 1.0),
        "optimizer": st.sampled_from(["sgd", "Adam", "AdamW", "RMSprop"]),
        "weight_decay": st.sampled_from([0.0, 1e-4, 0.1]),
        "dropout": st.sampled_from([0.0, 0.1, 0.5, 0.8]),
        "label_smoothing": st.sampled_from([0.0, 0.1]),
        "best_weights_kept": st.booleans(),
        "epochs_planned": st.floats(1, 200),
        "patience": st.integers(1, 50),
        "parameters": st.integers(100, 10**9),
        "frozen": st.sampled_from(["backbone", "none", "layers 1-10"]),
        "pretrained": st.booleans(),
        "task": st.sampled_from(["image classification", "text"]),
    },
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    context = draw(KNOWN)
    framework = draw(st.sampled_from(FRAMEWORKS))
    run = run_of(draw(st.sampled_from(HISTORIES)), {**context, **({"framework": framework} if framework else {})})
    probabilities = draw(st.dictionaries(st.sampled_from(Cause), st.floats(0, 1)))
    findings = [
        finding(code, draw(st.floats(0, 1)), draw(st.sampled_from(Severity)))
        for code in draw(st.lists(st.sampled_from(CODES), unique=True, max_size=6))
    ]
    return Case(verdicts_of(probabilities), findings, Measurements(run, MEASURES))


def directions(action: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, int]:
    """Read off an action, beside the run's settings, what it pushes which way: independent of what its family says."""
    plain = {"stop_at": ("epochs", -1), "train_until": ("epochs", 1), "freeze": ("fit", -1), "unfreeze": ("fit", 1)}
    pushed = dict(way for name, way in plain.items() if name in action)
    for name in ("learning_rate", "weight_decay", "dropout", "batch_size"):
        before = known.get(name)
        if name in action and before is not None and action[name] != before:
            pushed[name] = 1 if action[name] > before else -1
    for name in ("learning_rate", "batch_size", "capacity"):
        if f"{name}_factor" in action:
            pushed[name] = 1 if action[f"{name}_factor"] > 1 else -1
    regularised = [pushed[name] for name in ("weight_decay", "dropout") if name in pushed]
    fit = [pushed["capacity"]] if "capacity" in pushed else [-way for way in regularised]
    return {**pushed, **({"fit": fit[0]} if fit else {})}


@settings(max_examples=300, deadline=None)
@given(cases())
def test_no_report_contradicts_itself(drawn: Case) -> None:
    known = {name: getattr(drawn.context, name) for name in ("weight_decay", "dropout", "batch_size")}
    known["learning_rate"] = drawn.learning_rate
    seen: dict[str, int] = {}
    for remedy in prescribe(drawn.verdicts, drawn.findings, drawn.measurements):
        for axis, direction in directions(remedy.action, known).items():
            assert seen.setdefault(axis, direction) == direction, (axis, remedy.title)
    moves: dict[Any, Any] = {}
    for proposal in chosen([p for family in FAMILIES for p in family(drawn)], drawn):
        for axis, way in proposal.moves:
            assert moves.setdefault(axis, way) is way


@settings(max_examples=300, deadline=None)
@given(cases())
def test_every_remedy_is_fit_to_be_shown(drawn: Case) -> None:
    given_ = prescribe(drawn.verdicts, drawn.findings, drawn.measurements)
    assert len(given_) <= MOST_SHOWN
    assert len({remedy.title for remedy in given_}) == len(given_)
    for remedy in given_:
        ast.parse(remedy.code)
        json.dumps(remedy.action)
        assert remedy.title
        assert remedy.why
        assert remedy.cost
        assert remedy.causes
        undecided = drawn.main == "cannot_tell" and remedy.causes == (Cause.OVERFITTING,)
        assert undecided or all(drawn.acts_on(cause) for cause in remedy.causes)
        assert remedy.source or remedy.basis is Basis.ESTIMATED
        assert remedy.basis is not Basis.ESTIMATED or remedy.effect is not None
        if remedy.effect is not None and remedy.effect.low is not None:
            assert remedy.effect.low <= remedy.effect.value <= remedy.effect.high


@settings(max_examples=50, deadline=None)
@given(cases())
def test_what_is_unlikely_has_no_remedy(drawn: Case) -> None:
    healthy = verdicts_of(dict.fromkeys(Cause, 0.4))
    findings = [f for f in drawn.findings if f.code not in UNDECIDED_GAPS]
    assert prescribe(healthy, findings, drawn.measurements) == ()


def templates() -> list[tuple[str, str, str]]:
    found = []
    for module in pkgutil.iter_modules(remedies.__path__):
        for name, value in vars(importlib.import_module(f"diagnose.remedies.{module.name}")).items():
            if name.isupper() and isinstance(value, Mapping):
                found += [(name, key, text) for key, text in value.items() if isinstance(text, str)]
    return found


def test_all_templates_are_found() -> None:
    assert len(templates()) > 80


@pytest.mark.parametrize(("name", "dialect", "text"), templates())
def test_every_snippet_is_python(name: str, dialect: str, text: str) -> None:
    holes = {"optimizer": "AdamW", "better": "<", "worst": "inf", "held": "val"}
    filled = Template(text).substitute({h: holes.get(h, "1") for h in Template(text).get_identifiers()})
    assert ast.parse(filled).body, (name, dialect)
    assert max(map(len, filled.splitlines())) <= 120


def test_names_from_a_log_cannot_become_code() -> None:
    plain = run_of(TURNING, {"framework": "keras"})
    curves = tuple(replace(c, name='val_loss"\nimport os  # ') for c in plain.history.curves)
    run = replace(plain, history=replace(plain.history, curves=curves))
    given_ = prescribe(verdicts_of({Cause.OVERFITTING: 0.99}), [], Measurements(run, MEASURES))
    assert any("import os" in remedy.code for remedy in given_)
    for remedy in given_:
        assert not any(isinstance(node, ast.Import) for node in ast.walk(ast.parse(remedy.code)))


def titles(drawn: Case) -> list[str]:
    return [r.title for r in prescribe(drawn.verdicts, drawn.findings, drawn.measurements)]


def test_the_cause_that_the_sentence_names_comes_first() -> None:
    both = case(TURNING, {Cause.OVERFITTING: 0.95, Cause.LEARNING_RATE: 0.6}, ["LRN603"])
    assert both.main == "learning_rate"
    assert "cosine" in titles(both)[0]
    assert any(title.startswith("Stop at epoch 1") for title in titles(both))


def test_the_likelier_cause_comes_first_among_the_others() -> None:
    shown = titles(case(TURNING, {Cause.OVERFITTING: 0.95, Cause.BATCH_SIZE: 0.6}))
    assert shown[0].startswith("Stop at epoch 1")
    assert any("batch" in title for title in shown)


def test_one_cause_does_not_crowd_out_another() -> None:
    drawn = case(TURNING, {Cause.OVERFITTING: 0.99, Cause.BATCH_SIZE: 0.6})
    proposals = [
        Proposal(Remedy({f"a{n}": n}, f"a{n}", "", (Cause.OVERFITTING,), Basis.RULE_OF_THUMB), f"a{n}")
        for n in range(9)
    ]
    other = Proposal(Remedy({"b": 1}, "b", "", (Cause.BATCH_SIZE,), Basis.RULE_OF_THUMB), "b")
    shown = [p.key for p in chosen([other, *proposals], drawn)]
    assert len(shown) == MOST_SHOWN
    assert shown.index("b") == SHARE_OF_ONE_CAUSE


def test_the_likelier_of_stop_and_go_wins() -> None:
    go = titles(case(TURNING, {Cause.OVERFITTING: 0.6, Cause.UNDERTRAINING: 0.9}))
    stop = titles(case(TURNING, {Cause.OVERFITTING: 0.9, Cause.UNDERTRAINING: 0.6}))
    assert any(t.startswith("Train twice") for t in go)
    assert not any(t.startswith("Stop") for t in go)
    assert any(t.startswith("Stop") for t in stop)
    assert not any(t.startswith("Train twice") for t in stop)


def test_overfitting_and_underfitting_do_not_both_change_the_fit() -> None:
    shown = titles(case(TURNING, {Cause.OVERFITTING: 0.9, Cause.UNDERFITTING: 0.6}, dropout=0.2, weight_decay=0.01))
    assert any("0.2 → 0.4" in title for title in shown)
    assert not any("larger model" in title.lower() for title in shown)


def test_one_setting_is_changed_once() -> None:
    drawn = case(TURNING, {Cause.INSTABILITY: 0.9}, ["LRN601", "INS501"], learning_rate=1e-3)
    lower = [r for r in prescribe(drawn.verdicts, drawn.findings, drawn.measurements) if "learning_rate" in r.action]
    assert len(lower) == 1
    assert set(lower[0].causes) == {Cause.LEARNING_RATE, Cause.INSTABILITY}


def test_a_healthy_audit_prescribes_nothing() -> None:
    done = {
        "loss": 0.1 + 0.9 * 0.6 ** TURNING["loss"].cumsum(),
        "val_loss": 0.12 + 0.9 * 0.6 ** TURNING["loss"].cumsum(),
    }
    diagnosis = diagnose.audit(history=done)
    assert diagnosis.main == "healthy"
    assert diagnosis.remedies == ()


def test_an_audit_prescribes() -> None:
    diagnosis = diagnose.audit(history=TURNING, context={"framework": "keras"})
    assert diagnosis.remedies[0].action["stop_at"] == pytest.approx(11, abs=2)
    assert "EarlyStopping" in diagnosis.remedies[0].code


def test_an_exploding_run_gets_a_lower_rate_before_a_clip() -> None:
    shown = titles(case(TURNING, codes=["INS501"], learning_rate=0.5))
    assert shown[:2] == ["Learning rate 0.5 → 0.17", "Clip the gradient norm at 1"]


def test_a_straight_slow_line_gets_a_higher_rate_before_more_epochs() -> None:
    slow = case(FALLING, {Cause.UNDERTRAINING: 0.9}, learning_rate=1e-4)
    remark = replace(finding("LRN602", 0.5, Severity.INFO), claim="it fell on a straight line")
    shown = prescribe(slow.verdicts, [finding("UTR401"), remark], slow.measurements)
    assert [remedy.action for remedy in shown[:2]] == [{"learning_rate": 3e-4}, shown[1].action]
    assert "train_until" in shown[1].action
    assert "straight line" in shown[0].why
    without = prescribe(slow.verdicts, [finding("UTR401")], slow.measurements)
    assert "train_until" in without[0].action


def audited(history: Mapping[str, Any], **context: Any) -> list[str]:
    return [remedy.title for remedy in diagnose.audit(history=history, context=context).remedies]


def test_a_loss_that_was_never_a_number_is_searched_for_nan_first() -> None:
    shown = audited({"loss": [float("nan")] * 12, "val_loss": [float("nan")] * 12}, learning_rate=0.1)
    assert "np.isfinite" in shown[0]
    assert any(title.startswith("Learning rate") for title in shown[1:])
    assert not any("larger model" in title.lower() for title in shown)


def test_a_loss_that_was_lost_on_the_way_is_a_matter_of_its_steps() -> None:
    lost = [2.0, 1.5, 1.2, 1.1, 1.0, float("nan"), float("nan"), float("nan")]
    shown = audited({"loss": lost, "val_loss": lost}, learning_rate=0.1)
    assert shown
    assert not any("np.isfinite" in title or "larger model" in title.lower() for title in shown)


@pytest.mark.parametrize("context", [{}, {"learning_rate": 1e-3}])
def test_a_loss_that_never_moves_is_a_question_of_gradients(context: dict[str, float]) -> None:
    shown = audited({"loss": [0.6931472] * 20, "val_loss": [0.6931472] * 20}, **context)
    assert shown[0] == "See whether gradients reach the weights"
    assert not any("by 3" in title or "→ 3e-3" in title or "larger model" in title.lower() for title in shown)


def test_a_rate_of_nearly_nothing_becomes_a_usual_one() -> None:
    shown = audited({"loss": [0.6931472] * 20, "val_loss": [0.6931472] * 20}, learning_rate=1e-9)
    assert any(title.startswith("Learning rate 1e-9 → 1e-3") for title in shown)


@pytest.mark.parametrize("code", UNDECIDED_GAPS)
def test_an_undecided_gap_is_settled_by_the_data(code: str) -> None:
    gap = case(STALLED, {})
    drawn = Case(gap.verdicts, [finding(code, 0.4)], gap.measurements)
    assert drawn.main == "cannot_tell"
    actions = [remedy.action for remedy in prescribe(drawn.verdicts, drawn.findings, drawn.measurements)]
    assert actions == [{"compare": ["train", "val"]}, {"evaluate": "train", "through": "val"}]


def test_a_gap_beside_a_decided_cause_does_not_ask_for_more() -> None:
    drawn = case(STALLED, {Cause.INSTABILITY: 0.9}, ["INS501"])
    both = [*drawn.findings, finding("OVF106", 0.4)]
    assert not any("compare" in r.action for r in prescribe(drawn.verdicts, both, drawn.measurements))
