"""``diagnose try``: run the remedies of a report, and measure what each of them does."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from diagnose.cli import show_traceback
from diagnose.commands.arguments import RepeatedPairs, context_from
from diagnose.commands.delivery import FORMAT_NAMES, Delivery
from diagnose.errors import InputError
from diagnose.reports import load
from diagnose.trials.tried import Tried
from diagnose.trials.trying import MOST, SEEDS, try_remedies


@click.command(cls=RepeatedPairs, short_help="Run the remedies of a report, and measure what each of them does.")
@click.argument("train", metavar="MODULE:FUNCTION")
@click.option("--from", "report", required=True, metavar="FILE", help="A diagnosis that was saved as JSON.")
@click.option("--budget", default="10m", show_default=True, help="Time for all trainings: 90s, 10m, 2h.")
@click.option("--seeds", type=click.IntRange(1), default=SEEDS, show_default=True, help="Runs of each remedy.")
@click.option("--most", type=click.IntRange(1), default=MOST, show_default=True, help="Remedies to try at most.")
@click.option(
    "--place", metavar="DIR", help="Keep every training there; the same command resumes after an interruption."
)
@click.option("--metric", metavar="CURVE", help="The score that is compared; default: the one the report judges by.")
@click.option("--better", type=click.Choice(["higher", "lower"]), help="Which way of it is better.")
@click.option(
    "-c", "--context", "config", multiple=True, metavar="KEY=VALUE",
    help="The run's own hyperparameters, where the report does not know them: learning_rate=1e-3 dropout=0.2 …",
)  # fmt: skip
@click.option("--config-file", type=click.Path(path_type=Path), metavar="FILE", help="The same as YAML, JSON or TOML.")
@click.option("--files", metavar="DIR", help="What the audit wrote with --remedy-files: the rows that remedies name.")
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE",
    help="Write the new report; its suffix chooses the format: .html .json .md .txt …",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMAT_NAMES), help="What to print on stdout; default text.")
@click.option("-q", "--quiet", is_flag=True, help="Print no report and no progress; errors only.")
@show_traceback
def command(  # noqa: PLR0913 - one parameter an option
    *,
    train: str,
    report: str,
    budget: str,
    seeds: int,
    most: int,
    place: str | None,
    metric: str | None,
    better: str | None,
    config: tuple[str, ...],
    config_file: Path | None,
    files: str | None,
    outputs: tuple[str, ...],
    form: str | None,
    quiet: bool,
) -> int:
    """Run the remedies of a report with MODULE:FUNCTION, and measure what each of them does.

    FUNCTION trains once from the beginning. It takes a mapping of hyperparameters, with the remedy's changes and a
    seed, and returns what `diagnose audit` reads: a history, or one number.

    \b
      # train.py
      def train(config, report=None):
          torch.manual_seed(config["seed"])
          model = build(dropout=config.get("dropout", 0.0))
          rate = config.get("learning_rate", 1e-3)
          history = {"val_accuracy": []}
          for epoch in range(config.get("epochs", 20)):
              ...
              history["val_accuracy"].append(score)
              if report:
                  report(epoch, score)  # a run that falls behind ends here
          return history

    \b
      diagnose audit runs/1 -o report.json
      diagnose try train:train --from report.json --budget 10m -o tried.html
      diagnose try train:train --from report.json --budget 2h --place trials/

    The run as it is and every remedy are trained with the same seeds, one seed after the other; what fails, falls
    behind or is no better after two seeds is dropped. What FUNCTION never asks for in the mapping is not tried. Effects
    are differences between runs of one seed with 95 % intervals; a remedy counts as helping where its interval leaves
    zero out after correction for how many were tried. The winners are tried together, if time is left. With --place an
    interrupted call resumes, and repeats no training that finished.

    \b
    Exit codes: 0 remedies were tried, whether one helped or not; 2 the function
    or the report cannot be used, or training fails without any remedy; 3 an
    internal error.
    """  # noqa: D301 - click wants the character
    delivery = Delivery(outputs, form, quiet=quiet)
    diagnosis = load(report)
    tried = try_remedies(
        loaded(train),
        diagnosis,
        budget=budget,
        seeds=seeds,
        place=place,
        config=context_from(config, config_file),
        metric=metric,
        better=better,
        files=files,
        most=most,
        progress=not quiet,
    )
    delivery.one(tried.diagnosis)
    if not quiet:
        _tell(tried)
    return 0


def _tell(tried: Tried) -> None:
    """Say on stderr what was tried, where stdout is for the report."""
    for note in tried.notes:
        click.echo(note, err=True)
    if tried.resumed:
        click.echo(f"{tried.resumed} trainings were there from an earlier call", err=True)


def loaded(name: str) -> Any:
    """Import a function by ``module:name``, from the folder that the command is called in too.

    Raises
    ------
    InputError
        The module or the name is not there, or importing it fails.
    """
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise InputError(f"{name!r}: expected MODULE:FUNCTION, for example train:train")
    here = os.getcwd()  # noqa: PTH109  as the interpreter itself puts it there
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = importlib.import_module(module.removesuffix(".py"))
    except ImportError as error:
        raise InputError(f"{name!r}: the module {module!r} cannot be imported: {error}") from error
    for part in attribute.split("."):
        found = getattr(found, part, None)  # type: ignore[assignment]
    if not callable(found):
        raise InputError(f"{name!r}: the module {module!r} has no function {attribute!r}")
    return found
