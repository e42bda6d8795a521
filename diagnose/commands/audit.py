"""``diagnose audit``: from logs to a diagnosis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from diagnose.cli import show_traceback
from diagnose.commands.arguments import RepeatedPairs, context_from, pairs
from diagnose.commands.batch import Batch
from diagnose.commands.data import given_data, takes_data
from diagnose.commands.delivery import FORMAT_NAMES, Delivery
from diagnose.errors import InputError
from diagnose.writing_rows import README


@click.command(cls=RepeatedPairs, short_help="Diagnose training runs from their logs and their data.")
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@takes_data
@click.option(
    "-c",
    "--context",
    multiple=True,
    metavar="KEY=VALUE",
    help="Known beside the log: n_train=800, n_val=200, n_classes=10, batch_size=32, learning_rate=1e-3 …",
)
@click.option("--context-file", type=click.Path(path_type=Path), metavar="FILE", help="The same as YAML, JSON or TOML.")
@click.option(
    "-m",
    "--map",
    "mapped",
    multiple=True,
    metavar="MEANING=COLUMN",
    help="How to read a column: --map val_loss=my_column.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write a report; its suffix chooses the format: .html .json .md .txt .png .svg .pdf. "
    "FOLDER/ gets one HTML report a run.",
)
@click.option("--format", "form", type=click.Choice(FORMAT_NAMES), help="What to print on stdout; default text.")
@click.option("-q", "--quiet", is_flag=True, help="Print no report and no progress; errors only.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of every random number that is drawn.")
@click.option(
    "--every-run", is_flag=True, help="Diagnose each run of a log that holds several (folds, seeds, restarts)."
)
@click.option(
    "--remedy-files",
    metavar="FOLDER",
    help="Write the rows that remedies name: which to drop, relabel or weigh, and a new split.",
)
@show_traceback
def command(  # noqa: PLR0913 - one parameter an option
    *,
    paths: tuple[str, ...],
    context: tuple[str, ...],
    context_file: Path | None,
    mapped: tuple[str, ...],
    outputs: tuple[str, ...],
    form: str | None,
    quiet: bool,
    seed: int,
    every_run: bool,
    remedy_files: str | None,
    **said_of_data: Any,
) -> int:
    """Diagnose the training runs that PATH… hold: log files, run folders, folders of runs, or - for stdin.

    With --train and --val the data are compared too, or alone where no PATH is given. One log gives one diagnosis; of a
    log that holds several runs the principal one is diagnosed and a finding says so. Several logs give a summary, and
    `--output reports/` a report of each. The report goes to stdout, all else to stderr. Formats are recognised by
    content.

    \b
      diagnose audit training.csv
      diagnose audit lightning_logs/version_3 -o report.html -o report.json
      diagnose audit history.json -c n_train=800 n_val=200 n_classes=10
      diagnose audit log.csv --map val_loss=dev_nll loss=train_nll
      diagnose audit --train train.csv --val val.csv --label species
      diagnose audit --train train.csv --val val.csv --remedy-files remedies/
      diagnose audit runs/ -o reports/
      python train.py | tee train.log | diagnose audit -

    \b
    Exit codes: 0 a diagnosis was made, whatever it says; 2 nothing could be
    read (what could not be read among other logs is listed, and stays 0) or an
    option is wrong; 3 an analyzer crashed: the report marks it.
    """  # noqa: D301 - click wants the character
    delivery = Delivery(outputs, form, quiet=quiet)
    said = context_from(context, context_file)
    columns = pairs(mapped, "--map", "val_loss=my_column")
    data = given_data(said_of_data)
    if remedy_files is not None and not data:
        raise InputError("--remedy-files names rows of data, and none are given; add --train DATA --val DATA")
    batch = Batch(delivery, seed, quiet, add=data.added, remedy_files=remedy_files)
    if paths:
        code = batch.run(paths, said, columns, every_run=every_run)
    elif data:
        code = batch.alone(data.alone(said))
    else:
        raise InputError("nothing to audit; give a log: diagnose audit training.csv, or data: --train DATA --val DATA")
    if remedy_files is not None and not quiet:
        _tell_of_files(Path(remedy_files))
    return code


def _tell_of_files(folder: Path) -> None:
    """Say on stderr where it stands which rows remedies name."""
    click.echo(f"the rows that remedies name: {folder / README} says what each file is", err=True)
