from __future__ import annotations

import ast
import doctest

from hypothesis import given
from hypothesis import strategies as st

from diagnose.remedies import evaluation, wording
from diagnose.remedies.wording import one_digit, short, snippet


def test_examples() -> None:
    for module in (wording, evaluation):
        assert doctest.testmod(module).failed == 0


@given(st.floats(1e-12, 1e12))
def test_a_number_is_code_and_keeps_two_digits(value: float) -> None:
    assert abs(ast.literal_eval(short(value)) / value - 1) < 0.051
    assert abs(one_digit(value) / value - 1) < 0.51


@given(st.text())
def test_a_text_stays_a_text(text: str) -> None:
    (call,) = ast.parse(snippet({"keras": "f($name)"}, "keras", name=text)).body
    assert ast.literal_eval(call.value.args[0]) == text  # type: ignore[attr-defined]


def test_no_lines_for_an_unknown_framework() -> None:
    assert snippet({"keras": "f()"}, None) == ""
    assert snippet({"keras": "f()"}, "jax") == ""
