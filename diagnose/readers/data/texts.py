"""What is added to a split that has columns of text: properties, vectors, digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from diagnose.data import Column, Kind, Split
from diagnose.readers.data.text_properties import Vocabulary, properties
from diagnose.readers.data.text_vectors import EMBEDDED_BY, vectors
from diagnose.readers.data.text_words import normalised_hashes

UNKNOWN = "share of unknown words"


def with_texts(split: Split, like: Split | None, *, is_piece: bool = False) -> Split:
    """Return a split with number columns that describe its texts, and with vectors and digests where it has none.

    Parameters
    ----------
    split
        As it was read.
    like
        The split that was read before it: words that its texts lack are unknown. None for the first one.
    is_piece
        Whether this is a part of a split, of which no vocabulary can be made.
    """
    texts = split.of_kind(Kind.TEXT)
    if not texts:
        return split
    derived = [column for text in texts for column in _described(text, split, like, is_piece=is_piece)]
    joined = ["\n".join(parts) for parts in zip(*(_spelled(text) for text in texts), strict=True)]
    names = ", ".join(repr(text.name) for text in texts)
    found = replace(
        split,
        columns=(*split.columns, *derived),
        digests=MappingProxyType({**split.digests, "normalised": normalised_hashes(joined)}),
    )
    if split.embeddings is not None:
        return found
    return replace(found, embeddings=vectors(joined), embedded_by=f"{EMBEDDED_BY} of {names}")


def _described(text: Column, split: Split, like: Split | None, *, is_piece: bool) -> Sequence[Column]:
    spelled = _spelled(text)
    found = dict(properties(spelled))
    reference = text if like is None else like.column(text.name)
    if not is_piece and reference is not None and reference.kind is Kind.TEXT:
        are_own = like is None or like is split
        found[UNKNOWN] = Vocabulary(_spelled(reference)).unknown(spelled, are_own=are_own)
    missing = text.missing
    return [
        Column(
            f"{text.name}: {name}",
            Kind.NUMBER,
            np.where(missing, np.float32(np.nan), values),
            decided="of the text",
            made_of=text.name,
        )
        for name, values in found.items()
    ]


def _spelled(text: Column) -> list[str]:
    return [value or "" for value in text.values.tolist()]
