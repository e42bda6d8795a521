"""Lists of different lengths in one mapping: stages, validation every k epochs, losses per batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from diagnose.readers.names import parse_name, words_of
from diagnose.readers.protocol import Cell
from diagnose.readers.vocabulary import word_set

_MEANINGFUL = frozenset({"loss", "score", "step", "learning rate"})
_BATCHES_AN_EPOCH = 20
"""A list this many times longer than another is logged per batch, not per epoch."""
_PADDED = 0.05
_STAGE_WORDS = word_set(
    "fine finetune finetuned finetuning ft tune tuning phase phase2 stage stage2 unfreeze unfrozen transfer"
)


def join_stages(series: Mapping[str, list[Cell]]) -> tuple[dict[str, list[Cell]], list[str]]:
    """Put a second stage that has the same columns under a prefix (``fine_tune_loss``) below the first."""
    prefix = _stage_prefix(series)
    if not prefix:
        return dict(series), []
    second = {name.removeprefix(prefix): cells for name, cells in series.items() if name.startswith(prefix)}
    first = {name: cells for name, cells in series.items() if not name.startswith(prefix)}
    n_first = max(len(cells) for cells in first.values())
    n_second = max(len(cells) for cells in second.values())
    joined: dict[str, list[Cell]] = {}
    for name in dict.fromkeys([*first, *second]):
        head, tail = first.get(name, []), second.get(name, [])
        joined[name] = [*head, *[None] * (n_first - len(head)), *tail, *[None] * (n_second - len(tail))]
    if not any(parse_name(name).kind == "step" for name in joined):
        joined["epoch"] = [float(i) for n in (n_first, n_second) for i in range(1, n + 1)]
    label = prefix.strip("_/-. ")
    joined["stage"] = [*["first"] * n_first, *[label] * n_second]
    return joined, [f"columns {prefix}* are a second stage of {n_second} epochs: kept apart from the first {n_first}"]


def _stage_prefix(series: Mapping[str, list[Cell]]) -> str:
    """Return a prefix that no split word explains, under which at least two of the other columns are repeated."""
    counts: Counter[str] = Counter()
    for name in series:
        for other in series:
            if name != other and name.endswith(other) and parse_name(other).kind in {"loss", "score"}:
                prefix = name.removesuffix(other)
                if len(prefix) > 1 and prefix[-1] in "_/-. " and parse_name(f"{prefix}loss").split is None:
                    counts[prefix] += 1
    prefix, repeated = max(counts.items(), key=lambda item: item[1], default=("", 0))
    has_plain_loss = repeated >= 2 and f"{prefix}loss" in series and "loss" in series
    has_split_loss = f"{prefix}train_loss" in series and "train_loss" in series
    lengths = {len(cells) for name, cells in series.items() if name.startswith(prefix)} if prefix else set()
    others = {len(cells) for name, cells in series.items() if not name.startswith(prefix)} if prefix else set()
    is_multi_output = lengths == others and not set(words_of(prefix)) & _STAGE_WORDS
    return prefix if (has_plain_loss or has_split_loss) and not is_multi_output else ""


def align(
    series: Mapping[str, list[Cell]], *, cut: bool, epochs: int | None
) -> tuple[dict[str, list[Cell]], list[str]]:
    """Give all lists one length, each value in the row of its step."""
    known = {name: cells for name, cells in series.items() if parse_name(name).kind in _MEANINGFUL} or dict(series)
    longest = max((len(cells) for cells in known.values()), default=0)
    columns: dict[str, list[Cell]] = {}
    notes: list[str] = []
    for name, cells in series.items():
        if name not in known and len(cells) != longest:
            notes.append(f"{name!r} ({len(cells)} values) is not a series of this log and was left out")
            continue
        columns[name] = _placed(name, cells, longest, cut, notes)
    _add_epochs(columns, series, longest, epochs, cut)
    return columns, notes


def _placed(name: str, cells: list[Cell], longest: int, cut: bool, notes: list[str]) -> list[Cell]:
    missing = longest - len(cells)
    if not missing:
        return cells
    stride = longest // len(cells)
    if cut or stride < 2 or missing <= max(2, _PADDED * longest) or longest - stride * len(cells) >= stride:
        notes.append(f"{name!r} has {len(cells)} values where others have {longest}: taken as the first {len(cells)}")
        return [*cells, *[None] * missing]
    placed: list[Cell] = [None] * longest
    placed[stride - 1 : stride * len(cells) : stride] = cells
    notes.append(f"{name!r} has {len(cells)} values where others have {longest}: taken as logged every {stride} rows")
    return placed


def _add_epochs(
    columns: dict[str, list[Cell]], series: Mapping[str, list[Cell]], longest: int, epochs: int | None, cut: bool
) -> None:
    """Where one list is per batch and another per epoch, the step is the epoch, in fractions."""
    if cut or any(parse_name(name).kind == "step" for name in columns):
        return
    shorter = [len(series[name]) for name in columns if len(series[name]) < longest]
    per_epoch = min(shorter, default=0)
    if not per_epoch or longest % per_epoch:
        return
    stride = longest // per_epoch
    if stride >= _BATCHES_AN_EPOCH or per_epoch == epochs:
        columns["epoch"] = [(row + 1) / stride for row in range(longest)]
