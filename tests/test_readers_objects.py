"""Objects in memory."""

from __future__ import annotations

import math
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import learning_curve, validation_curve
from sklearn.neural_network import MLPClassifier

from diagnose.errors import InputError
from diagnose.readers import read_runs
from diagnose.run import Run

X, Y = load_iris(return_X_y=True)
LOSS, VAL = [1.0, 0.8, 0.6], [1.1, 0.9, 0.95]


def only(history: Any, **more: Any) -> Run:
    (run,) = read_runs(history, **more).runs
    return run


def counted(run: Run) -> dict[tuple[str, str], int]:
    return {(c.split, c.quantity): len(c) for c in run.history.curves}


@pytest.mark.parametrize(
    "history",
    [
        {"loss": LOSS, "val_loss": VAL},
        {"loss": np.array(LOSS), "val_loss": pd.Series(VAL)},
        [{"loss": a, "val_loss": b} for a, b in zip(LOSS, VAL, strict=True)],
        pd.DataFrame({"loss": LOSS, "val_loss": VAL}),
        pl.DataFrame({"loss": LOSS, "val_loss": VAL}),
        pl.LazyFrame({"loss": LOSS, "val_loss": VAL}),
        SimpleNamespace(history={"loss": LOSS, "val_loss": VAL}, params={"epochs": 3}, epoch=[0, 1, 2]),
        SimpleNamespace(history=SimpleNamespace(history={"loss": LOSS, "val_loss": VAL}, params={}, epoch=[0, 1, 2])),
        SimpleNamespace(
            state=SimpleNamespace(
                log_history=[
                    {"epoch": i, "loss": a, "eval_loss": b} for i, a, b in zip((1, 2, 3), LOSS, VAL, strict=True)
                ]
            )
        ),
        SimpleNamespace(
            fit=print, evals_result=lambda: {"validation_0": {"rmse": LOSS}, "validation_1": {"rmse": VAL}}
        ),
    ],
)
def test_the_same_history_in_every_object(history: Any) -> None:
    run = only(history)
    assert run.history.find("train", "loss").values.tolist() == LOSS  # type: ignore[union-attr]
    assert run.history.find("val", "loss").values.tolist() == VAL  # type: ignore[union-attr]
    assert run.history.curves[0].steps.tolist() == [1, 2, 3]


def test_gaps_of_pandas_are_not_logged_but_a_diverged_end_is() -> None:
    nan = float("nan")
    run = only(
        pd.DataFrame({"step": range(6), "loss": [1, 0.5, nan, nan, nan, nan], "val_loss": [nan, 1, nan, 0.5, nan, 0.4]})
    )
    assert counted(run) == {("train", "loss"): 6, ("val", "loss"): 3}
    assert math.isnan(run.history.curves[0].values[-1])


def test_a_named_index_is_a_column() -> None:
    assert only(pd.DataFrame({"loss": LOSS}, index=pd.Index([5, 6, 7], name="epoch"))).history.last_step == 7


def test_keras_settings() -> None:
    weight = SimpleNamespace(shape=(3, 4))
    optimizer = type("AdamW", (), {"get_config": lambda _: {"learning_rate": 0.01, "weight_decay": 0.004}})()
    model = SimpleNamespace(optimizer=optimizer, weights=[weight, weight], trainable_weights=[weight])
    context = only(SimpleNamespace(history={"loss": LOSS}, params={"epochs": 10}, epoch=[0, 1, 2], model=model)).context
    assert (context.optimizer, context.learning_rate, context.weight_decay) == ("AdamW", 0.01, 0.004)
    assert (context.parameters, context.trainable_parameters, context.epochs_planned) == (24, 12, 10)


def test_scikit_learn_networks() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = only(MLPClassifier(max_iter=5, early_stopping=True, batch_size=16, random_state=0).fit(X, Y))
    assert counted(run) == {("train", "loss"): 5, ("val", "accuracy"): 5}
    assert (run.context.framework, run.context.batch_size, run.context.learning_rate) == ("sklearn", 16, 0.001)


def test_scikit_learn_boosting() -> None:
    run = only(GradientBoostingClassifier(n_estimators=5, subsample=0.5, random_state=0).fit(X, Y))
    assert (counted(run), run.history.unit) == ({("train", "loss"): 5, ("val", "loss"): 5}, "iteration")
    run = only(HistGradientBoostingClassifier(max_iter=5, early_stopping=True, random_state=0).fit(X, Y))
    assert run.history.find("train", "loss").values[-1] < run.history.find("train", "loss").values[0]  # type: ignore[union-attr]


def test_scikit_learn_learning_curves() -> None:
    result = learning_curve(
        LogisticRegression(max_iter=300), X, Y, cv=3, train_sizes=[0.3, 1.0], shuffle=True, random_state=0
    )
    run = only(result)
    assert (run.history.unit, counted(run)) == ("sample size", {("train", "score"): 2, ("val", "score"): 2})
    same = only(dict(zip(("train_sizes", "train_scores", "test_scores"), result, strict=True)))
    assert same.history.curves[1].values.tolist() == run.history.curves[1].values.tolist()
    grid = only(
        validation_curve(LogisticRegression(max_iter=300), X, Y, param_name="C", param_range=[0.1, 1, 10], cv=3)
    )
    assert counted(grid) == {("train", "score"): 3, ("val", "score"): 3}


def test_only_a_history_object_is_of_keras() -> None:
    curves = {"loss": LOSS, "val_loss": VAL, "accuracy": VAL, "val_accuracy": LOSS}
    assert only(curves).context.framework is None
    assert only(pd.DataFrame(curves)).context.framework is None
    assert only(SimpleNamespace(history=curves, params={}, epoch=[0, 1, 2])).context.framework == "keras"


def test_a_run_passes_through_with_the_context() -> None:
    run = only(only({"loss": LOSS}), context={"n_val": 7})
    assert run.context.n_val == 7


def test_a_list_of_several_things() -> None:
    assert len(read_runs([only({"loss": LOSS}), {"loss": VAL}]).runs) == 2


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(max_iter=300),
        RandomForestClassifier(3, random_state=0),
        HistGradientBoostingClassifier(max_iter=3, early_stopping=False),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_fitted_model_without_a_curve_is_not_told_to_fit(estimator: Any) -> None:
    estimator.fit(X, Y)
    with pytest.raises(InputError, match=r"is fitted and keeps no curve.*early_stopping=True.*learning_curve") as error:
        read_runs(estimator)
    assert "fit it first" not in str(error.value)


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ([0.5, 0.4], "a list of numbers"),
        (None, "NoneType"),
        ("", "empty"),
        ({}, "without a series"),
        ({"loss": 0.5}, "without a series"),
        ([], "empty list"),
        (3, "expected a path"),
        (LogisticRegression(), "keeps no curve of its training and is not fitted"),
        (np.ones((5, 2)), r"5x2 array.*'loss': array\[:, 0\]"),
        (pd.DataFrame(), "empty data frame"),
        (SimpleNamespace(history={}, params={}), "has not finished an epoch"),
        ({"train_scores": "x", "test_scores": "y"}, "without a series"),
        ("no/such/log.csv", "no such file"),
    ],
)
def test_what_cannot_hold_a_history(history: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_runs(history)
