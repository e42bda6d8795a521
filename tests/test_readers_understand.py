"""What columns mean: splits, steps, restarts, folds, percent, sums, twins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diagnose.errors import InputError, UnreadableInput
from diagnose.readers import read_runs
from diagnose.readers.protocol import RawLog
from diagnose.readers.understand import understand
from diagnose.run import Curve, Run

N = 6
UP, DOWN = [0.1, 0.3, 0.5, 0.6, 0.65, 0.66], [1.0, 0.8, 0.6, 0.5, 0.45, 0.44]


def runs(**columns: Any) -> list[Run]:
    return understand(RawLog("run", "CSV", "log.csv", columns))


def one(**columns: Any) -> Run:
    (run,) = runs(**columns)
    return run


def meanings(run: Run) -> dict[str, tuple[str, str]]:
    return {c.name: (c.split, c.quantity) for c in run.history.curves}


def curve(run: Run, split: Any, quantity: str) -> Curve:
    found = run.history.find(split, quantity)
    assert found is not None
    return found


def test_bare_names_are_training_where_val_is_named() -> None:
    assert meanings(one(loss=DOWN, acc=UP, val_loss=DOWN, val_acc=UP)) == {
        "loss": ("train", "loss"),
        "acc": ("train", "accuracy"),
        "val_loss": ("val", "loss"),
        "val_acc": ("val", "accuracy"),
    }


def test_bare_scores_beside_named_losses_are_validation() -> None:
    found = meanings(one(train_loss=DOWN, val_loss=DOWN, dice=UP, iou=UP))
    assert (found["dice"], found["iou"]) == (("val", "dice"), ("val", "iou"))


def test_bare_scores_in_other_rows_than_the_loss_are_validation() -> None:
    found = meanings(one(iter=[1, 2, 3, 4], loss=[1, None, 0.5, None], accuracy=[None, 0.5, None, 0.6]))
    assert found["accuracy"] == ("val", "accuracy")


def test_a_metric_of_keras_without_validation_is_training() -> None:
    assert meanings(one(loss=DOWN, accuracy=UP)) == {"loss": ("train", "loss"), "accuracy": ("train", "accuracy")}


def test_a_test_split_alone_stays_test() -> None:
    assert meanings(one(train_loss=DOWN, test_loss=DOWN))["test_loss"] == ("test", "loss")


def test_a_test_score_in_the_last_row_is_no_curve() -> None:
    run = one(train_loss=DOWN, val_loss=DOWN, test_acc=[None] * 5 + [0.9])
    assert "test_acc" not in meanings(run)
    assert [c.name for c in run.history.extra] == ["test_acc"]
    assert any("test_acc 0.9" in note for note in run.notes)


@pytest.mark.parametrize("name", ["accuracy", "val_f1", "val_map50", "val_wer"])
def test_percent_is_seen_in_the_values(name: str) -> None:
    run = one(loss=DOWN, **{name: [10.0, 40.0, 60.0, 70.0, 80.0, 88.0]})
    assert next(c for c in run.history.curves if c.name == name).values[-1] == pytest.approx(0.88)
    assert any("percent" in note for note in run.notes)


def test_percent_is_judged_over_all_splits_of_a_quantity() -> None:
    run = one(train_acc=[50.0, 60, 70, 80, 90, 99], val_acc=[0.5, 0.9, 1.0, 1.0, 1.1, 1.2])
    assert curve(run, "val", "accuracy").values[-1] == pytest.approx(0.012)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("accuracy", [0.0, 0.5, 1.0, 1.0, 1.0, 1.0]),
        ("val_dice", [0.9, 1.1, 1.3, 1.3, 1.3, 1.3]),
        ("val_wer", [2.5, 1.5, 0.9, 0.5, 0.4, 0.3]),
        ("val_psnr", [20.0, 25.0, 28.0, 29.0, 30.0, 31.0]),
        ("val_rmse", [20.0, 15.0, 12.0, 11.0, 10.0, 9.0]),
        ("val_accuracy", [1.0, 500.0, 3.0, 4.0, 5.0, 6.0]),
    ],
)
def test_what_is_no_percent_is_left(name: str, values: list[float]) -> None:
    run = one(loss=DOWN, **{name: values})
    assert next(c for c in run.history.curves if c.name == name).values.tolist() == values


def test_parts_without_a_total_are_summed_and_kept() -> None:
    run = one(**{"train/a_loss": DOWN, "train/b_loss": UP, "val/a_loss": DOWN, "val/b_loss": UP})
    total = curve(run, "train", "loss")
    np.testing.assert_allclose(total.values, np.add(DOWN, UP))
    assert total.derived == "sum of train/a_loss, train/b_loss"
    assert curve(run, "train", "a_loss").values.tolist() == DOWN


def test_no_sum_where_there_is_a_total() -> None:
    run = one(loss=DOWN, a_loss=UP, b_loss=UP, val_loss=DOWN)
    assert curve(run, "train", "loss").derived == ""
    assert curve(run, "train", "loss").values.tolist() == DOWN


def test_opponents_are_not_summed() -> None:
    assert one(g_loss=DOWN, d_loss=UP).history.find("train", "loss") is None


def test_losses_of_several_evaluation_sets_are_not_summed() -> None:
    run = one(loss=DOWN, eval_a_loss=DOWN, eval_b_loss=UP)
    assert curve(run, "val", "loss").name == "eval_a_loss"


def test_the_objective_where_no_column_is_a_loss() -> None:
    found = meanings(one(iter=range(N), **{"learn/Logloss": DOWN, "test/AUC": UP}, **{"test/Logloss": DOWN}))
    assert found["learn/Logloss"] == ("train", "loss")
    assert meanings(one(train_rmse=DOWN, val_rmse=DOWN))["val_rmse"] == ("val", "loss")


def test_an_error_beside_a_loss_is_a_score_with_lower_better() -> None:
    run = one(loss=DOWN, mse=DOWN, val_loss=DOWN, val_mse=DOWN)
    assert curve(run, "val", "mse").better == "lower"
    assert not curve(run, "val", "mse").is_loss


@pytest.mark.parametrize("name", ["val_1-acc", "val_1 - accuracy", "Top-1 Error (val) [%]", "val top-1 error"])
def test_an_error_is_no_accuracy(name: str) -> None:
    run = one(epoch=range(N), loss=DOWN, **{name: DOWN})
    found = curve(run, "val", "error")
    assert (found.name, found.better) == (name, "lower")


def test_a_numbered_evaluation_set_is_not_one_minus() -> None:
    run = one(iteration=range(N), **{"val_0-acc": UP, "val_1-acc": UP})
    assert curve(run, "val", "accuracy").better == "higher"


def test_only_scores_give_no_loss() -> None:
    assert {c.quantity for c in one(train_acc=UP, val_acc=UP).history.curves} == {"accuracy"}


def test_of_step_and_epoch_twins_the_epoch_mean_is_the_curve() -> None:
    step = [1.0, 0.9, None, 0.8, 0.7, None]
    run = one(
        epoch=[0, 0, 0, 1, 1, 1],
        step=range(N),
        train_loss_step=step,
        train_loss_epoch=[None, None, 0.9, None, None, 0.7],
    )
    assert curve(run, "train", "loss").name == "train_loss_epoch"
    assert [c.name for c in run.history.extra] == ["train_loss_step"]


def test_a_step_column_without_epoch_twin_is_the_curve() -> None:
    assert meanings(one(step=range(N), train_loss_step=DOWN))["train_loss_step"] == ("train", "loss")


def test_rows_without_a_step_column_are_epochs_from_one() -> None:
    run = one(loss=DOWN)
    assert (run.history.unit, run.history.curves[0].steps.tolist()) == ("epoch", [1, 2, 3, 4, 5, 6])


def test_an_unnamed_first_column_counts_epochs() -> None:
    assert one(**{"": range(N), "loss": DOWN}).history.curves[0].steps.tolist() == [0, 1, 2, 3, 4, 5]


def test_epochs_are_preferred_to_steps() -> None:
    run = one(step=[10, 20, 30, 40, 50, 60], epoch=range(N), loss=DOWN)
    assert (run.history.unit, run.history.last_step) == ("epoch", 5)


def test_fractional_epochs_stay_as_they_are() -> None:
    epochs = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert one(epoch=epochs, step=range(1, N + 1), loss=DOWN).history.curves[0].steps.tolist() == epochs


def test_epochs_that_stand_still_give_way_to_steps() -> None:
    run = one(epoch=[1.0, 1.0, 1.0, 1.0, 1.0, 1.01], step=[10, 20, 30, 40, 50, 60], loss=DOWN)
    assert (run.history.unit, run.history.last_step) == ("step", 60)


def test_epochs_that_begin_again_while_steps_go_on_are_a_stream() -> None:
    run = one(epoch=[0.1, 0.2, 0.3, 0.1, 0.2, 0.3], step=[10, 20, 30, 40, 50, 60], loss=DOWN)
    assert (run.history.unit, len(run.history.curves[0])) == ("step", 6)


def test_rounded_epochs_get_their_digits_from_the_steps() -> None:
    steps = np.arange(10, 410, 10)
    run = one(epoch=np.round(steps / 2000, 2).tolist(), step=steps.tolist(), loss=np.linspace(1, 0.5, 40).tolist())
    assert run.history.unit == "epoch"
    np.testing.assert_allclose(run.history.curves[0].steps, steps / 2000, rtol=1e-6)


def test_rows_inside_an_epoch_end_at_its_own_number() -> None:
    steps = [49, 99, 149, 199, 249, 299]
    run = one(epoch=[0, 0, 1, 1, 2, 2], step=steps, train_loss=DOWN, val_loss=[None, 1.0, None, 0.9, None, 0.8])
    assert curve(run, "val", "loss").steps.tolist() == [0, 1, 2]
    assert curve(run, "train", "loss").steps.tolist() == [-0.5, 0, 0.5, 1, 1.5, 2]


def test_batches_without_a_counter_are_spread_over_the_epoch() -> None:
    assert one(epoch=[1, 1, 1, 2, 2, 2], loss=DOWN).history.curves[0].steps.tolist() == pytest.approx(
        [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2]
    )


def test_splits_keep_their_own_steps() -> None:
    run = one(step=range(N), loss=[1, None, 0.8, None, 0.6, None], eval_loss=[None, 1, None, None, 1, None])
    assert curve(run, "train", "loss").steps.tolist() == [0, 2, 4]
    assert curve(run, "val", "loss").steps.tolist() == [1, 4]


def test_the_summary_row_of_a_trainer_is_no_point() -> None:
    run = one(step=[10, 20, 20], loss=[1.0, 0.5, None], train_loss=[None, None, 0.75], train_runtime=[None, None, 9.0])
    assert meanings(run) == {"loss": ("train", "loss")}
    assert any("0.75 is the mean over the whole run" in note for note in run.notes)


def test_a_resumed_run_is_counted_through() -> None:
    long, rest = [1 / (i + 1) for i in range(10)], [0.099, 0.095, 0.09]
    run = one(epoch=[*range(10), *range(3)], loss=[*long, *rest], val_loss=[*long, *rest])
    assert run.history.curves[0].steps.tolist() == list(range(13))
    assert [p.because for p in run.history.phases] == ["", "epochs restart at row 11"]
    assert (run.history.phases[0].end, run.history.phases[1].start) == (9, 10)


def test_an_unfrozen_backbone_that_forgets_a_part_is_a_phase() -> None:
    head = [1.0, 0.8, 0.6, 0.5, 0.4, 0.4]
    run = one(epoch=[*range(6), *range(3)], loss=[*head, 0.7, 0.5, 0.3], val_loss=[*head, 0.7, 0.5, 0.3])
    assert len(run.history.phases) == 2


def test_an_attempt_from_the_start_is_a_run_of_its_own() -> None:
    first, second = runs(epoch=[*range(N), *range(4)], loss=[*DOWN, 1.01, 0.7, 0.5, 0.4], val_loss=[*DOWN, 1, 1, 1, 1])
    assert (len(first.history.curves[0]), len(second.history.curves[0])) == (6, 4)
    assert first.siblings == (second.name,)
    assert not first.history.phases


def test_a_training_loss_that_explodes_at_the_unfreeze_is_a_phase_where_all_else_is_remembered() -> None:
    rising = [0.45, 0.6, 0.7, 0.76, 0.79, 0.8]
    columns = {
        "epoch": [*range(N), *range(3)], "loss": [*DOWN, 3.3, 0.6, 0.3], "val_loss": [*DOWN, 0.5, 0.45, 0.4],
        "val_accuracy": [*rising, 0.78, 0.8, 0.85],
    }  # fmt: skip
    assert len(one(**columns).history.phases) == 2
    columns["val_accuracy"][N] = 0.46
    assert len(runs(**columns)) == 2, "what was learnt is gone"
    without = {name: values for name, values in columns.items() if name != "val_accuracy"}
    assert len(runs(**without)) == 2, "one curve alone may be noise"


def test_steps_too_large_to_be_told_apart_are_read() -> None:
    assert read_runs({"epoch": [0.0, -9007200328482816.0], "loss": [0.0, 1.0, 1.0]}).runs


def test_attempts_with_one_start_are_told_by_it() -> None:
    pieces = [[3.4, 2.5, 2.1], [2.2], [2.21, 1.9, 1.6], [2.2, 1.8, 1.5]]
    found = runs(
        epoch=[e for p in pieces for e in range(len(p))],
        loss=[v for p in pieces for v in p],
        acc=[0.1, 0.2, 0.3, 0.2, 0.2, 0.3, 0.4, 0.2, 0.3, 0.4],
    )
    assert [len(run.history.curves[0]) for run in found] == [3, 1, 3, 3]


def test_a_run_resumed_in_the_middle_replaces_what_it_repeats() -> None:
    run = one(epoch=[0, 1, 2, 3, 2, 3, 4], loss=[1.0, 0.8, 0.7, 0.6, 0.71, 0.61, 0.5])
    assert run.history.curves[0].values.tolist() == [1.0, 0.8, 0.71, 0.61, 0.5]
    assert "resumed at epoch 2" in run.notes[0]


def test_rows_in_another_order_are_sorted() -> None:
    run = one(epoch=[5, 4, 3, 2, 1, 0], loss=DOWN[::-1])
    assert run.history.curves[0].values.tolist() == DOWN


@pytest.mark.parametrize("interleaved", [True, False])
def test_folds_are_kept_apart(*, interleaved: bool) -> None:
    rows = [(fold, epoch) for fold in range(3) for epoch in range(N)]
    rows = sorted(rows, key=lambda row: row[1]) if interleaved else rows
    found = runs(fold=[f for f, _ in rows], epoch=[e for _, e in rows], loss=[DOWN[e] + f for f, e in rows])
    assert [run.history.curves[0].values[0] for run in found] == [1, 2, 3]
    assert found[0].name == "run (fold 0)"
    assert len(found[0].siblings) == 2


def test_a_constant_text_column_separates_nothing() -> None:
    assert len(runs(model=["a"] * N, epoch=range(N), loss=DOWN)) == 1


@pytest.mark.parametrize("by_split", [True, False])
def test_one_row_a_split(*, by_split: bool) -> None:
    rows = [(phase, epoch) for phase in ("train", "val") for epoch in range(N)]
    rows = rows if by_split else sorted(rows, key=lambda row: row[1])
    run = one(
        epoch=[e for _, e in rows],
        phase=[p for p, _ in rows],
        loss=[DOWN[e] for _, e in rows],
        acc=[UP[e] for _, e in rows],
    )
    assert {(c.split, c.quantity) for c in run.history.curves} == {
        (s, q) for s in ("train", "val") for q in ("loss", "accuracy")
    }
    assert curve(run, "val", "loss").values.tolist() == DOWN


def test_one_row_a_metric() -> None:
    run = one(step=[1, 1, 2, 2], metric=["loss", "val_loss"] * 2, value=[1.0, 1.1, 0.9, 1.0])
    assert curve(run, "val", "loss").values.tolist() == [1.1, 1.0]


def test_a_map_overrides_the_names() -> None:
    history = {"a": DOWN, "val_loss": UP, "b": UP, "t": [2, 4, 6, 8, 10, 12]}
    run = read_runs(history, column_map={"val_loss": "a", "train_accuracy": "b", "epoch": "t"}).runs[0]
    assert meanings(run) == {"a": ("val", "loss"), "b": ("train", "accuracy")}
    assert run.history.last_step == 12


@pytest.mark.parametrize(
    ("target", "column", "message"), [("val_loss", "vloss", "has no column"), ("nonsense", "loss", "not a name")]
)
def test_a_map_that_cannot_be_followed(target: str, column: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_runs({"loss": DOWN}, column_map={target: column})


def test_learning_rate_of_most_parameter_groups() -> None:
    run = one(**{"lr/pg0": [0.07] * N, "lr/pg1": DOWN, "lr/pg2": DOWN, "loss": DOWN})
    assert run.history.learning_rate is not None
    assert run.history.learning_rate.values.tolist() == DOWN
    assert run.context.learning_rate == 1.0


def test_a_constant_column_is_a_hyperparameter() -> None:
    run = one(loss=DOWN, batch_size=[32] * N)
    assert (run.context.batch_size, run.context.origins["batch_size"]) == (32, "constant column: batch_size")


def test_without_a_loss_or_score_it_says_what_it_found() -> None:
    with pytest.raises(UnreadableInput, match=r"'age' .*--map val_loss=COLUMN"):
        runs(age=DOWN)
