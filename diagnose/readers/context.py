"""Hyperparameters by whatever name → `Context`, and the check of what the user gave."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from diagnose.errors import InputError
from diagnose.readers.aliases import FIELD_OF, FIELDS, FLAGS, INTEGERS, NUMBERS, SECTIONS
from diagnose.readers.cells import parse_cell
from diagnose.run import Context

_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0", "none", "null"})
_MAX_OTHER = 200

_COUNT: tuple[Callable[[float], bool], str] = (lambda n: n >= 1, "a whole number of at least 1")
_SHARE: tuple[Callable[[float], bool], str] = (lambda p: 0 <= p < 1, "a number in [0, 1)")
_NOT_NEGATIVE: tuple[Callable[[float], bool], str] = (lambda x: x >= 0, "a number of at least 0")
_POSSIBLE: dict[str, tuple[Callable[[float], bool], str]] = {
    **dict.fromkeys(INTEGERS, _COUNT),
    "n_classes": (lambda n: n >= 2, "a whole number of at least 2"),
    "learning_rate": (lambda rate: rate > 0, "a number above 0"),
    "weight_decay": _NOT_NEGATIVE,
    "dropout": _SHARE,
    "label_smoothing": _SHARE,
    "patience": _NOT_NEGATIVE,
    "warmup": _NOT_NEGATIVE,
    "epochs_planned": (lambda n: n > 0, "a number above 0"),
}
"""Field to what its values can be, and that in words. What was found outside is kept as it stands, not believed."""


def normalised(name: str) -> str:
    """Return a hyperparameter's name in the aliases' spelling: ``"--Batch-Size"`` → ``"batch_size"``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip().lstrip("-"))
    return re.sub(r"[\s\-.]+", "_", snake).lower()


def field_of(name: str) -> str | None:
    """Return the field of `Context` that a hyperparameter's name means, or None.

    Examples
    --------
    >>> field_of("per_device_train_batch_size"), field_of("wd"), field_of("seed")
    ('batch_size', 'weight_decay', None)
    """
    return FIELD_OF.get(normalised(name))


def gather(hyperparameters: Mapping[str, Any], origins: Mapping[str, str], default_origin: str) -> Context:
    """Context from what was found beside a log; values of a wrong type and unknown names go to ``other``."""
    known: dict[str, Any] = {}
    found_at: dict[str, str] = {}
    other: dict[str, Any] = {}
    for name, value in _flattened(hyperparameters):
        leaf = name.rsplit("/", 1)[-1]
        field = _field_in_path(name)
        converted = _convert(field, value) if field else None
        if field and converted is not None and field not in known:
            known[field] = converted
            origin = origins.get(name, origins.get(name.split("/", 1)[0], default_origin))
            found_at[field] = origin if ": " in origin else f"{origin}: {leaf}" if origin else leaf
        elif len(other) < _MAX_OTHER and value is not None:
            other[name] = value
    return Context(**known, origins=MappingProxyType(found_at), other=MappingProxyType(other))


def _field_in_path(path: str) -> str | None:
    *sections, leaf = path.split("/")
    inner = normalised(sections[-1]) if sections else ""
    if normalised(leaf) in {"name", "type", "class_name", "_target_"} and inner in {
        "optimizer",
        "scheduler",
        "lr_scheduler",
    }:
        return "schedule" if "scheduler" in inner else "optimizer"
    if any(normalised(section) not in SECTIONS for section in sections):
        return None
    return field_of(leaf)


def _flattened(values: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth < 4:
            yield from _flattened(value, f"{path}/", depth + 1)
        elif isinstance(value, (str, int, float, bool)) or value is None:
            yield path, value
        elif isinstance(value, (list, tuple)) and len(value) <= 10:
            yield path, str(list(value))


def _convert(field: str, value: Any) -> Any:
    """Return the value in the field's type, or None where it is not one."""
    if field in INTEGERS or field in NUMBERS:
        number = _number(value)
        if number is None or not _POSSIBLE[field][0](number) or (field in INTEGERS and number != int(number)):
            return None
        return int(number) if field in INTEGERS else number
    if field in FLAGS:
        return _flag(value)
    return _text(field, value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    parsed = parse_cell(value) if isinstance(value, str) else value
    try:
        number = float(parsed)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        lowered = value.strip().lower()
        if lowered in _FALSE or not lowered:
            return False
        return True if lowered in _TRUE or not lowered.isdigit() else None
    return bool(value) if isinstance(value, (int, float)) else None


def _text(field: str, value: Any) -> str | None:
    if value is None or value is False or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, (list, tuple, set)):
        return ", ".join(str(item) for item in value)
    if isinstance(value, (str, int, float, bool)):
        text = str(value).strip()
        return text.rsplit(".", 1)[-1] if field in {"optimizer", "schedule"} and not text[-1].isdigit() else text
    return None


def given_context(context: Mapping[str, Any] | Context | None) -> Context:
    """Return the user's ``context=`` checked and typed.

    Raises
    ------
    InputError
        An unknown key, whose message names the nearest known ones, or a value of the wrong type or out of range.
    """
    if context is None:
        return Context()
    if isinstance(context, Context):
        for name in _POSSIBLE:
            if getattr(context, name) is not None:
                _checked(name, name, getattr(context, name))
        return _consistent(context)
    if not isinstance(context, Mapping):
        raise InputError(
            f"context is a {type(context).__name__}; expected a mapping such as {{'batch_size': 32, 'n_val': 500}}"
        )
    known: dict[str, Any] = {}
    for key, value in context.items():
        field = field_of(str(key))
        if field is None:
            near = difflib.get_close_matches(normalised(str(key)), [*FIELDS, *FIELD_OF], n=3, cutoff=0.5)
            near = list(dict.fromkeys(FIELD_OF.get(name, name) for name in near))
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise InputError(f"context has no field {key!r}: {hint}known fields are {', '.join(FIELDS)}")
        if value is None:
            continue
        known[field] = _checked(field, key, value)
    return _consistent(Context(**known, origins=MappingProxyType(dict.fromkeys(known, "given by you"))))


def _checked(field: str, key: Any, value: Any) -> Any:
    converted = _convert(field, value)
    if converted is None and not (field == "frozen" and value is False):
        expected = _POSSIBLE[field][1] if field in _POSSIBLE else "true or false" if field in FLAGS else "text"
        raise InputError(f"context {key}={value!r}: expected {expected}")
    return converted


def _consistent(context: Context) -> Context:
    """Return the context; a part that is larger than its whole is refused."""
    trainable, total = context.trainable_parameters, context.parameters
    if trainable is not None and total is not None and trainable > total:
        raise InputError(
            f"context trainable_parameters={trainable}: expected at most parameters={total}, which count the frozen too"
        )
    return context


def merged(found: Context, given: Context) -> Context:
    """Return what was found, overridden by what was given."""
    changes = {
        f.name: getattr(given, f.name)
        for f in dataclasses.fields(Context)
        if f.name in FIELDS and getattr(given, f.name) is not None
    }
    origins = {**found.origins, **dict.fromkeys(changes, "given by you"), **given.origins}
    other = {**found.other, **given.other}
    return dataclasses.replace(found, **changes, origins=MappingProxyType(origins), other=MappingProxyType(other))
