from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diagnose.measures.importance_weights import FIT_ROWS, importance_weights
from diagnose.remedies.reweighting import reweighting
from diagnose.stats.tilting import tilted
from diagnose.writing_rows import write_row_files
from remedy_worlds import alike, apart, case_of, copied, grouped, keys, shifted, table

CODES = ("COV111", "COV114", "COV115")


def weights_of(folder: Path, **more: Any) -> tuple[Any, np.ndarray[Any, Any]]:
    case = case_of(shifted(), *CODES, folder=folder, **more)
    (proposal,) = reweighting(case)
    write_row_files(proposal.files, folder)
    fitted: dict[str, Any] = {}

    class Model:
        @staticmethod
        def fit(x: Any, y: Any, *, sample_weight: Any) -> None:
            fitted["weights"] = sample_weight

    exec(proposal.remedy.code, {"np": np, "model": Model, "x_train": None, "y_train": None})
    return proposal, fitted["weights"]


def test_weighted_training_means_and_spreads_are_those_of_validation(tmp_path: Path) -> None:
    proposal, weights = weights_of(tmp_path)
    tables = shifted()
    train, val = tables["train"], tables["val"]
    assert weights.shape == (1500,)
    assert weights.mean() == pytest.approx(1)
    for name in ("age", "income", "height"):
        spread = train[name].std()
        assert np.average(train[name], weights=weights) == pytest.approx(val[name].mean(), abs=0.01 * spread)
    mean = np.average(train["age"], weights=weights)
    assert np.average((train["age"] - mean) ** 2, weights=weights) == pytest.approx(val["age"].var(ddof=0), rel=0.1)
    for city in ("Bonn", "Köln", "Ulm"):
        share = np.average(train["city"] == city, weights=weights)
        assert share == pytest.approx((val["city"] == city).mean(), abs=0.005)
    effective = weights.sum() ** 2 / (weights**2).sum()
    assert proposal.remedy.effect.value == pytest.approx(effective, rel=0.01)


def test_the_tilt_is_the_density_ratio_of_normal_populations() -> None:
    x = np.random.default_rng(0).normal(size=(20_000, 1))
    found = tilted(x, np.array([0.5]))
    assert found.slopes[0] == pytest.approx(0.5, abs=0.02)  # log N(x; 0.5, 1) / N(x; 0, 1) = 0.5 x - 0.125
    assert found.effective == pytest.approx(np.exp(-0.25), abs=0.03)  # 1 / E[w²]


def test_rows_beyond_those_that_were_fitted_get_weights_too() -> None:
    case = case_of({"train": table(FIT_ROWS + 3000, 0), "val": table(2000, 1, shift=0.5)}, "COV111")
    found = case.computed(importance_weights)
    assert found is not None
    train, val = case.rows_of("train"), case.rows_of("val")
    assert train is not None
    assert val is not None
    weights = found.of_rows(train, val)
    assert len(weights) == FIT_ROWS + 3000
    assert np.average(train.column("age").values, weights=weights) == pytest.approx(  # type: ignore[union-attr]
        val.column("age").values.mean(), abs=0.5  # type: ignore[union-attr]
    )  # fmt: skip


def test_torch_draws_by_the_weights() -> None:
    (proposal,) = reweighting(case_of(shifted(), *CODES, context={"framework": "torch"}))
    assert "WeightedRandomSampler" in proposal.remedy.code


def test_quiet_where_hardly_a_training_row_counts() -> None:
    case = case_of(apart(), *CODES)
    assert case.shows("COV111")
    assert keys(reweighting, case) == []


def test_quiet_where_another_unit_is_the_shift() -> None:
    tables = alike()
    tables["val"] = tables["val"].assign(income=tables["val"]["income"] * 100)
    case = case_of(tables, *CODES)
    assert case.shows("COV114")
    assert keys(reweighting, case) == []


def test_quiet_where_validation_is_small() -> None:
    assert keys(reweighting, case_of({"train": table(500, 0), "val": table(60, 1, shift=1.0)}, *CODES)) == []


@pytest.mark.parametrize("world", [alike, copied, grouped])
def test_quiet_without_a_shift(world: Any) -> None:
    assert (
        keys(reweighting, case_of(world(), *CODES, data={"label": "target", "ignore": ["patient"][: world is grouped]}))
        == []
    )
