"""Where a block's features are taken: read off what was called, in what order, by one small forward pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from diagnose.model_card import Role
from diagnose.models.block_parts import ModelBlock

Shape = tuple[int, ...]
_RAW = (Role.DENSE, Role.CONVOLUTION, Role.NORMALISATION, Role.BATCH_NORMALISATION)
"""Layers behind which a function may stand that is no layer (``F.relu``): what the next one takes has gone through."""


@dataclass(frozen=True)
class Event:
    """A layer or module was entered or left.

    Attributes
    ----------
    way
        ``"in"`` or ``"out"``.
    path, call
        Of which, and how many times it was called before.
    shape
        Of the first tensor that it took or gave; None where it was none of floats.
    is_leaf, role
        Of the module.
    """

    way: Literal["in", "out"]
    path: str
    call: int
    shape: Shape | None
    is_leaf: bool
    role: Role = Role.OTHER


@dataclass(frozen=True)
class Tap:
    """What is taken: what a module gives, or takes, at one of its calls.

    Attributes
    ----------
    channels
        The axis of features; the others, but the first, are pooled.
    rows
        The axis of rows, 0 as a rule.
    takes_first
        Whether the first token is taken beside the mean of all.
    """

    way: Literal["in", "out"]
    path: str
    call: int
    shape: Shape
    channels: int
    rows: int = 0
    takes_first: bool = False

    @property
    def words(self) -> str:
        """How it is pooled."""
        places = len(self.shape) - 2
        if places <= 0:
            return "as it is"
        if self.takes_first:
            return "mean over tokens, and the first token"
        return "mean over places" if places > 1 else "mean over steps"


def order_of(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the names of layers in the order in which they were left first."""
    return tuple(dict.fromkeys(event.path for event in events if event.way == "out" and event.is_leaf))


def structured(events: Sequence[Event]) -> dict[str, bool]:
    """Return by layer whether what it gave has places or steps."""
    return {e.path: len(e.shape) > 2 for e in events if e.way == "out" and e.is_leaf and e.shape is not None}


def taps_of(  # noqa: PLR0913
    blocks: Sequence[ModelBlock],
    events: Sequence[Event],
    n: int,
    weighted: Mapping[str, int | None],
    *,
    channels_last: bool,
    is_transformer: bool,
) -> dict[str, Tap]:
    """Return the tap of every block that has one, by the block's name; the block of the answer has none.

    A block's features are what the last module gives that ends behind the block's layers and before those of the next:
    the block itself, or what pools behind it. Where that is a bare convolution, dense layer or normalisation, it is
    what the next module takes: activations are often functions, and no modules.

    Parameters
    ----------
    blocks
        In forward order.
    events
        Of one pass.
    n
        Rows of that pass.
    weighted
        Layers that hold weights, and the number of features that they give.
    channels_last
        Whether the framework's feature maps have channels on the last axis.
    is_transformer
        Whether sequences begin with a token that stands for the whole.
    """
    found: dict[str, Tap] = {}
    spans = [_span(events, {name for name in block.layers if name in weighted}) for block in blocks]
    for at, block in enumerate(blocks):
        begun = [span[0] for span in spans[at + 1 :] if span is not None]
        span = spans[at]
        if block.is_output or span is None:
            continue
        event = _chosen(events, span[1], min(begun, default=len(events)), n)
        if event is None or event.shape is None:
            continue
        widths = {width for name in block.layers if (width := weighted.get(name))}
        found[block.name] = _tap(event, n, widths, channels_last=channels_last, is_transformer=is_transformer)
    return found


def _span(events: Sequence[Event], layers: Collection[str]) -> tuple[int, int] | None:
    """Return where a block's first layer is entered and its last one left."""
    inside = [at for at, event in enumerate(events) if event.path in layers and event.is_leaf]
    return (inside[0], inside[-1]) if inside else None


def _chosen(events: Sequence[Event], left: int, end: int, n: int) -> Event | None:
    if end <= left:
        return events[left] if _fits(events[left], n) else None
    at = next((at for at in range(end - 1, left - 1, -1) if events[at].way == "out" and _fits(events[at], n)), None)
    if at is None:
        return None
    last = events[at]
    behind = events[at + 1] if at + 1 < len(events) else None
    is_raw = last.is_leaf and last.role in _RAW
    return behind if is_raw and behind is not None and behind.way == "in" and _fits(behind, n) else last


def _fits(event: Event, n: int) -> bool:
    return event.shape is not None and len(event.shape) > 1 and n in event.shape[:2]


def _tap(event: Event, n: int, widths: Collection[int], *, channels_last: bool, is_transformer: bool) -> Tap:
    shape = event.shape or ()
    rows = 0 if shape[0] == n else 1
    is_sequence = len(shape) == 3
    last = channels_last or rows == 1
    if not last and len(shape) > 2:
        first_fits, last_fits = shape[1] in widths, shape[-1] in widths
        last = last_fits and not first_fits if len(shape) > 3 else last_fits
    channels = len(shape) - 1 if last or len(shape) == 2 else 1
    return Tap(event.way, event.path, event.call, shape, channels, rows, is_transformer and is_sequence and last)
