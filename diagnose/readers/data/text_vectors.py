"""Texts as vectors: counts of their words and pieces of words, hashed. No model, no training, no vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diagnose.data import EmbeddingArray
from diagnose.hashing import Words
from diagnose.readers.data.text_words import Characters, folded, in_parts

DIMENSIONS = 256
"""Of the vectors: inner products of texts of a thousand pieces are kept to about 1 / √256 = 0.06."""
PIECE = 4
"""Characters of a piece: long enough to belong to few words, short enough to be shared by a word's forms."""
HASHED = 40
"""Bits of a hash that tell a text's pieces apart: a million of them would have half a pair that is mistaken for one;
the other 24 hold the number of the text."""
EMBEDDED_BY = f"hashed words and pieces of {PIECE} characters"


def vectors(texts: Sequence[str]) -> EmbeddingArray:
    """Return a vector of length 1 for each text, shape ``(n, 256)``; zeros where a text has no word.

    Square roots of counts of words and of pieces of four characters, each added with a sign of its own to a place of
    its own, both by its hash: a random projection [1]_ that is the same for every data set, so that splits and pieces
    of splits can be embedded one by one.

    References
    ----------
    .. [1] Weinberger et al. (2009), Feature hashing for large scale multitask learning, ICML, Lemma 2.

    Examples
    --------
    >>> a, b, c = vectors(["the cat sat on the mat", "The cat sat on a mat.", "profits rose by a third"])
    >>> bool(a @ b > 0.6), bool(abs(a @ c) < 0.3)
    (True, True)
    """
    found = [_vectors(Characters.of([folded(text) for text in part]), len(part)) for part in in_parts(texts)]
    return np.concatenate(found) if found else np.zeros((0, DIMENSIONS), np.float32)


def _vectors(characters: Characters, n: int) -> EmbeddingArray:
    starts, ends = characters.words
    of_character = np.repeat(np.arange(n, dtype=np.uint64), np.diff(characters.starts))
    pieces = np.arange(max(len(characters.codes) - PIECE, 0))
    pieces = pieces[of_character[: len(pieces)] == of_character[PIECE:]]
    keys = np.concatenate(
        [
            _key(of_character[starts], characters.hashes(starts, ends)),
            _key(of_character[pieces], characters.hashes(pieces, pieces + PIECE)),
        ]
    )
    keys.sort()
    firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
    counts = np.diff(np.append(firsts, len(keys)))
    distinct = keys[firsts]
    at = (distinct >> np.uint64(HASHED)) * np.uint64(DIMENSIONS) + distinct % np.uint64(DIMENSIONS)
    sign = np.where(distinct >> np.uint64(HASHED - 1) & np.uint64(1), -1.0, 1.0)
    whole = np.bincount(at.astype(np.int64), weights=sign * np.sqrt(counts), minlength=n * DIMENSIONS)
    matrix = whole.reshape(n, DIMENSIONS)
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(length > 0, length, 1.0), np.float32)


def _key(rows: Words, hashes: Words) -> Words:
    """Return a text's number and a part of a hash in one word, so that one sort counts the pieces of every text."""
    return (rows << np.uint64(HASHED)) | (hashes >> np.uint64(64 - HASHED))
