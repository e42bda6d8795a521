"""Held-out texts that are nearly a training text."""

from __future__ import annotations

import numpy as np

from diagnose.data import Kind, Split
from diagnose.hashing import text_hashes
from diagnose.measures.copies import LONG_TEXT
from diagnose.measures.near_copies_found import Found, RowNumbers, none_found
from diagnose.stats.chance_matches import most_by_chance
from diagnose.stats.shingles import pieces, plain_text, shared_part, sketches

LEAST_LETTERS = 15
"""Shorter texts are alike by chance."""
MOST_TEXTS = 20_000
"""Of a side that are compared piece by piece: two seconds. All are compared by what case and spaces leave."""
ALIKE = 0.8
"""Share of common pieces from which texts are nearly the same: one word in ten is another."""
KIN = 0.6
"""Share from which a training text is of the same kind."""
MOST_KIN = 4
"""Training texts of the same kind, above which it is a template that texts share."""
MOST_IN_A_BAND = 50


def texts_of(split: Split) -> list[str] | None:
    """Return the texts of each row in one; None where the split holds none."""
    columns = [c for c in split.of_kind(Kind.TEXT) if not c.made_of]
    if not columns:
        return None
    rows = zip(*(column.values.tolist() for column in columns), strict=True)
    return [plain_text(" ".join(text or "" for text in texts)) for texts in rows]


def near_texts(train: list[str], held: list[str], skipped: RowNumbers, seed: int) -> Found:
    """Return the held-out texts that equal a training text but for case and spaces, or share most of its pieces.

    ``skipped`` are rows that need no answer: those that are exact copies.
    """
    first, second = text_hashes(train), text_hashes(held)
    values, at = np.unique(first, return_index=True)
    place = np.minimum(np.searchsorted(values, second), len(values) - 1)
    letters = np.fromiter(map(len, held), np.int64, len(held))
    equal = (values[place] == second) & (letters >= LEAST_LETTERS)
    equal[skipped] = False
    if not equal.sum() > most_by_chance(first, second):
        equal &= letters >= LONG_TEXT
    rows = np.flatnonzero(equal)
    found = Found("text", rows, at[place[rows]], np.ones(len(rows)), None)
    left = np.setdiff1d(np.flatnonzero(letters >= LONG_TEXT), np.union1d(rows, skipped))
    return found.joined(_by_pieces(train, held, left, seed))


def _by_pieces(train: list[str], held: list[str], left: RowNumbers, seed: int) -> Found:
    known = np.array([row for row, text in enumerate(train) if len(text) >= LONG_TEXT], np.int64)
    if not len(known) or not len(left):
        return none_found("text")
    rng = np.random.default_rng(seed)
    sampled = max(len(known), len(left)) > MOST_TEXTS
    known, left = (np.sort(rng.permutation(rows)[:MOST_TEXTS]) for rows in (known, left))
    of_train, of_held = (
        [pieces(texts[row]) for row in rows.tolist()] for texts, rows in ((train, known), (held, left))
    )
    bands: dict[int, list[int]] = {}
    for at, sketch in enumerate(sketches(of_train).tolist()):
        for word in sketch:
            bands.setdefault(word, []).append(at)
    rows, partners, alike = [], [], []
    for at, sketch in enumerate(sketches(of_held).tolist()):
        near = sorted({one for word in sketch for one in bands.get(word, ())[:MOST_IN_A_BAND]})
        shared = np.array([shared_part(of_held[at], of_train[one]) for one in near])
        if near and shared.max() >= ALIKE and int((shared >= KIN).sum()) <= MOST_KIN:
            rows.append(int(left[at]))
            partners.append(int(known[near[int(shared.argmax())]]))
            alike.append(float(shared.max()))
    return Found(
        "text", np.array(rows, np.int64), np.array(partners, np.int64), np.array(alike), MOST_TEXTS if sampled else None
    )
