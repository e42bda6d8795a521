"""Reports of one made-up run against the committed ones: a change in them is seen, and meant."""

from __future__ import annotations

import difflib
import json
import re
from itertools import islice

import pytest

from diagnose.reports import load
from gold_reports import FILES, GOLD, diagnosis, rendered

ADVICE = "if the change is meant: python tests/gold_reports.py, and look at the difference"
NUMBER = re.compile(r"[-−]?\d[\d,]*\.?\d*(?:e[-−]?\d+)?")


KEPT = load(GOLD / "overfit.json")


@pytest.mark.parametrize("name", FILES)
def test_reports_show_the_kept_diagnosis_as_they_did(name):
    assert_same((GOLD / name).read_text(encoding="utf-8"), rendered(KEPT, FILES[name]))


def test_an_audit_concludes_as_it_did():
    kept = (GOLD / "overfit.json").read_text(encoding="utf-8")
    now = rendered(diagnosis(), "json")
    if without_numbers(json.loads(now)) != without_numbers(json.loads(kept)):
        assert_same(kept, now)
    assert_close(json.loads(now), json.loads(kept))


def assert_same(kept: str, now: str) -> None:
    changed = difflib.unified_diff(kept.splitlines(), now.splitlines(), "kept", "now", lineterm="", n=0)
    shown = "\n".join(line[:200] for line in islice(changed, 40))
    assert not shown, f"{shown}\n{ADVICE}"


def without_numbers(value):
    """Replace the numbers of a JSON document, and those in its texts: their last digits depend on the platform."""
    if isinstance(value, dict):
        return {key: without_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_numbers(inner) for inner in value]
    return NUMBER.sub("#", value) if isinstance(value, str) else value is None


def assert_close(now, kept) -> None:
    if isinstance(now, dict):
        for key in now:
            assert_close(now[key], kept[key])
    elif isinstance(now, list):
        for one, other in zip(now, kept, strict=True):
            assert_close(one, other)
    elif isinstance(now, float | int):
        assert now == pytest.approx(kept, rel=1e-3, abs=1e-6), ADVICE


def test_gold_files_are_small_and_hold_no_version_of_this_machine():
    assert sum(path.stat().st_size for path in GOLD.iterdir()) < 200_000
    assert set(KEPT.versions.values()) == {"x"}
