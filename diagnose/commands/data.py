"""The options that name data and say what their columns are: the same for `audit` and `gate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import click

from diagnose.auditing import run_without_log, with_data
from diagnose.commands.arguments import pairs
from diagnose.data import Kind, SplitName
from diagnose.errors import InputError
from diagnose.models import load_model
from diagnose.readers.data import DataOptions, data_options
from diagnose.run import Run

SPLITS: Mapping[SplitName, str] = {"train": "training", "val": "validation", "test": "test"}
_SAYING = ("label", "prediction", "group", "time", "identifier", "embedding", "kind", "ignore_column")
_SOURCES = (
    *(
        click.option(
            f"--{split}",
            metavar="DATA",
            help=f"The {word} data: CSV, Parquet, .npz …, a folder of them, or a profile (`diagnose profile`).",
        )
        for split, word in SPLITS.items()
    ),
    click.option("--stream", is_flag=True, help="Profile the data in pieces, also where they fit into memory."),
    click.option(
        "--model",
        metavar="MODEL",
        help="What was trained, asked about every row: a .keras or .skops file, or "
        "module:name of your own code, which is imported and so run.",
    ),
    click.option(
        "--weights",
        metavar="FILE",
        help="The weights of --model, where your code builds it untrained: a state dict (.pt, .pth), .safetensors or "
        ".weights.h5. Nothing in the file is run.",
    ),
    click.option(
        "--allow-pickle",
        is_flag=True,
        help="Let --model and --weights run code in a file (.joblib, .pkl, .pt2, .pt of TorchScript or pickled, Lambda "
        "layers of a .keras): it can do whatever you can, delete and send your files included. Only for files you made "
        "yourself.",
    ),
    click.option("--trust-pickle", is_flag=True, hidden=True),
)
_OPTIONS = (
    click.option("--label", metavar="COLUMN", help="The column of the data that holds the label."),
    click.option(
        "--prediction",
        "--predictions",
        multiple=True,
        metavar="COLUMN",
        help="What the model says: a column, several (or 'prob_*') of probabilities, or a file 'out-{split}.npy'.",
    ),
    click.option("--group", metavar="COLUMN", help="Rows that belong together: patient, user, site."),
    click.option("--time", metavar="COLUMN", help="When a row was taken."),
    click.option("--id", "identifier", metavar="COLUMN", help="The name of each row."),
    click.option("--embedding", metavar="COLUMN", help="Representations: a column of lists, 'emb_*', or a file."),
    click.option(
        "--kind", multiple=True, metavar="COLUMN=KIND", help=f"What a column is: {', '.join(Kind)} (zip=category)."
    ),
    click.option("--ignore-column", multiple=True, metavar="COLUMN", help="A column that is no input; repeatable."),
)


def takes_data(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of data; it gets them as keyword arguments, for `given_data`."""
    for option in reversed((*_SOURCES, *_OPTIONS)):
        command = option(command)
    return command


def says_what_columns_are(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of columns alone; it gets them as keyword arguments, for `options_of_columns`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class GivenData:
    """The data that a command line names; they are read once, when the first run asks for them."""

    sources: Mapping[SplitName, str]
    options: DataOptions
    stream: bool = False
    model: str | None = None
    weights: str | None = None
    allow_pickle: bool = False

    def __bool__(self) -> bool:
        return bool(self.sources)

    @cached_property
    def _read(self) -> Run:
        model = None
        if self.model is not None:
            model = load_model(self.model, weights=self.weights, allow_pickle=self.allow_pickle)
        return with_data(run_without_log(self.sources), self.sources, self.options, stream=self.stream, model=model)

    def alone(self, context: Mapping[str, Any]) -> Run:
        """Return the run of which only the data, and what is known beside them, are given; `added` brings the data."""
        return run_without_log(self.sources, context)

    def added(self, run: Run) -> Run:
        """Return a run with the data beside its log."""
        if not self.sources:
            return run
        read = self._read
        return replace(run, splits=read.splits, profiles=read.profiles, unread=(*run.unread, *read.unread))


def given_data(said: Mapping[str, Any]) -> GivenData:
    """Return the data that the options name.

    Raises
    ------
    InputError
        Options say what columns are, and no data are given; or a kind is unknown.
    """
    sources: dict[SplitName, str] = {split: said[split] for split in SPLITS if said[split]}
    used = next((name for name in _SAYING if said[name]), None)
    if used and not sources:
        option = "--id" if used == "identifier" else f"--{used.replace('_', '-')}"
        raise InputError(f"{option} speaks of data, and none are given; add --train DATA --val DATA")
    if said["model"] and not sources:
        raise InputError("--model is asked about data, and none are given; add --train DATA --val DATA")
    if said["weights"] and not said["model"]:
        raise InputError("--weights belong into a model, and none is given; add --model module:build of your own code")
    allowed = said["allow_pickle"] or said["trust_pickle"]
    return GivenData(sources, options_of_columns(said), said["stream"], said["model"], said["weights"], allowed)


def options_of_columns(said: Mapping[str, Any]) -> DataOptions:
    """Return what the options say of the columns.

    Raises
    ------
    InputError
        A kind is unknown.
    """
    kinds = pairs(said["kind"], "--kind", "zip=category")
    settings = {name: said[name] for name in ("label", "group", "time", "identifier", "embedding")}
    prediction = list(said["prediction"]) or None
    return data_options({**settings, "prediction": prediction, "kinds": kinds, "ignore": said["ignore_column"]})
