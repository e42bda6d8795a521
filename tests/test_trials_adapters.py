"""Training functions made of a model and data: what they carry out, and that they leave the user's objects alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diagnose.errors import InputError
from diagnose.trials import of_estimator
from diagnose.trials.adapters.rows import kept_rows, row_weights
from diagnose.trials.candidates import Candidate
from diagnose.trials.settings import KEYS
from diagnose.trials.stand_ins import HeadData, stood_in
from trial_worlds import remedy


def blobs(n: int, seed: int, width: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = rng.normal(size=(n, width)) + 2.0 * np.eye(3, width)[y]
    return x.astype(np.float32), y


TRAIN, VAL = blobs(90, 0), blobs(60, 1)


def config(train: Any, **changes: Any) -> Mapping[str, Any]:
    return {**train.settings, "seed": 3, **changes}


def test_rows_are_left_out_and_weighed(tmp_path: Path) -> None:
    x, y = np.array([[1.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    assert kept_rows(x, {"deduplicate": True}).tolist() == [0, 2, 3]
    assert kept_rows(x, {"drop_rows": {"split": "train", "rows": [3]}}).tolist() == [0, 1, 2]
    (tmp_path / "weights.csv").write_text("row,weight\n0,3\n1,1\n2,1\n3,1\n")
    weights = row_weights(y, np.arange(4), {"sample_weights": {"file": str(tmp_path / "weights.csv")}})
    assert weights is not None
    assert weights.tolist() == pytest.approx([2.0, 2 / 3, 2 / 3, 2 / 3])
    weights = row_weights(y, np.arange(4), {"class_weights": {"0": 1.0, "1": 3.0}})
    assert weights is not None
    assert weights.tolist() == pytest.approx([0.5, 0.5, 1.5, 1.5])
    assert row_weights(y, np.arange(4), {}) is None


@pytest.mark.parametrize("name", ["logistic", "network", "boosting", "pipeline"])
def test_estimators_carry_out_what_they_say(name: str) -> None:
    from sklearn.ensemble import GradientBoostingClassifier  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    estimator = {
        "logistic": LogisticRegression(C=0.5),
        "network": MLPClassifier((4,), max_iter=3, batch_size=16),
        "boosting": GradientBoostingClassifier(n_estimators=3),
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    }[name]
    train = of_estimator(estimator, TRAIN, VAL)
    assert train.understands <= set(KEYS)
    before = repr(estimator.get_params())
    plain = train(config(train))
    assert plain == train(config(train))
    assert len(plain["val_accuracy"]) == (3 if name == "network" else 1)
    for change in ({"weight_decay": 5.0}, {"learning_rate": 0.9}, {"class_weights": {"0": 9.0}}, {"epochs": 9}):
        if set(change) <= train.understands and not (name in {"logistic", "pipeline"} and "epochs" in change):
            assert train(config(train, **change)) != plain, change
    assert repr(estimator.get_params()) == before
    assert not hasattr(estimator, "classes_")


def test_what_is_no_estimator_is_refused() -> None:
    with pytest.raises(InputError, match="fit and get_params"):
        of_estimator(object(), TRAIN, VAL)


def test_a_stand_in_ranks_in_no_time() -> None:
    """A third of the labels are wrong: dropping them helps a new last layer, a decay that leaves nothing harms it."""
    (x, y), wrong = blobs(150, 0), list(range(0, 150, 3))
    y[wrong] = (y[wrong] + 1) % 3
    repaired, crushed, frozen = (
        Candidate(remedy(changes), changes)
        for changes in ({"drop_rows": {"rows": wrong}}, {"weight_decay": 100.0}, {"freeze": "backbone"})
    )
    found = stood_in(HeadData(x, y, *blobs(400, 2)), [repaired, crushed, frozen], {})
    assert set(found) == {repaired.key, crushed.key}
    assert found[repaired.key].value > 0
    assert found[crushed.key].value < found[repaired.key].value
