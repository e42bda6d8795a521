"""From a remedy's action to the settings that it changes; or why no training can try it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnose.finding import Basis, Diagnosis, Remedy
from diagnose.trials.settings import KEYS

DECADE = 10.0
"""A coarse search of the learning rate: one decade down and one up (Bengio 2012, §3.3.1, searches in such steps)."""

NOT_A_SETTING: Mapping[str, str] = {
    "collect": "it needs rows that are not there yet",
    "n_val": "it changes the validation rows, so that scores before and after can't be compared",
    "n_test": "it changes the test rows, so that scores before and after can't be compared",
    "resplit": "it changes the validation rows, so that scores before and after can't be compared",
    "cross_validation": "it changes what is measured, not the model",
    "temperature_scaling": "it leaves the decisions as they are; it is fitted after training",
    "audit_runs_apart": "it is a matter of reading the log",
    "check_metric": "a person has to look",
    "check_gradients": "a person has to look",
    "check_finite": "a person has to look",
    "overfit_one_batch": "a person has to look",
}
"""Actions that no setting of one training carries out, and why."""


@dataclass(frozen=True)
class Candidate:
    """A remedy as settings of a training.

    Attributes
    ----------
    remedy
        As the report shows it.
    changes
        What it sets, by the names of `KEYS`.
    key
        The same for the same changes: what a stored trial is found by.
    stop_at
        Where it is no other training but the same one, kept from this step on the log's axis.
    parents
        Keys of the candidates that it joins, or goes beyond.
    """

    remedy: Remedy
    changes: Mapping[str, Any]
    stop_at: float | None = None
    parents: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Twelve letters that stand for the changes."""
        return fingerprint(["stop", self.stop_at] if self.stop_at is not None else self.changes)


@dataclass(frozen=True)
class Untried:
    """A remedy that was not run, and why."""

    remedy: Remedy
    why: str


def fingerprint(value: Any) -> str:
    """Return twelve letters that stand for plain data."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def candidates_of(
    diagnosis: Diagnosis, base: Mapping[str, Any], folder: Path | None, most: int
) -> tuple[list[Candidate], list[Untried]]:
    """Return the remedies that a training can try, in the report's order, and the others.

    Parameters
    ----------
    diagnosis
        With the remedies.
    base
        The run's own settings, which factors refer to.
    folder
        Of the files of rows that remedies name.
    most
        Candidates at most.
    """
    found: list[Candidate] = []
    untried: list[Untried] = []
    for remedy in diagnosis.remedies:
        made = of_remedy(remedy, base, folder)
        if isinstance(made, str):
            untried.append(Untried(remedy, made))
            continue
        for candidate in made:
            if len(found) >= most:
                untried.append(Untried(remedy, f"the first {most} were tried"))
            elif candidate.key not in {other.key for other in found}:
                found.append(candidate)
    return found, untried


def of_remedy(remedy: Remedy, base: Mapping[str, Any], folder: Path | None = None) -> list[Candidate] | str:
    """Return one candidate, or several where the remedy is a search, or why it can't be tried."""
    action = remedy.action
    if "stop_at" in action:
        return [Candidate(remedy, {}, stop_at=float(action["stop_at"]))]
    if "learning_rate_range_test" in action:
        return _search(remedy, base)
    changes: dict[str, Any] = {}
    for key, value in action.items():
        made = _setting(key, Ask(value, base, action, folder))
        if isinstance(made, str):
            return made
        changes |= made
    changes = {key: value for key, value in changes.items() if base.get(key, _ABSENT) != value}
    return [Candidate(remedy, changes)] if changes else "the run has these settings already"


def _setting(key: str, ask: Ask) -> Translated:
    if key in NOT_A_SETTING:
        return NOT_A_SETTING[key]
    if key in _TRANSLATED:
        return _TRANSLATED[key](ask)
    if key in KEYS:
        return {key: ask.value}
    return {} if key in _BESIDE else f"no setting of a training stands for {key!r}"


_ABSENT = object()
_BESIDE = frozenset({"unit", "patience", "restore_best_weights", "flag"})
"""Keys of an action that say how, not what."""


def _search(remedy: Remedy, base: Mapping[str, Any]) -> list[Candidate] | str:
    rate = base.get("learning_rate")
    if not rate:
        return _unknown("learning_rate")
    return [_rated(remedy, float(rate), float(rate) * factor) for factor in (1 / DECADE, DECADE)]


def _rated(remedy: Remedy, before: float, after: float, parents: tuple[str, ...] = ()) -> Candidate:
    after = float(f"{after:.2g}")
    named = Remedy(
        {"learning_rate": after},
        f"Learning rate {before:.3g} → {after:.3g}",
        remedy.why,
        remedy.causes,
        Basis.RULE_OF_THUMB,
        source=remedy.source,
        framework=remedy.framework,
        cost="one more run",
    )
    return Candidate(named, {"learning_rate": after}, parents=parents)


def further(candidate: Candidate, base: Mapping[str, Any]) -> Candidate | None:
    """Return the next step in the direction of a learning rate that helped; None for anything else."""
    before, after = base.get("learning_rate"), candidate.changes.get("learning_rate")
    if set(candidate.changes) != {"learning_rate"} or not before or not after:
        return None
    factor = max(float(after) / float(before), float(before) / float(after))
    step = max(factor, DECADE)  # beyond a third lies a thirtieth: half a decade at a time takes too many runs
    new = float(after) * step if after > before else float(after) / step
    return _rated(candidate.remedy, float(before), new, (candidate.key,))


def joined(winners: Iterable[Candidate]) -> Candidate | None:
    """Return all of them as one, of those that set the same thing the first; None where less than two are left."""
    kept: list[Candidate] = []
    changes: dict[str, Any] = {}
    for one in winners:
        if one.stop_at is None and not set(one.changes) & set(changes):
            kept.append(one)
            changes |= one.changes
    if len(kept) < 2:
        return None
    first = kept[0].remedy
    remedy = Remedy(
        {key: value for one in kept for key, value in one.remedy.action.items()},
        " + ".join(one.remedy.title for one in kept),
        "each of them helped alone",
        tuple(dict.fromkeys(cause for one in kept for cause in one.remedy.causes)),
        Basis.RULE_OF_THUMB,
        code="\n".join(one.remedy.code for one in kept if one.remedy.code),
        framework=first.framework,
        cost="one more run",
    )
    return Candidate(remedy, changes, parents=tuple(one.key for one in kept))


Translated = dict[str, Any] | str


@dataclass(frozen=True)
class Ask:
    """One value of an action, and what it may refer to: the run's own settings, the whole action, files of rows."""

    value: Any
    base: Mapping[str, Any]
    action: Mapping[str, Any]
    folder: Path | None


Translation = Callable[[Ask], Translated]


def _unknown(key: str) -> str:
    return f"the run's own {key} is not known; give config={{{key!r}: …}}"


def _scaled(key: str, *, whole: bool = False) -> Translation:
    def translation(ask: Ask) -> Translated:
        before = ask.base.get(key)
        if not before:
            return _unknown(key)
        after = float(before) * float(ask.value)
        return {key: max(round(after), 1) if whole else float(f"{after:.3g}")}

    return translation


def _pretrained(ask: Ask) -> Translated:
    rate = ask.base.get("learning_rate")
    return {"pretrained_learning_rate": float(rate) * float(ask.value)} if rate else _unknown("learning_rate")


def _less_regularised(ask: Ask) -> Translated:
    held = {key: ask.base[key] for key in ("dropout", "weight_decay", "label_smoothing") if ask.base.get(key)}
    if not held:
        return "the run's own regularisation is not known; give config={'weight_decay': …, 'dropout': …}"
    return {key: float(number) * float(ask.value) for key, number in held.items()}


def _until(ask: Ask) -> Translated:
    unit = ask.action.get("unit", "epoch")
    if unit in {"epoch", "iteration"}:
        return {"epochs": math.ceil(float(ask.value))}
    return f"it is counted in {unit}s, and a configuration counts epochs"


def _rows(ask: Ask) -> Translated:
    if ask.value.get("split", "train") != "train":
        return "it changes the rows that are scored, so that scores before and after can't be compared"
    where = _file(ask)
    return where if isinstance(where, str) else {"drop_rows": {"split": "train", **where}}


def _weights(ask: Ask) -> Translated:
    where = _file(ask)
    return where if isinstance(where, str) else {"sample_weights": where}


def _file(ask: Ask) -> dict[str, Any] | str:
    if not isinstance(ask.value.get("file"), str):
        return dict(ask.value)
    path = (ask.folder or Path()) / Path(ask.value["file"]).name
    if not path.is_file():
        return (
            f"the rows are named in {path.name}, which is not there: run the audit with remedy_files=FOLDER and give "
            "files=FOLDER here"
        )
    return {"file": str(path)}


def _weighed(ask: Ask) -> Translated:
    if not isinstance(ask.value, Mapping):
        return "there are too many classes to name their weights"
    return {"class_weights": dict(ask.value)}


_TRANSLATED: Mapping[str, Translation] = {
    "learning_rate_factor": _scaled("learning_rate"),
    "batch_size_factor": _scaled("batch_size", whole=True),
    "regularisation_factor": _less_regularised,
    "pretrained_learning_rate_factor": _pretrained,
    "learning_rate_schedule": lambda ask: {"schedule": ask.value},
    "train_until": _until,
    "drop_rows": _rows,
    "review_labels": _rows,
    "sample_weights": _weights,
    "augment": lambda ask: {"augmentation": ask.value},
    "class_weights": _weighed,
}
"""Actions that are called otherwise than the setting, or refer to what the run has."""
