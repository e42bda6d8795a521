"""What a reader of data is. One file a format; `diagnose.readers.data.registry` lists them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from diagnose.data import SplitName
from diagnose.readers.data.cells import Table


class DataReader(Protocol):
    """One format of data: a kind of file, of folder, or of object."""

    format: ClassVar[str]

    def recognises(self, source: Any) -> bool:
        """Whether this is the format: by a path's name or content, by an object's type. Cheap; never raises.

        A path comes as `pathlib.Path`, and exists. Objects of packages that may not be installed are recognised
        through ``sys.modules``: whoever passes a torch tensor has imported torch.
        """
        ...

    def size(self, source: Any) -> int:
        """About how many bytes the rows take once they are read; 0 for what is in memory already."""
        ...

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read the rows in their order, in pieces of about that many rows, or all at once where None.

        An object that is in memory may come as one piece: it is cut later. ``name`` says which split is wanted, where
        the source holds several.

        Raises
        ------
        UnreadableInput
            The source is this format and is damaged beyond use.
        MissingExtra
            The format needs an optional dependency.
        """
        ...
