"""The documentation of a finding's code, as the reports see it: given to them, never looked up by them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from diagnose.reports.wording import clean

PARTS = (
    ("detects", "What it detects"),
    ("matters", "Why it matters"),
    ("evidence", "The evidence"),
    ("remedy", "What to do"),
    ("references", "References"),
)
"""Attribute of a documentation object and its heading, in reading order."""

Explain = Mapping[str, object]
"""Documentation by code. Objects have a ``title`` and the attributes of `PARTS`; a plug-in may lack any of them."""


@dataclass(frozen=True)
class Block:
    """A paragraph, a list or lines of code; the text of each entry may hold inline Markdown."""

    kind: Literal["text", "list", "code"]
    entries: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One of the five parts of a documentation."""

    heading: str
    blocks: tuple[Block, ...]


def title(explain: Explain, code: str) -> str:
    """Title of a code's documentation; empty where there is none."""
    found = getattr(explain.get(code), "title", "")
    return found if isinstance(found, str) else ""


def parts(explain: Explain, code: str) -> tuple[Part, ...]:
    """Return the parts of a code's documentation that hold text; empty for a code without documentation."""
    found = explain.get(code)
    read = ((heading, getattr(found, name, "")) for name, heading in PARTS)
    return tuple(Part(heading, tuple(_blocks(text))) for heading, text in read if text)


def _blocks(text: object) -> Iterator[Block]:
    if isinstance(text, list | tuple):
        yield Block("list", tuple(str(entry) for entry in text))
        return
    for paragraph in re.split(r"\n\s*\n", str(text).strip("\n")):
        if all(line.startswith("    ") for line in paragraph.splitlines()):
            yield Block("code", (inspect.cleandoc(paragraph),))
            continue
        head, *items = re.split(r"(?:^|\n)\s*[-*]\s+", paragraph)
        if head.strip():
            yield Block("text", (" ".join(head.split()),))
        if items:
            yield Block("list", tuple(" ".join(item.split()) for item in items))


def inline(text: str) -> Markup:
    """Render the inline Markdown of a documentation: code, emphasis and web addresses; all else is text."""
    html = str(escape(clean(text)))
    # code first: what stands in it is not Markdown
    pieces = re.split(r"`+([^`]+)`+", html)
    return Markup("").join(  # the text was escaped above
        Markup(f"<code>{piece}</code>" if index % 2 else _emphasised(piece))  # noqa: S704
        for index, piece in enumerate(pieces)
    )


def _emphasised(html: str) -> str:
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    html = re.sub(r"(?<![\w*])\*([^\s*][^*]*)\*(?![\w*])", r"<em>\1</em>", html)
    return re.sub(r"https?://[^\s<>\"&;]+[^\s<>\"&;.,)]", r'<a href="\g<0>" rel="noreferrer">\g<0></a>', html)
