"""Models and weights from files: what is read, and that nothing in a file runs unless the user says so."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from diagnose.cli import main
from diagnose.errors import InputError
from diagnose.models import load_model
from diagnose.models.weights import _matched, weights_only

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch")

BUILDER = """
import torch

def build():
    torch.manual_seed({seed})
    return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
"""


class Malicious:
    """What a pickle can do: anything."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.fixture
def own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "own_network.py").write_text(BUILDER.format(seed=1), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield "own_network:build"
    sys.modules.pop("own_network", None)


def network(seed: int = 2) -> Any:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))


def same(model: Any, other: Any) -> bool:
    both = zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(one, two) for one, two in both)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt"])
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: state,
        lambda state: {"epoch": 3, "model_state_dict": state},
        lambda state: {"state_dict": {f"model.{name}": value for name, value in state.items()}, "hyper": {"lr": 0.1}},
        lambda state: {f"module.{name}": value for name, value in state.items()},
        lambda state: {f"module._orig_mod.{name}": value for name, value in state.items()},
    ],
)
def test_a_state_dict_goes_into_the_users_model(own_code: str, tmp_path: Path, suffix: str, wrapped: Any) -> None:
    torch.save(wrapped(network().state_dict()), tmp_path / f"w{suffix}")
    model = load_model(own_code, weights=str(tmp_path / f"w{suffix}"))
    assert same(model, network())
    assert not same(model, network(1))


def test_safetensors(own_code: str, tmp_path: Path) -> None:
    saving = pytest.importorskip("safetensors.torch", reason="needs safetensors")
    saving.save_file(network().state_dict(), str(tmp_path / "w.safetensors"))
    assert same(load_model(own_code, weights=str(tmp_path / "w.safetensors")), network())


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.ckpt", "w.bin"])
def test_a_malicious_file_of_weights_does_not_run(own_code: str, tmp_path: Path, name: str) -> None:
    torch.save({"0.weight": Malicious(tmp_path / "harm")}, tmp_path / name)
    with pytest.raises(InputError, match=r"would run whatever code it holds.*--allow-pickle"):
        load_model(own_code, weights=str(tmp_path / name))
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("name", ["m.pt", "m.pth", "m.pkl", "m.joblib", "m.pickle", "m.keras", "m.pt2", "m.skops"])
def test_a_malicious_model_does_not_run(tmp_path: Path, name: str) -> None:
    raw = tmp_path / name
    if raw.suffix in {".pt", ".pth"}:
        torch.save(Malicious(tmp_path / "harm"), raw)
    else:
        raw.write_bytes(pickle.dumps(Malicious(tmp_path / "harm")))
    with pytest.raises(InputError):
        load_model(str(raw))
    assert not (tmp_path / "harm").exists()


def test_a_malicious_archive_of_arrays_does_not_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "train.npz", x=np.array([Malicious(tmp_path / "harm")], dtype=object))
    assert main(["audit", "--train", str(tmp_path / "train.npz"), "--val", str(tmp_path / "train.npz"), "-q"]) in {0, 2}
    assert not (tmp_path / "harm").exists()


def test_allowed_it_does_run(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(Malicious(tmp_path / "harm")))
    load_model(str(tmp_path / "m.pkl"), allow_pickle=True)
    assert (tmp_path / "harm").exists()  # that is the risk which the option names


def test_weights_alone_say_what_to_type(tmp_path: Path) -> None:
    torch.save(network().state_dict(), tmp_path / "w.pt")
    for allow in (False, True):
        with pytest.raises(InputError, match=r"--model module:build --weights .*w\.pt"):
            load_model(str(tmp_path / "w.pt"), allow_pickle=allow)


def test_a_whole_pickled_model_gives_its_weights_where_that_is_allowed(own_code: str, tmp_path: Path) -> None:
    torch.save(network(), tmp_path / "whole.pt")
    with pytest.raises(InputError, match="holds more than weights"):
        load_model(own_code, weights=str(tmp_path / "whole.pt"))
    assert same(load_model(own_code, weights=str(tmp_path / "whole.pt"), allow_pickle=True), network())


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"0.weight": torch.zeros(3, 4)}, "lacks 0.bias, 2.bias, 2.weight; the model has"),
        ({**network().state_dict(), "9.weight": torch.zeros(1)}, "holds 9.weight"),
        ({**network().state_dict(), "0.weight": torch.zeros(5, 4)}, "size mismatch"),
        ([1, 2], "holds list, no state dict"),
        ({}, "lacks 0.bias"),
    ],
)
def test_weights_of_another_model(own_code: str, tmp_path: Path, state: Any, message: str) -> None:
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(InputError, match=message):
        load_model(own_code, weights=str(tmp_path / "w.pt"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.onnx", b"x", "no weights of a known kind"),
        ("none.pt", None, "no such file"),
        ("w.pt", b"garbage", "holds more than weights|damaged"),
        ("w.safetensors", b"garbage", "no safetensors file"),
    ],
)
def test_files_that_are_no_weights(
    own_code: str, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_model(own_code, weights=str(tmp_path / name))


def test_what_takes_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_function.py").write_text("def predict(rows):\n    return rows\n", encoding="utf-8")
    (tmp_path / "w.pt").write_bytes(b"x")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(InputError, match="function takes no weights"):
        load_model("own_function:predict", weights=str(tmp_path / "w.pt"))


def test_an_old_pytorch_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(__version__="2.5.1+cu121"))
    with pytest.raises(InputError, match="CVE-2025-32434"):
        weights_only(tmp_path / "w.pt")


def test_names_that_fit_are_left_alone() -> None:
    assert _matched({"model.a"}, ["model.a"]) == ["model.a"]
    assert _matched({"a"}, ["model.a"]) == ["a"]
    assert _matched({"a", "b"}, ["model.a", "b"]) == ["model.a", "b"]


def rows(tmp_path: Path) -> list[str]:
    draws = np.random.default_rng(0)
    for split in ("train", "val"):
        np.savez(tmp_path / f"{split}.npz", x=draws.normal(size=(60, 4)).astype("float32"), y=draws.integers(0, 2, 60))
    return ["audit", "--train", str(tmp_path / "train.npz"), "--val", str(tmp_path / "val.npz"), "-q"]


def test_the_command_line(own_code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(network().state_dict(), tmp_path / "w.pt")
    words = rows(tmp_path)
    assert main([*words, "--model", own_code, "--weights", str(tmp_path / "w.pt")]) == 0
    assert main([*words, "--weights", str(tmp_path / "w.pt")]) == 2
    assert "add --model module:build" in capsys.readouterr().err


def test_the_help_says_what_is_risked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "--allow-pickle" in said
    assert "it can do whatever you can" in said
    assert "--trust-pickle" not in said


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = pytest.importorskip("keras")
    coded = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: 2 * x), keras.layers.Dense(3)])
    coded.save(tmp_path / "coded.keras")
    with pytest.raises(InputError, match=r"Lambda layer.*--model module:build --weights FILE\.weights\.h5"):
        load_model(str(tmp_path / "coded.keras"))
    allowed = load_model(str(tmp_path / "coded.keras"), allow_pickle=True)
    said = [keras.ops.convert_to_numpy(model(np.ones((1, 4), "float32"))) for model in (allowed, coded)]
    np.testing.assert_allclose(*said)
    code = "import keras\ndef build():\n    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"
    (tmp_path / "own_keras.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    plain.save_weights(tmp_path / "w.weights.h5")
    found = load_model("own_keras:build", weights=str(tmp_path / "w.weights.h5"))
    np.testing.assert_array_equal(found.get_weights()[0], plain.get_weights()[0])
    keras.Sequential([keras.Input((9,)), keras.layers.Dense(3)]).save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(InputError, match="of another model, or damaged"):
        load_model("own_keras:build", weights=str(tmp_path / "other.weights.h5"))
    with pytest.raises(InputError, match=r"expected a \.weights\.h5"):
        load_model("own_keras:build", weights=str(tmp_path / "coded.keras"))
