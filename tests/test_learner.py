"""The learner's two programs, reduced: unchanged but for one line, and the report says what is to be learnt of them."""

from __future__ import annotations

import importlib.util
import sys
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import pytest

import diagnose
from diagnose.finding import Diagnosis, Level

LEARNER = Path(__file__).resolve().parent.parent / "examples" / "learner"
pytestmark = [
    pytest.mark.framework,
    pytest.mark.skipif(not LEARNER.is_dir(), reason="the examples are not beside the tests"),
]


def program(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(LEARNER))
    spec = importlib.util.spec_from_file_location(f"learner_{name}", LEARNER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def claims(diagnosis: Diagnosis, code: str) -> str:
    return " | ".join(f.claim for f in diagnosis.findings if f.code == code)


def test_the_vgg16(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("keras")
    sizes = {"size": 32, "images": 100, "epochs": 3, "tune_epochs": 3, "weights": "none", "seed": 0}
    program("keras_vgg16", monkeypatch).main(Namespace(run=tmp_path / "run", **sizes))
    found = diagnose.audit(tmp_path / "run")
    model = found.run.model
    assert model is not None
    assert len(model.stages) == 2
    assert found.run.context["n_train"] == 80
    assert found.run.context["n_classes"] == 10
    trained = claims(found, "FRZ803")
    first, last = (block.name for block in model.blocks if block.name.startswith("dense"))  # Keras numbers them on
    last_four = f"of the last four layers ('block5_pool', 'flatten', '{first}', '{last}')"
    assert f"{last_four} only '{first}' and '{last}'" in trained
    assert "no convolution is tuned" in trained
    assert "the last fifteen layers begin at 'block3_conv1'" in trained
    assert "trainable parameters for 80 samples" in claims(found, "FRZ802")
    assert found.verdicts["underfitting"].level in (Level.LIKELY, Level.CONFIRMED) or claims(found, "OVF103")


def test_the_resnet50(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    asked = {"data": "random", "size": 32, "images": 60, "epochs": 2, "train": [], "weights": None, "seed": 0}
    learner = program("torch_resnet50", monkeypatch)
    learner.main(Namespace(run=tmp_path / "moving", frozen_in_eval=False, **asked))
    found = diagnose.audit(tmp_path / "moving")
    assert "feature extraction: only 'fc' is trained, 20,490 of 23,528,522 parameters" in claims(found, "FRZ803")
    assert "53 of 53 frozen BatchNorm layers" in claims(found, "PRG909")
    learner.main(Namespace(run=tmp_path / "still", frozen_in_eval=True, **asked))
    assert not claims(diagnose.audit(tmp_path / "still"), "PRG909")


def test_a_hybrid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    asked = {"data": "random", "size": 32, "images": 60, "epochs": 1, "weights": None, "seed": 0}
    learner = program("torch_resnet50", monkeypatch)
    learner.main(Namespace(run=tmp_path, train=["layer1", "layer4"], frozen_in_eval=True, **asked))
    model = diagnose.audit(tmp_path).run.model
    assert model is not None
    trained = {block.name: block.trained[0] > 0 for block in model.blocks if block.parameters}
    assert trained["layer1.0"]
    assert not trained["layer2.0"]
    assert not trained["layer3.5"]
    assert trained["layer4.2"]
