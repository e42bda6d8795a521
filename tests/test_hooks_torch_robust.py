"""Whatever the program does, the monitor does not get in its way: odd models, failures inside, several processes."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.framework
torch: Any = pytest.importorskip("torch")

from diagnose import Unhealthy  # noqa: E402  behind the check that there is a PyTorch
from diagnose.hooks.torch import DiagnoseMonitor  # noqa: E402
from diagnose.hooks.torch.activations import Activations, Statistics  # noqa: E402
from diagnose.hooks.torch.data import DataWatch  # noqa: E402
from diagnose.hooks.torch.epochs import Flow  # noqa: E402
from diagnose.hooks.torch.fixed_batch import FixedBatch  # noqa: E402
from diagnose.hooks.torch.looks import Looks  # noqa: E402
from diagnose.hooks.torch.noise import NoiseBurst  # noqa: E402
from diagnose.hooks.torch.old_gradients import OldGradients  # noqa: E402
from diagnose.hooks.torch.passes import Passes  # noqa: E402
from diagnose.hooks.torch.stages import Stages  # noqa: E402
from diagnose.hooks.torch.steps import Steps  # noqa: E402
from diagnose.hooks.torch.weights import Weights  # noqa: E402
from diagnose.journal.reading import read_directory, recorded  # noqa: E402
from diagnose.journal.records import Epoch  # noqa: E402
from diagnose.recording import Recording  # noqa: E402

nn, F = torch.nn, torch.nn.functional


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    torch.manual_seed(0)
    yield
    assert torch.overrides._get_current_function_mode_stack() == []


def read(directory: Path) -> tuple[Recording, list[Epoch]]:
    records = [record for segment in read_directory(directory) for record in segment.records]
    return recorded(records), [record for record in records if isinstance(record, Epoch)]


def train(model: Any, directory: Path, step: Any, *, epochs: int = 2, **options: Any) -> DiagnoseMonitor:
    x = torch.randn(64, 6)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, (x[:, 0] > 0).long()), 16, shuffle=True)
    with DiagnoseMonitor(model, None, directory, report=False, **options) as monitor:
        for _ in range(epochs):
            for batch in loader:
                step(*batch)
    return monitor


def plain(model: Any, optimizer: Any) -> Any:
    def step(x: Any, y: Any) -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

    return step


PARTS = [
    (Activations, "begin"), (Activations, "rows"), (Statistics, "moved"), (DataWatch, "trained_on"),
    (DataWatch, "labelled"), (DataWatch, "epoch_ended"), (Flow, "trains"), (Flow, "loader_begins"),
    (FixedBatch, "__init__"), (FixedBatch, "asked"), (Looks, "batch"), (Looks, "forward"), (Looks, "gradients"),
    (Looks, "flush"), (NoiseBurst, "add"), (NoiseBurst, "noise"), (OldGradients, "look"), (OldGradients, "stepped"),
    (Passes, "begins"), (Passes, "ended"), (Passes, "lost"), (Passes, "trained"), (Passes, "epoch_ended"),
    (Stages, "check"), (Stages, "holds"), (Stages, "groups"), (Steps, "pass_begins"), (Steps, "pass_ended"),
    (Steps, "backward_begins"), (Steps, "backward_ended"), (Steps, "step_begins"), (Steps, "step_ended"),
    (Weights, "__init__"), (Weights, "gradients"), (Weights, "remember"), (Weights, "compared"),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "method"), PARTS, ids=lambda it: it if isinstance(it, str) else it.__name__)
def test_a_failure_is_told_once_and_training_goes_on(
    owner: Any, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def run(directory: Path) -> tuple[Any, DiagnoseMonitor]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
        monitor = train(model, directory, plain(model, torch.optim.Adam(model.parameters())), epochs=4, share=1.0)
        assert not any(module._forward_hooks for module in model.modules())
        return model.state_dict(), monitor

    expected, _ = run(tmp_path / "whole")
    caplog.clear()

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("injected")

    monkeypatch.setattr(owner, method, fails)
    with caplog.at_level(logging.WARNING, "diagnose"):
        found, monitor = run(tmp_path / "broken")
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert monitor.session is not None
    told = [line for line in caplog.messages if "injected" in line]
    assert len(told) == len(monitor.session.guard.failures)
    assert len(told) >= 1
    assert len(set(told)) == len(told)


class Named(nn.Module):  # type: ignore[misc,name-defined]
    """Takes names, and answers by name with its own loss."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(10, 8), nn.Linear(8, 3)

    def forward(self, input_ids: Any, attention_mask: Any = None, labels: Any = None) -> dict[str, Any]:
        logits = self.head((self.embedding(input_ids) * attention_mask[..., None]).mean(1))
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


def test_a_model_that_takes_and_gives_names_and_has_its_own_loss(tmp_path: Path) -> None:
    model = Named()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    with DiagnoseMonitor(model, optimizer, tmp_path, report=False) as monitor:
        for _ in range(6):
            tokens = torch.randint(0, 10, (8, 5))
            optimizer.zero_grad()
            model(input_ids=tokens, attention_mask=torch.ones(8, 5), labels=tokens[:, 0] % 3)["loss"].backward()
            optimizer.step()
    assert monitor.session is not None
    assert monitor.session.guard.failures == []
    recording, epochs = read(tmp_path)
    assert [facts.name for facts in recording.inputs] == ["input_ids"]
    assert recording.inputs[0].kind == "tokens"
    assert recording.stages[0].card.loss is not None
    assert recording.stages[0].card.output_activation == "linear"
    assert recording.batch_losses is not None
    assert len(recording.batch_losses.values) == 6
    assert "accuracy" in epochs[-1].values


def test_an_autoencoder_has_no_labels_but_itself(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(6, 2), nn.Tanh(), nn.Linear(2, 6))
    optimizer = torch.optim.Adam(model.parameters())

    def step(x: Any, _: Any) -> None:
        optimizer.zero_grad()
        F.mse_loss(model(x), x).backward()
        optimizer.step()

    monitor = train(model, tmp_path, step)
    assert monitor.session is not None
    assert monitor.session.guard.failures == []
    assert read(tmp_path)[0].layers is not None


def test_several_passes_and_losses_a_step(tmp_path: Path) -> None:
    model = nn.Linear(6, 4)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)

    def step(x: Any, y: Any) -> None:
        optimizer.zero_grad()
        one, other = model(x), model(x + 0.1)
        (F.mse_loss(one, other) + F.cross_entropy(one, y)).backward()
        optimizer.step()

    train(model, tmp_path, step)
    counters = read(tmp_path)[0].counters
    assert (counters["steps"], counters["backward_passes"]) == (8, 8)
    assert "evaluation_passes" not in counters


def test_a_model_that_is_called_by_its_parts(tmp_path: Path) -> None:
    model = nn.ModuleDict({"encoder": nn.Linear(6, 4), "decoder": nn.Linear(4, 2)})
    optimizer = torch.optim.SGD(model.parameters(), 0.01)

    def step(x: Any, y: Any) -> None:
        optimizer.zero_grad()
        F.cross_entropy(model["decoder"](model["encoder"](x)), y).backward()
        optimizer.step()

    monitor = train(model, tmp_path, step)
    assert monitor.session is not None
    assert monitor.session.guard.failures == []
    recording, _ = read(tmp_path)
    assert recording.counters["steps"] == 8
    assert recording.layers is not None
    assert recording.layers.of("update_ratio")[0] == pytest.approx([0.01, 0.01], abs=0.01)


def test_the_user_s_own_criterion_is_seen_as_a_whole(tmp_path: Path) -> None:
    class Doubled(nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, scores: Any, labels: Any) -> Any:
            return 2 * F.cross_entropy(scores, labels)

    model, criterion = nn.Linear(6, 2), Doubled()
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    x, y = torch.randn(16, 6), torch.zeros(16, dtype=torch.long)
    with DiagnoseMonitor(model, optimizer, tmp_path, loss=criterion, report=False):
        criterion(model(x), y).backward()
        optimizer.step()
    recording, epochs = read(tmp_path)
    assert epochs[0].values["loss"] == pytest.approx(2 * math.log(2), rel=1e-5)
    assert recording.stages[0].card.loss is not None
    assert recording.stages[0].card.loss.name == "Doubled"


def test_compiled_models_are_looked_at_less(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    monitor = train(compiled, tmp_path, plain(compiled, optimizer))
    assert monitor.session is not None
    assert monitor.session.guard.failures == []
    recording, epochs = read(tmp_path)
    assert recording.counters["steps"] == 8
    assert recording.layers is not None
    assert recording.layers.layers == ("0", "2")
    assert "loss" in epochs[0].values
    torch._dynamo.reset()


def test_a_copy_and_a_saved_model_have_no_hooks_of_this(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(6, 2))
    with DiagnoseMonitor(model, torch.optim.SGD(model.parameters(), 0.1), tmp_path / "run", report=False):
        twin = copy.deepcopy(model)
        torch.save(model, tmp_path / "model.pt")
        loaded = torch.load(tmp_path / "model.pt", weights_only=False)
        for other in (twin, loaded):
            F.cross_entropy(other(torch.randn(4, 6)), torch.zeros(4, dtype=torch.long)).backward()
    assert b"diagnose" not in (tmp_path / "model.pt").read_bytes()
    assert "backward_passes" not in read(tmp_path / "run")[0].counters


def test_an_error_of_the_program_goes_through_and_is_told(tmp_path: Path) -> None:
    model = nn.Linear(6, 2)

    def step(x: Any, y: Any) -> None:
        del x, y
        model(torch.ones(2, 5))

    with pytest.raises(RuntimeError, match="shapes"):
        train(model, tmp_path, step)
    assert "failed: RuntimeError" in (tmp_path / "journal-0001.jsonl").read_text()
    assert not model._forward_hooks


def test_a_directory_that_can_t_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    model = nn.Linear(6, 2)
    monitor = train(model, tmp_path / "file" / "run", plain(model, torch.optim.SGD(model.parameters(), 0.1)))
    assert monitor.session is not None
    assert len(monitor.session.guard.failures) == 1


@pytest.mark.parametrize("policy", ["stop", "raise"])
def test_policies_hold_in_a_loop_that_asks_nothing(tmp_path: Path, policy: str) -> None:
    model = nn.Linear(6, 2)
    steps = []
    inner = plain(model, torch.optim.SGD(model.parameters(), 0.1))

    def step(x: Any, y: Any) -> None:
        steps.append(1)
        if len(steps) == 5:
            with torch.no_grad():
                model.weight.fill_(math.nan)
        inner(x, y)

    if policy == "raise":
        with pytest.raises(Unhealthy):
            train(model, tmp_path, step, epochs=400, on_finding=policy, share=1.0)
    else:
        monitor = train(model, tmp_path, step, epochs=400, on_finding=policy, share=1.0)
        assert monitor.stopped_because
    assert len(steps) < 4 * 400  # when a look is afforded is a matter of the clock


def in_parallel(rank: int, place: str) -> None:
    """One of two processes of distributed training."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{place}/meet", rank=rank, world_size=2)
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 2)))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    monitor = DiagnoseMonitor(model, optimizer, f"{place}/run", report=False, stop_early=True)
    for _ in monitor.epochs(range(3)):
        for _ in range(4):
            x = torch.randn(8, 6)
            optimizer.zero_grad()
            F.cross_entropy(model(x), (x[:, 0] > 0).long()).backward()
            optimizer.step()
    assert (monitor.session is None) == (rank == 1)
    assert rank == 0 or not model.module._forward_hooks
    if monitor.session is not None:
        assert monitor.session.guard.failures == []
    monitor.close()
    torch.distributed.destroy_process_group()


def test_only_the_first_of_several_processes_writes(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(in_parallel, (str(tmp_path),), nprocs=2)
    assert [path.name for path in (tmp_path / "run").glob("journal-*")] == ["journal-0001.jsonl"]
    recording, epochs = read(tmp_path / "run")
    assert len(epochs) == 3
    assert recording.stages[0].card.layers[0].name == "0"
    assert recording.counters["steps"] == 12


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("is_flat", [True, False])
def test_losses_of_unequal_shapes_are_counted(tmp_path: Path, is_flat: bool) -> None:
    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)

    def step(x: Any, y: Any) -> None:
        optimizer.zero_grad()
        F.mse_loss(model(x), y.float() if is_flat else y.float()[:, None]).backward()
        optimizer.step()

    train(model, tmp_path, step)
    assert read(tmp_path)[0].counters.get("broadcast_losses", 0) == (8 if is_flat else 0)


def test_a_step_of_several_optimizers_is_one_step(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizers = [torch.optim.SGD(model[0].parameters(), 0.1), torch.optim.Adam(model[2].parameters(), 0.01)]

    def step(x: Any, y: Any) -> None:
        for optimizer in optimizers:
            optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        for optimizer in optimizers:
            optimizer.step()

    train(model, tmp_path, step, share=1.0)
    found, _ = read(tmp_path)
    assert found.counters["steps"] == 8
    moves = found.layers.of("update_ratio")[:, [found.layers.layers.index(name) for name in ("0", "2")]]
    assert len(moves) >= 4
    assert (moves[1:] > 0).all()  # the second one is known from its first step on
