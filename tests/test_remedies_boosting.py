from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.neural_network import MLPClassifier

from diagnose.finding import Cause
from diagnose.remedies.boosting import SET_DEPTH, SUBSAMPLE, boosting
from diagnose.remedies.learning_rate import SET_RATE
from diagnose.remedies.more_epochs import MORE_EPOCHS
from diagnose.remedies.regularisation import WEIGHT_DECAY
from diagnose.remedies.stopping import EARLY_STOPPING
from diagnose.remedies.wording import snippet
from remedy_cases import OVERCONFIDENT, TURNING, case


def test_overfitting_trees_are_sampled_and_cut() -> None:
    sampled, shallower = boosting(case(TURNING, [Cause.OVERFITTING], framework="lightgbm"))
    assert "bagging_fraction" in sampled.remedy.code
    assert shallower.remedy.code == 'params["num_leaves"] = 2 ** 4'


def test_underfitting_trees_grow() -> None:
    (deeper,) = boosting(case(TURNING, [Cause.UNDERFITTING], framework="catboost"))
    assert deeper.remedy.action == {"max_depth": 8}


@pytest.mark.parametrize(
    ("history", "cause", "framework"),
    [
        (TURNING, Cause.OVERFITTING, "keras"),
        (TURNING, Cause.OVERFITTING, "sklearn"),
        (OVERCONFIDENT, Cause.OVERFITTING, "xgboost"),
        (TURNING, Cause.UNDERTRAINING, "xgboost"),
    ],
)
def test_quiet(history: object, cause: Cause, framework: str) -> None:
    assert list(boosting(case(history, [cause], framework=framework))) == []


@pytest.mark.parametrize(
    ("dialect", "model"),
    [
        ("sklearn", MLPClassifier()),
        ("sklearn_hist", HistGradientBoostingClassifier()),
        ("sklearn_boosting", GradientBoostingClassifier()),
    ],
)
@pytest.mark.parametrize("templates", [SUBSAMPLE, SET_DEPTH, SET_RATE, MORE_EPOCHS, WEIGHT_DECAY, EARLY_STOPPING])
def test_snippets_for_scikit_learn_run(dialect: str, model: object, templates: dict[str, str]) -> None:
    values: dict[str, float | str] = {"depth": 3, "rate": 0.05, "before": 0.1, "decay": 0.001, "optimizer": "x"}
    values |= {"target": 12, "last": 6, "more": 6, "patience": 4, "epochs": 12, "stop": 8}
    code = snippet(templates, dialect, **values)
    exec(code, {"model": model})
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        if code and not isinstance(model, MLPClassifier):
            model.fit(rng.normal(size=(60, 2)), np.arange(60) % 2)  # type: ignore[attr-defined]


def test_the_estimator_is_told_by_its_log() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 2)), np.arange(80) % 2
    fitted = HistGradientBoostingClassifier(max_iter=12, early_stopping=True, scoring="loss", n_iter_no_change=12).fit(
        x, y
    )
    made = case(fitted, [Cause.OVERFITTING])
    assert made.dialect == "sklearn_hist"
    assert made.is_boosted
