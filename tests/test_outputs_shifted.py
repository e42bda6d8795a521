"""COV117 fires where the model says other things, and leaves fitted training outputs undecided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzers.outputs_shifted import OutputsShifted
from diagnose.data import Column, Kind, Split
from diagnose.finding import Cause, Severity, Status
from diagnose.measures.output_shift import output_shifts
from diagnose.run import Run
from shifted_samples import probabilities

RULE = OutputsShifted()
CLASSES = ("cat", "dog", "owl")


def said(name: str, outputs: np.ndarray, **fields: object) -> Split:
    classes = CLASSES if outputs.ndim == 2 else ()
    return Split(name, len(outputs), outputs=outputs, classes=classes, **fields)  # type: ignore[arg-type]


def run(*splits: Split) -> Run:
    return testing.run_of_data(**{split.name: split for split in splits})


@pytest.mark.parametrize("n", [60, 400, 3000])
def test_quiet_where_nothing_differs(n: int) -> None:
    outcome = testing.assert_quiet(
        RULE, history=run(said("val", probabilities(n, 0)), said("test", probabilities(n, 1)))
    )
    assert outcome.status is Status.PASSED
    assert "would have been found" in outcome.why


def test_false_alarms_are_rare() -> None:
    alarms = [bool(testing.examine(RULE, history=run(said("val", probabilities(100, s)),
                                                     said("test", probabilities(100, s + 900))))[0])
              for s in range(40)]  # fmt: skip
    assert sum(alarms) <= 2


def test_fires_on_test_against_validation() -> None:
    finding = testing.assert_fires(
        RULE, history=run(said("val", probabilities(600, 0)), said("test", probabilities(600, 1, 0.7))),
        cause=Cause.COVARIATE_SHIFT,
    )  # fmt: skip
    assert finding.severity is Severity.WARNING
    assert "owl" in finding.claim


def test_sharper_training_outputs_are_information_only() -> None:
    train, val = said("train", probabilities(800, 0, sharpness=3.0)), said("val", probabilities(800, 1))
    finding = testing.assert_fires(RULE, history=run(train, val))
    assert finding.severity is Severity.INFO
    assert finding.probability < 0.5
    assert "overfitting" in finding.claim
    assert "test" in finding.settle


def test_training_outputs_count_where_the_model_is_no_better_on_training_rows() -> None:
    def labelled(split: Split) -> Split:
        assert split.outputs is not None
        codes = split.outputs.argmax(1).astype(np.int32)
        return replace(split, label=Column("label", Kind.CATEGORY, codes, CLASSES))

    one, other = said("train", probabilities(800, 0)), said("val", probabilities(800, 1, 0.7))
    finding = testing.assert_fires(RULE, history=run(labelled(one), labelled(other)))
    assert finding.severity is Severity.WARNING


def test_predicted_numbers_and_two_classes() -> None:
    rng = np.random.default_rng(0)
    numbers = [said(name, rng.normal(shift, 1, 500)) for name, shift in (("val", 0.0), ("test", 0.5))]
    assert "the prediction" in testing.assert_fires(RULE, history=run(*numbers)).claim
    p = rng.beta(2, 2, (2, 400))
    two = [replace(said(n, np.ones(400)), outputs=np.stack([1 - q, q], 1), classes=("no", "yes"))
           for n, q in zip(("val", "test"), p, strict=True)]  # fmt: skip
    testing.assert_quiet(RULE, history=run(*two))


def test_classes_in_another_order_are_the_same() -> None:
    one, other = probabilities(500, 0), probabilities(500, 1)
    turned = replace(said("test", other[:, ::-1]), classes=CLASSES[::-1])
    testing.assert_quiet(RULE, history=run(said("val", one), turned))


def test_a_tiny_shift_of_many_rows_is_no_finding() -> None:
    rng = np.random.default_rng(0)
    testing.assert_quiet(
        RULE, history=run(said("val", rng.normal(size=200_000)), said("test", rng.normal(0.015, 1, 200_000)))
    )


def test_skips_without_outputs_and_with_other_classes() -> None:
    assert testing.assert_quiet(RULE, history=run(said("val", probabilities(50, 0)))).status is Status.SKIPPED
    other = replace(said("test", probabilities(50, 1)), classes=("cat", "dog", "yak"))
    assert testing.assert_quiet(RULE, history=run(said("val", probabilities(50, 0)), other)).status is Status.SKIPPED


def test_a_class_that_is_said_less_often_is_seen_by_how_often_it_is_said() -> None:
    def sure(n: int, seed: int, least: int = 0) -> np.ndarray:
        rng = np.random.default_rng([seed, 117])
        return rng.dirichlet(np.ones(3), n) * 0.02 + 0.98 * np.eye(3)[rng.integers(least, 30, n) // 10]

    quiet = [output_shifts(0, None, said("val", sure(200, s)), said("test", sure(60, s + 500)))[0].p for s in range(40)]
    assert np.mean(np.array(quiet) <= 0.05) <= 0.15  # seven or more of forty happen less than once in a hundred

    (gone,) = output_shifts(0, None, said("val", sure(400, 1)), said("test", sure(100, 2, least=10)))
    assert gone.p < 1e-6
    assert 0.15 < gone.low < 1 / 3
