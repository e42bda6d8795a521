"""Names of categories as a profile keeps them."""

from __future__ import annotations

from diagnose.hashing import text_hash

LONGEST = 80
"""Characters of a name that are kept; longer ones end in a hash instead, so that they differ where they differ."""


def cut(name: str) -> str:
    """Return a name of bounded length, never empty.

    Examples
    --------
    >>> cut("Zürich"), cut(""), len(cut("long " * 100))
    ('Zürich', ' ', 80)
    """
    if len(name) <= LONGEST:
        return name or " "
    return f"{name[: LONGEST - 18]}… {text_hash(name):016x}"
