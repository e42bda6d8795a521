"""Two or three values with slashes between: ``loss 0.5/0.6`` (training and validation), ``loss/acc: 0.5/0.8``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from diagnose.readers.text_words import is_metric, states_split, zone

_VALUE = r"[-+]?(?:\d{1,20}\.\d{1,20}(?:e[-+]?\d{1,3})?|nan|inf)\s?%?"
_VALUES = re.compile(rf"(?<![\w./+-]){_VALUE}(?:\s?/\s?{_VALUE}){{1,2}}(?![\w./%])", re.IGNORECASE)
_SPLITS = re.compile(
    r"[\s(\[]{0,3}\btrain\w{0,5}\s?/\s?(val|dev|eval|test)\w{0,7}[)\]]?(?:\s?/\s?test\w{0,3})?", re.IGNORECASE
)
_NAMES = re.compile(r"([A-Za-z][\w@-]{0,30}(?:\s?/\s?[A-Za-z][\w@-]{0,30}){1,2})[\s:=]{0,4}$")
_LONGEST = 160
_IN_ORDER = ("train", "val", "test")
AS_SPLITS = "values with a slash between, as in '{} a/b', are taken as training and validation"
FIRST_ONLY = "of values with a slash between, as in '{} a/b', only the first was read"


@dataclass
class Pairs:
    """What a line gives with slashes: values by column name, which of them were in percent, what was assumed."""

    values: dict[str, float] = field(default_factory=dict)
    percent: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, text: str) -> None:
        """Take one value; a percent sign is kept in mind."""
        self.values.setdefault(name, float(text.strip().rstrip("% ")))
        if text.strip().endswith("%"):
            self.percent.add(name)


def take_pairs(text: str) -> tuple[str, Pairs]:
    """Take the values that stand in pairs out of a line.

    Examples
    --------
    >>> take_pairs("loss 0.5/0.6 lr: 0.1")[1].values
    {'train_loss': 0.5, 'val_loss': 0.6}
    >>> take_pairs("val loss/acc: 0.6/0.8")[1].values
    {'val_loss': 0.6, 'val_acc': 0.8}
    """
    found = Pairs()
    parts, end = [], 0
    for match in _VALUES.finditer(text):
        before = text[max(end, match.start() - _LONGEST) : match.start()]
        parts.append(text[end : match.start()])
        end = match.end()
        values = match.group().split("/")
        if _named_each(before, values, found) or _by_split(before, values, found):
            parts.append("\t")
            continue
        parts.append(values[0])
        if zone(before).known:
            found.notes.append(FIRST_ONLY.format(zone(before).name))
    parts.append(text[end:])
    return "".join(parts), found


def _named_each(before: str, values: list[str], found: Pairs) -> bool:
    """``loss/acc: 0.5/0.8``: every value has its own name."""
    match = _NAMES.search(before)
    names = [name.strip().lower() for name in match.group(1).split("/")] if match else []
    if match is None or len(names) != len(values) or not all(map(is_metric, names)):
        return False
    split = zone(f"{before[: match.start()]} loss: ").split
    for name, value in zip(names, values, strict=True):
        found.add(f"{split}_{name}" if split and not states_split(name) else name, value)
    return True


def _by_split(before: str, values: list[str], found: Pairs) -> bool:
    """``loss 0.5/0.6``: one name, and a value for training and for validation."""
    stated = _SPLITS.search(before)
    plain = _SPLITS.sub(" ", before) if stated else before
    own = zone(plain if stated is None or re.search(r"[:=]\s*$", plain) else f"{plain}: ")
    if not own.known or own.split or states_split(own.name):
        return False
    names = ("train", "test") if stated and stated.group(1).lower() == "test" else _IN_ORDER
    for split, value in zip(names, values, strict=False):
        found.add(f"{split}_{own.name}", value)
    if stated is None:
        found.notes.append(AS_SPLITS.format(own.name))
    return True
