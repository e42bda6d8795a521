"""The grammar of column names."""

from __future__ import annotations

import doctest

import pytest

from diagnose.readers import aliases, cells, context, frameworks, names, places, run_columns, table
from diagnose.readers.cells import parse_cell
from diagnose.readers.names import parse_name


@pytest.mark.parametrize("module", [aliases, cells, context, frameworks, names, places, run_columns, table])
def test_the_examples_in_the_docstrings_print_what_they_say(module: object) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("name", "split", "quantity", "better"),
    [
        ("loss", None, "loss", "lower"),
        ("val_loss", "val", "loss", "lower"),
        ("training_loss", "train", "loss", "lower"),
        ("trn_loss", "train", "loss", "lower"),
        ("Train loss", "train", "loss", "lower"),
        ("TrainLoss", "train", "loss", "lower"),
        ("ValLoss", "val", "loss", "lower"),
        ("Loss/train", "train", "loss", "lower"),
        ("loss_val", "val", "loss", "lower"),
        ("eval/loss", "val", "loss", "lower"),
        ("total_loss", None, "loss", "lower"),
        ("train_losses", "train", "loss", "lower"),
        ("avg_train_loss_per_epoch", "train", "loss", "lower"),
        ("val_loss/dataloader_idx_0", "val", "loss", "lower"),
        ("val_loss/dataloader_idx_1", "val", "loss_set1", "lower"),
        ("eval_test_loss", "test", "loss", "lower"),
        ("train/box_loss", "train", "box_loss", "lower"),
        ("loss_box_reg", None, "box_reg_loss", "lower"),
        ("val_dense_1_loss", "val", "dense_1_loss", "lower"),
        ("val_acc", "val", "accuracy", "higher"),
        ("sparse_categorical_accuracy", None, "accuracy", "higher"),
        ("val_balanced_accuracy", "val", "balanced_accuracy", "higher"),
        ("eval_top1", "val", "accuracy", "higher"),
        ("val_top_5_accuracy", "val", "top5_accuracy", "higher"),
        ("val_mean_io_u_5", "val", "iou", "higher"),
        ("precision_1", None, "precision", "higher"),
        ("metrics/mAP50-95(B)", None, "map50-95", "higher"),
        ("metrics/mAP_0.5:0.95", None, "map50-95", "higher"),
        ("metrics/mAP_0.5", None, "map50", "higher"),
        ("metrics/mAP50(M)", None, "mask_map50", "higher"),
        ("Final Test F1 Score", "test", "f1", "higher"),
        ("eval_T005_f1", "val", "t005_f1", "higher"),
        ("valid_F1", "val", "f1", "higher"),
        ("Val_Dice", "val", "dice", "higher"),
        ("val_wer", "val", "wer", "lower"),
        ("Test MSE", "test", "mse", "lower"),
        ("val_rmse", "val", "rmse", "lower"),
        ("train-logloss", "train", "log_loss", "lower"),
        ("Logloss", None, "log_loss", "lower"),
        ("eval_rougeLsum", "val", "rouge_l", "higher"),
        ("Top-1 Error (val) [%]", "val", "error", "lower"),
        ("val top-1 error", "val", "error", "lower"),
        ("val 1-acc", "val", "error", "lower"),
        ("1 - accuracy", None, "error", "lower"),
        ("val_1_minus_acc", "val", "error", "lower"),
        ("train_err", "train", "error", "lower"),
        ("error_rate", None, "error", "lower"),
        ("misclassification", None, "error", "lower"),
        ("err@1", None, "error", "lower"),
        ("val accuracy error", "val", "error", "lower"),
        ("top-5 error rate", None, "top5_error", "lower"),
        ("err_top5", None, "top5_error", "lower"),
        ("1-F1", None, "1_minus_f1", "lower"),
        ("validation_1-acc", "val", "accuracy", "higher"),
        ("fold 1 - acc", None, "fold_1_accuracy", "higher"),
        ("run-1 - val_acc", "val", "run_1_accuracy", "higher"),
        ("mean_squared_error", None, "mse", "lower"),
    ],
)
def test_what_a_name_says(name: str, split: str | None, quantity: str, better: str) -> None:
    found = parse_name(name)
    assert (found.split, found.quantity, found.better) == (split, quantity, better)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("epoch", "step"),
        ("trainer/global_step", "step"),
        ("", "index"),
        ("Unnamed: 0", "index"),
        ("lr-Adam", "learning rate"),
        ("x/lr0", "learning rate"),
        ("lr/pg2", "learning rate"),
        ("epoch_time", "time"),
        ("duration_min", "time"),
        ("eval_samples_per_second", "time"),
        ("total_flos", "resource"),
        ("best_val_acc", "statistic"),
        ("max_frames", "unknown"),
        ("grad_norm", "unknown"),
        ("eval_T005_number", "unknown"),
    ],
)
def test_names_that_are_no_curves(name: str, kind: str) -> None:
    assert parse_name(name).kind == kind


def test_an_anonymous_evaluation_set_keeps_its_number() -> None:
    assert (parse_name("validation_1-auc").index, parse_name("valid_0's auc").index) == ("1", "0")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e309", float("inf")),
        ("-Infinity", float("-inf")),
        ("1.#INF", float("inf")),
        ("np.float32(0.5)", 0.5),
        ("[0.25]", 0.25),
    ],
)
def test_spellings_of_numbers(text: str, value: float) -> None:
    assert parse_cell(text) == value


@pytest.mark.parametrize("text", ["", "None", "null", "NA", "-"])
def test_spellings_of_nothing(text: str) -> None:
    assert parse_cell(text) is None


@pytest.mark.parametrize("text", ["NaN", "nan", "-nan", "#NUM!"])
def test_a_logged_nan_is_not_nothing(text: str) -> None:
    value = parse_cell(text)
    assert isinstance(value, float)
    assert value != value  # noqa: PLR0124  NaN


@pytest.mark.parametrize("text", ["1_000", "resnet", "00:12", "1.2.3", "3 apples"])
def test_text_stays_text(text: str) -> None:
    assert parse_cell(text) == text
