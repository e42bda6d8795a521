"""Simple properties of texts, so that a shift between two sets of them can be named."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from diagnose.hashing import Words
from diagnose.readers.data.text_words import Characters, in_parts, word_hashes

Singles = npt.NDArray[np.float32]

PUNCTUATION = frozenset("PS")
"""Unicode's major categories of punctuation and symbols."""


def properties(texts: Sequence[str]) -> Mapping[str, Singles]:
    """Return properties by name, each of shape ``(n,)``; shares and lengths are NaN where a text has nothing of which.

    Examples
    --------
    >>> {name: float(values[0]) for name, values in properties(["Room 12, NO!"]).items() if name != "word length"}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'characters': 12.0, 'words': 3.0, 'share of capitals': 0.25, 'share of digits': 0.1666666716337204,
     'share of punctuation': 0.1666666716337204, 'share of non-ASCII': 0.0}
    """
    parts = [_properties(Characters.of(part)) for part in in_parts(texts)]
    names = parts[0] if parts else {}
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _properties(characters: Characters) -> Mapping[str, Singles]:
    lengths = characters.lengths
    starts, ends = characters.words
    rows = characters.rows(starts)
    words = np.bincount(rows, minlength=len(lengths))
    of_words = np.bincount(rows, weights=ends - starts, minlength=len(lengths))
    marked = {
        "share of capitals": characters.are(str.isupper),
        "share of digits": characters.are(str.isdigit),
        "share of punctuation": characters.are(lambda mark: unicodedata.category(mark)[0] in PUNCTUATION),
        "share of non-ASCII": characters.codes > 127,
    }
    return {
        "characters": lengths.astype(np.float32),
        "words": words.astype(np.float32),
        "word length": _ratio(of_words, words),
        **{name: _ratio(characters.counted(marks), lengths) for name, marks in marked.items()},
    }


def _ratio(counts: npt.NDArray[np.number], of: npt.NDArray[np.number]) -> Singles:
    return np.where(of > 0, counts / np.maximum(of, 1), np.nan).astype(np.float32)


class Vocabulary:
    """The words of a set of texts, and in how many of them each stands."""

    def __init__(self, texts: Sequence[str]) -> None:
        words, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        for _, hashes, rows in word_hashes(texts):
            found, times = np.unique(_once_a_text(hashes, rows), return_counts=True)
            words.append(found)
            counts.append(times)
        self.words, at = np.unique(np.concatenate(words), return_inverse=True)
        self.counts = np.bincount(at, weights=np.concatenate(counts), minlength=len(self.words)).astype(np.int64)

    def unknown(self, texts: Sequence[str], *, are_own: bool) -> Singles:
        """Return which share of each text's words no other text of the set has, shape ``(n,)``; NaN without words.

        Of the texts that made the vocabulary (``are_own``), a word that stands in one alone is unknown there: a text
        counts as if the vocabulary had been made without it. Else the training texts had no unknown word by
        definition, and any other text some.
        """
        least = 2 if are_own else 1
        words, counts = np.append(self.words, np.uint64(0)), np.append(self.counts, 0)  # what lies behind the last word
        found = []
        for n, hashes, rows in word_hashes(texts):
            at = np.searchsorted(self.words, hashes)
            is_known = (words[at] == hashes) & (counts[at] >= least)
            lacking = np.bincount(rows, weights=~is_known, minlength=n)
            found.append(_ratio(lacking, np.bincount(rows, minlength=n)))
        return np.concatenate(found) if found else np.zeros(0, np.float32)


def _once_a_text(hashes: Words, rows: npt.NDArray[np.int64]) -> Words:
    """Return the words of each text without repetitions."""
    order = np.lexsort((hashes, rows))
    words, texts = hashes[order], rows[order]
    is_first = np.concatenate([[True], (words[1:] != words[:-1]) | (texts[1:] != texts[:-1])])
    return np.asarray(words[is_first[: len(words)]], np.uint64)
