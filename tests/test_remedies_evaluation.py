from __future__ import annotations

import numpy as np
import pytest
import sklearn.model_selection
from sklearn.tree import DecisionTreeClassifier

from diagnose.finding import Cause
from diagnose.remedies.case import Case
from diagnose.remedies.evaluation import FOLDS, evaluation, samples_needed
from remedy_cases import OVERCONFIDENT, TURNING, case
from remedy_worlds import case_of, table


def test_the_number_needed_makes_the_interval_narrower_than_the_stake() -> None:
    folds, larger = evaluation(case(OVERCONFIDENT, codes=["EVA901"], n_val=50))
    assert folds.remedy.effect is None, "the training set's size is not known"
    needed = larger.remedy.action["n_val"]
    assert needed > 50
    assert larger.remedy.effect is not None
    assert larger.remedy.effect.value <= 0.02
    assert larger.remedy.title == f"Validation samples 50 → {needed:,}"


def test_tiny_sets_are_folded_first() -> None:
    folds, larger = evaluation(case(OVERCONFIDENT, codes=["EVA901"], n_val=20, n_train=100))
    assert folds.key == "folds"
    assert "120 instead of 20" in folds.remedy.why
    assert folds.remedy.effect.value > larger.remedy.effect.value  # type: ignore[union-attr]


@pytest.mark.parametrize("history", [TURNING, OVERCONFIDENT, {**TURNING, "val_mae": TURNING["val_loss"]}])
@pytest.mark.parametrize(
    "context", [{"n_val": 20}, {"n_val": 5}, {"n_val": 20, "n_train": 40}, {"n_val": 20, "n_train": 9999}]
)
def test_a_tiny_set_always_becomes_a_larger_one(history: object, context: dict[str, object]) -> None:
    made = {p.key: p.remedy for p in evaluation(case(history, codes=["EVA901"], **context))}
    assert made["n_val"].action["n_val"] >= 200
    assert ("folds" in made) == (context.get("n_train") != 9999)


@pytest.mark.parametrize("code", ["EVA902", "EVA903", "EVA904"])
def test_a_broken_metric_is_repaired_first(code: str) -> None:
    assert [p.key for p in evaluation(case(OVERCONFIDENT, codes=[code, "EVA901"], n_val=20))] == ["metric"]


def test_several_runs_are_judged_apart() -> None:
    assert [p.key for p in evaluation(case(TURNING, codes=["EVA905"]))] == ["runs"]


@pytest.mark.parametrize(
    ("history", "causes", "codes", "context"),
    [
        (OVERCONFIDENT, [], [], {"n_val": 20}),
        (OVERCONFIDENT, [Cause.OVERFITTING], [], {"n_val": 20}),
        (OVERCONFIDENT, [Cause.EVALUATION], [], {"n_val": 5000}),
        (OVERCONFIDENT, [], ["EVA901"], {"n_val": 50_000}),
    ],
)
def test_quiet(history: object, causes: list[Cause], codes: list[str], context: dict[str, object]) -> None:
    assert list(evaluation(case(history, causes, codes, **context))) == []


@pytest.mark.parametrize(("level", "difference"), [(0.5, 0.05), (0.9, 0.01), (0.999, 0.02)])
def test_samples_needed_shrinks_the_half_width(level: float, difference: float) -> None:
    n = samples_needed(level, difference)
    assert 1.96 * np.sqrt(level * (1 - level) / n) <= difference


def test_the_folds_run() -> None:
    rng = np.random.default_rng(0)
    scores: list[float] = []
    exec(
        FOLDS["generic"],
        {"sklearn": sklearn, "x": rng.normal(size=(50, 2)), "y": np.arange(50) % 2, "print": scores.append,
         "build_model": DecisionTreeClassifier},
    )  # fmt: skip
    assert len(scores) == 5


@pytest.mark.parametrize(("code", "start"), [("EVA902", "Look at the confusion matrix"), ("EVA903", "Repair")])
def test_a_constant_score_may_be_a_single_class(code: str, start: str) -> None:
    (metric,) = evaluation(case(TURNING, codes=[code]))
    assert metric.remedy.title.startswith(start)


def with_predictions(n_val: int) -> Case:
    tables = {"train": table(400, 0), "val": table(n_val, 1)}
    tables = {name: rows.assign(said="yes") for name, rows in tables.items()}
    return case_of(tables, "EVA907", data={"label": "target", "prediction": "said"})


def test_rows_that_tell_two_points_are_asked_for_where_there_are_a_handful() -> None:
    (proposal,) = evaluation(with_predictions(25))
    assert 2200 < proposal.remedy.action["n_val"] <= 2401  # 1.96² · 0.25 / 0.02² at an error rate of one half
    assert proposal.remedy.effect is not None
    assert proposal.remedy.effect.value == pytest.approx(0.02, abs=0.0005)


@pytest.mark.parametrize("n_val", [200, 3000])
def test_a_coarse_score_of_many_rows_is_information(n_val: int) -> None:
    assert list(evaluation(with_predictions(n_val))) == []
