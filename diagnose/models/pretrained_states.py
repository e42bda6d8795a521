"""A model as it was before training, from whatever holds its weights."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from diagnose.errors import InputError
from diagnose.models.model_blocks import framework_of
from diagnose.models.torch_blocks import opened
from diagnose.models.weights import _state


def pretrained_model(model: Any, pretrained: Any) -> Any:
    """Return a model in its pretrained state, the one that was given left as it is; arguments as of `drift`."""
    framework = framework_of(model)
    if _is_model(pretrained):
        return pretrained
    if callable(pretrained):
        made = pretrained()
        if not _is_model(made):
            raise InputError(f"pretrained: the function returned {type(made).__name__}; expected the model as it was")
        return made
    if framework == "keras":
        return _keras_copy(model, pretrained)
    held = pretrained if isinstance(pretrained, Mapping) else _state(_path(pretrained), allow_pickle=False)
    other = copy.deepcopy(opened(model))
    own = other.state_dict()
    taken = fitting({name: tuple(value.shape) for name, value in own.items()}, held)
    if not taken:
        raise InputError(f"pretrained: of another model: none of its weights fits by name and shape; it holds "
                         f"{', '.join(list(held)[:5])}, the model {', '.join(list(own)[:5])}")  # fmt: skip
    other.load_state_dict({**own, **taken})
    return other


def fitting(own: Mapping[str, tuple[int, ...]], held: Mapping[str, Any]) -> dict[str, Any]:
    """Return what fits the model's own names: the same name, or the same behind what one of the two puts before it."""
    shapes = {name: tuple(value.shape) for name, value in held.items() if hasattr(value, "shape")}
    fits = {name: held[name] for name, shape in own.items() if shapes.get(name) == shape}
    if fits:
        return fits
    for separator in (".", "/"):
        prefixes = {name.split(separator)[0] + separator for name in (*own, *held) if separator in name}
        for prefix in sorted(prefixes):
            inward = {n: n.removeprefix(prefix) for n in own if n.startswith(prefix)}
            outward = {n: f"{prefix}{n}" for n in own}
            for renamed in (inward, outward):
                fits = {n: held[other] for n, other in renamed.items() if shapes.get(other) == own[n]}
                if fits:
                    return fits
    return {}


def _keras_copy(model: Any, pretrained: Any) -> Any:
    keras: Any = sys.modules["keras"]
    try:
        other = keras.models.clone_model(model)
        if not other.built:
            other.build(model.input_shape)
        if isinstance(pretrained, (list, tuple)):
            other.set_weights(list(pretrained))
        else:
            other.set_weights(model.get_weights())
            path = _path(pretrained)
            if not path.name.endswith(".weights.h5"):
                raise InputError(f"pretrained {path}: expected a .weights.h5 file: model.save_weights(…)")
            other.load_weights(str(path))
    except (ValueError, TypeError, NotImplementedError, OSError, AttributeError) as error:
        raise InputError(f"pretrained: cannot be loaded into a copy of {model.name!r}: "
                         f"{' '.join(str(error).split())[:300]}; give a function that returns the model as it was"
                         ) from error  # fmt: skip
    return other


def _path(pretrained: Any) -> Path:
    if not isinstance(pretrained, (str, PathLike)):
        raise InputError(f"pretrained={type(pretrained).__name__}: expected a model, a function that returns one, a "
                         "state dict, or a file of weights")  # fmt: skip
    path = Path(pretrained)
    if not path.is_file():
        raise InputError(f"--pretrained {path}: no such file")
    return path


def _is_model(given: Any) -> bool:
    try:
        framework_of(given)
    except InputError:
        return False
    return True
