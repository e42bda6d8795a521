"""One line of a training program's console output: its position in training and the values it states.

The numbers of a line are found first; what stands between two numbers names the second. Every character is looked at
a bounded number of times, so that hostile lines cost no more than others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from diagnose.readers.text_pairs import take_pairs
from diagnose.readers.text_words import states_split, zone

MAX_LINE = 4000
"""Characters of a line that are looked at: its end, where progress bars write their values."""
_MAX_ZONE = 160

_REDRAW = re.compile(r"[\n\r\x08\x0b\x0c]+")
_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,16}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,200}\x07?)?")
_TIME = r"\d\d?:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_DATE = r"(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/.]\d\d[-/.]\d{4})"
_PREFIXES = (
    re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s{1,8}\d{1,9} [\w.]{1,80}:\d{1,6}\] ?"),
    re.compile(rf"[\s\[(]{{0,20}}(?:{_DATE}[T ]{{1,2}})?{_TIME}[\])]?[\s:|,-]{{0,6}}"),
    re.compile(
        r"[\s|\[(<-]{0,6}(?:DEBUG|INFO|WARNING|WARN|ERROR|NOTICE|SUCCESS|CRITICAL)\b(?::[\w.]{1,60}:|[\])>]?[\s:|-]{0,8})"
    ),
    re.compile(rf"[\s\[(]{{0,4}}{_DATE}[T ]{{1,2}}{_TIME}[\])]?[\s:|,-]{{0,6}}"),
    re.compile(r"[\w.<>]{1,80}(?::[\w<>]{1,80})?:\d{1,6}\s{0,3}-\s"),
)

EPOCH = re.compile(
    r"\b(epochs?|ep)\b(?:\s?\(?(train|val|test|eval)\w{0,10}\)?)?[\s:=#\[(.,-]{0,5}(?:no\.?\s?)?"
    r"(\d{1,7}(?:\.\d{1,6})?)(?![\w%])(?:\s{0,3}(?:/|of\b)\s{0,3}(\d{1,7}))?",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"(?<!\w)(?:global[ _])?(?:steps?|iter(?:ation)?s?|it|batch(?:es)?|updates?|minibatch|rounds?|trees?)"
    r"[\s:=#\[(]{0,4}(\d{1,10})(?:\s{0,3}(?:/|of\b)\s{0,3}(\d{1,10}))?(?![\w.%])",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"(?<![\d./\w])(\d{1,9})\s{0,3}/\s{0,3}(\d{1,9})(?![\d./\w-])")
_BOOSTING = re.compile(r"\s{0,4}(?:\[(\d{1,9})\]\s|(\d{1,9}):\s{1,4}(?=(?:learn|test|best)\b))")
_CATBOOST = re.compile(r"\s?(learn|test):\s{1,3}([-+]?(?:\d[\d.]{0,30}(?:e[-+]?\d{1,3})?|nan|inf))(?=\s)")
_CATBOOST_NAMES = {"learn": "learn_loss", "test": "test_loss"}
_EPOCH_AND_STEP = re.compile(r"\s{0,4}\[(\d{1,7}),\s{1,8}(\d{1,9})\]\s")
_BAR = re.compile(r"\s{0,4}\[?\s{0,4}\d{1,9}\s{0,3}/\s{0,3}(?:\d{1,9}|Unknown)\]?[\s:]")
_DRAWN = re.compile(r"\d\s{1,3}(?:\[[=>.\s]|[^\w\s(\[-])|s/step|\bETA\b|\s-\s\d{1,6}s\s")
_TRAIN_EPOCH = re.compile(r"\s{0,4}train\w{0,3}:\s{1,3}(\d{1,7})\s{1,3}(?=\[)", re.IGNORECASE)
_BOTH_LOSSES = re.compile(
    r"\btrain\w{0,5}\s?/\s?(val|test)\w{0,7}[\s_]{1,3}(\w{1,30})\s{0,3}[:=]\s{0,3}([\d.e+-]{1,30})%?\s{0,3}/\s{0,3}([\d.e+-]{1,30})",
    re.IGNORECASE,
)
_ONE_MINUS = re.compile(r"(?<![\w.\]/-])1-acc(?:uracy)?\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![\w.@+-])[-+]?(?:\d{1,20}(?:[.,]\d{1,20})?(?:e[-+]?\d{1,3})?|\.\d{1,20}|nan|inf(?:inity)?)"
    r"(?![\w@]|[.,]\d)%?(?!\|)",
    re.IGNORECASE,
)
_DICT_PAIR = re.compile(
    r"['\"]([\w/ .@-]{1,80})['\"]\s{0,3}:\s{0,3}['\"]?([-+]?(?:\d[\d.]{0,30}(?:e[-+]?\d{1,3})?|nan|inf(?:inity)?))\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Line:
    """What one line says.

    Attributes
    ----------
    body
        The text without its logging prefix.
    epoch, epochs
        The position, and of how many; None where the line does not state it.
    step, steps
        The position within the epoch (or of the whole run), and of how many.
    pairs
        Column name to value.
    percent
        The names whose value carried a percent sign.
    bar
        ``"keras"`` or ``"tqdm"`` where the line is a progress bar, ``"count"`` where it begins with a bare ``k/N``.
    step_marked
        Whether the step is written as a field of its own (``step = 100``).
    boosting
        Whether ``step`` counts boosting rounds (XGBoost, LightGBM, CatBoost).
    logged
        Whether the line is a dictionary, as the Hugging Face trainer prints one per logging step.
    notes
        What was assumed to understand it.
    """

    text: str
    body: str = ""
    epoch: float | None = None
    epochs: int | None = None
    step: int | None = None
    steps: int | None = None
    pairs: dict[str, float] = field(default_factory=dict)
    percent: set[str] = field(default_factory=set)
    bar: str = ""
    step_marked: bool = False
    boosting: bool = False
    logged: bool = False
    notes: list[str] = field(default_factory=list)


def iter_lines(text: str) -> Iterator[str]:
    """Lines as a terminal would have shown them one after another; each redraw of a progress bar is one."""
    for line in _REDRAW.split(text):
        if line and not line.isspace():
            tail = line[-MAX_LINE:]
            yield _ANSI.sub("", tail) if "\x1b" in tail else tail


def _value(text: str, *, known: bool) -> float:
    number = text.rstrip("%")
    whole, comma, fraction = number.partition(",")
    if comma:
        number = f"{whole}.{fraction}" if known or len(fraction) != 3 else whole + fraction
    return float(number)


def strip_prefix(line: str) -> str:
    """Drop a logging prefix: time, level, and loguru's or absl's place in the code."""
    start = 0
    for prefix in _PREFIXES:
        match = prefix.match(line, start)
        if match:
            start = match.end()
    return line[start:]


def _dictionary(line: Line, text: str) -> Line:
    for match in _DICT_PAIR.finditer(text, text.find("{")):
        name, number = match.group(1).strip(), match.group(2)
        try:
            value = float(number)
        except ValueError:
            continue
        if name == "epoch":
            line.epoch = value if value == value else None  # noqa: PLR0124 - NaN
        elif name in {"step", "global_step"}:
            line.step = int(value) if value == value and abs(value) < 1e15 else None  # noqa: PLR0124 - NaN
        else:
            line.pairs[name] = value
    line.logged = True
    if line.epoch is None and line.step is None:
        _positions(line, strip_prefix(text[: text.find("{")]))
    return line


def _positions(line: Line, text: str) -> str:
    """Fill in the line's position and blank it out, so that its numbers are not taken for values."""
    boosting = _BOOSTING.match(text)
    if boosting:
        line.step, line.boosting = int(boosting.group(1) or boosting.group(2)), True
        return text[boosting.end() :]
    both = _EPOCH_AND_STEP.match(text)
    if both:
        line.epoch, line.step = float(both.group(1)), int(both.group(2))
        return text[both.end() :]
    train = _TRAIN_EPOCH.match(text)
    if train:
        line.epoch = float(train.group(1))
        return f"train \t{text[train.end() :]}"
    epoch = EPOCH.search(text)
    if epoch and (epoch.group(4) or not epoch.group(1).lower().endswith("s")):
        line.epoch = float(epoch.group(3))
        line.epochs = int(epoch.group(4)) if epoch.group(4) else None
        text = f"{text[: epoch.start()]}\t{epoch.group(2) or ''}\t{text[epoch.end() :]}"
    step = _STEP.search(text)
    if step:
        line.step, line.steps = int(step.group(1)), int(step.group(2)) if step.group(2) else None
        line.step_marked = ":" in step.group() or "=" in step.group()
        text = f"{text[: step.start()]}\t{text[step.end() :]}"
    return text


def _fractions(line: Line, text: str) -> str:
    """Read ``k/N``: a ratio where it is a metric's value (``Accuracy: 9800/10000``), else the step."""
    parts, end = [], 0
    for match in _FRACTION.finditer(text):
        before = text[max(end, match.start() - _MAX_ZONE) : match.start()]
        numerator, denominator = int(match.group(1)), int(match.group(2))
        parts.append(text[end : match.start()])
        end = match.end()
        if before.rstrip().endswith((":", "=")):
            parts.append(str(numerator / denominator) if denominator and zone(before).known else "\t")
        else:
            parts.append("\t")
            if numerator <= denominator:
                line.step, line.steps = numerator, denominator
    parts.append(text[end:])
    return "".join(parts)


def _fill_pairs(line: Line, text: str) -> None:
    unknown: dict[str, float] = {}
    split = heading = ""
    end = 0
    for match in _NUMBER.finditer(text):
        before = zone(text[max(end, match.start() - _MAX_ZONE) : match.start()])
        end = match.end()
        split, heading = before.split or split, before.heading or heading
        name = before.name
        if not name and before.named_split and heading:
            name = f"{before.split}_{heading}"
        elif not name:
            continue
        elif before.known and not before.named_split and split and not states_split(name):
            name = f"{split}_{name}"
        if not (before.known or name != before.name):
            unknown.setdefault(name, _value(match.group(), known=False))
            continue
        line.pairs[name] = _value(match.group(), known=True)
        if match.group().endswith("%"):
            line.percent.add(name)
    if line.pairs:
        # names that are no known metric are kept only beside one: elsewhere they are prose
        line.pairs = {**line.pairs, **{name: value for name, value in unknown.items() if name not in line.pairs}}


def parse_line(text: str) -> Line:
    """Read one line.

    >>> line = parse_line("Epoch [3/60], Loss: 0.42, Accuracy: 81.50%")
    >>> line.epoch, line.epochs, line.pairs
    (3.0, 60, {'loss': 0.42, 'accuracy': 81.5})
    """
    line = Line(text)
    if "{" in text and text.endswith(("}", "} ")) and _DICT_PAIR.search(text):
        return _dictionary(line, text)
    body = line.body = strip_prefix(text)
    if "%|" in body:
        line.bar = "tqdm"
    rest = _ONE_MINUS.sub("error", _positions(line, body))
    if "/" in rest:
        if line.epoch is None and _BAR.match(body) and not line.bar:
            line.bar = "keras" if _DRAWN.search(body) else "count"
        rest, paired = take_pairs(rest)
        line.pairs, line.percent, line.notes = paired.values, paired.percent, paired.notes
        if "/" in rest and ("/val" in rest.lower() or "/ val" in rest.lower() or "/test" in rest.lower()):
            rest = _BOTH_LOSSES.sub(r"train \2: \3, \1 \2: \4", rest)
        rest = _fractions(line, rest)
    if line.boosting and _CATBOOST.match(rest):
        line.pairs = {_CATBOOST_NAMES[m.group(1)]: float(m.group(2)) for m in _CATBOOST.finditer(rest)}
    else:
        _fill_pairs(line, rest)
    return line
