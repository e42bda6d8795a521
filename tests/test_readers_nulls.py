from __future__ import annotations

import math

from diagnose import audit
from diagnose.readers.nulls import lost_to_null


def test_null_to_the_end_is_nan_while_others_go_on() -> None:
    columns, notes = lost_to_null({"loss": [3e33, None, None, None], "accuracy": [0.1] * 4})
    assert columns["loss"][0] == 3e33
    assert all(isinstance(v, float) and math.isnan(v) for v in columns["loss"][1:])
    assert notes == ["'loss' is null from value 2 to its end: taken for NaN"]


def test_series_logged_every_few_rows_stays_sparse() -> None:
    sparse = {"loss": [1.0, 0.8, 0.6, 0.5, 0.4], "val_loss": [None, 1.0, None, None, None]}
    assert lost_to_null(sparse) == (sparse, [])


def test_one_null_at_the_end_is_an_epoch_cut_off() -> None:
    cut = {"loss": [1.0, 0.8, 0.6], "val_loss": [1.0, 0.9, None]}
    assert lost_to_null(cut) == (cut, [])


def test_run_that_ends_with_all_null_is_not_lost() -> None:
    ended = {"loss": [1.0, 0.8, None, None], "val_loss": [1.0, 0.9, None, None]}
    assert lost_to_null(ended) == (ended, [])


def test_diverged_history_with_nulls_names_the_learning_rate() -> None:
    history = {"loss": [3e33, None, None, None], "val_loss": [2.0, None, None, None], "accuracy": [0.11, 0.1, 0.1, 0.1]}
    diagnosis = audit(history)
    assert diagnosis.verdicts["learning_rate"].probability is not None
    assert diagnosis.verdicts["learning_rate"].probability >= 0.5


def test_loss_that_is_null_throughout_is_nan() -> None:
    history = {"loss": [None] * 3, "val_loss": [None] * 3, "accuracy": [0.098] * 3, "val_accuracy": [0.098] * 3}
    diagnosis = audit(history)
    assert {curve.name for curve in diagnosis.run.curves} == set(history)
    assert diagnosis.main == "learning_rate"
