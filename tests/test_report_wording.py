"""Words: one for every state of the data model, and nothing in a name acts."""

from __future__ import annotations

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.finding import Basis, Cause, Level, Severity, Status
from diagnose.reports import wording


def test_documented_examples_are_true():
    assert doctest.testmod(wording).failed == 0


@pytest.mark.parametrize(
    ("words", "states"),
    [
        (wording.LEVELS, Level), (wording.SEVERITIES, Severity), (wording.STATUSES, Status), (wording.BASES, Basis),
        (wording.CAUSE_MEANINGS, Cause),
    ],
)  # fmt: skip
def test_every_state_has_its_words(words, states):
    assert set(words) == set(states)
    assert set(Cause) < set(wording.CAUSE_TITLES)


@pytest.mark.parametrize("words", [wording.LEVELS, wording.SEVERITIES, wording.STATUSES])
def test_states_differ_without_colour(words):
    for part in ("symbol", "ascii", "word"):
        assert len({getattr(state, part) for state in words.values()}) == len(words)
    assert all(state.ascii.isascii() for state in words.values())


@given(st.text() | st.text(alphabet="\x1b\x00\u202e\u2066\ud800ab\n"))
def test_cleaned_text_is_inert_and_encodable(text):
    cleaned = wording.clean(text)
    cleaned.encode()
    assert not {c for c in cleaned if unicodedata.category(c) in {"Cc", "Cs"}} - {"\n", "\t"}
    assert not set("\u202e\u2066") & set(cleaned)


@pytest.mark.parametrize("text", ["val_loss", "épreuve", "שלום", "a\tb\n", "損失 → 0.1 ≤ x", "🙂"])
def test_ordinary_text_is_left_alone(text):
    assert wording.clean(text) == text


@given(st.text(max_size=300), st.integers(2, 80))
def test_one_line_is_one_short_line(text, limit):
    line = wording.one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line


def test_quantities_and_unknown_causes_have_titles():
    assert wording.quantity_title("box_loss") == "Box loss"
    assert wording.quantity_title("f1") == "F1"
    assert wording.cause_title("something_new") == "something_new"
