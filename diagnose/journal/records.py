"""The lines of a journal. Every one is a JSON object whose key ``record`` says what it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from diagnose.recording import (
    GradientNoise,
    Happening,
    InputFacts,
    LabelFacts,
    NonFinite,
    OrderFacts,
    OutputFacts,
    Stage,
)

SCHEMA = 1
FIRST_KEY = b'{"record":"began","format":"diagnose journal"'
"""How the first line of every journal begins."""


class _Line(msgspec.Struct, tag_field="record", frozen=True):
    pass


class Began(_Line, frozen=True, tag="began"):
    """The first line: who writes, where, with what.

    ``settings`` are hyperparameters by whatever name the program gives them; ``resumes`` says that it goes on with the
    run of the journal before. ``unit`` is what the epochs of the records count: ``"iteration"`` for rounds of boosting
    and iterations of a solver. A second one in a journal adds settings that were not known when the run began.
    """

    format: str = "diagnose journal"
    schema: int = SCHEMA
    framework: str = ""
    name: str = ""
    time: str = ""
    process: int = 0
    environment: dict[str, str] = {}
    settings: dict[str, float | str | bool | None] = {}
    resumes: bool = False
    unit: str = "epoch"


class Staged(_Line, frozen=True, tag="stage"):
    """A model card, at the beginning and whenever it changed."""

    stage: Stage


class Epoch(_Line, frozen=True, tag="epoch"):
    """An epoch, or an evaluation, has ended: what the program logs of it, by its own names.

    ``computed`` are the names among them that the hook computed, as the program logs no such value.
    """

    epoch: float
    step: float
    values: dict[str, float]
    learning_rate: float | None = None
    seconds: float | None = None
    computed: tuple[str, ...] = ()


class Layers(_Line, frozen=True, tag="layers"):
    """One sample of what the layers did: quantity to one value a layer."""

    step: float
    epoch: float
    layers: tuple[str, ...]
    values: dict[str, list[float]]


class Losses(_Line, frozen=True, tag="losses"):
    """Training losses of single batches."""

    steps: list[float]
    epochs: list[float]
    values: list[float]


class Noise(_Line, frozen=True, tag="noise"):
    """Gradients of several batches at nearly the same weights."""

    noise: GradientNoise


class Output(_Line, frozen=True, tag="output"):
    """A look at the model's outputs."""

    facts: OutputFacts


class Input(_Line, frozen=True, tag="input"):
    """A look at the inputs; the last one of a split and name counts."""

    facts: InputFacts


class Label(_Line, frozen=True, tag="label"):
    """A look at the labels; the last one of a split counts."""

    facts: LabelFacts


class Order(_Line, frozen=True, tag="order"):
    """The order of an epoch's samples."""

    facts: OrderFacts


class Counts(_Line, frozen=True, tag="counts"):
    """Counters (`diagnose.recording.COUNTERS`) so far; the last line counts."""

    counts: dict[str, int]


class Lost(_Line, frozen=True, tag="lost"):
    """The first value that is no finite number."""

    origin: NonFinite


class Happened(_Line, frozen=True, tag="happened"):
    """Something the hook saw or did."""

    happening: Happening


class Found(_Line, frozen=True, tag="found"):
    """A finding, when it was first made."""

    step: float
    epoch: float
    code: str
    cause: str
    severity: str
    probability: float
    claim: str


class Ended(_Line, frozen=True, tag="ended"):
    """Training is over: ``"finished"``, ``"stopped by diagnose"``, ``"failed: …"``."""

    how: str
    time: str = ""


Record = (
    Began | Staged | Epoch | Layers | Losses | Noise | Output | Input | Label | Order | Counts | Lost | Happened | Found
    | Ended
)  # fmt: skip

_FIELDS = {str(kind.__struct_config__.tag): {"record", *kind.__struct_fields__} for kind in Record.__args__}


class _Tagged(msgspec.Struct):
    record: str


_TAG: msgspec.json.Decoder[_Tagged] = msgspec.json.Decoder(_Tagged)
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Record, strict=False)


def encoded(record: Record) -> bytes:
    r"""Return the line of a record, its line break included.

    Numbers that are none are written as the texts ``"nan"``, ``"inf"`` and ``"-inf"``: JSON has no other way.

    Examples
    --------
    >>> encoded(Counts({"steps": 3}))
    b'{"record":"counts","counts":{"steps":3}}\n'
    """
    plain = _speakable(msgspec.to_builtins(record, enc_hook=_plain))
    try:
        return msgspec.json.encode(plain) + b"\n"
    except UnicodeEncodeError:  # half a character: a path that is no text on this system
        return msgspec.json.encode(_speakable(plain, _whole)) + b"\n"


def decoded(line: bytes) -> Record:
    """Return the record of a line.

    Raises
    ------
    msgspec.MsgspecError
        It is cut, no JSON, or no record that this version knows.
    """
    found: Record = _DECODER.decode(line)
    return found


def kind_of(line: bytes) -> str | None:
    """Return the kind of a line's record where it is one that this version does not know, else None."""
    try:
        kind = _TAG.decode(line).record
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return None if kind in _FIELDS else kind


def unknown_fields(line: bytes, record: Record) -> list[str]:
    """Return the names in a line that this version's record has no field for."""
    known = _FIELDS[str(type(record).__struct_config__.tag)]
    return [str(name) for name in msgspec.json.decode(line) if name not in known]


def _speakable(value: Any, text: Callable[[str], str] = str) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {text(str(key)): _speakable(item, text) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_speakable(item, text) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def _whole(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any) -> Any:
    """Return what a number of an array library is, or the dictionary that a mapping is; what is neither, as text."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.item() if callable(getattr(value, "item", None)) else str(value)
