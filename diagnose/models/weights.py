"""Weights from a file into a model that the user's own code built; nothing in the file is run."""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from diagnose.errors import InputError
from diagnose.extras import require

EXPECTED = ".pt or .pth (a state dict, or a checkpoint that holds one), .safetensors, or of Keras .weights.h5"
WITHIN = ("state_dict", "model_state_dict", "model", "module", "net", "ema")
"""Keys under which training programs keep the state dict of a checkpoint."""
PREFIXES = ("module.", "model.", "_orig_mod.", "net.", "backbone.")
"""What DistributedDataParallel, Lightning, torch.compile and wrappers put before each name."""
SAFE_SINCE = (2, 6)
"""The first PyTorch whose ``weights_only=True`` cannot be made to run code (CVE-2025-32434)."""
MOST_NAMES = 5


def with_weights(model: Any, text: str, *, allow_pickle: bool = False) -> Any:
    """Load the weights of a file into a model, in place, and return it.

    Raises
    ------
    InputError
        There is no such file, it holds no weights of this model, or it holds more than weights and ``allow_pickle`` is
        not set.
    MissingExtra
        A package that reads it is not installed.
    """
    path = Path(text)
    if not path.is_file():
        raise InputError(f"--weights {text}: no such file; expected {EXPECTED}")
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "nn") and isinstance(model, torch.nn.Module):
        _into_module(model, path, _state(path, allow_pickle=allow_pickle))
    elif callable(getattr(model, "load_weights", None)):
        _into_keras(model, path)
    else:
        kind = type(model).__name__
        raise InputError(
            f"--weights {text}: {kind} takes no weights; --model must name a PyTorch module or Keras model"
        )
    return model


def weights_only(path: Path) -> Any:
    """Unpickle what a file of PyTorch holds where that is nothing but tensors and plain values.

    Raises
    ------
    InputError
        The installed PyTorch cannot do so safely.
    pickle.UnpicklingError
        It holds more.
    """
    torch = require("torch", extra="torch", what="a file of PyTorch weights")
    known = tuple(int(number) for number in re.findall(r"\d+", torch.__version__)[:2])
    if known < SAFE_SINCE:
        raise InputError(
            f"{path}: weights can be read safely from PyTorch 2.6 on, and {torch.__version__} is installed "
            "(CVE-2025-32434); update it, save .safetensors, or give --allow-pickle if you made the file yourself"
        )
    return torch.load(str(path), map_location="cpu", weights_only=True)


def _state(path: Path, *, allow_pickle: bool) -> Mapping[str, Any]:
    if path.suffix.lower() == ".safetensors":
        reader = require("safetensors.torch", extra="huggingface", what="a .safetensors file")
        try:
            found: Any = reader.load_file(str(path))
        except sys.modules["safetensors"].SafetensorError as error:
            raise InputError(f"--weights {path}: no safetensors file, or a damaged one: {error}") from error
    elif path.suffix.lower() in {".pt", ".pth", ".ckpt", ".bin"}:
        found = _unpickled(path, allow_pickle=allow_pickle)
    else:
        raise InputError(f"--weights {path}: no weights of a known kind; expected {EXPECTED}")
    within = next(
        (found[key] for key in WITHIN if isinstance(found, Mapping) and isinstance(found.get(key), Mapping)), found
    )
    if hasattr(within, "state_dict"):
        within = within.state_dict()
    if not isinstance(within, Mapping):
        raise InputError(
            f"--weights {path}: holds {type(within).__name__}, no state dict; torch.save(model.state_dict())"
        )
    return within


def _unpickled(path: Path, *, allow_pickle: bool) -> Any:
    if allow_pickle:
        return require("torch", extra="torch", what="weights").load(str(path), map_location="cpu", weights_only=False)
    try:
        return weights_only(path)
    except (EOFError, RuntimeError) as error:
        raise InputError(f"--weights {path}: a damaged file: {' '.join(str(error).split())[:200]}") from error
    except pickle.UnpicklingError as error:
        raise InputError(
            f"--weights {path}: holds more than weights, and reading that would run whatever code it holds; save "
            "model.state_dict() alone, or give --allow-pickle if you made the file yourself"
        ) from error


def _into_module(model: Any, path: Path, state: Mapping[str, Any]) -> None:
    own = set(model.state_dict())
    names = _matched(own, list(state))
    missing, foreign = sorted(own - set(names)), sorted(set(names) - own)
    if missing or foreign:
        said = [f"{word} {_some(which)}" for word, which in (("lacks", missing), ("holds", foreign)) if which]
        raise InputError(
            f"--weights {path}: of another model: it {' and '.join(said)}; the model has {_some(sorted(own))}"
        )
    try:
        model.load_state_dict(dict(zip(names, state.values(), strict=True)))
    except RuntimeError as error:
        raise InputError(f"--weights {path}: of another model: {' '.join(str(error).split())[:300]}") from error


def _matched(own: set[str], names: list[str]) -> list[str]:
    """Return the names without what wrappers put before them, where that is what makes them fit."""
    for _ in PREFIXES:
        if set(names) == own:
            break
        prefix = next((p for p in PREFIXES if all(name.startswith(p) for name in names)), None)
        if prefix is None:
            break
        names = [name.removeprefix(prefix) for name in names]
    return names


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - MOST_NAMES} more" if len(listed) > MOST_NAMES else ""
    return ", ".join(listed[:MOST_NAMES]) + more


def _into_keras(model: Any, path: Path) -> None:
    if not path.name.endswith(".weights.h5"):
        raise InputError(f"--weights {path}: expected a .weights.h5 file for a Keras model: model.save_weights(...)")
    try:
        model.load_weights(str(path))
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise InputError(
            f"--weights {path}: of another model, or damaged: {' '.join(str(error).split())[:300]}"
        ) from error
