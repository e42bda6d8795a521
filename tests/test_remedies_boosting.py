from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.neural_network import MLPClassifier

from diagnose.finding import Cause
from diagnose.remedies import prescribe
from diagnose.remedies.boosting import SET_DEPTH, SUBSAMPLE, boosting
from diagnose.remedies.learning_rate import SET_RATE
from diagnose.remedies.more_epochs import MORE_EPOCHS, more_epochs
from diagnose.remedies.regularisation import WEIGHT_DECAY
from diagnose.remedies.stopping import EARLY_STOPPING, stopping
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


XGBOOST = "".join(
    f"[{10 * n}]\ttrain-logloss:{train:.5f}\teval-logloss:{val:.5f}\n"
    for n, (train, val) in enumerate(zip(TURNING["loss"], TURNING["val_loss"], strict=True))
)
NETWORKS = ("weight decay", "dropout", "weights", "epoch", "width", "backbone", "batch")


@pytest.mark.parametrize("cause", [Cause.OVERFITTING, Cause.UNDERFITTING, Cause.UNDERTRAINING, Cause.INSTABILITY])
def test_a_console_log_of_rounds_is_one_of_trees(cause: Cause, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(XGBOOST)
    made = case(log, [cause])
    assert made.is_boosted
    for remedy in prescribe(made.verdicts, made.findings, made.measurements):
        assert not any(word in remedy.title.lower() for word in NETWORKS), remedy.title
        assert "torch" not in remedy.code
    stops = [p.remedy for p in stopping(made)]
    if cause is Cause.OVERFITTING:
        assert stops[0].action["stop_at"] == pytest.approx(110, abs=20)
        assert f"Stop at round {stops[0].action['stop_at']:.0f} and keep the trees" in stops[0].title
    for proposal in more_epochs(made):
        assert isinstance(proposal.remedy.action["train_until"], int)
        assert "more rounds" in proposal.remedy.title


def test_rounds_are_whole_where_the_curve_is_thinned() -> None:
    rounds = np.arange(1001.0)
    loss = {"iteration": rounds, "loss": np.exp(-rounds / 200), "val_loss": 1 + np.exp(-rounds / 90)}
    loss["val_loss"] = loss["val_loss"] + 0.001 * np.maximum(rounds - 400, 0)
    (stop,) = stopping(case(loss, [Cause.OVERFITTING]))
    assert stop.remedy.action["stop_at"] == int(stop.remedy.action["stop_at"])
    assert "." not in stop.remedy.title


@pytest.mark.parametrize("known", [{"framework": "torch"}, {"optimizer": "SGD"}, {"batch_size": 16}, {"dropout": 0.1}])
def test_iterations_of_a_network_are_no_trees(known: dict[str, object]) -> None:
    assert not case({"iteration": np.arange(30), **TURNING}, **known).is_boosted
    assert not case(TURNING).is_boosted
