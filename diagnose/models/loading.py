"""A model from a file, or from the user's own code; nothing is unpickled unless that is asked for."""

from __future__ import annotations

import importlib
import inspect
import pickle
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from diagnose.errors import InputError
from diagnose.extras import require
from diagnose.models.weights import weights_only, with_weights

BROKEN = (
    RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, EOFError, AssertionError,
    pickle.UnpicklingError, zipfile.BadZipFile,
)  # fmt: skip
"""What frameworks raise at files that are damaged or no models."""
WEIGHTS = (
    "weights without a model; name the function of your code that builds it: --model module:build --weights {path}"
)
PICKLES = frozenset((".joblib", ".pkl", ".pickle", ".pt2"))
"""Endings of files that run code when they are read; an exported PyTorch model holds pickled weights or constants
where its tensors are of a kind of their own."""
ALLOW = "give --allow-pickle only if you made the file yourself"
EXPECTED = (
    "a .keras file, a .skops file, with --allow-pickle also a .pt (TorchScript or pickled), an exported .pt2, .joblib "
    "and .pkl, or module:name of your own code, with --weights FILE where that builds an untrained model"
)


def load_model(text: str, *, weights: str | None = None, allow_pickle: bool = False, trust_pickle: bool = False) -> Any:
    """Load the model that a text names.

    Parameters
    ----------
    text
        A path; or ``module:name`` of an object, or of a function without parameters that returns one. The module is
        imported, which runs its code.
    weights
        A file of weights for the model: a state dict of PyTorch, .safetensors, or .weights.h5 of Keras.
    allow_pickle
        Whether files may be unpickled, which runs whatever code they hold, and TorchScript be run; of a .keras file,
        whether its Lambda layers may run.
    trust_pickle
        The same; what it was called.

    Raises
    ------
    InputError
        There is no such model, it is broken, or its kind of file runs code and ``allow_pickle`` is not set.
    MissingExtra
        Its framework is not installed.
    """
    model = _loaded(text, allow_pickle=allow_pickle or trust_pickle)
    if weights is None:
        return model
    return with_weights(model, weights, allow_pickle=allow_pickle or trust_pickle)


def _loaded(text: str, *, allow_pickle: bool) -> Any:
    path = Path(text)
    if not path.is_file():
        if ":" in text and not path.parent.name:
            return _of_module(text)
        raise _refused(text, "no such file")
    load = _loader(text, path.suffix.lower(), allow_pickle=allow_pickle)
    try:
        return load(path)
    except BROKEN as error:
        why = f"{type(error).__name__}: {str(error).strip()[:300]}"
        raise InputError(f"--model {text}: cannot be loaded: {why}") from error


def _loader(text: str, suffix: str, *, allow_pickle: bool) -> Callable[[Path], Any]:
    if suffix in PICKLES and allow_pickle:
        return _exported if suffix == ".pt2" else _pickled
    if suffix in PICKLES:
        what = "an exported model may hold pickles, and each" if suffix == ".pt2" else "a pickle"
        raise _refused(text, f"{what} runs whatever code it holds as you; {ALLOW}")
    if suffix in {".h5", ".hdf5"}:
        raise _refused(text, "an old Keras file may run code; save it again: model.save('model.keras')")
    if suffix in {".pt", ".pth"} and allow_pickle:
        return _pickled_module
    if suffix == ".keras" and allow_pickle:
        return _keras_with_code
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
    try:
        return keras.saving.load_model(path, safe_mode=True, compile=False)
    except (ValueError, TypeError) as error:
        if not any(word in str(error) for word in ("safe_mode", "unsafe", "Lambda")):
            raise
        why = (
            "it holds a Lambda layer, which is code of whoever saved it. Put a layer class in its place; or build the "
            f"model in your own code: --model module:build --weights FILE.weights.h5; or {ALLOW}"
        )
        raise _refused(str(path), why) from error


def _keras_with_code(path: Path) -> Any:
    keras = require("keras", extra="keras", what="a .keras model")
    return keras.saving.load_model(path, safe_mode=False, compile=False)


def _not_run(path: Path) -> NoReturn:
    """Say what would run; a TorchScript program knows ``torch.save``, which writes any file that you may write."""
    if _is_script(path):
        raise _refused(str(path), f"a TorchScript program, which can write and overwrite files as you; {ALLOW}")
    try:
        found = weights_only(path)
    except BROKEN:
        found = None
    if isinstance(found, Mapping):
        raise _refused(str(path), WEIGHTS.format(path=path))
    raise _refused(str(path), f"a pickle, which runs whatever code it holds as you; {ALLOW}")


def _is_script(path: Path) -> bool:
    """Whether it is an archive with TorchScript's code, before anything unpickles it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.rpartition("/")[2] == "constants.pkl" for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _exported(path: Path) -> Any:
    torch = require("torch", extra="torch", what="an exported PyTorch model")
    return torch.export.load(str(path)).module()


def _pickled_module(path: Path) -> Any:
    torch = require("torch", extra="torch", what="a PyTorch model")
    if _is_script(path):
        return torch.jit.load(str(path), map_location="cpu")
    found = torch.load(str(path), map_location="cpu", weights_only=False)
    if isinstance(found, Mapping):
        raise _refused(str(path), WEIGHTS.format(path=path))
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
    ".keras": _keras, ".pt": _not_run, ".pth": _not_run, ".skops": _skops,
}  # fmt: skip
