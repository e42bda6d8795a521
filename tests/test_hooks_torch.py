"""The PyTorch monitor records what a plain loop does: epochs, losses, layers, stages, and mistakes of the loop."""

from __future__ import annotations

import doctest
import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.framework
torch: Any = pytest.importorskip("torch")

from diagnose.hooks.torch import DiagnoseMonitor  # noqa: E402  behind the check that there is a PyTorch
from diagnose.journal.reading import read_directory, recorded  # noqa: E402
from diagnose.journal.records import Epoch  # noqa: E402
from diagnose.model_card import Labels  # noqa: E402
from diagnose.recording import Recording  # noqa: E402

nn, F = torch.nn, torch.nn.functional


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    torch.manual_seed(0)
    yield
    assert torch.overrides._get_current_function_mode_stack() == []
    assert "telling" not in torch.utils.data.DataLoader.__iter__.__code__.co_name


def rows(n: int = 128, *, seed: int = 1) -> tuple[Any, Any]:
    x = torch.randn(n, 6, generator=torch.Generator().manual_seed(seed))
    return x, (x[:, 0] > 0).long()


def loaders(n: int = 128, *, shuffle: bool = True) -> tuple[Any, Any]:
    data = torch.utils.data
    train = data.DataLoader(data.TensorDataset(*rows(n)), batch_size=16, shuffle=shuffle)
    return train, data.DataLoader(data.TensorDataset(*rows(64, seed=2)), batch_size=16)


def net(*, dropout: float = 0.0) -> Any:
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, 2))


def read(directory: Path) -> tuple[Recording, list[Epoch]]:
    records = [record for segment in read_directory(directory) for record in segment.records]
    return recorded(records), [record for record in records if isinstance(record, Epoch)]


def evaluate(model: Any, val: Any) -> float:
    model.eval()
    with torch.no_grad():
        right = sum(int((model(x).argmax(1) == y).sum()) for x, y in val)
        loss = [F.cross_entropy(model(x), y).item() for x, y in val]
    model.train()
    assert right >= 0
    return float(np.mean(loss))


def trained(directory: Path, model: Any, optimizer: Any, train: Any, val: Any, epochs: int = 3) -> list[float]:
    told = []
    with DiagnoseMonitor(model, optimizer, directory, report=False) as monitor:
        for _ in range(epochs):
            for x, y in train:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            told.append(evaluate(model, val))
    assert monitor.session is not None
    assert monitor.session.guard.failures == []
    return told


def test_epochs_losses_and_scores_are_seen(tmp_path: Path) -> None:
    model = net()
    train, val = loaders()
    told = trained(tmp_path, model, torch.optim.Adam(model.parameters(), 1e-2), train, val)
    recording, epochs = read(tmp_path)
    assert [(e.epoch, e.step) for e in epochs] == [(1, 8), (2, 16), (3, 24)]
    assert [e.values["val_loss"] for e in epochs] == pytest.approx(told, rel=1e-5)
    assert all({"loss", "accuracy", "val_loss", "val_accuracy"} <= set(e.values) for e in epochs)
    assert all(e.learning_rate == 1e-2 for e in epochs)
    assert recording.counters["steps"] == recording.counters["backward_passes"] == 24
    assert recording.counters["evaluation_passes"] == 3 * 2 * 4
    for mistake in ("steps_on_old_gradients", "training_passes_in_evaluation_mode", "overlapping_rows",
                    "evaluation_passes_in_training_mode", "steps_without_gradients"):  # fmt: skip
        assert not recording.counters.get(mistake)
    assert [order.is_shuffled for order in recording.orders] == [True] * 3
    assert len({order.digest for order in recording.orders}) == 3
    assert recording.is_finished
    assert recording.non_finite is None


def test_the_stage_says_what_is_trained_and_how(tmp_path: Path) -> None:
    model = net(dropout=0.1)
    trained(tmp_path, model, torch.optim.SGD(model.parameters(), 0.1), *loaders(), epochs=1)
    (stage,) = read(tmp_path)[0].stages
    card = stage.card
    assert (stage.epoch, stage.step, stage.batch_size) == (0, 0, 16)
    assert [layer.kind for layer in card.layers] == ["Linear", "ReLU", "Dropout", "Linear"]
    assert card.output_activation == "linear"
    assert card.output_width == 2
    assert card.loss is not None
    assert card.loss.name == "categorical_crossentropy"
    assert card.optimizer is not None
    assert card.optimizer.groups[0].learning_rate == 0.1
    assert card.layers[0].activation == ""


def test_the_example_of_the_module_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module("diagnose.hooks.torch")).failed == 0


def test_labels_and_inputs_of_both_splits(tmp_path: Path) -> None:
    model = net()
    train, val = loaders()
    trained(tmp_path, model, torch.optim.SGD(model.parameters(), 0.1), train, val)
    recording = read(tmp_path)[0]
    labels = recording.labels_of("train")
    assert labels is not None
    assert labels.written is Labels.INDICES
    assert sum(labels.counts.values()) == 128
    assert recording.labels_of("val") is not None
    (given,) = recording.inputs_of("train")
    assert (given.kind, given.shape) == ("table", (6,))
    assert recording.inputs_of("val")


def test_what_layers_do_is_exact_where_it_can_be(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    with torch.no_grad():
        model[0].weight[:4] = 0
        model[0].bias[:4] = -1  # four of eight units never answer
    start = model[0].weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), 0.5, weight_decay=0.1)
    x, y = rows(32)
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        F.cross_entropy(model(x), y).backward()
        gradient = model[0].weight.grad.norm().item()
        nn.utils.clip_grad_norm_(model.parameters(), 1e-3)
        optimizer.step()
    change = (model[0].weight.detach() - start).norm().item()
    table = read(tmp_path)[0].layers
    assert table is not None
    first = {name: values[0, table.layers.index("0")] for name, values in table.values.items()}
    assert first["gradient"] == pytest.approx(gradient, rel=1e-5)  # before it was clipped
    assert first["weight"] == pytest.approx(start.norm().item(), rel=1e-5)
    assert first["update_ratio"] == pytest.approx(change / start.norm().item(), rel=1e-4)
    assert first["decay_ratio"] == pytest.approx(0.05 * start.norm().item() / change, rel=1e-4)
    assert table.of("dead_share")[0, table.layers.index("1")] == 0.5
    assert math.isnan(table.of("gradient")[0, table.layers.index("1")])


def test_unfreezing_is_a_new_stage(tmp_path: Path) -> None:
    model = net()
    for weight in model[0].parameters():
        weight.requires_grad = False
    train, _ = loaders()
    with DiagnoseMonitor(model, None, tmp_path, report=False):
        for rate in (1e-2, 1e-4):
            optimizer = torch.optim.Adam([w for w in model.parameters() if w.requires_grad], rate)
            for x, y in train:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            for weight in model.parameters():
                weight.requires_grad = True
    stages = read(tmp_path)[0].stages
    assert [(stage.epoch, stage.because) for stage in stages] == [
        (0, "training begins"),
        (1, "2 of 2 layers trainable instead of 1, learning rate 0.0001 instead of 0.01"),
    ]
    assert stages[0].card.layers[0].optimized_parameters == 0
    assert stages[1].card.optimizer is not None
    assert stages[1].card.optimizer.missing == ()


def test_a_second_group_is_a_new_stage(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model[3].parameters(), 0.1)
    train, _ = loaders()
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for epoch in range(2):
            if epoch:
                optimizer.add_param_group({"params": list(model[0].parameters()), "lr": 0.01})
            for x, y in train:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
    first, second = read(tmp_path)[0].stages
    assert first.card.optimizer is not None
    assert first.card.optimizer.missing == ("0.weight", "0.bias")
    assert "2 parameter groups instead of 1" in second.because


def test_gradients_that_are_never_zeroed(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    train, _ = loaders()
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for x, y in train:
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    counters = read(tmp_path)[0].counters
    assert counters["steps"] == 8
    assert counters["steps_on_old_gradients"] == 7


@pytest.mark.parametrize("to_none", [True, False])
def test_accumulated_gradients_are_not_old(tmp_path: Path, to_none: bool) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    train, _ = loaders()
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for at, (x, y) in enumerate(train, 1):
            (F.cross_entropy(model(x), y) / 4).backward()
            if at % 4 == 0:
                optimizer.step()
                optimizer.zero_grad(set_to_none=to_none)
    recording = read(tmp_path)[0]
    assert recording.counters == {"backward_passes": 8, "steps": 2}
    assert recording.batch_losses is not None
    assert recording.batch_losses.values.mean() == pytest.approx(0.7, abs=0.2)  # of the criterion, not a quarter of it


def test_old_gradients_of_an_adversary_are_none_of_its_own(tmp_path: Path) -> None:
    generator, critic = nn.Linear(4, 6), nn.Linear(6, 1)
    ours, theirs = (torch.optim.Adam(m.parameters(), 1e-3) for m in (critic, generator))
    with DiagnoseMonitor(critic, ours, tmp_path, report=False):
        for _ in range(6):
            ours.zero_grad()
            fake = generator(torch.randn(8, 4))
            said = critic(torch.cat([torch.randn(8, 6), fake.detach()]))
            F.binary_cross_entropy_with_logits(said, torch.ones_like(said)).backward()
            ours.step()
            theirs.zero_grad()
            said = critic(fake)
            F.binary_cross_entropy_with_logits(said, torch.ones_like(said)).backward()
            theirs.step()
    recording = read(tmp_path)[0]
    assert recording.counters["steps"] == 6
    assert not recording.counters.get("steps_on_old_gradients")
    assert {layer.name for layer in recording.stages[0].card.layers} == {"Linear"}


def test_modes_are_counted(tmp_path: Path) -> None:
    model = net(dropout=0.2)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    train, val = loaders()
    model.eval()
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for x, y in train:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        model.train()
        with torch.no_grad():
            for x, _ in val:
                model(x)
    counters = read(tmp_path)[0].counters
    assert counters["training_passes_in_evaluation_mode"] == 8
    assert counters["evaluation_passes"] == counters["evaluation_passes_in_training_mode"] == 4


def test_a_model_that_never_goes_back_to_training_mode(tmp_path: Path) -> None:
    model = net(dropout=0.2)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    train, val = loaders()
    model.train()
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for _ in range(3):
            for x, y in train:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            model.eval()
            for x, y in val:  # without no_grad: it stays an evaluation, for no backward pass follows
                F.cross_entropy(model(x), y)
    recording, epochs = read(tmp_path)
    assert recording.counters["training_passes_in_evaluation_mode"] == 16
    assert recording.counters["steps"] == 24
    assert epochs[-1].step == 24


def test_evaluation_that_records_graphs(tmp_path: Path) -> None:
    model = net(dropout=0.2)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    train, val = loaders()
    told = []
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for _ in range(3):
            model.train()
            for x, y in train:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            model.eval()
            told.append(float(np.mean([F.cross_entropy(model(x), y).item() for x, y in val])))
    recording, epochs = read(tmp_path)
    assert recording.counters["evaluation_passes_with_gradients"] >= 8
    assert "training_passes_in_evaluation_mode" not in recording.counters
    assert [e.values["val_loss"] for e in epochs[:2]] == pytest.approx(told[:2], rel=1e-5)


def test_validation_rows_within_training(tmp_path: Path) -> None:
    x, y = rows(128)
    data = torch.utils.data
    train = data.DataLoader(data.TensorDataset(x, y), batch_size=16, shuffle=True)
    val = data.DataLoader(data.TensorDataset(torch.cat([x[:20], torch.randn(44, 6)]), y[:64]), batch_size=16)
    model = net()
    trained(tmp_path, model, torch.optim.SGD(model.parameters(), 0.01), train, val, epochs=1)
    counters = read(tmp_path)[0].counters
    assert counters["overlapping_rows"] >= 20
    assert counters["compared_rows"] >= 64
    assert counters["overlapping_rows"] / counters["compared_rows"] == pytest.approx(20 / 64)


@pytest.mark.parametrize("where", ["slices", "whole", "drawn"])
def test_epochs_of_tensors_without_loaders(tmp_path: Path, where: str) -> None:
    x, y = rows(64)
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for _ in range(4):
            size = 64 if where == "whole" else 16
            order = torch.randperm(64) if where == "drawn" else None
            for at in range(0, 64, size):
                part = slice(at, at + size) if order is None else order[at : at + size]
                optimizer.zero_grad()
                given = x if where == "whole" else x[part]
                F.cross_entropy(model(given), y[part]).backward()
                optimizer.step()
    epochs = read(tmp_path)[1]
    assert [e.epoch for e in epochs] == [1, 2, 3, 4]
    assert epochs[-1].step == (4 if where == "whole" else 16)


def test_softmax_outside_of_layers_is_seen(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    train, _ = loaders()
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for x, y in train:
            optimizer.zero_grad()
            F.cross_entropy(torch.softmax(model(x), 1), y).backward()
            optimizer.step()
    assert read(tmp_path)[0].stages[0].card.output_activation == "softmax"


class Functional(nn.Module):  # type: ignore[misc,name-defined]
    """Calls its activation as a function, and scales its own input."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, 8), nn.Linear(8, 2)

    def forward(self, x: Any) -> Any:
        return (self.two(F.relu(self.one(x / 255))),)


def test_functions_and_own_scaling(tmp_path: Path) -> None:
    model = Functional()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    x = torch.rand(32, 6) * 255
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        F.cross_entropy(model(x)[0], torch.zeros(32, dtype=torch.long)).backward()
        optimizer.step()
    recording = read(tmp_path)[0]
    assert [layer.activation for layer in recording.stages[0].card.layers] == ["relu", ""]
    (given,) = recording.inputs_of("train")
    assert given.reached_as == "one"
    assert given.high <= 1


def test_the_program_tells_its_epochs(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    train, _ = loaders()
    monitor = DiagnoseMonitor(model, optimizer, tmp_path, report=False)
    for epoch in monitor.epochs(range(3)):
        for x, y in train:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        assert epoch < 3
    monitor.close()
    assert [e.epoch for e in read(tmp_path)[1]] == [1, 2, 3]
    monitor = DiagnoseMonitor(model, optimizer, tmp_path, report=False).start()
    for x, y in train:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert monitor.epoch(val_loss=0.25, note="words") is False
    monitor.close()
    last = read(tmp_path)[1][-1]
    assert last.epoch == 4
    assert last.values["val_loss"] == 0.25
    assert "loss" in last.values


def test_best_weights_are_put_back(tmp_path: Path) -> None:
    model = nn.Linear(6, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    kept = []
    x, y = rows()
    monitor = DiagnoseMonitor(model, optimizer, tmp_path, keep_best=True, report=False)
    for epoch in monitor.epochs(range(4)):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        kept.append(model.weight.detach().clone())
        monitor.epoch(val_loss=abs(epoch - 1.0))
    monitor.close()
    assert torch.equal(model.weight, kept[1])


@pytest.mark.parametrize(
    ("kind", "layer"), [("input", ""), ("label", ""), ("weight", "3"), ("activation", "1"), ("loss", "")]
)
def test_the_origin_of_bad_numbers(tmp_path: Path, kind: str, layer: str) -> None:
    class Root(nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, x: Any) -> Any:
            return torch.sqrt(x - 100)

    model = nn.Sequential(nn.Linear(6, 4), Root() if kind == "activation" else nn.ReLU(), nn.Tanh(), nn.Linear(4, 1))
    x, y = torch.randn(16, 6), torch.randn(16, 1)
    if kind == "input":
        x[3, 2] = math.nan
    if kind == "label":
        y[0] = math.inf
    if kind == "weight":
        with torch.no_grad():
            model[3].weight[0, 0] = math.nan
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        loss = F.mse_loss(model(x), y)
        if kind == "loss":
            loss = F.mse_loss(model(x), y * 1e30)
        loss.backward()
        optimizer.step()
    found = read(tmp_path)[0].non_finite
    assert found is not None
    assert (found.kind, found.layer, found.step) == (kind, layer, 1)


def test_a_gradient_that_is_no_number(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 1, bias=False))
    with torch.no_grad():
        model[1].weight.zero_()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        F.mse_loss(torch.sqrt(model(torch.randn(8, 6))), torch.ones(8, 1)).backward()  # its slope at 0 is infinite
        optimizer.step()
    found = read(tmp_path)[0].non_finite
    assert found is not None
    assert (found.kind, found.layer) == ("gradient", "1")


def test_skipped_steps_of_a_scaler_are_no_bad_numbers(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**8)
    train, _ = loaders()
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False):
        for at, (x, y) in enumerate(train):
            optimizer.zero_grad()
            loss = scaler.scale(F.cross_entropy(model(x), y))
            (loss * (math.inf if at == 2 else 1)).backward()
            scaler.step(optimizer)
            scaler.update()
    recording = read(tmp_path)[0]
    assert recording.counters["skipped_steps"] == 1
    assert recording.counters["steps"] == 7
    assert recording.non_finite is None
    assert recording.layers is not None
    assert recording.layers.of("gradient")[0, -1] < 10  # not 256 times as much
