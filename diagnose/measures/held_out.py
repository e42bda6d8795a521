"""The splits that a model did not see."""

from __future__ import annotations

from diagnose.data import Split
from diagnose.errors import NotEnoughEvidence


def held_out(val_split: Split | None = None, test_split: Split | None = None) -> tuple[Split, ...]:
    """Return the validation data, then the test data, as far as they were given."""
    found = tuple(split for split in (val_split, test_split) if split is not None)
    if not found:
        raise NotEnoughEvidence("no validation data were given", "give the validation data: --val DATA")
    return found
