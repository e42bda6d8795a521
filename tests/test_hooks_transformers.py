"""The Hugging Face callback: the same weights as without it, the trainer's own logs, and its way to stop."""

from __future__ import annotations

import doctest
import importlib
import warnings

import pytest

import diagnose
from diagnose.hooks.session import Advice, Session
from diagnose.model_card import Wants
from diagnose.readers import read_runs

pytestmark = [pytest.mark.framework, pytest.mark.filterwarnings("ignore")]  # the trainer's own deprecations
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    hook = importlib.import_module("diagnose.hooks.transformers.callback")
    transformers = importlib.import_module("transformers")

SIZE = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
WORDS = torch.randint(2, 30, (48, 6), generator=torch.Generator().manual_seed(0))
ROWS = [{"input_ids": row, "labels": int(row[0] > 15)} for row in WORDS]


def bert():
    return transformers.BertForSequenceClassification(transformers.BertConfig(vocab_size=30, num_labels=2, **SIZE))


def gpt():
    config = transformers.GPT2Config(vocab_size=30, n_positions=8, n_embd=16, n_layer=1, n_head=2)
    return transformers.GPT2LMHeadModel(config)


def vit():
    return transformers.ViTForImageClassification(
        transformers.ViTConfig(image_size=8, patch_size=4, num_labels=3, **SIZE)
    )


def text_rows():
    labels = WORDS.clone()
    labels[:, :2] = -100
    return [{"input_ids": row, "labels": label} for row, label in zip(WORDS, labels, strict=True)]


def image_rows():
    pixels = torch.rand(48, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return [{"pixel_values": image, "labels": number % 3} for number, image in enumerate(pixels)]


def trained(place, *callbacks, build=bert, rows=ROWS, **arguments):
    transformers.set_seed(1)
    model = build()
    arguments = {
        "num_train_epochs": 3, "eval_strategy": "epoch", "logging_strategy": "epoch", "save_strategy": "no",
        "report_to": "none", "disable_tqdm": True, "use_cpu": True, "learning_rate": 1e-3, "seed": 1, **arguments,
    }  # fmt: skip
    args = transformers.TrainingArguments(str(place), **arguments)
    evaluated = rows[40:] if arguments["eval_strategy"] != "no" else None
    trainer = transformers.Trainer(
        model, args, train_dataset=rows[:40], eval_dataset=evaluated, callbacks=list(callbacks)
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    return trainer


def weights(model):
    return {name: value.tolist() for name, value in model.state_dict().items()}


def read(place):
    (run,) = read_runs(place).runs
    return run


@pytest.fixture(autouse=True)
def _one_thread():
    """Of networks this small, a second thread is waited for longer than it helps."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("build", "rows", "arguments"),
    [
        (bert, ROWS, {}),
        (bert, ROWS, {"gradient_accumulation_steps": 2, "max_grad_norm": 0.1, "bf16": True}),
        (gpt, text_rows(), {"weight_decay": 0.1}),
        (vit, image_rows(), {"label_smoothing_factor": 0.1}),
    ],
    ids=["bert", "accumulated, clipped, half precision", "gpt", "vit"],
)
def test_weights_are_identical(build, rows, arguments, tmp_path):
    watch = hook.DiagnoseCallback(tmp_path / "run", report=False)
    watched = trained(tmp_path, watch, build=build, rows=rows, **arguments)
    bare = trained(tmp_path, build=build, rows=rows, **arguments)
    assert weights(watched.model) == weights(bare.model)
    assert not watch.session.guard.failures
    run = read(tmp_path / "run")
    assert len(run.history.find("val", "loss")) == 3
    assert run.recording.counters.get("steps_on_old_gradients", 0) == 0
    assert run.recording.counters.get("steps_without_gradients", 0) == 0


def test_values_settings_and_card(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path / "run")
    trainer = trained(tmp_path, watch, weight_decay=0.01)
    run = read(tmp_path / "run")
    losses = [row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row]
    curve = run.history.find("val", "loss")
    assert curve.values.tolist() == pytest.approx(losses)
    assert curve.steps.tolist() == [1, 2, 3]
    assert run.history.find("train", "loss").steps.tolist() == [1, 2, 3]
    context = run.context
    assert (context.batch_size, context.n_train, context.n_val, context.n_classes) == (8, 40, 8, 2)
    assert (context.learning_rate, context.weight_decay, context.epochs_planned) == (1e-3, 0.01, 3)
    assert run.model.loss.name == "categorical_crossentropy"
    assert run.model.loss.wants is Wants.LOGITS
    assert run.model.output_width == 2
    assert run.model.optimizer.name == "AdamW"
    assert run.recording.layers is not None
    assert (tmp_path / "run" / "report.html").is_file()
    assert watch.diagnosis.run.name == "run"


def test_logs_and_evaluations_by_steps(tmp_path):
    arguments = {"eval_strategy": "steps", "eval_steps": 3, "logging_strategy": "steps", "logging_steps": 2}
    trained(tmp_path, hook.DiagnoseCallback(tmp_path / "run", report=False), **arguments, num_train_epochs=2)
    run = read(tmp_path / "run")
    assert run.history.find("val", "loss").steps.tolist() == pytest.approx([0.6, 1.2, 1.8, 2.0])
    assert run.history.find("train", "loss").steps.tolist() == pytest.approx([0.4, 0.8, 1.2, 1.6, 2.0])


def test_the_best_weights_are_put_back(tmp_path, monkeypatch):
    told, kept = Session.epoch_ended, {}

    def advised(session, epoch, *args, **kwargs):
        told(session, epoch, *args, **kwargs)
        if epoch == 2:
            kept.update(weights(session._model()))
        return Advice(is_best=epoch == 2)

    monkeypatch.setattr(Session, "epoch_ended", advised)
    trainer = trained(tmp_path, hook.DiagnoseCallback(tmp_path / "run", keep_best=True, report=False))
    assert weights(trainer.model) == kept


def test_without_evaluation(tmp_path):
    arguments = {"eval_strategy": "no", "logging_strategy": "no"}
    watch = hook.DiagnoseCallback(tmp_path / "run", report=False)
    trained(tmp_path, watch, **arguments)
    assert watch.session.epochs_done == 3


def test_a_second_training_goes_on(tmp_path):
    trainer = trained(tmp_path, hook.DiagnoseCallback(tmp_path / "run", report=False), num_train_epochs=2)
    trainer.train()
    assert read(tmp_path / "run").history.find("val", "loss").steps.tolist() == [1, 2, 3, 4]


def test_stops_as_the_trainer_does(tmp_path, monkeypatch):
    told = Session.epoch_ended

    def advised(session, epoch, *args, **kwargs):
        told(session, epoch, *args, **kwargs)
        return Advice(stop=epoch == 2, why="enough")

    monkeypatch.setattr(Session, "epoch_ended", advised)
    watch = hook.DiagnoseCallback(tmp_path / "run", on_finding="stop", report=False)
    assert trained(tmp_path, watch, num_train_epochs=9).state.epoch == 2
    assert b"stopped by diagnose: enough" in (tmp_path / "run" / "journal-0001.jsonl").read_bytes()


def test_raises_where_wanted(tmp_path, monkeypatch):
    def raises(*_, **__):
        raise diagnose.Unhealthy("OVF101: it turned", None)

    monkeypatch.setattr(Session, "epoch_ended", raises)
    with pytest.raises(diagnose.Unhealthy):
        trained(tmp_path, hook.DiagnoseCallback(tmp_path / "run", on_finding="raise", report=False))


def test_an_error_within_is_told_once(tmp_path, monkeypatch, caplog):
    def fails(*_, **__):
        raise RuntimeError("broken")

    monkeypatch.setattr(hook, "settings", fails)
    monkeypatch.setattr(hook, "TorchProbe", fails)
    watched = trained(tmp_path, hook.DiagnoseCallback(tmp_path / "run", report=False))
    assert weights(watched.model) == weights(trained(tmp_path).model)
    assert sum("watch the model" in record.message for record in caplog.records) == 1


def test_a_directory_that_cannot_be_written(tmp_path):
    place = tmp_path / "file"
    place.write_text("no folder")
    watch = hook.DiagnoseCallback(place)
    assert weights(trained(tmp_path, watch).model) == weights(trained(tmp_path).model)
    assert watch.diagnosis is not None


def test_the_documented_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module("diagnose.hooks.transformers")).failed == 0
