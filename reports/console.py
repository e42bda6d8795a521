"""What all terminal output shares: text from logs made safe, and encodings that lack a character survived."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from diagnose.finding import Level
from diagnose.reports.wording import MAX_TEXT, Wording, clean, one_line

LEVEL_STYLES = {
    Level.CONFIRMED: "bold red",
    Level.LIKELY: "yellow",
    Level.UNLIKELY: "",
    Level.RULED_OUT: "green",
    Level.NOT_EXAMINED: "dim",
}
ASCII = str.maketrans(
    {"–": "-", "−": "-", "─": "-", "━": "-", "→": "->", "…": "...", "×": "x", "’": "'", "\u00a0": " "}
)


def is_ascii(console: Console) -> bool:
    """Whether the console's encoding lacks symbols and dashes."""
    return not console.encoding.lower().startswith("utf")


def text(words: str, limit: int = MAX_TEXT, style: str = "") -> Text:
    """Wrap words from a diagnosis: no markup and no escape sequence in them is acted on."""
    return Text(one_line(words, limit), style=style, overflow="fold")


def symbol(wording: Wording, *, plain: bool) -> str:
    """Write a state as a symbol and a word."""
    return f"{wording.ascii if plain else wording.symbol} {wording.word}"


def show(console: Console, *parts: RenderableType | None) -> None:
    """Print parts one below the other; in a narrow encoding with replacements, never with a traceback."""
    shown = Group(*(part for part in parts if part is not None))
    if not is_ascii(console):
        console.print(shown)
        return
    draft = Console(file=io.StringIO(), width=console.width, no_color=True, highlight=False, safe_box=True)
    with draft.capture() as captured:
        draft.print(shown)
    known = captured.get().translate(ASCII).encode(console.encoding, "replace").decode(console.encoding)
    console.print(Text(known), end="", soft_wrap=True)


def show_places(console: Console, reports: Sequence[str | Path]) -> None:
    """Name the files that were written; a path stays whole, so that it can be copied or clicked."""
    for path in reports:
        shown = clean(str(path))
        if is_ascii(console):
            shown = shown.encode(console.encoding, "replace").decode(console.encoding)
        console.print(Text(f"report: {shown}", style="bold"), soft_wrap=True)


def section(title: str) -> RenderableType:
    """Head a part of a report."""
    return Padding(Rule(Text(title, style="bold"), align="left", style="dim"), (1, 0, 0, 0))


def item(mark: Text, body: RenderableType) -> RenderableType:
    """Show a body behind a mark, its lines below each other."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    grid.add_row(mark, body)
    return grid


def rest(count: int, what: str) -> list[Text]:
    """Count what a list leaves out."""
    return [Text(f"and {count} more {what}; the report lists all", style="dim")] if count > 0 else []
