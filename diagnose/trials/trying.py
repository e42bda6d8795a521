"""Try the remedies of a diagnosis: with the same seeds as the run without them, under a budget of time."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from diagnose.errors import InputError
from diagnose.finding import Diagnosis
from diagnose.trials.candidates import Candidate, candidates_of, fingerprint, further, joined
from diagnose.trials.effects import Effect, helpful
from diagnose.trials.ledger import Ledger
from diagnose.trials.metric import Metric, metric_of
from diagnose.trials.one_training import Train
from diagnose.trials.race import Race
from diagnose.trials.ranking import judged, with_results
from diagnose.trials.settings import KEYS, known_settings
from diagnose.trials.stand_ins import HeadData, stood_in
from diagnose.trials.tried import Tried

SEEDS = 5
"""Of five pairs a mean difference of two standard deviations of a pair is apart from zero, and four in ten thousand
fruitless remedies survive the first two."""
MOST = 8
"""Remedies of a report, six, and both ways of a learning rate whose direction is open."""
STEPS_ON = 3
"""Times that a learning rate is taken further in the direction that helped."""
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


def try_remedies(  # noqa: PLR0913  each keyword is a thing that a user may need to say
    train: Train,
    diagnosis: Diagnosis,
    *,
    budget: str | float = "10m",
    seeds: int | Sequence[int] = SEEDS,
    place: str | PathLike[str] | None = None,
    config: Mapping[str, Any] | None = None,
    understands: Iterable[str] | None = None,
    metric: str | None = None,
    better: str | None = None,
    files: str | PathLike[str] | None = None,
    head: HeadData | None = None,
    n_val: int | None = None,
    most: int = MOST,
    progress: bool | Callable[[str], None] = True,
) -> Tried:
    """Run the remedies of a diagnosis, and measure what each of them does.

    Parameters
    ----------
    train
        ``train(config)`` or ``train(config, report)``: one training from the beginning. ``config`` is a mapping of the
        run's own hyperparameters with the remedy's changes (`diagnose.trials.KEYS` says what each means) and a
        ``seed``. It returns what `diagnose.audit` takes as ``history``, or one number. ``report(epoch, score)`` lets
        a training that falls behind be ended early. `diagnose.trials` makes such functions of a Keras model, a
        PyTorch or Lightning module, a Hugging Face trainer and a scikit-learn estimator.
    diagnosis
        Whose remedies are tried.
    budget
        Time that all trainings may take, from the first baseline on: ``"90s"``, ``"10m"``, ``"2h"``, or seconds. What
        an interrupted call used counts.
    seeds
        How many, or which: each trains the run as it is and every remedy that is still in the race.
    place
        A folder that keeps every training: the same call resumes there after whatever interrupted it, and repeats none
        that finished.
    config
        The run's own hyperparameters, where the diagnosis does not know them.
    understands
        Keys of the configuration that ``train`` acts on. None records which it reads; a remedy whose keys it never asks
        for is reported as not understood, and is not measured.
    metric, better
        The score that is compared, where it shall not be the one that the diagnosis judges by: the name of a held-out
        curve, and ``"higher"`` or ``"lower"``. It is taken at the best epoch of each training.
    files
        Folder with the files of rows that remedies name (``remedy_files`` of the audit).
    head
        Features in front of the last layer, for stand-ins that take seconds; adapters bring their own.
    n_val
        Validation rows, where the diagnosis does not know them.
    most
        Remedies to try at most.
    progress
        Whether a bar is shown on a terminal; or a function that is told after each training what was run.

    Returns
    -------
    Tried
        Its ``diagnosis`` has the remedies ranked anew: those that helped first, with basis ``measured``.

    Raises
    ------
    InputError
        The training fails without any remedy, or an argument cannot be used.
    MissingExtra
        Optuna is not installed.
    """
    seconds, chosen = seconds_of(budget), _seeds(seeds)
    base = known_settings(diagnosis.run, {**getattr(train, "settings", {}), **(config or {})})
    base.pop("seed", None)
    if not callable(train):
        raise InputError(f"train={type(train).__name__}: expected a function of a configuration that trains once")
    score = metric_of(diagnosis, metric, better)
    folder = None if files is None else Path(files)
    candidates, untried = candidates_of(diagnosis, base, folder, most)
    understood = _understood(train, understands)
    epochs = base.get("epochs")
    ledger = Ledger(
        None if place is None else Path(place), _name(train, base, score), score.better, int(epochs) if epochs else None
    )
    with _told(progress, (len(candidates) + 1) * len(chosen)) as announce:
        race = Race(
            train, base, ledger, score, chosen, seconds, understood, n_val or diagnosis.run.context.get("n_val"),
            announce,
        )  # fmt: skip
        race.start()
        stand_ins = _stood_in(train, head, candidates, base)
        everyone = _raced(race, _in_order(candidates, stand_ins))
    return _concluded(diagnosis, race, everyone, untried, stand_ins)


def _raced(race: Race, candidates: list[Candidate]) -> list[Candidate]:
    """Run the race; then what lies further the same way, and the winners together."""
    race.rounds([one for one in candidates if one.stop_at is None])
    everyone = list(candidates)
    for _ in range(STEPS_ON):
        winners = _winners(race, everyone)
        known = {one.key for one in everyone}
        more = [step for one in winners if (step := further(one, race.base)) is not None and step.key not in known]
        if not more or race.is_out_of_time:
            break
        race.rounds(more[:1])
        everyone += [one for one in more[:1] if race.effect(one) is not None]
        if race.effect(more[0]) is None:
            break
    together = joined(_winners(race, everyone))
    if together is not None and together.key not in {one.key for one in everyone}:
        race.rounds([together])
        everyone += [together] if race.effect(together) is not None else []
    return everyone


def _effects(race: Race, everyone: Sequence[Candidate]) -> dict[str, Effect]:
    found = {one.key: race.effect(one) for one in everyone if one.key not in race.not_understood}
    return {key: effect for key, effect in found.items() if effect is not None}


def _winners(race: Race, everyone: Sequence[Candidate]) -> list[Candidate]:
    effects = _effects(race, everyone)
    keys = helpful(effects) - set(race.left)
    return sorted((one for one in everyone if one.key in keys), key=lambda one: -effects[one.key].value)


def _concluded(
    diagnosis: Diagnosis, race: Race, everyone: Sequence[Candidate], untried: Sequence[Any],
    stand_ins: Mapping[str, Effect],
) -> Tried:  # fmt: skip
    effects = _effects(race, everyone)
    winners = {one.key for one in _winners(race, everyone)}
    found = [
        judged(race, one, len(effects), helped=one.key in winners, stand_in=stand_ins.get(one.key),
               joined=bool(one.parents))
        for one in everyone
    ]  # fmt: skip
    return with_results(diagnosis, race, found, untried, _notes(race))


def _notes(race: Race) -> list[str]:
    notes = []
    base = race.trials.get("", {})
    first = next(iter(base.values()))
    if "seed" not in first.read and not first.is_taken_whole and race.understands is None:
        notes.append("train never asked for the seed: runs are not paired, and the same call may give other numbers")
    values = [trial.outcome.values for trial in base.values() if trial.outcome is not None]
    if len(values) > 1 and all(one == values[0] for one in values):
        notes.append(
            "the seed changes nothing in this training: intervals are those of the validation rows alone, where their "
            "number is known"
        )
    failed = [f"seed {seed}: {trial.why}" for seed, trial in base.items() if trial.outcome is None]
    if failed:
        notes.append(f"without a remedy some trainings failed: {'; '.join(failed)}")
    if race.is_out_of_time:
        notes.append(f"the time of {race.budget:.0f} s was up before all trainings were run")
    return notes


def _stood_in(
    train: Train, head: HeadData | None, candidates: Sequence[Candidate], base: Mapping[str, Any]
) -> dict[str, Effect]:
    if head is None:
        features = getattr(train, "features", None)
        head = features() if callable(features) else None
    return {} if head is None else stood_in(head, candidates, base)


def _in_order(candidates: Sequence[Candidate], stand_ins: Mapping[str, Effect]) -> list[Candidate]:
    """Put last what its stand-in shows to do harm: with a short budget, the others are run first."""
    return sorted(candidates, key=lambda one: one.key in stand_ins and stand_ins[one.key].high < 0)


def _understood(train: Train, understands: Iterable[str] | None) -> frozenset[str] | None:
    said = getattr(train, "understands", None) if understands is None else understands
    if said is None:
        return None
    if isinstance(said, str):
        raise InputError(f"understands={said!r}: expected several names, such as ['learning_rate', 'dropout']")
    return frozenset(said) | {"seed"}


def seconds_of(budget: str | float) -> float:
    """Read a time.

    Raises
    ------
    InputError
        It is none, or not positive.

    Examples
    --------
    >>> seconds_of("10m"), seconds_of("1h30m"), seconds_of(90), seconds_of("45")
    (600.0, 5400.0, 90.0, 45.0)
    """
    text = str(budget).strip().lower().replace(" ", "")
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|m|s|)", text)
    total = sum(float(number) * UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text or total <= 0:
        raise InputError(f"budget={budget!r}: expected a time such as 90s, 10m or 2h")
    return total


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    found = tuple(range(seeds)) if isinstance(seeds, int) else tuple(int(seed) for seed in seeds)
    if not found or len(set(found)) < len(found):
        raise InputError(f"seeds={seeds!r}: expected a number of at least 1, or whole numbers that differ")
    return found


def _name(train: Train, base: Mapping[str, Any], metric: Metric) -> str:
    """Name the study after what its trainings depend on: other code, settings or score are another study."""
    code = getattr(train, "fingerprint", None)
    if code is None:
        code = getattr(train, "__qualname__", type(train).__qualname__)
        with contextlib.suppress(OSError, TypeError):
            code = hashlib.sha256(inspect.getsource(train).encode()).hexdigest()
    return fingerprint([code, dict(base), metric.name, metric.better])


@contextlib.contextmanager
def _told(progress: bool | Callable[[str], None], total: int) -> Iterator[Callable[[str], None]]:
    if callable(progress):
        yield progress
        return
    from diagnose.commands.progress import progress as bar  # noqa: PLC0415  rich is not needed where none is shown

    with bar("trying the run as it is", lambda: total, quiet=not progress) as advance:
        yield advance


def unknown_keys(config: Mapping[str, Any]) -> list[str]:
    """Return keys that no remedy ever sets: the user's own, or misspelt."""
    return sorted(set(config) - set(KEYS))
