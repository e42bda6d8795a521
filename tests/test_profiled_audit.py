"""An audit from profiles says what one from the rows says, as far as it can, and says where it can't."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import diagnose
from diagnose import testing
from diagnose.analyzer import Analyzer
from diagnose.analyzers import analyzers
from diagnose.data import Column, Kind, Split
from diagnose.finding import Status
from diagnose.measurements import Measurements
from diagnose.measures.from_profiles import measures_of
from diagnose.profiles.profile import Profile
from diagnose.run import Run

FROM_PROFILES = ("COV111", "COV112", "COV113", "COV114", "LBL121", "LBL122", "LBL123", "LBL124")
"""What an audit can say without rows."""
RULES = {rule.code: rule for rule in analyzers()}
CITIES = np.array(["Bern", "Basel", "Genf", "Chur"])


def table(n: int, seed: int, **changes: float) -> dict[str, Any]:
    """Draw rows; a change by name moves what it names."""
    rng = np.random.default_rng(seed)
    city = rng.integers(0, 3, n)
    city[rng.random(n) < changes.get("city", 0)] = 3
    income = np.exp(rng.normal(changes.get("income", 0), 1, n))
    income[rng.random(n) < 0.03 + changes.get("gaps", 0)] = np.nan
    return {
        "age": np.round(rng.normal(40 + changes.get("age", 0), 10, n), 1),
        "income": income,
        "zeros": rng.gamma(1, size=n) * (rng.random(n) < 0.4 + changes.get("zeros", 0)),
        "city": CITIES[city],
        "y": np.array(["no", "yes"])[(rng.random(n) < 0.3 + changes.get("y", 0)).astype(int)],
    }


def run_of(*, profiled: tuple[str, ...] = (), **tables: dict[str, Any]) -> Run:
    """Return the run of tables, of which some come as profiles."""
    read = testing.run_of_data(data={"label": "y"}, **tables)
    given = {name: Profile.of(split) if name in profiled else split for name, split in read.splits.items()}
    return testing.run_of_data(data={"label": "y"}, **given)


def outcomes(run: Run, codes: tuple[str, ...] = FROM_PROFILES) -> dict[str, tuple[Status, str]]:
    found = {}
    for code in codes:
        findings, outcome = testing.examine(RULES[code], history=run)
        assert outcome.status is not Status.BROKEN, outcome.why
        found[code] = (outcome.status, "; ".join(f.claim for f in findings) or outcome.why)
    return found


CHANGES: tuple[dict[str, float], ...] = (
    {}, {"age": 5}, {"income": 1}, {"gaps": 0.1}, {"zeros": 0.3}, {"city": 0.05}, {"y": 0.2}, {"age": 0.5},
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("profiled", [("train",), ("val",), ("train", "val")], ids="+".join)
def test_small_data_are_judged_as_from_their_rows(change: dict[str, float], profiled: tuple[str, ...]) -> None:
    tables = {"train": table(1500, 0), "val": table(900, 1, **change)}
    exact, found = outcomes(run_of(**tables)), outcomes(run_of(**tables, profiled=profiled))
    for code in FROM_PROFILES:
        assert found[code][0] is exact[code][0], (code, found[code])
        # words differ in how copies of columns are spoken of, and by the order in which categories stand
        if code != "COV114":
            assert found[code][1] == exact[code][1], code


def test_what_needs_rows_says_so() -> None:
    tables = {"train": table(300, 0), "val": table(300, 1)}
    diagnosis = diagnose.audit(
        train=Profile.of(testing.run_of_data(data={"label": "y"}, **tables).splits["train"]), val=tables["val"]
    )
    for outcome in diagnosis.outcomes:
        assert outcome.status is not Status.BROKEN, outcome
        if outcome.code in FROM_PROFILES:
            assert outcome.status in {Status.PASSED, Status.FINDINGS}, outcome
        elif outcome.code in {"COV115", "LKG145", "LKG146"}:
            assert outcome.why == "the training profile holds no rows"
            assert outcome.settle == "give the training data: --train DATA"
    assert not any(outcome.status is Status.BROKEN for outcome in diagnosis.outcomes)
    training, validation = diagnosis.run.data
    assert (training.n, validation.n) == (300, 300)
    assert [c.name for c in training.columns if c.role == "input"] == ["age", "income", "zeros", "city"]
    assert training.notes[0] == "a profile of 300 rows, without the rows: what needs them was not examined"


def test_the_columns_of_a_profile_decide_kinds_of_other_data() -> None:
    read = testing.run_of_data(data={"label": "y", "kinds": {"age": "category"}}, train=table(300, 0))
    run = testing.run_of_data(train=Profile.of(read.splits["train"]), val=table(300, 1))
    age = run.splits["val"].column("age")
    assert age is not None
    assert age.kind is Kind.CATEGORY
    assert run.splits["val"].label is not None
    assert run.splits["val"].label.name == "y"


def test_many_columns_together_are_compared_where_one_side_has_rows() -> None:
    rng = np.random.default_rng(0)
    tables = {
        name: {f"c{k}": rng.normal(0.06 * (name == "val"), 1, 1500) for k in range(60)} for name in ("train", "val")
    }
    read = testing.run_of_data(**tables)
    exact = Measurements(read, measures_of(read)).get("column_shift").many
    profiled = {name: Profile.of(split) for name, split in read.splits.items()}
    for given in ({**profiled, "val": read.splits["val"]}, {**profiled, "train": read.splits["train"]}):
        run = testing.run_of_data(**given)
        (found,) = Measurements(run, measures_of(run)).get("column_shift").many
        assert (found.columns, found.shift, found.distance) == (60, exact[0].shift, exact[0].distance)
        assert np.log10(found.p) == pytest.approx(np.log10(exact[0].p), rel=0.2)
    run = testing.run_of_data(**profiled)
    assert Measurements(run, measures_of(run)).get("column_shift").many == ()


def test_rows_on_both_sides_are_estimated() -> None:
    train, val = table(2_000, 0), table(1_000, 1)
    for name in train:
        val[name][:30] = train[name][:30]
    outcome = testing.examine(RULES["LKG141"], history=run_of(train=train, val=val, profiled=("train",))).outcome
    assert outcome.status is Status.SKIPPED
    assert "the training profile holds no rows; 3" in outcome.why
    assert "distinct validation rows equal a training row, copies or by chance" in outcome.why


def test_splits_with_rows_are_examined_whatever_the_others_are() -> None:
    train, test = table(800, 0), table(400, 1)
    for name in train:
        test[name][:40] = train[name][:40]
    run = run_of(train=train, val=table(400, 2), test=test, profiled=("val",))
    finding = testing.assert_fires(RULES["LKG141"], history=run)
    assert "test rows" in finding.claim


def test_unseen_classes_without_rows() -> None:
    train, val = table(800, 0), table(400, 1)
    val["y"] = np.where(np.arange(400) < 50, "maybe", val["y"])
    finding = testing.assert_fires(RULES["LBL122"], history=run_of(train=train, val=val, profiled=("train", "val")))
    exact = testing.assert_fires(RULES["LBL122"], history=run_of(train=train, val=val))
    assert finding.claim == exact.claim
    assert finding.where == ()


def test_a_label_of_numbers() -> None:
    rng = np.random.default_rng(0)
    tables = {
        name: {"x": rng.normal(size=900), "y": rng.gamma(2 + 2 * (name == "val"), 3.7, 900)}
        for name in ("train", "val")
    }
    exact = testing.assert_fires(RULES["LBL121"], history=run_of(**tables))
    found = testing.assert_fires(RULES["LBL121"], history=run_of(**tables, profiled=("train", "val")))
    assert found.claim == exact.claim
    assert found.figure is not None


def test_units_and_ranges_without_rows() -> None:
    rng = np.random.default_rng(0)
    draw = {name: {"length": rng.gamma(5, 2, 30_000), "x": rng.normal(size=30_000)} for name in ("train", "val")}
    draw["val"]["length"] *= 2.54
    draw["val"]["x"][:900] += 20
    found = testing.assert_fires(RULES["COV114"], history=run_of(**_labelled(draw), profiled=("train", "val")))
    exact = testing.assert_fires(RULES["COV114"], history=run_of(**_labelled(draw)))
    assert found.claim == exact.claim
    assert "inches" in found.claim


def _labelled(tables: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {**table_, "y": np.arange(len(table_["x"])) % 2} for name, table_ in tables.items()}


def test_classes_beyond_counting_are_said() -> None:
    labels = np.array([f"class {k}" for k in np.arange(9_000) % 3_000])
    split = Split(
        "train", 9_000, (Column("x", Kind.NUMBER, np.random.default_rng(0).normal(size=9_000)),),
        label=Column("y", Kind.CATEGORY, (np.arange(9_000) % 3_000).astype(np.int32), tuple(dict.fromkeys(labels))),
    )  # fmt: skip
    run = testing.run_of_data(train=Profile.of(split), val=replace(split, name="val"))
    outcome = testing.examine(RULES["LBL123"], history=run).outcome
    assert outcome.status is Status.SKIPPED
    assert outcome.why == "the label 'y' has more classes than a profile counts one by one"


@pytest.mark.parametrize("new", [0.0, 0.2])
def test_more_categories_than_are_counted_one_by_one(new: float) -> None:
    rng = np.random.default_rng(0)
    codes = {name: rng.zipf(1.3, 30_000) % 6_000 for name in ("train", "val")}
    codes["val"] = np.where(rng.random(30_000) < new, 6_000 + rng.integers(0, 300, 30_000), codes["val"])
    tables = {
        name: {"zip": np.array([f"zip {code}" for code in held]), "x": held % 7.5} for name, held in codes.items()
    }
    exact = testing.run_of_data(data={"kinds": {"zip": "category"}}, **tables)
    run = testing.run_of_data(**{name: Profile.of(split) for name, split in exact.splits.items()})
    assert run.profiles["train"].columns[0].pooled
    found, truth = (Measurements(r, measures_of(r)).get("column_shift") for r in (run, exact))
    shift, true = found.columns[0], truth.columns[0]
    assert shift.low <= true.low + 0.01
    assert shift.high >= true.distance
    assert (shift.q < 1e-6) == (true.q < 1e-6) == (new > 0)
    assert found.levels[0].new_share <= truth.levels[0].new_share
    assert found.levels[0].new_share >= truth.levels[0].new_share / 6
    testing.assert_fires(RULES["COV111"], history=run) if new else testing.assert_quiet(RULES["COV111"], history=run)


def pairs(draws: int, n: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for seed in range(draws):
        change = CHANGES[seed % len(CHANGES)]
        yield table(n, 10_000 + seed), table(n, 20_000 + seed, **{k: v / 4 for k, v in change.items()})


def test_larger_data_are_judged_as_from_their_rows() -> None:
    """Beyond what is exact: the benchmark of profiles does this a thousand times."""
    rule: Analyzer = RULES["COV111"]
    same = 0
    for train, val in pairs(16, 12_000):
        exact = testing.examine(rule, history=run_of(train=train, val=val))
        found = testing.examine(rule, history=run_of(train=train, val=val, profiled=("train", "val")))
        same += [f.where for f in exact.findings] == [f.where for f in found.findings]
        for one, other in zip(exact.findings, found.findings, strict=True):
            distance, inexact = one.evidence[1], other.evidence[1]
            assert inexact.value == pytest.approx(distance.value, abs=0.003)
    assert same == 16


def test_the_reports_say_that_it_was_a_profile(tmp_path: Any) -> None:
    run = testing.run_of_data(data={"label": "y"}, train=table(12_000, 0), val=table(400, 1))
    diagnose.write_profile(Profile.of(run.splits["train"]), tmp_path / "train.profile")
    diagnosis = diagnose.audit(train=tmp_path / "train.profile", val=table(400, 1))
    diagnosis.save(tmp_path / "r.html")
    diagnosis.save(tmp_path / "r.txt")
    for name in ("r.html", "r.txt"):
        text = " ".join((tmp_path / name).read_text(encoding="utf-8").split())
        assert "a profile of 12,000 rows, without the rows: what needs them was not examined" in text
        assert "2 columns hold more values than are counted one by one" in text
