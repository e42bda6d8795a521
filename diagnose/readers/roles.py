"""What each column of a log is, judged beside the other columns: split, quantity, direction, or why it is left out."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from diagnose.errors import InputError
from diagnose.readers import vocabulary
from diagnose.readers.columns import Columns
from diagnose.readers.context import field_of
from diagnose.readers.names import ColumnName, complement, parse_name, words_of
from diagnose.run import Better, SplitName

RoleName = Literal["curve", "step", "learning rate", "hyperparameter", "extra", "ignored"]

_WHY_IGNORED = {
    "time": "a time, not a loss or score",
    "resource": "use of time, memory or compute, not a loss or score",
    "statistic": "a best-so-far, spread or difference: derived from other columns",
    "index": "a row number",
}
_HELD_OUT_ONLY = ("map", "bleu", "rouge", "meteor", "cider", "chrf")
"""Scores that are computed on held-out data where nothing else is said: nobody runs them on the training set."""


@dataclass(frozen=True)
class Role:
    """How one column is understood; the fields after ``meaning`` are set for curves."""

    role: RoleName
    meaning: str
    split: SplitName | None = None
    quantity: str = ""
    better: Better = "lower"
    percent: bool = False


def assign_roles(
    columns: Columns, stated: Mapping[str, SplitName], column_map: Mapping[str, str] | None = None
) -> tuple[dict[str, Role], tuple[str, ...]]:
    """Decide the role of every column, and say what was assumed.

    Parameters
    ----------
    columns
        The log's columns.
    stated
        Splits that the format itself states.
    column_map
        The user's override: canonical name (``"val_loss"``) to column.
    """
    names = [*columns.numeric, *columns.text]
    parsed = {name: parse_name(name) for name in names}
    parsed = {name: dataclasses.replace(p, split=stated.get(name, p.split)) for name, p in parsed.items()}
    mapped = _apply_map(parsed, column_map or {})
    parsed, notes = _name_anonymous_sets(parsed)
    parsed = _split_bare_names(columns, parsed)
    roles = {name: _role_of(name, columns, parsed[name]) for name in names}
    _demote_step_twins(roles, parsed, columns)
    _keep_apart(roles, mapped)
    return roles, notes


def _apply_map(parsed: dict[str, ColumnName], column_map: Mapping[str, str]) -> frozenset[str]:
    for target, column in column_map.items():
        if column not in parsed:
            near = difflib.get_close_matches(column, parsed, n=1)
            hint = f", did you mean {near[0]!r}?" if near else "."
            raise InputError(
                f"--map {target}={column}: the log has no column {column!r}{hint} "
                f"It has: {', '.join(sorted(parsed)[:40])}"
            )
        meaning = parse_name(target)
        for other, own in parsed.items():
            if other != column and (own.split or "train", own.quantity, own.kind) == (
                meaning.split or "train",
                meaning.quantity,
                meaning.kind,
            ):
                parsed[other] = dataclasses.replace(own, kind="unknown")
        parsed[column] = dataclasses.replace(
            meaning, split=meaning.split or ("train" if meaning.kind in {"loss", "score"} else None)
        )
    return frozenset(column_map.values())


def _name_anonymous_sets(parsed: dict[str, ColumnName]) -> tuple[dict[str, ColumnName], tuple[str, ...]]:
    """XGBoost and LightGBM number their evaluation sets; two sets and no named training set are (train, validation)."""
    indices = sorted({p.index for p in parsed.values() if p.index and p.split == "val"})
    has_train = any(p.split == "train" and p.kind in {"loss", "score"} for p in parsed.values())
    if len(indices) < 2:
        return ({n: complement(p) if _is_one_minus(n, p) else p for n, p in parsed.items()} if indices else parsed), ()
    first_is_train = not has_train and len(indices) == 2 and indices[0] == "0"
    result = {}
    for name, p in parsed.items():
        if first_is_train and p.index == "0":
            result[name] = dataclasses.replace(p, split="train")
        elif p.index and p.index != indices[1 if first_is_train else 0]:
            result[name] = dataclasses.replace(p, quantity=f"{p.quantity}_set{p.index}")
        else:
            result[name] = p
    if first_is_train:
        return result, (
            "two numbered evaluation sets: the first is taken as the training data, the second as validation",
        )
    return result, ()


def _is_one_minus(name: str, p: ColumnName) -> bool:
    """Whether the only number of an evaluation set is the 1 of one minus the accuracy: ``val_1-acc``."""
    return p.index == "1" and p.quantity.endswith("accuracy") and "1-" in name.replace(" ", "")


def _split_bare_names(columns: Columns, parsed: dict[str, ColumnName]) -> dict[str, ColumnName]:
    """Give every loss and score without a split word its split."""
    explicit: set[tuple[SplitName | None, str]] = {
        (p.split, p.quantity)
        for name, p in parsed.items()
        if p.split and p.kind in {"loss", "score"} and _count(columns, name)
    }
    loss = next(
        (n for n, p in parsed.items() if p.kind == "loss" and p.split in {None, "train"} and n in columns.numeric), None
    )
    return {
        name: dataclasses.replace(p, split=_bare_split(name, p, explicit, columns, loss))
        if p.split is None and p.kind in {"loss", "score"}
        else p
        for name, p in parsed.items()
    }


def _count(columns: Columns, name: str) -> int:
    return columns.numeric[name].count if name in columns.numeric else 0


def _bare_split(
    name: str, p: ColumnName, explicit: set[tuple[SplitName | None, str]], columns: Columns, loss: str | None
) -> SplitName:
    has_train, has_held_out = (
        ("train", p.quantity) in explicit,
        ("val", p.quantity) in explicit or ("test", p.quantity) in explicit,
    )
    if p.kind == "loss":
        return "val" if has_train and not has_held_out else "train"
    if has_held_out or p.quantity.endswith("reward"):
        return "train"  # an agent's own episodes
    if has_train or any(split == "train" for split, _ in explicit):
        return "val"
    if p.quantity.split("_")[-1].startswith(_HELD_OUT_ONLY):
        return "val"
    if loss is None or loss == name or name not in columns.numeric:
        return "val" if explicit and loss is None else "train"
    together = columns.numeric[name].logged & columns.numeric[loss].logged
    return "train" if together.any() else "val"


def _role_of(name: str, columns: Columns, p: ColumnName) -> Role:
    why = _why_ignored(name, columns, p)
    if why:
        return Role("ignored", why)
    if p.kind == "step":
        return Role("step", f"counts {p.unit}s")
    if p.kind == "learning rate":
        return Role("learning rate", "learning rate")
    if p.kind in {"loss", "score"} and p.split:
        better: Better = p.better or "lower"
        meaning = f"{_SPLIT_WORDS[p.split]} {p.quantity.replace('_', ' ')}, {better} is better"
        return Role("curve", meaning, p.split, p.quantity, better, p.percent)
    field = field_of(name)
    if field and _is_constant(columns, name):
        return Role("hyperparameter", f"constant: {field.replace('_', ' ')}")
    return Role("extra", "a number that is neither a known loss nor a known score")


def _why_ignored(name: str, columns: Columns, p: ColumnName) -> str:
    if "_".join(words_of(name)) in vocabulary.RUNS:
        return "names a run, fold or seed: rows of different ones are kept apart"
    if name in columns.text and any(cell is not None for cell in columns.text[name]):
        return "text, not numbers"
    if name in columns.text or not columns.numeric[name].count:
        return "empty: never logged"
    return _WHY_IGNORED.get(p.kind, "")


_SPLIT_WORDS: dict[SplitName, str] = {"train": "training", "val": "validation", "test": "test"}


def _is_constant(columns: Columns, name: str) -> bool:
    series = columns.numeric[name]
    values = series.values[series.logged]
    return bool(len(values)) and bool(np.all(values == values[0]))


def _demote_step_twins(roles: dict[str, Role], parsed: Mapping[str, ColumnName], columns: Columns) -> None:
    """Of ``x_step`` and ``x_epoch`` the epoch mean is the curve; the noisy twin is kept as an extra."""
    by_meaning: dict[tuple[SplitName | None, str], dict[str, str]] = {}
    for name, role in roles.items():
        if role.role == "curve":
            by_meaning.setdefault((role.split, role.quantity), {}).setdefault(parsed[name].level, name)
    for levels in by_meaning.values():
        keeper = levels.get("epoch", levels.get(""))
        if keeper is None or "step" not in levels or columns.numeric[keeper].count < 2:
            continue
        twin = levels["step"]
        roles[twin] = dataclasses.replace(roles[twin], role="extra", meaning=f"step-level twin of {keeper!r}")


def _keep_apart(roles: dict[str, Role], mapped: frozenset[str]) -> None:
    """Two columns of one split never carry the same quantity: the second takes its own words as its quantity."""
    taken: dict[tuple[SplitName | None, str], str] = {}
    for name in sorted(roles, key=lambda n: n not in mapped):
        role = roles[name]
        if role.role != "curve":
            continue
        quantity = role.quantity
        if (role.split, quantity) in taken:
            quantity = "_".join(word for word in words_of(name) if parse_name(word).split is None) or f"{quantity}_2"
        if (role.split, quantity) in taken:
            first = taken[role.split, role.quantity]
            roles[name] = Role("extra", f"has the same meaning as {first!r}; name the right one with --map")
            continue
        taken[role.split, quantity] = name
        if quantity != role.quantity:
            roles[name] = dataclasses.replace(role, quantity=quantity)
