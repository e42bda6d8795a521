"""The suite of training programmes keeps its own laws: one fault each, twins, shares, and validated scores."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="an installed package has no benchmarks beside it")

if BENCHMARKS.is_dir():
    sys.path.insert(0, str(BENCHMARKS))
    from programs.catalogue import FRAMEWORKS, SETS, catalogue
    from programs.faults import FAULTS
    from programs.scoring import Result, shown
    from programs.validation import problem, unhealthy

    PROGRAMS = {program.name: program for program in catalogue()}
else:
    PROGRAMS = {}


def lines() -> dict:
    return importlib.import_module("json").loads(
        "{" + ",".join(f'"{line.split(chr(34))[3]}": {line}' for line in validated().splitlines()) + "}"
    )


def validated() -> str:
    return (BENCHMARKS / "programs" / "validated.jsonl").read_text(encoding="utf-8")


def test_names_are_used_once() -> None:
    assert not [name for name, n in Counter(p.name for p in catalogue()).items() if n > 1]


def test_is_large_and_at_least_half_correct() -> None:
    assert len(PROGRAMS) >= 80
    for name in SETS:
        of = [p for p in PROGRAMS.values() if p.set == name]
        assert sum(p.fault is None for p in of) / len(of) >= 0.5
        assert {p.framework for p in of} == set(FRAMEWORKS)
        assert {p.domain for p in of} == {"images", "tables", "text", "sequences"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_entry_is_whole(name: str) -> None:
    program = PROGRAMS[name]
    module, _, function = program.at.partition(":")
    tree = ast.parse((BENCHMARKS / "programs" / f"{module}.py").read_text(encoding="utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    assert found.args.args[0].arg == "hook"
    assert set(program.change) <= {argument.arg for argument in found.args.kwonlyargs} or found.args.kwarg
    if program.fault is None:
        assert program.reaches is not None
        assert not program.twin
        return
    twin = PROGRAMS[program.twin]
    assert twin.fault is None, "the twin has a fault itself"
    assert twin.at == program.at
    assert program.accepts


@pytest.mark.parametrize("slug", FAULTS if PROGRAMS else ())
def test_a_fault_is_in_both_sets(slug: str) -> None:
    assert all(re.fullmatch(r"[A-Z]{3}\d{3}", code) for code in FAULTS[slug].accepts)
    assert {p.set for p in PROGRAMS.values() if p.fault == slug} >= {"development", "held out"}


def test_held_out_programmes_share_neither_code_nor_data_with_the_development_set() -> None:
    for path in (BENCHMARKS / "programs").glob("held_out_*.py"):
        assert "development" not in path.read_text(encoding="utf-8")


def test_fresh_programmes_share_neither_code_nor_data_with_the_other_sets() -> None:
    for path in (BENCHMARKS / "programs").glob("fresh_*.py"):
        assert not re.search(r"programs\.(development|held_out)", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_is_what_it_says(name: str) -> None:
    assert not problem(PROGRAMS[name], lines())


def test_a_course_that_turns_or_is_cut_off_is_not_correct() -> None:
    assert unhealthy([1.0, 0.5, 0.3, 0.2, 0.35]).startswith("overfits")
    assert unhealthy([1.0, 0.9, 0.8, 0.7, 0.6]).startswith("unfinished")
    assert not unhealthy([1.0, 0.4, 0.22, 0.21, 0.2])


def finding(code: str, cause: str, severity: str = "warning", probability: float = 0.8) -> dict:
    return {"code": code, "cause": cause, "severity": severity, "probability": probability, "claim": ""}


def test_only_the_first_two_alarms_name_a_fault() -> None:
    faulty = next(p for p in PROGRAMS.values() if p.fault == "softmax_twice")
    others = [finding("UTR401", "undertraining"), finding("LRN602", "learning_rate")]
    right = finding("PRG902", "training_program", "error")
    assert Result(faulty, {"findings": [others[0], right]}).named
    assert not Result(faulty, {"findings": [*others, right]}).named
    assert not Result(faulty, {"findings": [finding("PRG905", "training_program")]}).named


def test_remarks_and_doubts_are_no_alarms() -> None:
    correct = next(p for p in PROGRAMS.values() if p.fault is None)
    result = Result(
        correct, {"findings": [finding("BAT703", "batch_size", "info"), finding("OVF101", "overfitting", "error", 0.4)]}
    )
    assert not result.alarms
    assert result.remarks == ["BAT703"]


def test_the_report_lists_misses_false_alarms_and_crashes() -> None:
    faulty = next(p for p in PROGRAMS.values() if p.fault == "softmax_twice")
    correct = PROGRAMS[faulty.twin]
    said = shown([
        Result(faulty, {"findings": [], "error": "Traceback\nValueError: no"}),
        Result(correct, {"findings": [finding("OVF101", "overfitting")]}),
    ])  # fmt: skip
    assert f"{faulty.name}: nothing" in said
    assert f"{correct.name}: OVF101" in said
    assert "ValueError: no" in said


@pytest.mark.framework
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["wine_whole_batch", "diabetes_fit_broadcast"])
def test_a_sample_runs_with_its_hook_and_without(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    hooked, seed_all = importlib.import_module("programs.hooked"), importlib.import_module("programs.worker").seed_all
    scores = []
    for hook in (hooked.no_hook("torch")[0], hooked.hook("torch", tmp_path / "run")):
        seed_all("torch", 0)
        scores.append(PROGRAMS[name].run(hook))
    assert scores[0] == scores[1], "the hook changed the result"
