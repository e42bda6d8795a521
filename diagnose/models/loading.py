"""A model from a file, or from the user's own code; nothing is unpickled unless that is asked for."""

from __future__ import annotations

import importlib
import inspect
import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diagnose.errors import InputError
from diagnose.extras import require

BROKEN = (
    RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, EOFError, AssertionError,
    pickle.UnpicklingError,
)  # fmt: skip
"""What frameworks raise at files that are damaged or no models."""
PICKLES = frozenset((".joblib", ".pkl", ".pickle"))
EXPECTED = (
    "a .keras file, a TorchScript .pt, an exported .pt2, a .skops file, with --trust-pickle also .joblib, .pkl and a "
    "pickled .pt, or module:name of your own code"
)


def load_model(text: str, *, trust_pickle: bool = False) -> Any:
    """Load the model that a text names.

    Parameters
    ----------
    text
        A path; or ``module:name`` of an object, or of a function without parameters that returns one. The module is
        imported, which runs its code.
    trust_pickle
        Whether files may be unpickled, which runs whatever code they hold.

    Raises
    ------
    InputError
        There is no such model, it is broken, or its kind of file runs code and ``trust_pickle`` is not set.
    MissingExtra
        Its framework is not installed.
    """
    path = Path(text)
    if not path.is_file():
        if ":" in text and not path.parent.name:
            return _of_module(text)
        raise _refused(text, "no such file")
    load = _loader(text, path.suffix.lower(), trust_pickle=trust_pickle)
    try:
        return load(path)
    except BROKEN as error:
        why = f"{type(error).__name__}: {str(error).strip()[:300]}"
        raise InputError(f"--model {text}: cannot be loaded: {why}") from error


def _loader(text: str, suffix: str, *, trust_pickle: bool) -> Callable[[Path], Any]:
    if suffix in PICKLES and trust_pickle:
        return _pickled
    if suffix in PICKLES:
        raise _refused(text, "a pickle runs whatever code it holds; --trust-pickle if you made it yourself")
    if suffix in {".h5", ".hdf5"}:
        raise _refused(text, "an old Keras file may run code; save it again: model.save('model.keras')")
    if suffix in {".pt", ".pth"} and trust_pickle:
        return _pickled_module
    if suffix not in _LOADERS:
        raise _refused(text, "no model of a known kind")
    return _LOADERS[suffix]


def _refused(text: str, why: str) -> InputError:
    return InputError(f"--model {text}: {why}; expected {EXPECTED}")


def _of_module(text: str) -> Any:
    name, _, attribute = text.partition(":")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ImportError as error:
        raise InputError(f"--model {text}: module {name!r} cannot be imported from here: {error}") from error
    except AttributeError as error:
        raise InputError(
            f"--model {text}: {error}; expected the name of a model, or of a function that makes one"
        ) from error
    if inspect.isfunction(found) and not inspect.signature(found).parameters:
        return found()
    return found


def _keras(path: Path) -> Any:
    keras = require("keras", extra="keras", what="a .keras model")
    try:  # the loss and the optimizer say what was trained how
        return keras.saving.load_model(path, safe_mode=True, compile=True)
    except BROKEN:  # a loss or a metric of the user's own
        return keras.saving.load_model(path, safe_mode=True, compile=False)


def _script(path: Path) -> Any:
    torch = require("torch", extra="torch", what="a TorchScript model")
    try:
        return torch.jit.load(str(path), map_location="cpu")
    except RuntimeError as error:
        why = "no TorchScript but a pickle, which runs whatever code it holds; --trust-pickle if you made it yourself"
        raise _refused(str(path), why) from error


def _exported(path: Path) -> Any:
    torch = require("torch", extra="torch", what="an exported PyTorch model")
    return torch.export.load(str(path)).module()


def _pickled_module(path: Path) -> Any:
    torch = require("torch", extra="torch", what="a PyTorch model")
    try:
        return torch.jit.load(str(path), map_location="cpu")
    except RuntimeError:  # no TorchScript
        found = torch.load(str(path), map_location="cpu", weights_only=False)
    if isinstance(found, Mapping):
        raise _refused(
            str(path), "weights without a model; write a function that builds it and loads them: module:name"
        )
    return found


def _pickled(path: Path) -> Any:
    return require("joblib", extra="models", what="a pickled estimator").load(path)


def _skops(path: Path) -> Any:
    skops = require("skops.io", extra="models", what="a .skops model")
    unknown = skops.get_untrusted_types(file=path)
    if unknown:
        raise _refused(str(path), f"it holds types that are not known to be safe ({', '.join(unknown[:5])})")
    return skops.load(path)


_LOADERS: Mapping[str, Callable[[Path], Any]] = {
    ".keras": _keras, ".pt": _script, ".pth": _script, ".pt2": _exported, ".skops": _skops,
}  # fmt: skip
