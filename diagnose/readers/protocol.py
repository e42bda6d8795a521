"""What a reader sees and what it returns: the only shapes that readers share.

A reader knows one format. It turns a file or folder into `RawLog` columns exactly as logged and knows nothing of what
they mean; `diagnose.readers.understand` gives them their meaning, once, for every format.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from diagnose.recording import Recording
from diagnose.run import SplitName, Unread

HEAD_BYTES = 65_536

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Cell = float | str | None
"""One logged value; None means that this row did not log the column (a logged NaN is ``float("nan")``)."""


@dataclass(frozen=True)
class Log:
    """A file or folder on disk, as a reader sees it; ``content`` is what a pipe held, which can be read only once."""

    path: Path
    content: bytes | None = None

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB of a file; empty for a folder."""
        if self.content is not None:
            return self.content[:HEAD_BYTES]
        if self.path.is_dir():
            return b""
        with self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)

    @cached_property
    def text(self) -> str:
        """The whole file decoded: by its byte-order mark, else UTF-16 by its zero bytes, else UTF-8, else Latin-1."""
        return decode(self.path.read_bytes() if self.content is None else self.content)

    @cached_property
    def head_text(self) -> str:
        """The head decoded; the last line may be cut."""
        return decode(self.head)


def decode(raw: bytes) -> str:
    """Decode bytes of unknown encoding; never raises, undecodable bytes become U+FFFD."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return raw.decode(encoding, errors="replace")
    sample = raw[:4096]
    if sample.count(0) > len(sample) // 4:
        even_zeros = sample[::2].count(0)
        return raw.decode("utf-16-be" if even_zeros > sample[1::2].count(0) else "utf-16-le", errors="replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(raw) - 4:
            return raw.decode("utf-8", errors="replace")
        return raw.decode("latin-1")


@dataclass(frozen=True)
class RawLog:
    """The columns of one run as logged, before anyone asks what they mean.

    Attributes
    ----------
    name
        A short name for the run, from its path or its own metadata.
    format
        The reader's name for the format, e.g. ``"Keras CSVLogger"``.
    where
        The path (or a description of the object) it came from.
    columns
        Column name to its cells, all of equal length, in the log's row order.
    splits
        Column name to split, only where the format itself states it (a ``validation/`` folder, CatBoost's
        ``test_error.tsv``), not where the name merely suggests it.
    hyperparameters
        What stands beside the curves (``hparams.yaml``, ``args.yaml``, a ``config`` key), by the log's own names.
    origins
        Hyperparameter name to where it was found.
    unread
        Rows, keys or files that could not be read, and why.
    notes
        What was done that the report should say.
    recording
        What one of diagnose's hooks recorded beside the curves.
    """

    name: str
    format: str
    where: str
    columns: Mapping[str, Sequence[Cell]]
    splits: Mapping[str, SplitName] = field(default_factory=lambda: MappingProxyType({}))
    hyperparameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()
    recording: Recording | None = None


class Reader(Protocol):
    """One format. Registered in ``diagnose.readers.READERS`` or by the entry-point group ``diagnose.readers``."""

    format: ClassVar[str]

    def recognises(self, log: Log) -> bool:
        """Whether this is the format, by content (a folder's file names count as its content). Cheap; never raises."""
        ...

    def read(self, log: Log) -> list[RawLog]:
        """Every run in it, kept apart.

        Raises
        ------
        UnreadableInput
            The file is this format and is damaged beyond use; names the line or key and what was expected.
        MissingExtra
            The format needs an optional dependency.
        """
        ...
