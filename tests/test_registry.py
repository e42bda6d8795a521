"""The rules that every analyzer keeps, held for all that are registered."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from diagnose import testing
from diagnose.analyzer import SECTIONS, Analyzer, documentation, limits
from diagnose.analyzers import analyzers
from diagnose.finding import Cause
from diagnose.measurements import requests
from diagnose.measures import MEASURES

REGISTERED = analyzers()
EVIDENCE = {"run", "history", "context", "train_split", "val_split", "test_split", "model", "recording", "seed"}
TESTS = Path(__file__).parent

each = pytest.mark.parametrize("analyzer", REGISTERED, ids=[analyzer.code for analyzer in REGISTERED])


def file_of(analyzer: Analyzer) -> Path:
    return Path(inspect.getfile(type(analyzer)))


def test_codes_are_unique() -> None:
    codes = [analyzer.code for analyzer in REGISTERED]
    assert len(codes) == len(set(codes))


def test_one_file_a_code() -> None:
    files = [file_of(analyzer) for analyzer in REGISTERED]
    assert len(files) == len(set(files))


def test_one_family_of_codes_speaks_for_few_causes() -> None:
    families: dict[str, set[Cause]] = {}
    for analyzer in REGISTERED:
        families.setdefault(analyzer.code[:3], set()).add(analyzer.cause)
    assert families["OVF"] == {Cause.OVERFITTING}


@each
def test_code_has_the_pattern(analyzer: Analyzer) -> None:
    assert re.fullmatch(r"[A-Z]{3}[0-9]{3}", analyzer.code)


@each
def test_cause_is_one_of_the_fifteen(analyzer: Analyzer) -> None:
    assert isinstance(analyzer.cause, Cause)


@each
def test_page_is_complete(analyzer: Analyzer) -> None:
    testing.assert_documented(analyzer)
    page = documentation(analyzer)
    assert page.title
    assert not page.title.endswith(".")
    assert all(f"## {section}" in page.markdown for section in SECTIONS)


@each
def test_asks_only_for_what_exists(analyzer: Analyzer) -> None:
    known = EVIDENCE | {measure.__name__ for measure in MEASURES}
    assert {name for name, _ in requests(analyzer.check)} <= known


@each
def test_is_frozen_and_its_limits_have_reasons(analyzer: Analyzer) -> None:
    assert type(analyzer).__dataclass_params__.frozen  # type: ignore[attr-defined]
    source = inspect.getsource(type(analyzer))
    for name in limits(analyzer):
        after = source.split(f"    {name}: ", 1)[1].split("\n", 1)[1].lstrip()
        assert after.startswith('"""'), f"{analyzer.code}.{name} says nothing of where it comes from"


@each
def test_has_a_test_file_of_its_name(analyzer: Analyzer) -> None:
    assert (TESTS / f"test_{file_of(analyzer).stem}.py").is_file() or list(
        TESTS.rglob(f"test_{file_of(analyzer).stem}.py")
    )


@each
def test_says_something_of_the_shortest_log(analyzer: Analyzer) -> None:
    findings, outcome = testing.examine(analyzer, history={"loss": [1.0, 0.5], "val_loss": [1.0, 0.6]})
    assert outcome.status.value != "broken", outcome.why
    assert findings or outcome.why
