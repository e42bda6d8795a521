"""The documentation of a finding's code, as the reports see it: given to them, never looked up by them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

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
    """A paragraph, a list item or a line of code."""

    kind: Literal["text", "item", "code"]
    text: str


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
        yield from (Block("item", str(entry)) for entry in text)
        return
    for paragraph in re.split(r"\n\s*\n", str(text).strip()):
        if all(line.startswith("    ") for line in paragraph.splitlines()):
            yield Block("code", paragraph)
            continue
        head, *items = re.split(r"(?:^|\n)\s*[-*]\s+", paragraph)
        if head.strip():
            yield Block("text", " ".join(head.split()))
        yield from (Block("item", " ".join(item.split())) for item in items if item.strip())
