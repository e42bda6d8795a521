"""The five steps in order: read → measure → judge → prescribe → show. The only place that knows them all.

Not called ``audit.py``: importing a module of that name would put it where the call `diagnose.audit` stands.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from os import PathLike
from types import MappingProxyType
from typing import Any

import numpy as np

from diagnose.analyzer import Analyzer, examine, limits
from diagnose.analyzers import analyzers as registered_analyzers
from diagnose.data import Split, SplitName
from diagnose.differential import differentiate, main_cause, sentence, weighed
from diagnose.errors import InputError
from diagnose.finding import Diagnosis
from diagnose.measurements import Measurements
from diagnose.measures.from_profiles import measures_of
from diagnose.model_card import Role
from diagnose.models import card_of, load_model, with_model
from diagnose.profiles.profile import Profile
from diagnose.profiling import given_profile, is_too_large, profile
from diagnose.readers import iter_runs, read_runs
from diagnose.readers.context import given_context
from diagnose.readers.data import DataOptions, data_options, read_split
from diagnose.readers.data.first_rows import facts_of_source
from diagnose.readers.recorded import told_by
from diagnose.remedies import proposals
from diagnose.run import History, Run, Unread
from diagnose.summary import summarise
from diagnose.writing_rows import write_row_files


def audit(  # noqa: PLR0913, PLR0917  the fixed call: one keyword per kind of evidence
    history: Any = None,
    train: Any = None,
    val: Any = None,
    test: Any = None,
    model: Any = None,
    context: Any = None,
    *,
    column_map: Mapping[str, str] | None = None,
    data: DataOptions | Mapping[str, Any] | None = None,
    analyzers: Iterable[Analyzer] | None = None,
    seed: int = 0,
    remedy_files: str | PathLike[str] | None = None,
) -> Diagnosis:
    """Diagnose one training run: its log, its data, or both.

    Parameters
    ----------
    history
        A path to a log or a folder, a list of paths (pieces of one run), a framework's history object, a data frame,
        or a mapping such as ``{"loss": […], "val_loss": […], "accuracy": […], "val_accuracy": […]}``.
    train, val, test
        The data: paths, data frames, arrays, ``(inputs, labels)``, data sets of a framework; or a profile of them, or
        the path of one (`diagnose.profile`). What does not fit into half of the memory is profiled in pieces.
    model
        What was trained: a Keras model, a PyTorch module, a fitted scikit-learn estimator or pipeline, any function
        from rows to predictions, or what `diagnose.models.load_model` takes. It is asked once about every row of the
        data, for outputs, losses and the features in front of its last layer, and not changed.
    context
        What is known beside the log: ``{"n_train": 800, "n_classes": 10, "learning_rate": 1e-3, …}``.
    column_map
        How to read columns whose names say too little: ``{"val_loss": "my_column"}``.
    data
        What is to be known of the data: `DataOptions`, or a mapping such as ``{"label": "species", "group":
        "patient", "kinds": {"zip": "category"}}``.
    analyzers
        Those to run; all registered ones when None.
    seed
        Of every random number that an analyzer draws.
    remedy_files
        A folder for the rows that remedies name: which to drop, to relabel or to weigh, and where each belongs in a new
        split. None writes nothing.

    Returns
    -------
    Diagnosis
        Where the log holds several runs, that of the one with most held-out points (the last of equals), with a
        finding that says so; `audit_many` keeps them apart.

    Raises
    ------
    InputError
        Nothing was given, or what was given holds no run.
    """
    given: dict[SplitName, Any] = {"train": train, "val": val, "test": test}
    sources = {name: source for name, source in given.items() if source is not None}
    if history is None and not sources:
        raise InputError(
            "nothing to audit. Give a log file, a folder, a History object, a data frame or a mapping: "
            'diagnose.audit(history="training.csv"); or data: diagnose.audit(train="train.csv", val="val.csv")'
        )
    run = run_without_log(sources, context) if history is None else _run_of_log(history, context, column_map)
    run = with_data(run, sources, data, model=model)
    return diagnose_run(run, analyzers=analyzers, seed=seed, remedy_files=remedy_files)


def _run_of_log(history: Any, context: Any, column_map: Mapping[str, str] | None) -> Run:
    result = read_runs(history, context=context, column_map=column_map)
    run = principal(result.runs)
    return replace(run, unread=tuple(dict.fromkeys((*run.unread, *result.unread))))


def run_without_log(sources: Mapping[SplitName, Any], context: Any = None) -> Run:
    """Return a run of which data alone are known: called after their paths, for a gate remembers runs by name."""
    paths = [str(source) for source in sources.values() if isinstance(source, (str, PathLike))]
    return Run(", ".join(paths) if len(paths) == len(sources) else "data", History(()), given_context(context or None))


def with_data(
    run: Run,
    sources: Mapping[SplitName, Any],
    options: DataOptions | Mapping[str, Any] | None,
    *,
    stream: bool = False,
    model: Any = None,
) -> Run:
    """Return the run with the splits that the sources hold; columns get the kinds that they have in the first.

    A profile, and the file of one, stands for rows that are not there. What would not fit into memory, or everything
    where ``stream`` says so, is profiled in pieces instead of being read. A model, or the path of one, is asked about
    the rows of all splits.

    Raises
    ------
    InputError
        A source cannot be read, the options name what it does not hold, or the model does not take its rows.
    """
    if isinstance(model, (str, PathLike)):
        model = load_model(str(model))
    run = _with_card(run, model)
    if not sources:
        return run if model is None else _without_rows(run, "no data are given that it could be asked about")
    chosen = options if isinstance(options, DataOptions) else data_options(options or {})
    splits: dict[SplitName, Split] = {}
    profiles: dict[SplitName, Profile] = {}
    like: Split | None = None
    for name, source in sources.items():
        held = given_profile(source)
        if held is None and not isinstance(source, Split) and (stream or is_too_large(source, name)):
            held = profile(source, name, data=chosen, like=like)
        if held is None:
            splits[name] = read_split(source, name, chosen, like=like, is_asked=model is not None)
        else:
            profiles[name] = held
        like = like or (splits[name] if held is None else held.like())
    if model is not None and profiles:
        run = _without_rows(run, f"a profile holds no rows that it could be asked about: {', '.join(profiles)}")
    if model is not None and splits:
        splits = with_model(splits, model)
    looks_up = run.model is not None and any(layer.role is Role.EMBEDDING for layer in run.model.layers)
    facts = [facts_of_source(sources[name], split, has_embedding=looks_up) for name, split in splits.items()]
    return replace(
        run, splits=MappingProxyType(splits), profiles=MappingProxyType(profiles), facts=tuple(chain(*facts))
    )


def _with_card(run: Run, model: Any) -> Run:
    """Return the run with what can be read off the model itself; what a hook saw of it while it trained counts more."""
    card = card_of(model) if model is not None and run.model is None else None
    return run if card is None else replace(run, model=card, context=told_by(run.context, card))


def _without_rows(run: Run, why: str) -> Run:
    return replace(run, unread=(*run.unread, Unread("model=", why)))


def audit_many(
    paths: Iterable[Any],
    *,
    context: Any = None,
    column_map: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Iterator[Diagnosis | Unread]:
    """Diagnose every run that the paths hold, one at a time: memory does not grow with their number.

    Yields
    ------
    Diagnosis or Unread
        In the order of the paths; what could not be read, or does not exist, is yielded, not raised.

    Raises
    ------
    InputError
        The context or the column map cannot be used.
    """
    analyzers = registered_analyzers()
    for run in iter_runs(paths, context=context, column_map=column_map):
        yield run if isinstance(run, Unread) else diagnose_run(run, analyzers=analyzers, seed=seed)


def diagnose_run(
    run: Run,
    *,
    analyzers: Iterable[Analyzer] | None = None,
    seed: int = 0,
    remedy_files: str | PathLike[str] | None = None,
) -> Diagnosis:
    """Measure, judge and prescribe for one run that has been read; rows that remedies name are written where asked."""
    chosen = registered_analyzers() if analyzers is None else tuple(analyzers)
    measurements = Measurements(run, measures_of(run), seed=seed)
    examined = [examine(analyzer, measurements) for analyzer in chosen]
    outcomes = tuple(outcome for _, outcome in examined)
    findings = weighed([f for found, _ in examined for f in found], outcomes)
    verdicts = differentiate(findings, outcomes)
    main = main_cause(verdicts, findings)
    treatment = proposals(verdicts, findings, measurements, "" if remedy_files is None else os.fspath(remedy_files))
    if remedy_files is not None:
        write_row_files((file for proposal in treatment for file in proposal.files), remedy_files)
    has_data = bool(run.splits or run.profiles)
    return Diagnosis(
        sentence=sentence(main, verdicts, findings, is_without_log=has_data and not run.history.curves),
        main=main,
        run=summarise(run, measurements),
        verdicts={cause.value: verdict for cause, verdict in verdicts.items()},
        findings=findings,
        remedies=tuple(proposal.remedy for proposal in treatment),
        outcomes=outcomes,
        limits={analyzer.code: limits(analyzer) for analyzer in chosen},
        versions=_versions(),
        seed=seed,
    )


def principal(runs: tuple[Run, ...]) -> Run:
    """Return the run of a log that a single diagnosis speaks of: most held-out points, the last of equals."""

    def held_out_points(run: Run) -> int:
        curves = (*run.history.of("val"), *run.history.of("test")) or run.history.curves
        return max((len(curve) for curve in curves), default=0)

    return max(reversed(runs), key=held_out_points)


def _versions() -> dict[str, str]:
    try:
        own = version("diagnose-ml")
    except PackageNotFoundError:  # a bare clone on the path
        own = "0+unknown"
    return {"diagnose": own, "numpy": np.__version__, "python": platform.python_version()}
