"""The page on the gate's constants says what the committed pairs give; calibration runs can be trained again."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "calibration"
PAGE = ROOT / "docs" / "gate-calibration.md"
SHORT_ROWS = (1, 5, 9)
"""Rows of trained.jsonl.gz that train in less than half a second each."""


@pytest.fixture(scope="module", autouse=True)
def scripts() -> Iterator[None]:
    """Make the scripts importable, which import each other by their bare names."""
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def table() -> ModuleType:
    import gate_table  # noqa: PLC0415 - importable in this file only

    return gate_table


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    import gate_pairs  # noqa: PLC0415

    return gate_pairs.cases()


def written(name: str) -> str:
    found = re.search(rf"<!-- {name}: [^>]*-->\n(.*?)<!-- end of {name} -->", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1].rstrip("\n")


def test_the_page_says_what_the_pairs_give(table: ModuleType, rows: list[dict[str, Any]]) -> None:
    blocks = table.blocks(rows)
    for name in ("seed", "power"):
        assert blocks[name]() == written(name), "run `python calibration/reruns.py --table` and read what changed"


@pytest.mark.slow
def test_the_rest_of_the_page_does_too(table: ModuleType, rows: list[dict[str, Any]]) -> None:
    for name, block in table.blocks(rows).items():
        assert block() == written(name), "run `python calibration/reruns.py --table` and read what changed"


def test_the_page_speaks_of_the_shipped_constants(table: ModuleType) -> None:
    rows = re.findall(r"\| (\w+) = ([\d.]+) \(shipped\)", written("constants") + written("rule"))
    shipped = {name: value for name, (_, value, _) in table.CONSTANTS.items()}
    assert {name: float(value) for name, value in rows} == {**shipped, "MOVED": table.MOVED, "PART": table.PART}


def test_no_data_set_is_in_both_halves(rows: list[dict[str, Any]]) -> None:
    import gate_pairs  # noqa: PLC0415

    kinds = {half: {r["kind"] for r in rows if gate_pairs.HALVES[r["kind"]] == half} for half in "AB"}
    assert all(kinds.values())
    assert not kinds["A"] & kinds["B"]
    assert min(r["case"] for r in rows) > 600, "draws that the probabilities were fitted on"


def test_a_rerun_differs_from_its_first_run_in_its_curves_alone(rows: list[dict[str, Any]]) -> None:
    same = [r["runs"]["first"]["context"] == r["runs"]["again"]["context"] for r in rows]
    assert all(same)
    equal = sum(r["runs"]["first"]["log"]["loss"][-1] == r["runs"]["again"]["log"]["loss"][-1] for r in rows)
    assert equal < 0.05 * len(rows), "rounded to four digits, few losses meet"


def test_wilson_intervals_of_the_page_contain_their_share(table: ModuleType) -> None:
    shares = re.findall(r"(\d+) of (\d+): ([\d.]+) % \(([\d.]+)–([\d.]+)\)", PAGE.read_text())
    assert len(shares) > 50
    for hits, of, percent, low, high in shares:
        assert float(percent) == pytest.approx(100 * int(hits) / int(of), abs=0.051)
        assert float(low) <= float(percent) <= float(high)


@pytest.mark.parametrize("seed", SHORT_ROWS)
def test_trained_rows_come_out_the_same(seed: int) -> None:
    """The draws in their order: settings exactly; the curves to what another processor's rounding leaves."""
    import trained  # noqa: PLC0415

    with gzip.open(FOLDER / "trained.jsonl.gz", "rt") as stream:
        kept = json.loads(next(itertools.islice(stream, seed, None)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = json.loads(json.dumps(trained.train_one(seed)))
    assert (made["id"], made["task"], made["settings"]) == (kept["id"], kept["task"], kept["settings"])
    assert made["history"].keys() == kept["history"].keys()
    for name, values in kept["history"].items():
        np.testing.assert_allclose(made["history"][name][:5], values[:5], rtol=1e-3, atol=1e-3)


def test_another_seed_changes_the_weights_and_the_order_of_the_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a whole number all later epochs have one order, with a `RandomState` each its own."""
    import trained  # noqa: PLC0415
    from sklearn.neural_network import _multilayer_perceptron as module  # noqa: PLC0415

    shuffle, orders = module.shuffle, []

    def watched(*args: Any, **settings: Any) -> Any:
        orders.append(tuple(shuffle(*args, **settings)))
        return np.array(orders[-1])

    monkeypatch.setattr(module, "shuffle", watched)
    drawn = trained.draw(9)

    def seen(state: Any) -> list[tuple[int, ...]]:
        orders.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trained.fit(drawn, state)
        return list(orders)

    fixed = seen(9)
    assert len(set(fixed[1:])) == 1
    first, again = seen(np.random.RandomState([9, 0])), seen(np.random.RandomState([9, 1]))
    assert len(set(first)) == len(first) == drawn.epochs
    assert not set(first) & set(again)


def test_the_same_run_twice_never_fails(rows: list[dict[str, Any]]) -> None:
    import gate_pairs  # noqa: PLC0415

    for row in rows[:20]:
        same = {**row, "runs": {"first": row["runs"]["first"], "again": row["runs"]["first"]}}
        (pair,) = gate_pairs.pairs([same], gate_pairs.HALVES[row["kind"]])
        assert gate_pairs.fails_against(pair.now, pair.first) == set()
        assert gate_pairs.fails_baseline(pair.now, pair.first) == set()
