"""Columns with roles and places → curves: percent scaling, sums of loss parts, the objective, final test scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from diagnose.readers import vocabulary as words
from diagnose.readers.columns import Columns, IntArray
from diagnose.readers.contests import is_of_a_game, note_on_games
from diagnose.readers.roles import Role
from diagnose.run import Curve, FloatArray, SplitName

_SPLITS: tuple[SplitName, ...] = ("train", "val", "test")


@dataclass
class CurveSet:
    """Curves with what was done to get them."""

    curves: list[Curve] = field(default_factory=list)
    extra: list[Curve] = field(default_factory=list)
    learning_rate: Curve | None = None
    notes: list[str] = field(default_factory=list)
    meanings: dict[str, str] = field(default_factory=dict)
    """What became of a column beyond its role, by name."""


def build_curves(columns: Columns, roles: Mapping[str, Role], rows: IntArray, x: FloatArray) -> CurveSet:
    """Build every curve of one run from its rows and their places."""
    result = CurveSet()
    repeated = 0
    rates: list[Curve] = []
    for name, role in roles.items():
        if role.role not in {"curve", "extra", "learning rate"} or name not in columns.numeric:
            continue
        curve, dropped = _curve(name, role, columns, rows, x)
        repeated += dropped if role.role == "curve" else 0
        target = {"curve": result.curves, "extra": result.extra, "learning rate": rates}[role.role]
        if len(curve):
            target.append(curve)
    if repeated:
        result.notes.append(f"{repeated} value(s) at a step that was already logged: the first one was kept")
    result.learning_rate = _main_rate(rates)
    _scale_percent(result, roles)
    _set_final_scores_aside(result)
    game = note_on_games(curve.quantity for curve in result.curves)
    result.notes += [game] if game else []
    _add_totals(result)
    _name_objective(result)
    return result


def _curve(name: str, role: Role, columns: Columns, rows: IntArray, x: FloatArray) -> tuple[Curve, int]:
    series = columns.numeric[name]
    keep = series.logged[rows]
    own_x, values = x[keep], series.values[rows][keep]
    first = np.ones(len(own_x), dtype=bool)
    first[1:] = np.diff(own_x) != 0
    split: SplitName = role.split or "train"
    quantity = role.quantity or name
    return Curve(name, split, quantity, role.better, own_x[first], values[first]), int(np.count_nonzero(~first))


def _main_rate(rates: list[Curve]) -> Curve | None:
    """Of several parameter groups the one that most others agree with (YOLO warms its biases up from above)."""
    if not rates:
        return None
    agreeing = [sum(len(a) == len(b) and np.array_equal(a.values, b.values) for b in rates) for a in rates]
    chosen = rates[int(np.argmax(agreeing))]
    return dataclasses.replace(chosen, quantity="learning rate")


def _scale_percent(result: CurveSet, roles: Mapping[str, Role]) -> None:
    """Divide scores that the log gives in percent by 100, judged over all splits of a quantity together."""
    by_base: dict[str, list[Curve]] = {}
    for curve in result.curves:
        base = _bounded_base(curve.quantity)
        if base:
            by_base.setdefault(base, []).append(curve)
    scaled: dict[str, Curve] = {}
    for base, curves in by_base.items():
        values = np.concatenate([c.values[np.isfinite(c.values)] for c in curves])
        named = any(roles[c.name].percent for c in curves)
        if len(values) and _is_percent(values, base, named=named):
            scaled.update({c.name: c.replaced(c.steps, c.values / 100) for c in curves})
    if scaled:
        result.notes.append(f"given in percent, divided by 100: {', '.join(sorted(scaled))}")
        result.meanings.update(dict.fromkeys(scaled, "percent, divided by 100"))
        result.curves = [scaled.get(c.name, c) for c in result.curves]


def _bounded_base(quantity: str) -> str:
    parts = quantity.split("_")
    return next((base for i in range(len(parts)) if (base := "_".join(parts[i:])) in words.BOUNDED), "")


def _is_percent(values: FloatArray, base: str, *, named: bool) -> bool:
    """Shares never exceed 1 by much (a broken metric may reach 1.5; an error rate of words may exceed 1 by right)."""
    top = float(np.max(values))
    if named:
        return top > 1.0
    limit = float(np.median(values)) if base in words.ABOVE_ONE else top
    return limit > 2.0 and float(np.quantile(values, 0.98)) <= 101.0


def _set_final_scores_aside(result: CurveSet) -> None:
    """Take a test score of one or two points at the end of a longer log for a final score, not a curve."""
    longest = max((len(c) for c in result.curves if c.split != "test"), default=0)
    final = [c for c in result.curves if c.split == "test" and len(c) <= 2 < longest]
    if final:
        shown = ", ".join(f"{c.name} {c.values[-1]:.6g}" for c in final)
        result.notes.append(f"final test scores, not curves: {shown}")
        result.meanings.update({c.name: "a final score, logged once" for c in final})
        result.extra.extend(final)
        result.curves = [c for c in result.curves if c not in final]


def _add_totals(result: CurveSet) -> None:
    """Where a split has two or more named parts of a loss and no total, add their sum."""
    for split in _SPLITS:
        own = [c for c in result.curves if c.split == split]
        if any(c.quantity == "loss" for c in own):
            continue
        parts = [c for c in own if c.quantity.endswith("_loss") and c.quantity not in words.OBJECTIVE_NAMES]
        if len(parts) < 2 or any(is_of_a_game(c.quantity) for c in parts):
            continue
        if _are_data_sets(parts, result.curves):
            _promote(result, parts[0].quantity, split)
            continue
        total = _sum_of(parts, f"{split} loss")
        if total is not None:
            result.curves.insert(result.curves.index(parts[0]), total)
            result.notes.append(
                f"no total {split} loss was logged: it is the {total.derived}, and parts may move apart"
            )


def _are_data_sets(parts: list[Curve], curves: list[Curve]) -> bool:
    """Whether the losses are those of several evaluation sets: training has one plain loss and none of these."""
    own = {c.quantity for c in parts}
    train = {c.quantity for c in curves if c.split == "train"}
    return parts[0].split != "train" and "loss" in train and not own & train


def _sum_of(parts: list[Curve], name: str) -> Curve | None:
    steps = parts[0].steps
    for part in parts[1:]:
        steps = np.intersect1d(steps, part.steps)
    if not len(steps):
        return None
    total = np.sum([part.values[np.searchsorted(part.steps, steps)] for part in parts], axis=0)
    return Curve(name, parts[0].split, "loss", "lower", steps, total, f"sum of {', '.join(p.name for p in parts)}")


def _name_objective(result: CurveSet) -> None:
    """Where no column is named a loss, the objective is: a lone part, or the error that the model is trained on."""
    if any(c.quantity == "loss" for c in result.curves):
        _complete_lone_parts(result)
        return
    for candidates in (
        [
            c
            for c in result.curves
            if c.quantity.endswith("_loss") and c.quantity not in words.OBJECTIVE_NAMES and not is_of_a_game(c.quantity)
        ],
        [c for c in result.curves if c.quantity in words.OBJECTIVE_NAMES],
    ):
        quantities = list(dict.fromkeys(c.quantity for c in candidates))
        both = [q for q in quantities if {c.split for c in candidates if c.quantity == q} > {"train"}]
        if quantities:
            _promote(result, (both or quantities)[0])
            return


def _complete_lone_parts(result: CurveSet) -> None:
    """Take the only loss of a split for the loss, whatever its name, where the other split has a plain one."""
    for split in ("train", "val"):
        own = [c for c in result.curves if c.split == split]
        parts = [c for c in own if c.quantity.endswith("_loss") and c.quantity not in words.OBJECTIVE_NAMES]
        if not any(c.quantity == "loss" for c in own) and len(parts) == 1:
            _promote(result, parts[0].quantity, split)


def _promote(result: CurveSet, quantity: str, split: str | None = None) -> None:
    chosen = [c for c in result.curves if c.quantity == quantity and split in {None, c.split}]
    result.meanings.update(
        {c.name: f"taken as the loss ({quantity.replace('_', ' ')}): no column is named a plain loss" for c in chosen}
    )
    result.curves = [dataclasses.replace(c, quantity="loss") if c in chosen else c for c in result.curves]
