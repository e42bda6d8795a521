"""Ask one library whether data sets shifted, in its own environment; JSON lines on standard output.

Run by ``benchmarks/column_shift.py``, once a library, by that library's Python. Each is used as its documentation shows
for a table, at its defaults; what counts as "the data set shifted" is what it reports on the whole, and any column that
it flags where it reports nothing on the whole.
"""

# ruff: noqa: PLC0415  each library is imported where it is asked: no environment holds all of them
from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from shift_scenarios import Table, draw

Answer = tuple[bool, int]
"""Whether the data set shifted, and how many columns did."""


def main() -> None:
    """Draw, ask and print; the first, untimed question loads what a library loads on use."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", choices=LIBRARIES, required=True)
    parser.add_argument("--scenario", action="append", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--draws", type=int, required=True)
    parser.add_argument("--family", default="reported")
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    ask = LIBRARIES[given.library]()
    ask(*draw("none", 200, given.columns, number=10**6))
    for scenario in given.scenario:
        found, flagged, seconds = 0, 0, []
        for number in range(given.first, given.first + given.draws):
            sides = draw(scenario, given.rows, given.columns, number=number, family=given.family)
            start = time.process_time()
            shifted, columns = ask(*sides)
            seconds.append(time.process_time() - start)
            found += bool(shifted)
            flagged += int(columns)
        row = {"library": given.library, "scenario": scenario, "rows": given.rows, "columns": given.columns,
               "family": given.family, "draws": given.draws, "shifted": found, "columns_flagged": flagged,
               "cpu_seconds": round(float(np.median(seconds)), 4)}  # fmt: skip
        print(json.dumps(row), flush=True)


def _diagnose() -> Callable[[Table, Table], Answer]:
    from diagnose.analyzer import examine
    from diagnose.analyzers.categories_unseen import CategoriesUnseen
    from diagnose.analyzers.columns_mismatched import ColumnsMismatched
    from diagnose.analyzers.columns_shifted import ColumnsShifted
    from diagnose.analyzers.missingness_changed import MissingnessChanged
    from diagnose.data import Column, Kind, Split
    from diagnose.finding import Severity, Status
    from diagnose.measurements import Measurements
    from diagnose.measures import MEASURES
    from diagnose.run import Context, History, Run

    def split(name: Any, table: Table) -> Split:
        columns = [Column(key, Kind.NUMBER, values) for key, values in table.numbers.items()]
        for key, codes in table.categories.items():
            levels = tuple(f"level {code}" for code in range(codes.max() + 1))
            columns.append(Column(key, Kind.CATEGORY, codes.astype(np.int32), levels))
        return Split(name, len(columns[0]), tuple(columns))

    rules = ColumnsShifted(), MissingnessChanged(), CategoriesUnseen(), ColumnsMismatched()

    def ask(train: Table, val: Table) -> Answer:
        run = Run("data", History(()), Context(), splits={"train": split("train", train), "val": split("val", val)})
        measured = Measurements(run, MEASURES)
        examined = [examine(rule, measured) for rule in rules]
        broken = [outcome.why for _, outcome in examined if outcome.status is Status.BROKEN]
        if broken:
            raise RuntimeError(broken[0])  # a crash is no quiet
        findings = [f for found, _ in examined for f in found if f.severity is not Severity.INFO]
        names = {name for f in findings for where in f.where for name in where.names}
        return bool(findings), len(names)

    return ask


def _scipy() -> Callable[[Table, Table], Answer]:
    from scipy import stats

    def ask(train: Table, val: Table) -> Answer:
        p = [stats.ks_2samp(train.numbers[name], val.numbers[name], method="asymp", nan_policy="omit").pvalue
             for name in train.numbers]  # fmt: skip
        for name, codes in train.categories.items():
            other = val.categories[name]
            levels = np.union1d(codes, other)
            table = [[np.count_nonzero(side == level) for level in levels] for side in (codes, other)]
            p.append(stats.chi2_contingency(table).pvalue)
        flagged = int(np.sum(np.array(p) < 0.05 / len(p)))
        return flagged > 0, flagged

    return ask


def _alibi() -> Callable[[Table, Table], Answer]:
    from alibi_detect.cd import TabularDrift

    def array(table: Table) -> Any:
        return np.column_stack([*table.numbers.values(), *table.categories.values()]).astype(np.float32)

    def ask(train: Table, val: Table) -> Answer:
        first = len(train.numbers)
        levels = {first + i: None for i in range(len(train.categories))}
        detector = TabularDrift(array(train), p_val=0.05, categories_per_feature=levels)
        shifted = detector.predict(array(val), drift_type="batch")["data"]
        columns = detector.predict(array(val), drift_type="feature")["data"]
        return bool(shifted["is_drift"]), int(np.sum(columns["is_drift"]))

    return ask


def _frame(table: Table) -> Any:
    import pandas as pd

    return pd.DataFrame(table.columns())


def _evidently() -> Callable[[Table, Table], Answer]:
    from evidently import Report
    from evidently.presets import DataDriftPreset

    def ask(train: Table, val: Table) -> Answer:
        snapshot = Report([DataDriftPreset()]).run(_frame(val), _frame(train))
        value = next(m["value"] for m in snapshot.dict()["metrics"] if "DriftedColumnsCount" in m["metric_name"])
        return value["share"] >= 0.5, int(value["count"])  # its default share of columns

    return ask


def _deepchecks() -> Callable[[Table, Table], Answer]:
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import FeatureDrift

    def ask(train: Table, val: Table) -> Answer:
        sides = [Dataset(_frame(side), cat_features=list(side.categories)) for side in (train, val)]
        check = FeatureDrift().add_condition_drift_score_less_than()
        result = check.run(*sides, with_display=False)
        scores = [v["Drift score"] for v in result.value.values()]
        return not result.passed_conditions(), sum(score is not None and score > 0.2 for score in scores)

    return ask


def _nannyml() -> Callable[[Table, Table], Answer]:
    import nannyml

    def ask(train: Table, val: Table) -> Answer:
        sides = _frame(train), _frame(val)
        calculator = nannyml.UnivariateDriftCalculator(column_names=list(sides[0]), chunk_number=1)
        calculator.fit(sides[0])
        table = calculator.calculate(sides[1]).filter(period="analysis").to_df()
        alerts = sum(int(table[key].sum()) for key in table.columns if key[-1] == "alert")
        return alerts > 0, alerts

    return ask


def _frouros() -> Callable[[Table, Table], Answer]:
    from frouros.detectors.data_drift import ChiSquareTest, KSTest

    def ask(train: Table, val: Table) -> Answer:
        flagged = 0
        for test, ours, theirs in (
            (KSTest, train.numbers, val.numbers),
            (ChiSquareTest, train.categories, val.categories),
        ):
            for name, values in ours.items():
                detector = test()
                detector.fit(X=values)
                flagged += bool(detector.compare(X=theirs[name])[0].p_value < 0.05)
        return flagged > 0, flagged

    return ask


LIBRARIES = {
    "diagnose": _diagnose,
    "scipy": _scipy,
    "alibi-detect": _alibi,
    "evidently": _evidently,
    "deepchecks": _deepchecks,
    "nannyml": _nannyml,
    "frouros": _frouros,
}


if __name__ == "__main__":
    main()
