"""Lightning's callback: the same weights as without it, the module's own values, and the trainer's way to stop."""

from __future__ import annotations

import doctest
import importlib
import warnings

import pytest

import diagnose
from diagnose.hooks.session import Advice, Session
from diagnose.readers import read_runs

pytestmark = [
    pytest.mark.framework,
    pytest.mark.filterwarnings("ignore"),  # Lightning's advice on workers and intervals
]
torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    hook = importlib.import_module("diagnose.hooks.lightning.callback")
pl = hook.pytorch
F = torch.nn.functional

X = torch.randn(96, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


class Module(pl.LightningModule):
    def __init__(self, rate=0.05):
        super().__init__()
        self.save_hyperparameters()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.1))
        self.head = torch.nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.body(x))

    def training_step(self, batch, _):
        loss = F.cross_entropy(self(batch[0]), batch[1])
        self.log("train/loss", loss, on_step=True, on_epoch=True)
        return loss

    def on_train_epoch_end(self):
        self.log("train/late", float(self.current_epoch))

    def validation_step(self, batch, _):
        out = self(batch[0])
        self.log("val/loss", F.cross_entropy(out, batch[1]))
        self.log("val/acc", (out.argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), self.hparams.rate)


class ByHand(Module):
    """Two optimizers, stepped by the module."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, _):
        for optimizer in self.optimizers():
            loss = F.cross_entropy(self(batch[0]), batch[1])
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        self.log("train/loss", loss)

    def configure_optimizers(self):
        return [torch.optim.SGD(self.body.parameters(), 0.1), torch.optim.Adam(self.head.parameters(), 0.01)]


class PartByPart(Module):
    """Its steps call its parts, not itself."""

    def forward(self, x):
        raise AssertionError("not called")

    def training_step(self, batch, _):
        loss = F.cross_entropy(self.head(self.body(batch[0])), batch[1])
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch, _):
        self.log("val/loss", F.cross_entropy(self.head(self.body(batch[0])), batch[1]))


class Wrapped(pl.LightningModule):
    """A module around a plain one."""

    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        self.loss = torch.nn.CrossEntropyLoss()

    def training_step(self, batch, _):
        return self.loss(self.net(batch[0]), batch[1])

    def validation_step(self, batch, _):
        self.log("val_loss", self.loss(self.net(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 0.05)


class Rivals(Module):
    """Two networks, the second of which is called more than once in a step."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.maker, self.judge = torch.nn.Linear(2, 4), torch.nn.Linear(4, 1)

    def training_step(self, batch, _):
        first, second = self.optimizers()
        made = self.maker(torch.randn(len(batch[0]), 2))
        loss = F.softplus(-self.judge(made)).mean()
        first.zero_grad()
        self.manual_backward(loss)
        first.step()
        loss = F.softplus(self.judge(made.detach())).mean() + F.softplus(-self.judge(batch[0])).mean()
        second.zero_grad()
        self.manual_backward(loss)
        second.step()

    def configure_optimizers(self):
        return [torch.optim.Adam(self.maker.parameters(), 1e-3), torch.optim.Adam(self.judge.parameters(), 1e-3)]


def fitted(*callbacks, module=Module, epochs=4, seed=1, fit_twice=False, model=None, **options):
    torch.manual_seed(seed)
    model = model or module()
    rows = torch.utils.data.TensorDataset(X, Y)
    train = torch.utils.data.DataLoader(rows, 16, shuffle=True)
    val = torch.utils.data.DataLoader(rows, 32)
    for _ in range(2 if fit_twice else 1):
        trainer = pl.Trainer(
            max_epochs=epochs, callbacks=list(callbacks), logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, accelerator="cpu", **options,
        )  # fmt: skip
        trainer.fit(model, train, val)
    return model, trainer


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
    ("module", "options"),
    [(Module, {}), (Module, {"accumulate_grad_batches": 2, "gradient_clip_val": 0.1}), (ByHand, {}),
     (Module, {"precision": "bf16-mixed"}), (PartByPart, {}), (Wrapped, {}), (Rivals, {})],
    ids=["plain", "accumulated and clipped", "by hand", "half precision", "part by part", "wrapped", "rivals"],
)  # fmt: skip
def test_weights_are_identical(module, options, tmp_path):
    watch = hook.DiagnoseCallback(tmp_path, report=False)
    watched, _ = fitted(watch, module=module, **options)
    bare, _ = fitted(module=module, **options)
    assert weights(watched) == weights(bare)
    assert not watch.session.guard.failures
    recording = read(tmp_path).recording
    assert recording.counters.get("steps_on_old_gradients", 0) == 0
    assert recording.counters.get("steps_without_gradients", 0) == 0


def test_values_settings_and_card(tmp_path):
    watch = hook.DiagnoseCallback(tmp_path)
    _, trainer = fitted(watch)
    run = read(tmp_path)
    assert {(c.split, c.quantity) for c in run.history.curves} >= {("val", "loss"), ("val", "accuracy"),
                                                                  ("train", "loss")}  # fmt: skip
    curve = run.history.find("val", "loss")
    assert curve.steps.tolist() == [1, 2, 3, 4]  # nothing of the check of the validation code
    assert curve.values[-1] == pytest.approx(float(trainer.callback_metrics["val/loss"]))
    assert run.context.batch_size == 16
    assert run.context.n_train == 96
    assert run.context.epochs_planned == 4
    assert run.model.framework == "torch"
    assert {layer.name for layer in run.model.with_weights()} == {"body.0", "head"}
    assert run.model.optimizer.name == "Adam"
    assert run.recording.is_finished
    assert (tmp_path / "report.html").is_file()
    assert watch.diagnosis is not None


def test_values_logged_behind_the_callbacks_belong_to_their_epoch(tmp_path):
    fitted(hook.DiagnoseCallback(tmp_path, report=False))
    rows = [line for line in (tmp_path / "journal-0001.jsonl").read_text().splitlines() if "train/late" in line]
    assert [('"epoch":%.1f' % (n + 1) in row, f'"train/late":{n}.0' in row) for n, row in enumerate(rows)] == [
        (True, True)
    ] * 4


def test_a_loss_logged_by_steps_is_no_loss_of_an_epoch(tmp_path):
    fitted(hook.DiagnoseCallback(tmp_path, report=False), module=PartByPart)
    found = read(tmp_path)
    means = found.recording.batch_losses.values.reshape(4, 6).mean(axis=1)
    assert found.history.find("train", "loss").values == pytest.approx(means, rel=1e-5)


def test_validation_within_an_epoch(tmp_path):
    fitted(hook.DiagnoseCallback(tmp_path, report=False), epochs=2, val_check_interval=0.5)
    assert read(tmp_path).history.find("val", "loss").steps.tolist() == [0.5, 1, 1.5, 2]


@pytest.mark.parametrize(
    ("module", "names"),
    [(Module, ("body.0", "head")), (PartByPart, ("body.0", "head")), (Wrapped, ("net.0", "net.2"))],
)
def test_layers_are_seen_however_they_are_called(module, names, tmp_path):
    fitted(hook.DiagnoseCallback(tmp_path, report=False), module=module)
    recording = read(tmp_path).recording
    assert {layer.name for layer in recording.stages[0].card.with_weights()} == set(names)
    assert recording.stages[0].card.loss.name == "categorical_crossentropy"
    for quantity in ("gradient", "update_ratio", "activation_std", "distance"):
        seen = recording.layers.of(quantity)[:, [recording.layers.layers.index(name) for name in names]]
        assert (seen[1:] > 0).any(axis=0).all(), quantity
    assert {facts.width for facts in recording.outputs} == {2}
    assert recording.inputs_of("train")[0].shape == (4,)
    assert recording.labels_of("train").n > 0
    assert recording.orders


def test_a_second_fit_goes_on(tmp_path):
    fitted(hook.DiagnoseCallback(tmp_path, report=False), epochs=2, fit_twice=True)
    assert read(tmp_path).history.find("val", "loss").steps.tolist() == [1, 2, 3, 4]


def test_unfreezing_begins_a_stage(tmp_path):
    class Fine(pl.callbacks.BaseFinetuning):
        def freeze_before_training(self, module):
            self.freeze(module.body)

        def finetune_function(self, module, epoch, optimizer):
            if epoch == 2:
                self.unfreeze_and_add_param_group(module.body, optimizer, lr=0.001)

    fitted(hook.DiagnoseCallback(tmp_path, report=False), Fine(), model=None)
    stages = read(tmp_path).recording.stages
    assert [stage.epoch for stage in stages] == [0, 2]
    assert [stage.card.layer("body.0").trainable_parameters for stage in stages] == [0, 40]


def test_stops_as_the_trainer_does(tmp_path, monkeypatch):
    told = Session.epoch_ended

    def advised(session, epoch, *args, **kwargs):
        told(session, epoch, *args, **kwargs)
        return Advice(stop=epoch == 2, why="enough")

    monkeypatch.setattr(Session, "epoch_ended", advised)
    _, trainer = fitted(hook.DiagnoseCallback(tmp_path, on_finding="stop", report=False), epochs=9)
    assert trainer.current_epoch == 2
    assert b"stopped by diagnose: enough" in (tmp_path / "journal-0001.jsonl").read_bytes()


def test_the_best_weights_are_put_back(tmp_path, monkeypatch):
    told, kept = Session.epoch_ended, {}

    def advised(session, epoch, *args, **kwargs):
        told(session, epoch, *args, **kwargs)
        if epoch == 2:
            kept.update(weights(session._model()))
        return Advice(is_best=epoch == 2)

    monkeypatch.setattr(Session, "epoch_ended", advised)
    model, _ = fitted(hook.DiagnoseCallback(tmp_path, keep_best=True, report=False))
    assert weights(model) == kept


def test_raises_where_wanted(tmp_path, monkeypatch):
    def raises(*_, **__):
        raise diagnose.Unhealthy("OVF101: it turned", None)

    monkeypatch.setattr(Session, "epoch_ended", raises)
    with pytest.raises(diagnose.Unhealthy):
        fitted(hook.DiagnoseCallback(tmp_path, on_finding="raise", report=False))


def test_a_program_that_fails_is_noted(tmp_path):
    class Broken(Module):
        def on_train_epoch_end(self):
            raise ZeroDivisionError("own")

    model = Broken()
    with pytest.raises(ZeroDivisionError):
        fitted(hook.DiagnoseCallback(tmp_path, report=False), model=model)
    assert b"failed: ZeroDivisionError: own" in (tmp_path / "journal-0001.jsonl").read_bytes()
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_an_error_within_is_told_once(tmp_path, monkeypatch, caplog):
    def fails(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(hook, "settings", fails)
    monkeypatch.setattr(hook, "TorchProbe", fails)
    watched, _ = fitted(hook.DiagnoseCallback(tmp_path, report=False))
    assert weights(watched) == weights(fitted()[0])
    assert sum("watch the model" in record.message for record in caplog.records) == 1


def test_a_directory_that_cannot_be_written(tmp_path):
    place = tmp_path / "file"
    place.write_text("no folder")
    watch = hook.DiagnoseCallback(place)
    watched, _ = fitted(watch)
    assert weights(watched) == weights(fitted()[0])
    assert watch.diagnosis is not None


def test_the_documented_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module("diagnose.hooks.lightning")).failed == 0
