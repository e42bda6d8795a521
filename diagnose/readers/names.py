"""The grammar of column names: split, quantity and direction, as far as a name alone says them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from diagnose.readers import vocabulary as words
from diagnose.run import Better, SplitName, Unit

Kind = Literal["step", "index", "learning rate", "time", "resource", "loss", "score", "statistic", "unknown"]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"\d*\.\d+|[^\W\d_]+(?:\d+(?![\d.]*\.\d)[^\W\d_]*)*|\d+[^\W\d_]*|%")
_GLUED = re.compile(r"(train|training|val|valid|validation|test|eval|avg|mean|total)_?(.+)")
_LOADER = re.compile(r"/?dataloader_idx_(\d+)$")
_HEADS = {"B": "", "M": "mask", "P": "pose"}
_HEAD = re.compile(r"\(([BMP])\)\s*$")
_FIXED_SPELLINGS = (
    ("mAP", "map"),
    ("mIoU", "miou"),
    ("mIOU", "miou"),
    ("IoU", "iou"),
    ("IoUs", "iou"),
    ("ROUGE", "rouge"),
    ("BLEU", "bleu"),
)
_LONGEST_PHRASE = 5
_COMPLEMENT = re.compile(
    r"((?:^|\b(?:train|training|val|valid|validation|test|eval|dev)\b[\s/:.(|]+))(?:1|one)\s*(?:[-−–]|minus)\s*(?=[a-z])"
    r"|(?:(?<=_)|^)(?:1|one)_minus_",
    re.IGNORECASE,
)
"""One minus a score: ``1 - accuracy``. In ``validation_1-auc`` the number names an evaluation set."""


@dataclass(frozen=True)
class ColumnName:
    """What a column's name says.

    Attributes
    ----------
    kind
        What sort of column the name suggests.
    split
        The split it names, or None for a bare name such as ``loss``.
    quantity
        Canonical quantity (``""`` where the name is not known), ``better`` its direction.
    unit
        For a step column, what it counts.
    level
        ``"step"`` or ``"epoch"`` where the name says how the values were averaged (``train_loss_step``).
    index
        Number of an anonymous evaluation set (``validation_0-auc`` → ``"0"``).
    percent
        Whether the name says that the values are in percent.
    """

    kind: Kind
    split: SplitName | None = None
    quantity: str = ""
    better: Better | None = None
    unit: Unit | None = None
    level: str = ""
    index: str = ""
    percent: bool = False


def words_of(name: str) -> list[str]:
    """Return the lower-case words of a name.

    Examples
    --------
    >>> words_of("metrics/mAP_0.5:0.95"), words_of("TrainLoss"), words_of("valid_0's auc")
    (['metrics', 'map', '0.5', '0.95'], ['train', 'loss'], ['valid', '0', 'auc'])
    """
    text = name.replace("'s ", " ")
    for spelling, plain in _FIXED_SPELLINGS:
        text = text.replace(spelling, f"_{plain}" if text.find(spelling) > 0 else plain)
    found: list[str] = []
    for word in _WORD.findall(_CAMEL.sub(" ", text).replace("μ", "u").lower()):
        found.extend(_unglue(word))
    return found


def _unglue(word: str) -> list[str]:
    """Split words that were written together: ``trainloss``, ``valacc``."""
    if word in words.SPLITS or word in words.QUANTITIES or word in words.STEPS:
        return [word]
    match = _GLUED.fullmatch(word)
    if match and (match.group(2) in words.QUANTITIES or match.group(2) in words.LOSS_WORDS):
        return [match.group(1), match.group(2)]
    return [word]


@lru_cache(maxsize=16_384)
def parse_name(name: str) -> ColumnName:
    """Read a column's name.

    Examples
    --------
    >>> parse_name("val_acc").split, parse_name("val_acc").quantity, parse_name("eval_T005_f1").quantity
    ('val', 'accuracy', 't005_f1')
    >>> parse_name("Train loss").quantity, parse_name("train_MAE_step").level, parse_name("lr-Adam").kind
    ('loss', 'step', 'learning rate')
    """
    loader = _LOADER.search(name)
    if loader:  # Lightning's name for the second and later validation sets
        first = parse_name(name[: loader.start()])
        return first if loader.group(1) == "0" or not first.quantity else _of_another_set(first, loader.group(1))
    if _COMPLEMENT.search(name):
        return complement(parse_name(_COMPLEMENT.sub(r"\1", name)))
    head = _HEAD.search(name)
    tokens = words_of(name[: head.start()] if head else name)
    joined = "_".join(tokens)
    if joined in words.STEPS or tokens[1:] == ["global", "step"]:
        return ColumnName("step", unit=words.STEPS.get(joined, "step"))
    if not tokens or joined in {"unnamed_0", "index", "row", "idx", "no", "id"}:
        return ColumnName("index")
    if _is_learning_rate(tokens):
        return ColumnName("learning rate")
    return _parse_quantity(tokens, _HEADS[head.group(1)] if head else "")


def complement(column: ColumnName) -> ColumnName:
    """Return what one minus a score is: an error rate.

    Examples
    --------
    >>> complement(parse_name("val_acc")).quantity, complement(parse_name("dice")).better
    ('error', 'lower')
    """
    if column.kind != "score" or column.better != "higher":
        return column
    return replace(column, quantity=_error_of(column.quantity), better="lower", index="")


def _error_of(quantity: str) -> str:
    return re.sub("accuracy$", "error", quantity) if quantity.endswith("accuracy") else f"1_minus_{quantity}"


def _of_another_set(column: ColumnName, number: str) -> ColumnName:
    return replace(column, quantity=f"{column.quantity}_set{number}")


def _is_learning_rate(tokens: list[str]) -> bool:
    is_short = any(re.fullmatch(r"lrs?\d*|learningrate\d*", token) for token in tokens)
    return is_short or ("learning", "rate") in pairwise(tokens)


def _parse_quantity(tokens: list[str], head: str) -> ColumnName:
    split, index, rest = _take_split(tokens)
    percent = any(token in words.PERCENT for token in tokens)
    level, rest = _take_level([word for word in rest if word != "%"])
    is_loss = bool(rest) and rest[-1] in words.LOSS_WORDS
    if not is_loss and any(token in words.TIMES for token in tokens):
        return ColumnName("time", split)
    plain = [token for token in rest if token not in words.STATISTICS]
    found = _find_loss(plain) or _find_phrase(plain)
    if found is not None and len(plain) < len(rest):
        return ColumnName("statistic", split, found[0])
    if found is None:
        kind: Kind = "resource" if any(token in words.RESOURCES for token in rest) else "unknown"
        return ColumnName(kind, split, "", level=level, index=index)
    quantity, better = found
    full = f"{head}_{quantity}" if head else quantity
    return ColumnName("loss" if _is_loss_name(full) else "score", split, full, better, None, level, index, percent)


def _is_loss_name(quantity: str) -> bool:
    return quantity == "loss" or quantity.endswith("_loss")


def _take_split(tokens: list[str]) -> tuple[SplitName | None, str, list[str]]:
    """Return the split, the number of an anonymous evaluation set, and the other words."""
    at = [i for i, token in enumerate(tokens) if token in words.SPLITS]
    if not at and tokens[0] in words.FIRST_ONLY and len(tokens) > 1:
        return words.FIRST_ONLY[tokens[0]], "", tokens[1:]
    if not at:
        return None, "", tokens
    strong = [i for i in at if tokens[i] not in words.WEAK_SPLITS]
    chosen = (strong or at)[0]
    gone = {i for i in at if words.SPLITS[tokens[i]] == words.SPLITS[tokens[chosen]] or tokens[i] in words.WEAK_SPLITS}
    index = ""
    if chosen + 1 < len(tokens) - 1 and tokens[chosen + 1].isdigit():
        index = tokens[chosen + 1]
        gone.add(chosen + 1)
    rest = [token for i, token in enumerate(tokens) if i not in gone]
    return words.SPLITS[tokens[chosen]], index, rest


def _take_level(tokens: list[str]) -> tuple[str, list[str]]:
    levels = {"epoch": "epoch", "step": "step", "batch": "step", "iter": "step"}
    while len(tokens) > 1 and tokens[-1] in words.CONTAINERS:
        tokens = tokens[:-1]
    if len(tokens) > 1 and tokens[-1] in levels:
        level, tokens = levels[tokens[-1]], tokens[:-1]
        return level, tokens[:-1] if len(tokens) > 1 and tokens[-1] == "per" else tokens
    if len(tokens) > 1 and tokens[0] in levels:
        return levels[tokens[0]], tokens[1:]
    return "", tokens


def _find_loss(rest: list[str]) -> tuple[str, Better] | None:
    rest = _without_auto_suffix(rest)
    at = next((i for i in reversed(range(len(rest))) if rest[i] in words.LOSS_WORDS), None)
    if at is None or at not in {0, len(rest) - 1} or "_".join(rest) in words.QUANTITIES:
        return None
    others = [token for i, token in enumerate(rest) if i != at and token not in words.PLAIN_LOSS]
    return (f"{'_'.join(others)}_loss" if others else "loss"), "lower"


def _find_phrase(rest: list[str]) -> tuple[str, Better] | None:
    """Return the longest known phrase, at the end if possible, with the words around it as qualifiers."""
    tokens = _without_auto_suffix(rest)
    for length in range(min(_LONGEST_PHRASE, len(tokens)), 0, -1):
        for start in range(len(tokens) - length, -1, -1):
            known = words.QUANTITIES.get("_".join(tokens[start : start + length]))
            if known is not None:
                around = [t for t in tokens[:start] + tokens[start + length :] if t not in words.SILENT]
                return _as_error(around, known) if known[0].endswith("accuracy") else _qualified(around, known)
    return None


def _qualified(around: list[str], known: tuple[str, Better]) -> tuple[str, Better]:
    return "_".join([*around, known[0]]), known[1]


def _as_error(around: list[str], accuracy: tuple[str, Better]) -> tuple[str, Better]:
    """Let a word for errors beat the score it stands beside: a ``top-1 error`` is no accuracy."""
    others = [token for token in around if token not in words.ERROR_WORDS]
    if len(others) == len(around):
        return _qualified(around, accuracy)
    return _qualified([word for word in others if word != "rate"], (_error_of(accuracy[0]), "lower"))


def _without_auto_suffix(rest: list[str]) -> list[str]:
    """Without the number that Keras appends to the second metric of one kind (``precision_1``, ``mean_io_u_5``)."""
    if len(rest) < 2 or not rest[-1].isdigit():
        return rest
    ends_in_phrase = any("_".join(rest[-n:]) in words.QUANTITIES for n in range(2, _LONGEST_PHRASE + 1))
    return rest if ends_in_phrase else rest[:-1]
