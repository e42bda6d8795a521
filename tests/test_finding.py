"""The conclusions as text: short, and led by what a person reads first."""

from __future__ import annotations

import numpy as np

from diagnose.finding import Cause, Diagnosis, Level, Measured, RunSummary, Verdict

VERDICTS = {
    "underfitting": Verdict(Cause.UNDERFITTING, Level.RULED_OUT, 0.02),
    "overfitting": Verdict(Cause.OVERFITTING, Level.CONFIRMED, 0.999),
    "leakage": Verdict(Cause.LEAKAGE, Level.NOT_EXAMINED),
}
DIAGNOSIS = Diagnosis("Overfitting is confirmed.", "overfitting", RunSummary("log.csv", "epoch", 3, 3.0), VERDICTS)


def test_printed_it_is_the_sentence_and_what_was_examined() -> None:
    assert str(DIAGNOSIS).splitlines() == [
        "Overfitting is confirmed.",
        "  overfitting: confirmed (99%)",
        "  underfitting: ruled out (2%)",
    ]


def test_in_a_prompt_it_is_one_short_line() -> None:
    assert repr(DIAGNOSIS) == "<Diagnosis of 'log.csv': main='overfitting', 0 findings, 0 remedies>"


def test_measured_numbers_print_as_numbers() -> None:
    measured = Measured("gap", np.float64(0.5), low=np.float32(0.25), high=None, limit=3)
    assert "np." not in repr(measured)
    assert (measured.value, measured.low, measured.high, measured.limit) == (0.5, 0.25, None, 3)
    assert type(measured.limit) is int
