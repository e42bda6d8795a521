from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diagnose.remedies.normalisation import normalisation
from diagnose.remedies.prescribe import prescribe
from remedy_worlds import alike, array_names, arrays, case_of, copied, keys, run_code, shifted, written

CODES = ("COV111", "COV114")


def rescaled(factor: float) -> Any:
    tables = alike()
    return {**tables, "val": tables["val"].assign(income=tables["val"]["income"] * factor)}


@pytest.mark.parametrize("factor", [255.0, 100.0, 0.01])
def test_after_rescaling_nothing_differs(factor: float, tmp_path: Path) -> None:
    case = case_of(written(rescaled(factor), tmp_path), *CODES)
    (proposal,) = normalisation(case)
    repaired = run_code(proposal, tmp_path)["val"]
    np.testing.assert_allclose(repaired["income"], alike()["val"]["income"], rtol=0.15)
    again = case_of({**alike(), "val": repaired}, *CODES)
    assert keys(normalisation, again) == []
    assert not again.shows("COV114")


def test_arrays_by_place(tmp_path: Path) -> None:
    tables = rescaled(100.0)
    (proposal,) = normalisation(case_of(arrays(tables), *CODES, data={}))
    names = run_code(proposal, tmp_path, array_names(tables))
    np.testing.assert_allclose(names["x_val"][:, 1], alike()["val"]["income"], rtol=0.15)


def test_preparation_comes_before_anything_else() -> None:
    case = case_of(rescaled(100.0), *CODES, "COV115")
    actions = [next(iter(r.action)) for r in prescribe(case.verdicts, case.findings, case.measurements)]
    assert actions[0] == "rescale"
    assert not {"sample_weights", "collect", "augment"} & set(actions)


def test_columns_of_one_side_are_named() -> None:
    tables = alike()
    tables["val"] = tables["val"].drop(columns="income")
    (proposal,) = normalisation(case_of(tables, *CODES))
    assert proposal.remedy.action == {"same_columns": {"only_train": ["income"], "only_held_out": [], "kinds": []}}


@pytest.mark.parametrize("world", [alike, shifted, copied])
def test_quiet_where_units_are_the_same(world: Any) -> None:
    assert keys(normalisation, case_of(world(), *CODES)) == []


def test_pixels_are_divided_and_darker_images_are_not() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 250, (500, 10, 10)) * rng.uniform(0.5, 1, (500, 1, 1))
    train, val = images[:300].astype(np.uint8), images[300:]
    (proposal,) = normalisation(case_of({"train": train, "val": (val / 255).astype(np.float32)}, *CODES, data={}))
    assert proposal.remedy.code.startswith("val_images = val_images * 255.0")
    darker = {"train": train, "val": (val * 0.6).astype(np.uint8)}
    assert keys(normalisation, case_of(darker, *CODES, data={})) == []
