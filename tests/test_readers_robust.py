"""Whatever happens to a log, reading gives runs or an `InputError`, never another exception."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnose.errors import InputError
from diagnose.readers import read_runs

N = 12
FALL = [1 / (i + 1) for i in range(N)]
COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "lr")
ROWS = [(i, FALL[i], 0.5, FALL[i] + 0.1, 0.4, 0.001) for i in range(N)]
STATE = {
    "epoch": 3.0,
    "global_step": N,
    "log_history": [{"epoch": i / 4, "step": i, ("loss" if i % 2 else "eval_loss"): FALL[i]} for i in range(1, N)],
}
LOGS: dict[str, str] = {
    "plain.csv": "\n".join([",".join(COLUMNS), *(",".join(map(str, row)) for row in ROWS)]),
    "semicolon.csv": "\n".join([";".join(COLUMNS), *(";".join(map(str, row)).replace(".", ",") for row in ROWS)]),
    "metrics.csv": "epoch,step,train_loss,val_loss\r\n"
    + "".join(f"{i},{i * 5},,{FALL[i]}\r\n{i},{i * 5},{FALL[i]},\r\n" for i in range(N)),
    "results.csv": "   epoch,  train/box_loss,  train/cls_loss, metrics/mAP50(B), val/box_loss, val/cls_loss\n"
    + "".join(f"  {i}, 1.{i}, 2.{i}, 0.{i}, 1, 2\n" for i in range(N)),
    "learn_error.tsv": "iter\tLogloss\n" + "".join(f"{i}\t{FALL[i]}\n" for i in range(N)),
    "history.json": json.dumps({"loss": FALL, "val_loss": FALL, "config": {"lr": 0.1}, "best": 3}),
    "rows.json": json.dumps(
        [{"epoch": i, "train": {"loss": v}, "val": {"loss": v}} for i, v in enumerate(FALL)], indent=1
    ),
    "rows.jsonl": "\n".join(json.dumps({"iteration": i, "total_loss": v, "lr": 0.1}) for i, v in enumerate(FALL)),
    "trainer_state.json": json.dumps(STATE, indent=2),
    "hist.txt": str({"loss": [*FALL, math.nan], "val_loss": FALL}),
    "restart.csv": "epoch,loss,val_loss\n" + "".join(f"{i % 4},{FALL[i]},{FALL[i]}\n" for i in range(N)),
    "console.log": "".join(f"Epoch {i}/12\n - loss: {v:.4f} - val_loss: {v:.4f}\n" for i, v in enumerate(FALL, 1)),
}
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.sampled_from(sorted(LOGS))


def readable(path: Path, content: bytes) -> bool:
    """Read; whether there was a run. Any exception but `InputError` fails the test."""
    path.write_bytes(content)
    try:
        runs = read_runs(path).runs
    except InputError as error:
        assert str(error)  # noqa: PT017
        return False
    for run in runs:
        assert run.columns
        for curve in run.history.curves:
            assert np.all(np.diff(curve.steps) > 0)
    return bool(runs)


@pytest.mark.parametrize("name", sorted(LOGS))
def test_the_undamaged_logs_are_read(tmp_path: Path, name: str) -> None:
    assert readable(tmp_path / name, LOGS[name].encode())


@FEW
@given(name=names, where=st.floats(0, 1), data=st.data())
def test_cut_at_any_byte(tmp_path: Path, name: str, where: float, data: Any) -> None:
    content = LOGS[name].encode(data.draw(st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32"])))
    readable(tmp_path / name, content[: int(where * len(content))])


@FEW
@given(name=names, where=st.floats(0, 1), junk=st.binary(min_size=1, max_size=30), dropped=st.integers(0, 40))
def test_bytes_overwritten(tmp_path: Path, name: str, where: float, junk: bytes, dropped: int) -> None:
    content = LOGS[name].encode()
    at = int(where * len(content))
    readable(tmp_path / name, content[:at] + junk + content[at + dropped :])


@FEW
@given(name=names, data=st.data())
def test_lines_shuffled_and_lost(tmp_path: Path, name: str, data: Any) -> None:
    lines = LOGS[name].split("\n")
    order = data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=len(lines) * 2))
    readable(tmp_path / name, "\n".join(lines[i] for i in order).encode())


@FEW
@given(order=st.permutations(range(len(COLUMNS))), extra=st.integers(0, 3))
def test_the_order_of_columns_and_others_beside_them_change_nothing(
    tmp_path: Path, order: list[int], extra: int
) -> None:
    header = [COLUMNS[i] for i in order] + [f"note{i}" for i in range(extra)]
    rows = [[str(row[i]) for i in order] + ["x"] * extra for row in ROWS]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(",".join(line) for line in [header, *rows]))
    (run,) = read_runs(path).runs
    for quantity, column in (("loss", 1), ("accuracy", 2)):
        curve = run.history.find("train", quantity)
        assert curve is not None
        assert curve.values.tolist() == [row[column] for row in ROWS]
        assert curve.steps.tolist() == list(range(N))
    assert run.history.learning_rate is not None


@FEW
@given(broken=st.sets(st.integers(1, N), max_size=4), data=st.data())
def test_broken_rows_cost_only_themselves(tmp_path: Path, broken: set[int], data: Any) -> None:
    lines = LOGS["plain.csv"].split("\n")
    for number in broken:
        lines[number] = data.draw(st.sampled_from(["1,2", "a,b,c,d,e,f,g,h,i", "!!", "1,2,3,4,5,6,7"]))
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines))
    (run,) = read_runs(path).runs
    assert run.history.find("val", "loss").values.tolist() == [ROWS[i][3] for i in range(N) if i + 1 not in broken]  # type: ignore[union-attr]
    assert len(run.unread) == len(broken)


@FEW
@given(
    history=st.dictionaries(
        st.sampled_from(["loss", "val_loss", "acc", "val_acc", "epoch", "lr", "x", "fold", "step"]),
        st.one_of(
            st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=3)), max_size=8),
            st.floats(),
            st.dictionaries(st.text(max_size=3), st.lists(st.floats(), max_size=3), max_size=2),
        ),
        max_size=6,
    )
)
def test_any_mapping(history: dict[str, Any]) -> None:
    try:
        assert read_runs(history).runs
    except InputError:
        return


@FEW
@given(content=st.binary(max_size=400))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    readable(tmp_path / "log.csv", content)


def test_half_a_million_rows_are_quick(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(
        "step,loss,val_loss,lr\n" + "".join(f"{i},{1 / (i + 1)},{2 / (i + 1)},0.1\n" for i in range(500_000))
    )
    started = time.process_time()
    (run,) = read_runs(path).runs
    assert len(run.history.curves[0]) == 500_000
    assert time.process_time() - started < 5, "1 s where it was written; the limit leaves room for slow machines"
