"""``diagnose render``: from the JSON of a diagnosis back to any report."""

from __future__ import annotations

from pathlib import Path

import click

from diagnose.cli import show_traceback
from diagnose.commands.delivery import FORMAT_NAMES, Delivery
from diagnose.reports import load_many


@click.command(short_help="Rebuild a report from JSON.")
@click.argument("report", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write the report here; the suffix chooses the format.",
)
@click.option("--format", "form", type=click.Choice(FORMAT_NAMES), help="Print the report in this format.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing.")
@show_traceback
def command(report: Path, outputs: tuple[str, ...], form: str | None, *, quiet: bool) -> None:
    """Rebuild any report from REPORT, a JSON file that `diagnose audit … --output report.json` wrote.

    \b
      diagnose render report.json -o report.html
      diagnose render report.json --format markdown
    """  # noqa: D301 - click wants the character
    read = load_many(report)
    delivery = Delivery(outputs, form, quiet=quiet)
    if len(read) == 1:
        delivery.one(read[0])
    else:
        delivery.many([delivery.each(diagnosis) for diagnosis in read])
