"""The public call: what may not change a diagnosis, what no log may break, and what is refused."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diagnose
from diagnose.finding import Cause, Diagnosis, Level
from diagnose.reports.json_format import to_json
from diagnose.reports.json_schema import committed_schema
from diagnose.run import Unread
from simulated_runs import (
    EARLY,
    ODD,
    QUIET,
    decay,
    flat,
    healthy,
    history,
    moved,
    noise,
    overfit,
    two_descents,
    with_extra_columns,
)  # fmt: skip

RUNS: dict[str, dict[str, list[float]]] = {
    **QUIET,
    "overfit": overfit(),
    "overfit, short": overfit(14, 6),
    "overfit, noisy": overfit(80, 30, size=0.08),
    "flat": flat(),
    "two descents": two_descents(),
    "still falling": history(decay(40, half_lives=1.0), decay(40, half_lives=1.0) + noise(40, 0.005)),
}
FEW = settings(max_examples=40, deadline=None)
names = st.sampled_from(sorted(RUNS))
runs = st.builds(
    lambda n, seed, turn, rise, size: overfit(n, max(2, int(n * turn)), seed, rise, size),
    st.integers(5, 90), st.integers(0, 10**6), st.floats(0.2, 0.9), st.floats(0, 1), st.floats(0.001, 0.1),
)  # fmt: skip


def audited(run: Any, **more: Any) -> Diagnosis:
    diagnosis = diagnose.audit(history=run, **more)
    assert not diagnosis.is_broken, [(o.code, o.why) for o in diagnosis.outcomes if o.status.value == "broken"]
    return diagnosis


def probabilities(diagnosis: Diagnosis) -> dict[str, float | None]:
    return {cause: verdict.probability for cause, verdict in diagnosis.verdicts.items()}


def assert_same_verdicts(one: Diagnosis, other: Diagnosis, within: float = 1e-6) -> None:
    first, second = probabilities(one), probabilities(other)
    assert {c for c, p in first.items() if p is None} == {c for c, p in second.items() if p is None}
    apart = {c: (p, second[c]) for c, p in first.items() if p is not None and abs(p - (second[c] or 0)) > within}
    assert not apart
    assert one.main == other.main


@FEW
@given(names.map(RUNS.get) | runs, st.floats(1e-4, 1e4), st.floats(-20, 20))
def test_scale_and_shift_of_the_losses_change_nothing(run: Any, scale: float, shift: float) -> None:
    assert_same_verdicts(audited(run), audited(moved(run, scale, shift * scale)))


@FEW
@given(names.map(RUNS.get) | runs)
def test_extra_columns_change_nothing(run: Any) -> None:
    assert_same_verdicts(audited(run), audited(with_extra_columns(run)), within=0)


@FEW
@given(names.map(RUNS.get) | runs, st.permutations(["loss", "val_loss", "accuracy", "val_accuracy"]))
def test_order_of_columns_changes_nothing(run: Any, order: list[str]) -> None:
    shuffled = {name: run[name] for name in order if name in run}
    assert_same_verdicts(audited(run), audited(shuffled), within=0)


@pytest.mark.parametrize("name", RUNS)
def test_single_precision_changes_next_to_nothing(name: str) -> None:
    single = {column: np.array(values, dtype=np.float32) for column, values in RUNS[name].items()}
    assert_same_verdicts(audited(RUNS[name]), audited(single), within=0.01)


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_kinds_of_series_are_equal(kind: Any) -> None:
    run = {column: kind(values) for column, values in overfit().items()}
    assert_same_verdicts(audited(overfit()), audited(run), within=0)


def test_other_runs_of_a_batch_change_nothing(tmp_path: Path) -> None:
    paths = []
    for name, run in RUNS.items():
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(run))
    together = list(diagnose.audit_many(paths))
    assert len(together) == len(paths)
    for path, found in zip(paths, together, strict=True):
        assert isinstance(found, Diagnosis)
        assert to_json(found) == to_json(audited(path))
    backwards = list(diagnose.audit_many(reversed(paths)))
    assert [to_json(d) for d in reversed(backwards)] == [to_json(d) for d in together]  # type: ignore[arg-type]


def test_what_can_not_be_read_is_yielded_among_the_others(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(overfit()))
    bad.write_bytes(b"\x00\x01\x02")
    found = list(diagnose.audit_many([bad, good]))
    assert [type(f) for f in found] == [Unread, Diagnosis]
    gone, _ = diagnose.audit_many([good, tmp_path / "gone.csv"])
    assert isinstance(gone, Unread)
    assert "no such file" in gone.why


# -- any log ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*RUNS, *EARLY, *ODD])
def test_every_diagnosis_is_whole(name: str) -> None:
    """All verdicts, what would settle the open ones, a sentence, and JSON that fits the published schema."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diagnosis = audited({**RUNS, **EARLY, **ODD}[name])
    assert list(diagnosis.verdicts) == [cause.value for cause in Cause]
    assert diagnosis.sentence
    for verdict in diagnosis.verdicts.values():
        assert (verdict.level is Level.NOT_EXAMINED) == (verdict.probability is None)
        if verdict.level is Level.NOT_EXAMINED:
            assert verdict.would_settle
    document = json.loads(to_json(diagnosis), parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    jsonschema.Draft202012Validator(committed_schema()).validate(document)


WILD = [0.0, -1.0, 1.0, 1e300, -1e300, 1e160, 1e99, 5e-324, 1e-160, float("nan"), float("inf"), -float("inf")]


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["loss", "val_loss", "accuracy", "val_accuracy", "lr", "epoch"]),
        st.lists(st.sampled_from(WILD) | st.floats(width=32), min_size=1, max_size=40), min_size=1,
    )
)  # fmt: skip
def test_no_numbers_break_it(run: dict[str, list[float]]) -> None:
    """Warnings are errors here: whatever overflows is caught where it arises."""
    with contextlib.suppress(diagnose.InputError):  # nothing but broken numbers
        to_json(audited(run))


@pytest.mark.parametrize("column", ["loss", "val_loss", "accuracy", "val_accuracy"])
@pytest.mark.parametrize("at", [0, 1, 20, 59])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_one_broken_number_anywhere(column: str, at: int, value: float) -> None:
    run = {name: list(values) for name, values in overfit(60).items()}
    run[column][at] = value
    diagnosis = audited(run)
    if at < 59:  # a turn that a person sees is not hidden by one number; at the end the training itself is lost
        assert diagnosis.verdicts["overfitting"].level in (Level.LIKELY, Level.CONFIRMED)


@pytest.mark.parametrize("scale", [1e300, 1e200, 1e101, -1e300, 1e99, 1e-99, 1e-200, 5e-324])
def test_scales_beyond_all_losses(scale: float) -> None:
    audited(moved(overfit(), scale, 0.0))


@pytest.mark.parametrize("level", [0.0, 1.0, -3.0, 1e99, 1e300, -1e300])
def test_constant_curves_do_not_overfit(level: float) -> None:
    found = audited(dict.fromkeys(("loss", "val_loss"), [level] * 20)).verdicts["overfitting"].level
    assert found in (Level.RULED_OUT, Level.UNLIKELY, Level.NOT_EXAMINED)


def test_negative_losses_are_losses() -> None:
    below = moved(overfit(), 1.0, -40.0)
    assert audited(below).main == "overfitting"


# -- short and long ---------------------------------------------------------------------------------------------


def test_five_points_suffice_for_a_plain_turn() -> None:
    run = {"loss": [1.0, 0.5, 0.3, 0.2, 0.1], "val_loss": [1.0, 0.7, 0.8, 1.1, 1.5]}
    assert audited(run).verdicts["overfitting"].probability is not None


def test_half_a_million_points_are_thinned() -> None:
    n = 500_000
    t = np.linspace(0, 1, n)
    started = time.process_time()
    diagnosis = audited({
        "loss": np.exp(-5 * t) + noise(n, 0.05), "val_loss": np.abs(t - 0.4) + 0.4 + noise(n, 0.05, 1),
    })  # fmt: skip
    assert time.process_time() - started < 20  # quadratic time would be hours
    assert diagnosis.main == "overfitting"
    assert {curve.points_logged for curve in diagnosis.run.curves} == {n}
    assert max(len(curve.steps) for curve in diagnosis.run.curves) <= 600


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_short_to_tell(n: int) -> None:
    diagnosis = audited({name: values[:n] for name, values in overfit().items()})
    assert diagnosis.verdicts["overfitting"].level is Level.NOT_EXAMINED
    assert diagnosis.main != "healthy"


# -- what it says -----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.integers(5, 120), st.integers(0, 10**6), st.floats(0.05, 0.9), st.floats(0, 2), st.floats(0.0005, 0.05),
    st.floats(0.05, 0.5), st.floats(0.2, 8), st.booleans(),
)  # fmt: skip
def test_never_confirmed_while_the_validation_score_improves_to_the_end(
    n: int, seed: int, turn: float, rise: float, size: float, gained: float, speed: float, with_train_score: bool
) -> None:
    """However much the loss rises, the decisions do not get worse."""
    run = overfit(n, max(1, int(n * turn)), seed, rise, size)
    run["val_accuracy"] = list(0.3 + gained * (1 - np.exp(-speed * np.linspace(0, 1, n))))
    if not with_train_score:
        del run["accuracy"]
    assert audited(run).verdicts["overfitting"].level is not Level.CONFIRMED


@pytest.mark.parametrize("seed", range(6))
def test_a_plain_overfit_is_the_main_cause(seed: int) -> None:
    diagnosis = audited(overfit(seed=seed))
    assert diagnosis.main == "overfitting"
    assert diagnosis.verdicts["overfitting"].level is Level.CONFIRMED


@pytest.mark.parametrize("name", QUIET)
def test_quiet_runs_are_not_said_to_overfit(name: str) -> None:
    assert audited(QUIET[name]).verdicts["overfitting"].level in (Level.RULED_OUT, Level.UNLIKELY)


def test_curves_leave_the_data_unexamined() -> None:
    verdicts = audited(overfit()).verdicts
    for cause in ("covariate_shift", "label_shift", "concept_shift", "leakage", "label_errors"):
        assert verdicts[cause].level is Level.NOT_EXAMINED
        assert verdicts[cause].would_settle


def test_what_is_given_and_not_examined_is_said() -> None:
    diagnosis = audited(healthy(), model=object())
    unread = {entry["where"]: entry["why"] for entry in diagnosis.run.unread}
    assert "model=" in unread
    assert "val=" not in unread


def test_seed_limits_and_versions_are_recorded() -> None:
    diagnosis = audited(healthy(), seed=7)
    assert diagnosis.seed == 7
    assert set(diagnosis.limits) == {outcome.code for outcome in diagnosis.outcomes}
    assert {"diagnose", "numpy", "python"} <= set(diagnosis.versions)


def test_the_run_with_most_held_out_points_speaks() -> None:
    lengths = (6, 12, 12, 9)
    rows = [
        {"fold": fold, "epoch": i, "loss": v, "val_loss": v + fold}
        for fold, n in enumerate(lengths) for i, v in enumerate(decay(n))
    ]  # fmt: skip
    diagnosis = audited(rows)
    assert diagnosis.run.n_points == 12
    assert "fold 2" in diagnosis.run.name  # the last of equals
    assert len(diagnosis.run.siblings) == 3


# -- the same bytes, and what is refused ------------------------------------------------------------------------

TWICE = """
import sys, diagnose
from diagnose.reports.json_format import to_json
sys.stdout.buffer.write(to_json(diagnose.audit(history=sys.argv[1], context={"n_classes": 10, "learning_rate": 0.1})))
"""


def test_same_input_same_bytes_in_two_processes(tmp_path: Path) -> None:
    log = tmp_path / "run.json"
    log.write_text(json.dumps(with_extra_columns(overfit())))
    root = str(Path(diagnose.__file__).parents[1])
    written = [
        subprocess.run(
            [sys.executable, "-c", TWICE, str(log)], check=True, capture_output=True, cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2024")
    ]  # fmt: skip
    assert written[0] == written[1]
    assert json.loads(written[0])["main"] == "overfitting"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "nothing to audit.*diagnose.audit\\(history="),
        ([], "empty list; expected a path"),
        ({}, "without a series of numbers.*expected"),
        ({"name": "x", "note": ["a", "b"]}, "without a series of numbers \\('name', 'note'\\)"),
        ({"loss": []}, "without a series of numbers"),
        (5, "is a int; expected"),
        ("no_such_log.csv", "no such file or folder"),
    ],
)
def test_what_is_refused_and_what_to_type(given: Any, message: str) -> None:
    with pytest.raises(diagnose.InputError, match=message):
        diagnose.audit(given)
    assert issubclass(diagnose.InputError, diagnose.DiagnoseError)
