"""Digests of rows: equal where the inputs of two rows are equal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np

from diagnose.data import DigestArray, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.stats import digests
from diagnose.stats.digests import is_own, words_of

EXACT = "exact"


def row_digests(split: Split, *, names: Collection[str] | None = None, single: Collection[str] = ()) -> DigestArray:
    """Return a digest of each row's inputs, shape ``(n,)``.

    A row has the same one whatever file it came from: numbers count by their value, categories by their name, and a
    missing value equals a missing value. Identifiers are no inputs, so that a row that was entered twice is found.

    Parameters
    ----------
    split
        Its columns are read, or its embeddings where it has none.
    names
        The columns that count; all inputs when None.
    single
        Columns that are compared as 32-bit floats, because one of the splits holds no more of them.
    """
    wanted = [c for c in split.columns if is_own(c) and (names is None or c.name in names)]
    parts = [(column.name, words_of(column, is_single=column.name in single)) for column in wanted]
    return digests.row_digests(split.n, parts)


def exact_digests(
    train_split: Split | None = None, val_split: Split | None = None, test_split: Split | None = None
) -> Mapping[SplitName, DigestArray]:
    """Return digests of the rows by split, such that a row that stands in two splits has the same in both.

    The columns that all splits share count, at the precision of the coarsest. Digests that a reader made (of images'
    pixels, of texts) are taken where all splits have them.
    """
    splits = [split for split in (train_split, val_split, test_split) if split is not None]
    if not splits:
        raise NotEnoughEvidence("no data were given", "give the data: --train DATA --val DATA")
    if all(EXACT in split.digests for split in splits):
        return MappingProxyType({split.name: split.digests[EXACT] for split in splits})
    shared = set.intersection(*({c.name for c in s.columns if is_own(c)} for s in splits))
    if not shared:
        raise NotEnoughEvidence("the splits share no columns of inputs", "give the inputs of both")
    single = {c.name for s in splits for c in s.columns if c.kind is Kind.NUMBER and c.values.dtype == np.float32}
    return MappingProxyType({s.name: row_digests(s, names=shared, single=single) for s in splits})
