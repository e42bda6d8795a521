"""Rows that stand in two splits of which one holds no rows: as far as samples of their digests tell."""

from __future__ import annotations

from collections.abc import Mapping

from diagnose.data import DigestArray, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measurements import SPLITS
from diagnose.measures.chance import wilson
from diagnose.measures.copies import Copies
from diagnose.measures.copies import copies as of_rows
from diagnose.measures.profiled import pair, without_rows
from diagnose.profiles.profile import Profile
from diagnose.profiles.row_sample import overlap


def copies(
    profiles: Mapping[SplitName, Profile],
    train_split: Split | None = None,
    held_out: tuple[Split, ...] | None = None,
    exact_digests: Mapping[SplitName, DigestArray] | None = None,
    seed: int = 0,
) -> tuple[Copies, ...]:
    """Find copies among the splits that have rows.

    Raises
    ------
    NotEnoughEvidence
        Training or all held-out data have none. Which equal rows are copies and which agree by chance takes rows to
        tell; the error says what share of them is equal.
    """
    if train_split is not None and held_out is not None and exact_digests is not None:
        return of_rows(train_split, exact_digests, held_out, seed)
    train, held = pair(profiles)
    missing = without_rows("train" if train_split is None else next(iter(held)))
    said = "; ".join(text for name, profile in held.items() if (text := _equal(name, train, profile)))
    raise NotEnoughEvidence(f"{missing.why}{'; ' if said else ''}{said}", missing.settle)


def _equal(name: SplitName, train: Profile, profile: Profile) -> str:
    """Say how many rows of a split equal a training row; nothing where that is unknown."""
    found = overlap(train.rows, profile.rows)
    if found is None or not found.examined:
        return ""
    words = SPLITS[name]
    if found.is_whole:
        return f"{found.found:,} of {found.examined:,} distinct {words} rows equal a training row, copies or by chance"
    low, high = wilson(found.found / found.examined, found.examined)
    return (
        f"{found.found:,} of {found.examined:,} distinct {words} rows, drawn at random, equal a training row "
        f"({low:.2%} to {high:.2%} of all with 95 % confidence), copies or by chance"
    )
