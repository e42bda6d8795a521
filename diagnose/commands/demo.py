"""``diagnose demo``: faults planted, faults found."""

from __future__ import annotations

from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from diagnose.cli import FINE, INTERNAL_ERROR, show_traceback
from diagnose.commands.delivery import Delivery
from diagnose.commands.progress import progress
from diagnose.demo import PLANTED, Planted, Trained, train
from diagnose.finding import Diagnosis
from diagnose.reports.numbers import percent
from diagnose.reports.wording import cause_title

REPORTS = "reports"
NAMES = tuple(planted.name for planted in PLANTED)


@click.command(short_help="Train small models with planted faults and diagnose them.")
@click.option(
    "-o",
    "--output",
    default="diagnose-demo",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for logs and reports.",
)
@click.option("--only", type=click.Choice(NAMES), multiple=True, help="Only this run.")
@click.option("--seed", type=int, default=0, show_default=True)
@show_traceback
def command(output: Path, only: tuple[str, ...], seed: int) -> int:
    """Train small networks on scikit-learn's digits, all but one with a planted fault, and diagnose them.

    The networks are really trained, here and now (some seconds), and their logs audited like anyone's; of one run its
    data are, too. The table sets what was planted beside what was found, and says so where the diagnosis missed it.
    """
    chosen = [planted for planted in PLANTED if not only or planted.name in only]
    results: list[tuple[Trained, Diagnosis]] = []
    written: list[Path] = []
    delivery = Delivery([f"{output / REPORTS}/"], None, quiet=True)
    with progress("training", lambda: 2 * len(chosen)) as advance:
        for planted in chosen:
            trained = train(planted, output / "logs", seed=seed)
            advance(f"auditing {planted.name}")
            diagnosis = trained.diagnose(seed=seed)
            delivery.each(diagnosis, planted.name)
            written += delivery.own
            results.append((trained, diagnosis))
            advance("training")
    delivery.many([diagnosis for _, diagnosis in results])
    _show(results, written, output)
    return INTERNAL_ERROR if any(diagnosis.is_broken for _, diagnosis in results) else FINE


def _show(results: list[tuple[Trained, Diagnosis]], written: list[Path], output: Path) -> None:
    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for heading in ("Planted", "Found", "", "Report"):
        table.add_column(heading, overflow="fold")
    for (trained, diagnosis), report in zip(results, written, strict=True):
        planted = trained.planted
        cause = Text(planted.name, style="bold").append(f"\n{planted.fault}", style="not bold")
        table.add_row(cause, _found(diagnosis), _mark(planted, diagnosis), report.name)
    console.print(table)
    agreed = sum(trained.planted.agrees(diagnosis) for trained, diagnosis in results)
    console.print(f"\n{agreed} of {len(results)} runs were diagnosed as an honest reader of their log would.")
    for trained, diagnosis in results:
        planted = trained.planted
        if not planted.agrees(diagnosis):
            console.print(f"missed: {planted.name}: expected {planted.expected}; found {cause_title(diagnosis.main)}.")
    if any(trained.planted.name == "shifted" for trained, _ in results):
        console.print("Curves show of `shifted` only a gap: they cannot tell shift from overfitting; its data can.")
    click.echo(f"\nthe reports, with an index to open first: {output / REPORTS / 'index.html'}")
    for number, (trained, _) in enumerate(results):
        if number == 0 or trained.data:
            given = "".join(f" --{name} {path}" for name, path in trained.data.items())
            beside = trained.log.with_name("context.yaml")
            click.echo(f"the same by hand: diagnose audit {trained.log} --context-file {beside}{given}")


def _found(diagnosis: Diagnosis) -> str:
    verdict = next((v for cause, v in diagnosis.verdicts.items() if cause == diagnosis.main), None)
    certainty = f"\n{verdict.level.value.replace('_', ' ')}, {percent(verdict.probability)}" if verdict else ""
    return f"{cause_title(diagnosis.main)}{certainty}"


def _mark(planted: Planted, diagnosis: Diagnosis) -> Text:
    return Text("✓", style="green") if planted.agrees(diagnosis) else Text("✗ missed", style="bold red")
