"""Training is bit for bit the same with the monitor and without it: weights, buffers, random states, gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.framework
torch: Any = pytest.importorskip("torch")

from diagnose.hooks.torch import DiagnoseMonitor  # noqa: E402  behind the check that there is a PyTorch

nn, F = torch.nn, torch.nn.functional
Loop = Callable[[Any, Any, Any], None]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Keep sums in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def table(n: int = 96) -> Any:
    x = torch.randn(n, 12, generator=torch.Generator().manual_seed(1))
    return torch.utils.data.TensorDataset(x, (x[:, 0] > 0).long() + (x[:, 1] > 1).long())


def loader(data: Any, *, shuffle: bool = True) -> Any:
    return torch.utils.data.DataLoader(data, batch_size=16, shuffle=shuffle)


def mlp() -> tuple[Any, Any, Any]:
    model = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Dropout(0.3), nn.Linear(24, 3))
    return model, torch.optim.Adam(model.parameters(), 1e-2, weight_decay=1e-3), loader(table())


def cnn() -> tuple[Any, Any, Any]:
    convolution = nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.Dropout2d(0.2)
    model = nn.Sequential(*convolution, nn.Flatten(), nn.Linear(6 * 36, 3))
    x = torch.randn(64, 2, 8, 8, generator=torch.Generator().manual_seed(2))
    data = torch.utils.data.TensorDataset(x, (x.mean((1, 2, 3)) > 0).long())
    return model, torch.optim.SGD(model.parameters(), 0.05, momentum=0.9), loader(data)


class Tokens(nn.Module):  # type: ignore[misc,name-defined]
    """A transformer that is evaluated on PyTorch's fast path."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.2, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(16, 3)

    def forward(self, tokens: Any) -> dict[str, Any]:
        return {"logits": self.head(self.encoder(self.embedding(tokens)).mean(1))}


def transformer() -> tuple[Any, Any, Any]:
    model = Tokens()
    x = torch.randint(0, 20, (64, 7), generator=torch.Generator().manual_seed(3))
    data = torch.utils.data.TensorDataset(x, x[:, 0] % 3)
    return model, torch.optim.AdamW(model.parameters(), 1e-3), loader(data)


def scores(output: Any) -> Any:
    return output["logits"] if isinstance(output, dict) else output


def plain(model: Any, optimizer: Any, data: Any) -> None:
    model.train()
    for x, y in data:
        optimizer.zero_grad()
        F.cross_entropy(scores(model(x)), y).backward()
        optimizer.step()


def clipped(model: Any, optimizer: Any, data: Any) -> None:
    for x, y in data:
        optimizer.zero_grad(set_to_none=False)
        F.cross_entropy(scores(model(x)), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()


def accumulated(model: Any, optimizer: Any, data: Any) -> None:
    for at, (x, y) in enumerate(data, 1):
        (F.cross_entropy(scores(model(x)), y) / 2).backward()
        if at % 2 == 0:
            optimizer.step()
            optimizer.zero_grad()


def autocast(model: Any, optimizer: Any, data: Any) -> None:
    for x, y in data:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.cross_entropy(scores(model(x)), y)
        loss.backward()
        optimizer.step()


def closure(model: Any, optimizer: Any, data: Any) -> None:
    del optimizer
    lbfgs = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)
    for x, y in data:

        def again(x: Any = x, y: Any = y) -> Any:
            lbfgs.zero_grad()
            loss = F.cross_entropy(scores(model(x)), y)
            loss.backward()
            return loss

        lbfgs.step(again)


def run(made: Callable[[], tuple[Any, Any, Any]], loop: Loop, directory: Path | None) -> tuple[Any, ...]:
    torch.manual_seed(0)
    model, optimizer, data = made()
    held = loader(table() if isinstance(model[0] if isinstance(model, nn.Sequential) else model, nn.Linear)
                  else data.dataset, shuffle=False)  # fmt: skip
    monitor = None if directory is None else DiagnoseMonitor(model, optimizer, directory, report=False)
    losses = []
    if monitor is not None:
        monitor.start()
    for _ in range(3):
        loop(model, optimizer, data)
        model.eval()
        with torch.no_grad():
            losses += [F.cross_entropy(scores(model(x)), y).item() for x, y in held]
        model.train()
    state = torch.get_rng_state()
    if monitor is not None:
        monitor.close()
        assert monitor.session is not None
        assert monitor.session.guard.failures == []
        assert torch.equal(state, torch.get_rng_state())
    grads = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    return model.state_dict(), grads, losses, state, optimizer.state_dict()["state"]


@pytest.mark.parametrize(
    ("made", "loop"),
    [
        (mlp, plain), (cnn, plain), (transformer, plain), (mlp, clipped), (cnn, clipped), (mlp, accumulated),
        (cnn, accumulated), (mlp, autocast), (cnn, autocast), (mlp, closure),
    ],
)  # fmt: skip
def test_nothing_is_changed(made: Any, loop: Loop, tmp_path: Path) -> None:
    without = run(made, loop, None)
    watched = run(made, loop, tmp_path / "run")
    for name, value in without[0].items():
        assert torch.equal(value, watched[0][name]), name
    for one, other in zip(without[1], watched[1], strict=True):
        assert (one is None and other is None) or torch.equal(one, other)
    assert without[2] == watched[2]
    assert torch.equal(without[3], watched[3])
    for key, state in without[4].items():
        for name, value in state.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(watched[4][key][name]))
