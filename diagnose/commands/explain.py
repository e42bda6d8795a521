"""``diagnose explain``: the page of a code, or the list of codes."""

from __future__ import annotations

import difflib

import click
from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from diagnose.analyzers import analyzers, pages
from diagnose.cli import show_traceback
from diagnose.errors import InputError
from diagnose.finding import Cause


@click.command(short_help="Explain a code.")
@click.argument("code", required=False)
@show_traceback
def command(code: str | None) -> None:
    """Explain CODE: what it detects, why it matters, its evidence, what to do, references.

    A cause such as `overfitting` lists its codes; without CODE all are listed.

    \b
      diagnose explain OVF101
      diagnose explain overfitting
      diagnose explain
    """  # noqa: D301 - click wants the character
    known = pages()
    if code is None:
        _list(tuple(Cause))
    elif code.upper() in known:
        _show(known[code.upper()].markdown)
    elif _cause(code) is not None:
        _list((Cause(_cause(code) or ""),))
    else:
        names = [*known, *(cause.value for cause in Cause)]
        near = difflib.get_close_matches(code.upper(), list(known), n=3, cutoff=0.5) or difflib.get_close_matches(
            code.lower(), names
        )
        nearest = f"; nearest: {', '.join(near)}" if near else ""
        raise InputError(
            f"no code or cause is called {code!r}{nearest}. `diagnose explain` lists all {len(known)} codes"
        )


def _cause(text: str) -> str | None:
    wanted = text.lower().replace("-", "_").replace("regularis", "regulariz")
    return wanted if wanted in {cause.value for cause in Cause} else None


def _show(markdown: str) -> None:
    console = Console()
    if console.is_terminal:
        console.print(Markdown(markdown))
    else:
        click.echo(markdown)


def _list(causes: tuple[Cause, ...]) -> None:
    known = pages()
    rows = [
        (a.code, a.cause.value, known[a.code].title if a.code in known else "")
        for a in analyzers()
        if a.cause in causes
    ]
    if not rows:
        click.echo(f"No code speaks of {causes[0].value} yet: it needs evidence that training logs do not hold.")
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("Code", "Cause", "What it detects"):
        table.add_column(heading, overflow="fold")
    for row in sorted(rows):
        table.add_row(*row)
    Console().print(table)
