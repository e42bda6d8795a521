"""Console output of many programs: synthetic imitations of their formats."""

import contextlib
import math
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from diagnose.errors import InputError, UnreadableInput
from diagnose.readers.protocol import Log
from diagnose.readers.text_log import TextLogReader


def write(tmp_path, text, *, name="train.log", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def read(tmp_path):
    def read_text(text, *, encoding="utf-8"):
        log = Log(write(tmp_path, text, encoding=encoding))
        reader = TextLogReader()
        assert reader.recognises(log)
        return reader.read(log)

    return read_text


@pytest.fixture
def recognises(tmp_path):
    return lambda text: TextLogReader().recognises(Log(write(tmp_path, text)))


def keras_epoch(epoch, of, loss, val_loss, *, redraw="\r", bar="\x1b[32m━━━━\x1b[0m\x1b[37m━━━━\x1b[0m"):
    parts = [f"Epoch {epoch}/{of}\n"]
    parts += [
        f"\x1b[1m{k}/24\x1b[0m {bar} \x1b[1m1s\x1b[0m 45ms/step - loss: {loss + 1:.4f}{redraw}" for k in (1, 9, 24)
    ]
    parts.append(f"\x1b[1m24/24\x1b[0m {bar} 2s 60ms/step - loss: {loss:.4f} - val_loss: {val_loss:.4f}\n")
    return "".join(parts)


def test_keras_progress_bars_give_the_last_redraw_of_each_epoch(read):
    (raw,) = read("".join(keras_epoch(e, 3, 1 / e, 2 / e) for e in (1, 2, 3)))
    assert raw.columns == {
        "epoch": [1.0, 2.0, 3.0],
        "loss": [1.0, 0.5, 0.3333],
        "val_loss": [2.0, 1.0, 0.6667],
    }
    assert raw.hyperparameters["epochs"] == 3


def test_old_keras_bars_are_redrawn_with_backspaces(read):
    text = "".join(keras_epoch(e, 2, 0.5, 0.6, redraw="\b" * 60, bar="[====>....]") for e in (1, 2))
    (raw,) = read(text)
    assert raw.columns["val_loss"] == [0.6, 0.6]


def test_keras_evaluate_after_training_is_no_point(read):
    text = "".join(keras_epoch(e, 2, 0.5, 0.6) for e in (1, 2))
    (raw,) = read(
        text + "\n1/7 [==>...] - loss: 9.0\r7/7 [======] - 0s 33ms/step - loss: 9.0\n24/24 - 0s - loss: 8.0\n"
    )
    assert raw.columns["loss"] == [0.5, 0.5]


def test_a_last_epoch_with_a_partial_bar_only_is_left_out(read):
    text = "".join(keras_epoch(e, 3, 0.5, 0.6) for e in (1, 2)) + "Epoch 3/3\n 5/24 [==>...] - ETA: 3s - loss: 0.4000"
    (raw,) = read(text)
    assert raw.columns["epoch"] == [1.0, 2.0]


def test_powershell_utf16_is_read(read):
    text = "Epoch 1/2 - loss: 0.5 - val_loss: 0.6\r\nEpoch 2/2 - loss: 0.4 - val_loss: 0.7\r\n"
    (raw,) = read(text, encoding="utf-16")
    assert raw.columns["val_loss"] == [0.6, 0.7]


def test_train_and_test_on_two_lines_are_one_row_and_percent_is_said(read):
    lines = [f"Epoch [{e}/60], Loss: {1 / e:.4f}, Accuracy: {40 + e}.50%\nTest Accuracy: {50 + e}.25%\nNew best model "
             f"saved with accuracy {50 + e}.25%" for e in range(1, 5)]  # fmt: skip
    (raw,) = read("\n".join(lines) + "\nEarly stopping at epoch 3\nFinished Training\n")
    assert raw.columns["accuracy"] == [41.5, 42.5, 43.5, 44.5]
    assert raw.columns["test_accuracy"] == [51.25, 52.25, 53.25, 54.25]
    assert raw.columns["epoch"] == [1.0, 2.0, 3.0, 4.0]
    assert raw.hyperparameters["epochs"] == 60
    assert "percent: accuracy, test_accuracy" in raw.notes[0]


def test_shares_printed_as_small_percentages_are_divided(read):
    (raw,) = read("Epoch 1 loss: 0.5 error: 0.90%\nEpoch 2 loss: 0.4 error: 0.50%\n")
    assert raw.columns["error"] == [pytest.approx(0.009), pytest.approx(0.005)]


@pytest.mark.parametrize(
    "line",
    [
        "2022-03-04 11:22:33,456 - INFO - Epoch {e}: Train Loss={t}, Val Loss={v}",
        "Epoch {e}: TrainLoss: {t}, ValLoss: {v}",
        "[Epoch {e}/9] train: loss={t}, | valid: loss={v}",
        "epoch={e} train_loss={t} val_loss={v}",
        "Epoch {e} - train loss {t} - validation loss {v}",
        "2024-01-01 10:00:00.123 | INFO     | __main__:fit:42 - Epoch {e} | Train Loss: {t} | Validation Loss: {v}",
        "INFO:root:Epoch {e}\nTraining loss: {t}\nValidation loss: {v}",
        "E{e}\nEpoch {e}\nTrain: loss {t}\nVal: loss {v}",
        "Epoch: {e}\n[train] loss={t}\n[val] loss={v}",
        "Epoch {e} Loss - Train: {t}, Val: {v}",
        "Epoch {e}: val_loss improved from inf to 0.1, saving model\nEpoch {e}: train_loss: {t} val_loss: {v}",
        "Epoch {e}\tTrain -- Loss: {t}\tVal -- Loss: {v}",
        "Epoch {e} train/val loss: {t}/{v}",
        "Epoch {e} => Train Loss => {t}, Val Loss => {v}",
        "Train loss: {t}\nVal loss: {v}\nEpoch {e} finished in 12.1s",
        "{e}/3 - train_loss: {t} - val_loss: {v}",
        "INFO: epoch {e} metrics {{'train_loss': {t}, 'val_loss': {v}}}",
        "第{e}轮 Epoch {e} 训练 loss: {t} 验证 loss: {v}",
        "2023-01-01 10:00:00 | INFO | train | epoch 00{e} | loss {t}\n10:00:00 | INFO | valid | epoch 00{e} | loss {v}",
        "Epoch {e}/3\n----------\ntrain Loss: {t} Acc: 0.81\nval Loss: {v} Acc: 0.79\n",
        "2024-01-01 10:00:00.123456: Epoch {e}\n2024-01-01 10:00:01.1: train_loss {t}\n10:00:01.2: val_loss {v}",
        "Epoch: 0{e} | Epoch Time: 0m 12s\n\tTrain Loss: {t} | Train PPL: 3.1\n\t Val. Loss: {v} |  Val. PPL: 2.0",
    ],
)
def test_spellings_of_train_and_validation_loss(read, line):
    (raw,) = read("\n".join(line.format(e=e, t=1 / 2**e, v=1.5 / 2**e) for e in (1, 2, 3)) + "\n")
    assert raw.columns["epoch"] == [1.0, 2.0, 3.0]
    assert raw.columns["train_loss"] == [0.5, 0.25, 0.125]
    assert raw.columns["val_loss"] == [0.75, 0.375, 0.1875]


def test_nan_and_infinity_are_values(read):
    (raw,) = read("Epoch 1 loss: 0.5 val_loss: nan\nEpoch 2 loss: inf val_loss: -inf\n")
    assert math.isnan(raw.columns["val_loss"][0])
    assert raw.columns["loss"][1] == math.inf
    assert raw.columns["val_loss"][1] == -math.inf


def test_a_score_logged_every_second_epoch_leaves_gaps(read):
    (raw,) = read(
        "Epoch 1 loss: 0.5\nEpoch 2 loss: 0.4\nval_acc: 0.8\nEpoch 3 loss: 0.3\nEpoch 4 loss: 0.2\nval_acc: 0.9\n"
    )
    assert raw.columns["val_acc"] == [None, 0.8, None, 0.9]


def test_decimal_commas(read):
    (raw,) = read("Epoch 1 loss: 0,512 acc: 0,8\nEpoch 2 loss: 0,412 acc: 0,9\n")
    assert raw.columns["loss"] == [0.512, 0.412]


def test_restarted_epochs_are_runs_and_aborted_attempts_are_told(read):
    banner = "2023.01.18 11:01:08 | Training for {n} epochs started!\nTrain set length: {size}\n"
    epochs = "".join(f"[Epoch: 0{e}] Train loss: 0.{9 - e}\n[Epoch: 0{e}] Valid loss: 0.{9 - e}5\n" for e in (1, 2, 3))
    aborted, first = banner.format(n=1, size=61), banner.format(n=3, size=60)
    one, two = read(aborted + aborted + first + epochs + banner.format(n=3, size=59) + epochs)
    assert one.columns["train_loss"] == two.columns["train_loss"] == [0.8, 0.7, 0.6]
    assert (one.hyperparameters["n_train"], two.hyperparameters["n_train"]) == (60, 59)
    assert any("2 earlier attempts" in note for note in two.notes)
    assert one.name != two.name


def test_models_of_one_file_are_kept_apart_and_labelled(read):
    block = "Epoch 1/2 - loss: 0.5\nEpoch 2/2 - loss: 0.4\n"
    one, two = read(f"--- Training CNN ---\n{block}\n--- Training MLP ---\n{block}")
    assert "Training CNN" in one.notes[-1]
    assert "Training MLP" in two.notes[-1]


def test_a_resumed_counter_is_one_run(read):
    (raw,) = read("Epoch 1 loss: 0.5\nEpoch 2 loss: 0.4\nStarting training\nEpoch 3 loss: 0.3\nEpoch 4 loss: 0.2\n")
    assert len(raw.columns["epoch"]) == 4


def test_a_closing_evaluation_does_not_replace_the_last_point(read):
    text = "Epoch 1 loss: 0.5 val_loss: 0.6\nEpoch 2 loss: 0.4 val_loss: 0.7\nTraining finished\n"
    (raw,) = read(text + "Loaded best model of epoch 1, val_loss: 0.6\nval_loss: 0.6, test_loss: 0.65\n")
    assert raw.columns["val_loss"] == [0.6, 0.7]
    assert raw.columns["test_loss"] == [None, 0.65]


def test_batches_are_left_out_where_the_epoch_has_a_summary(read):
    text = "".join(
        f"Epoch [{e}/2], Step [{s}/200], Loss: {9 - s / 100}\n" for e in (1, 2) for s in (100, 200) for _ in (0,)
    ).replace("Epoch [2/2], Step [100", "Epoch 1: loss: 0.5\nEpoch [2/2], Step [100")
    (raw,) = read(text + "Epoch 2: loss: 0.4\n")
    assert raw.columns["loss"] == [0.5, 0.4]


def test_batches_are_rows_where_no_epoch_has_a_summary(read):
    (raw,) = read("".join(f"Epoch [{e}/2], Step [{s}/200], Loss: 0.{e}\n" for e in (1, 2) for s in (100, 200)))
    assert raw.columns["epoch"] == [0.5, 1.0, 1.5, 2.0]
    assert raw.columns["loss"] == [0.1, 0.1, 0.2, 0.2]


def test_a_train_loss_printed_only_by_batch_is_averaged_over_the_epoch(read):
    lines = []
    for epoch in (1, 2):
        lines += [f"Train Epoch: {epoch} [{k}/60000 ({k // 600}%)]\tLoss: {x}" for k, x in ((0, 1.0), (30000, 0.5))]
        lines.append("\nTest set: Average loss: 0.0512, Accuracy: 9800/10000 (98%)\n")
    (raw,) = read("\n".join(lines))
    assert raw.columns["train_loss"] == [0.75, 0.75]
    assert raw.columns["test_accuracy"] == [0.98, 0.98]
    assert any("mean over" in note for note in raw.notes)


def test_headings_give_the_next_lines_their_split(read):
    batches = "Epoch {e}\n-------\nloss: 2.30  [   64/60000]\nloss: 2.10  [ 6464/60000]\n"
    block = batches + "Test Error: \n Accuracy: 64.9%, Avg loss: 1.07\n\n"
    (raw,) = read(block.format(e=1) + block.format(e=2))
    assert raw.columns["test_loss"] == [1.07, 1.07]
    assert raw.columns["test_accuracy"] == [64.9, 64.9]
    assert raw.columns["loss"] == [2.2, 2.2]


def test_steps_without_epochs(read):
    (raw,) = read(
        "step 0: train loss 4.2, val loss 4.3\n"
        "iter 0: loss 4.21, time 120.0ms\n"
        "iter 10: loss 3.1\n"
        "step 20: train loss 2.0, val loss 2.5\n"
    )
    assert raw.columns["step"] == [0.0, 10.0, 20.0]
    assert raw.columns["val_loss"] == [4.3, None, 2.5]


def test_tqdm_with_values_in_the_bar(read):
    text = "".join(
        f"Epoch {e}: 50%|██  | 5/10 [00:01<00:01, loss=9]\r"
        f"Epoch {e}: 100%|████| 10/10 [00:02<00:00, 5.1it/s, loss={e}.5]\n"
        for e in (0, 1)
    )
    (raw,) = read(text)
    assert raw.columns["loss"] == [0.5, 1.5]


def test_tqdm_of_the_next_epoch_does_not_touch_the_summary(read):
    text = "".join(f"100%|████| 10/10 [00:02<00:00, loss=99.0]\nEpoch [{e}/3], Loss: 0.{e}\n" for e in (1, 2, 3))
    (raw,) = read(text)
    assert [cell for cell in raw.columns["loss"] if cell != 99.0] == [0.1, 0.2, 0.3]


def test_the_starred_summary_of_a_test_pass_belongs_to_it(read):
    text = "".join(
        f"Epoch: [{e}][0/391]\tTime  0.3 ( 0.5)\tLoss {7 - e}.5 (7.0)\tAcc@1   1.00 (  0.10)\n"
        f"Test: [ 0/79]\tLoss 6.5 (6.5)\tAcc@1 1.0 (1.0)\n * Acc@1 {e + 1}.25 Acc@5 9.5\n"
        for e in range(3)
    )
    (raw,) = read(text)
    assert raw.columns["test_acc@1"] == [1.25, 2.25, 3.25]
    assert raw.columns["loss"] == [7.5, 6.5, 5.5]


def test_a_learning_rate_on_a_line_of_its_own_is_logged_by_epoch(read):
    (raw,) = read("".join(f"Epoch {e}\nCurrent learning rate: 0.0{9 - e}\ntrain_loss -0.{e}1\n" for e in (1, 2, 3)))
    assert raw.columns["lr"] == [0.08, 0.07, 0.06]
    assert raw.columns["train_loss"] == [-0.11, -0.21, -0.31]


def test_a_step_after_the_values(read):
    (raw,) = read("".join(f"INFO:tensorflow:loss = 0.{9 - k}, step = {100 * k} (0.5 sec)\n" for k in range(3)))
    assert raw.columns == {"step": [0.0, 100.0, 200.0], "loss": [0.9, 0.8, 0.7]}


def test_batches_of_training_and_validation_join_by_epoch(read):
    text = "".join(
        f"Train: {e} [   0/1251 (  0%)]  Loss: 6.9 (6.95)  Time: 1.2s, 200.0/s  LR: 1.0e-06\n"
        f"Train: {e} [ 500/1251 ( 40%)]  Loss: 6.5 (6.8)\nTest: [  48/48]  Loss:  6.{e} ( 6.0)\n"
        for e in range(3)
    )
    (raw,) = read(text)
    assert raw.columns["train_loss"] == [6.7, 6.7, 6.7]
    assert raw.columns["test_loss"] == [6.0, 6.1, 6.2]


def test_xgboost(read):
    (raw,) = read("".join(f"[{k}]\ttrain-logloss:0.{9 - k}\tvalid-logloss:0.{9 - k}5\n" for k in range(4)))
    assert raw.columns["iteration"] == [0.0, 1.0, 2.0, 3.0]
    assert raw.columns["train_logloss"] == [0.9, 0.8, 0.7, 0.6]
    assert raw.columns["val_logloss"][0] == 0.95


def test_lightgbm(read):
    (raw,) = read(
        "[LightGBM] [Info] Number of data points in the train set: 398\n"
        "[10]\ttraining's binary_logloss: 0.5\tvalid_1's binary_logloss: 0.6\n"
        "[20]\ttraining's binary_logloss: 0.4\tvalid_1's binary_logloss: 0.55\n"
    )
    assert raw.columns["iteration"] == [10.0, 20.0]
    assert raw.columns["train_binary_logloss"] == [0.5, 0.4]
    assert raw.columns["valid_1_binary_logloss"] == [0.6, 0.55]


def test_catboost_test_is_its_validation_set(read):
    (raw,) = read(
        "".join(
            f"{k}:\tlearn: 0.{9 - k}\ttest: 0.{9 - k}5\tbest: 0.5 (0)\ttotal: {k}ms\tremaining: 1s\n" for k in range(3)
        )
    )
    assert raw.columns["learn_loss"] == [0.9, 0.8, 0.7]
    assert raw.splits == {"learn_loss": "train", "test_loss": "val"}
    assert set(raw.columns) == {"iteration", "learn_loss", "test_loss"}


def test_hugging_face_dictionaries_join_on_the_epoch(read):
    (raw,) = read(
        "{'loss': 0.9, 'grad_norm': 1.5, 'learning_rate': 5e-05, 'epoch': 1.0}\n"
        " 50%|█████     | 500/1000 [01:00<01:00]{'eval_loss': 0.8, 'eval_runtime': 1.2, 'epoch': 1.0}\n"
        "{'loss': '0.7', 'grad_norm': nan, 'learning_rate': '2e-05', 'epoch': '2.0'}\n"
        "{'eval_loss': 0.75, 'epoch': 2.0}\n"
        "{'train_runtime': 120.0, 'train_samples_per_second': 10.0, 'train_loss': 0.8, 'epoch': 2.0}\n"
    )
    assert raw.columns["epoch"] == [1.0, 2.0]
    assert raw.columns["loss"] == [0.9, 0.7]
    assert raw.columns["eval_loss"] == [0.8, 0.75]
    assert "train_loss" not in raw.columns
    assert any("mean over the run" in note for note in raw.notes)


def test_fastai_table(read):
    (raw,) = read(
        "epoch     train_loss  valid_loss  accuracy  time    \n"
        "0         0.512000    0.400000    0.81      00:12     \n"
        "1         0.412000    0.380000    0.83      00:12     \n"
    )
    assert raw.columns == {
        "epoch": [0.0, 1.0],
        "train_loss": [0.512, 0.412],
        "val_loss": [0.4, 0.38],
        "accuracy": [0.81, 0.83],
    }


def test_markdown_table(read):
    (raw,) = read(
        "# Results\n\n"
        "| Epoch | Training Loss | Validation Loss |\n"
        "|---|---|---|\n"
        "| 1 | 0.5 | 0.6 |\n"
        "| 2 | 0.4 | 0.7 |\n"
    )
    assert raw.columns == {"epoch": [1.0, 2.0], "train_loss": [0.5, 0.4], "val_loss": [0.6, 0.7]}


def test_ultralytics_console(read):
    text = "".join(
        "      Epoch    GPU_mem   box_loss   cls_loss  Instances       Size\n"
        f"        {e}/2      2.1G      9.0      9.0         12        640:  50%|█████     | 5/10\r"
        f"        {e}/2      2.1G      1.{e}      2.{e}         12        640: 100%|██████████| 10/10\n"
        "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95)\n"
        f"                   all        100        200      0.5{e}      0.4      0.3      0.2\n"
        for e in (1, 2)
    )
    (raw,) = read(text)
    assert raw.columns["box_loss"] == [1.1, 1.2]
    assert raw.columns["val_precision"] == [0.51, 0.52]
    assert raw.hyperparameters["epochs"] == 2


def test_prose_before_training_gives_hyperparameters(read):
    (raw,) = read(
        "Train size: 208\nValidation size: 44\nbatch size: 32\nlr = 1e-3\nEpoch 1 loss: 0.5\nEpoch 2 loss: 0.4\n"
    )
    assert raw.hyperparameters == {"n_train": 208, "n_val": 44, "batch_size": 32, "learning_rate": 0.001}
    assert raw.origins["n_val"]


def test_a_confusion_matrix_and_a_classification_report_add_nothing(read):
    text = "Epoch {e} loss: 0.5 accuracy: 0.9\nconfusion=tensor([[  500,    54],\n        [   23,  1590]])\n"
    report = (
        "              precision    recall  f1-score   support\n    accuracy                           0.61       210\n"
    )
    (raw,) = read(text.format(e=1) + text.format(e=2) + report)
    assert set(raw.columns) == {"epoch", "loss", "accuracy"}
    assert raw.columns["accuracy"] == [0.9, 0.9]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello world\n" * 50,
        "epoch,loss,val_loss\n0,0.5,0.6\n1,0.4,0.5\n",
        "epoch;loss\n0;0,5\n1;0,4\n",
        "iter\tLogloss\n0\t0.5\n1\t0.4\n",
        'settings = {"l2": 0.1, "rate": 0.01},\n' * 5,
        '{"loss": [0.5, 0.4], "val_loss": [0.6, 0.5]}',
        '[{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4}]',
        '{"epoch": 1, "loss": 0.5}\n{"epoch": 2, "loss": 0.4}\n',
        "import torch\nlr = 0.1\nfor epoch in range(10):\n    print(f'Epoch {epoch} loss: {loss:.4f}')\n",
        "              precision    recall  f1-score   support\n\n"
        "    accuracy                           0.67       210\n" * 3,
        "requests==2.31.0\nnumpy==1.26\n" * 5,
        "learning_rate: 0.001\nbatch_size: 32\nepochs: 10\nloss: mse\n",
        "Epoch 1/50\nEpoch 2/50\nEpoch 3/50\n",
        "2024-01-01 10:00:00 GET /index.html 200 0.012\n" * 20,
        "Best loss: 0.5\nBest accuracy: 0.9\n" * 3,
        "Epoch 1 - loss: 0.5\n",
    ],
)
def test_what_is_not_console_output_of_training_is_not_recognised(recognises, text):
    assert not recognises(text)


def test_binary_is_not_recognised(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(range(256)) * 40 + b"Epoch 1 loss: 0.5\nEpoch 2 loss: 0.4\n")
    assert not TextLogReader().recognises(Log(path))
    assert not TextLogReader().recognises(Log(tmp_path))


def test_training_that_starts_behind_a_long_preamble_is_recognised(recognises):
    assert recognises("downloading part\n" * 10_000 + "Epoch 1 loss: 0.5\nEpoch 2 loss: 0.4\n")


def test_reading_text_without_training_says_what_was_expected(tmp_path):
    with pytest.raises(UnreadableInput, match="Epoch 3/50"):
        TextLogReader().read(Log(write(tmp_path, "nothing here\n")))


@pytest.mark.parametrize(
    "hostile",
    ["9" * 200_000, "loss: " * 50_000, "Epoch " * 50_000, "-" * 200_000, "1/" * 100_000, "[" * 200_000, " " * 200_000,
     "{'" * 100_000 + "}", "\x1b[" * 100_000, "train " * 40_000, "a.b" * 80_000, "0.1 " * 60_000, "epoch | " * 30_000,
     "loss = 1e" * 30_000, "(" * 90_000 + "1", ": 1" * 70_000],
    ids=lambda text: text[:8].strip(),
)  # fmt: skip
def test_hostile_lines_cost_linear_time(tmp_path, hostile):
    path = write(tmp_path, "Epoch 1 loss: 0.5\n" + hostile + "\nEpoch 2 loss: 0.4\n" + (hostile[:3000] + "\n") * 20)
    start = time.process_time()
    TextLogReader().recognises(Log(path))
    TextLogReader().read(Log(path))
    assert time.process_time() - start < 3


SAMPLE = (
    "Train on 100 samples, validate on 20 samples\n"
    + keras_epoch(1, 2, 0.5, 0.6)
    + "Epoch [1/3], Step [3/9], Loss: 0.5 acc: 9/10\nepoch train_loss valid_loss\n0 0.1 0.2\n1/2 0.1 0.2\n"
    + "{'loss': 0.5, 'epoch': 1.0}\n"
    "[0]\ttrain-logloss:0.6\n"
    "0:\tlearn: 0.5\ttest: 0.6\tbest: 0.6 (0)\n"
    "[1,  200] loss: 2\n"
).encode()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(SAMPLE)), st.binary(max_size=12), st.integers(0, len(SAMPLE)))
@example(len(SAMPLE), b"\xff\xfe", 0)
def test_truncation_and_noise_raise_nothing_but_input_errors(tmp_path, cut, noise, at):
    path = tmp_path / "cut.log"
    path.write_bytes((SAMPLE[:at] + noise + SAMPLE[at:])[:cut])
    reader = TextLogReader()
    reader.recognises(Log(path))
    with contextlib.suppress(InputError):
        for raw in reader.read(Log(path)):
            assert len({len(column) for column in raw.columns.values()}) == 1


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="Epoch lostrainv 0123456789./:=%-|[](){}'\",\n\t\r\b", max_size=300))
def test_any_text_raises_nothing_but_input_errors(tmp_path, text):
    path = write(tmp_path, text)
    TextLogReader().recognises(Log(path))
    with contextlib.suppress(InputError):
        TextLogReader().read(Log(path))
