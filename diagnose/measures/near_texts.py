"""Held-out texts that are nearly a training text."""

from __future__ import annotations

import numpy as np

from diagnose.data import Kind, Split
from diagnose.hashing import Words, text_hashes
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
ASKED_WITHIN = 2000
"""Training texts by which it is told how many have such a text in training itself."""
MOST_USUAL = 0.25
"""Of the near copies, that may be what is usual within training: more, and the list is not that of a leak."""


def texts_of(split: Split) -> list[str] | None:
    """Return the texts of each row in one; None where the split holds none."""
    columns = [c for c in split.of_kind(Kind.TEXT) if not c.made_of]
    if not columns:
        return None
    rows = zip(*(column.values.tolist() for column in columns), strict=True)
    return [plain_text(" ".join(text or "" for text in texts)) for texts in rows]


def near_texts(train: list[str], held: list[str], skipped: RowNumbers, seed: int, repeated: RowNumbers) -> Found:
    """Return the held-out texts that equal a training text but for case and spaces, or share most of its pieces.

    Where training texts are as near to each other, as those made from one template are, nothing is returned: a leak is
    nearness beyond what is usual within training.

    Parameters
    ----------
    train, held
        `plain_text` of each row.
    skipped
        Held-out rows that need no answer: those that are exact copies.
    seed
        Of the samples.
    repeated
        Training rows that are exact copies of an earlier one: they say nothing of what is usual.
    """
    own = np.setdiff1d(np.arange(len(train)), repeated)
    first, second = text_hashes(train), text_hashes(held)
    values, at, counts = np.unique(first[own], return_index=True, return_counts=True)
    place = np.minimum(np.searchsorted(values, second), len(values) - 1)
    letters = np.fromiter(map(len, held), np.int64, len(held))
    equal = (values[place] == second) & (letters >= LEAST_LETTERS)
    equal[skipped] = False
    if not equal.sum() > most_by_chance(first, second):
        equal &= letters >= LONG_TEXT
    rows = np.flatnonzero(equal)
    long = np.fromiter((len(train[row]) >= LEAST_LETTERS for row in own[at].tolist()), np.bool_, len(at))
    twice = int(counts[long & (counts > 1)].sum())
    if not _is_beyond(len(rows), len(held) - len(skipped), twice, int(counts[long].sum())):
        rows = rows[:0]
    found = Found("text", rows, own[at[place[rows]]], np.ones(len(rows)), None)
    left = np.setdiff1d(np.flatnonzero(letters >= LONG_TEXT), np.union1d(np.flatnonzero(equal), skipped))
    return found.joined(_by_pieces(train, held, (own, left), seed))


def _is_beyond(found: int, asked: int, within: int, of: int) -> bool:
    """Whether more of those asked have a near text than within training, and most of them beyond what is usual."""
    if not found or not within:
        return found > 0
    expected = asked * within / of
    spread = np.sqrt(expected * (1 + asked / of))
    return bool(found > expected + 3.09 * spread and expected <= MOST_USUAL * found)


def _by_pieces(train: list[str], held: list[str], rows: tuple[RowNumbers, RowNumbers], seed: int) -> Found:
    known = rows[0][[len(train[row]) >= LONG_TEXT for row in rows[0].tolist()]]
    if not len(known) or not len(rows[1]):
        return none_found("text")
    rng = np.random.default_rng(seed)
    sampled = max(len(known), len(rows[1])) > MOST_TEXTS
    known, left = (np.sort(rng.permutation(some)[:MOST_TEXTS]) for some in (known, rows[1]))
    of_train, of_held = (
        [pieces(texts[row]) for row in some.tolist()] for texts, some in ((train, known), (held, left))
    )
    sketched = sketches(of_train)
    bands: dict[int, list[int]] = {}
    for at, sketch in enumerate(sketched.tolist()):
        for word in sketch:
            bands.setdefault(word, []).append(at)
    near = [
        (int(left[at]), *answer)
        for at, sketch in enumerate(sketches(of_held).tolist())
        if (answer := _nearest(of_held[at], sketch, bands, of_train)) is not None
    ]
    few = rng.permutation(len(known))[:ASKED_WITHIN].tolist()
    within = (
        [_nearest(of_train[at], sketched[at].tolist(), bands, of_train, at) is not None for at in few] if near else []
    )
    if not _is_beyond(len(near), len(left), sum(within), len(few)):
        near = []
    return Found(
        "text", np.array([row for row, _, _ in near], np.int64), known[[at for _, at, _ in near]].astype(np.int64),
        np.array([alike for _, _, alike in near], np.float64), MOST_TEXTS if sampled else None,
    )  # fmt: skip


def _nearest(
    of_text: Words, sketch: list[int], bands: dict[int, list[int]], of_train: list[Words], own: int | None = None
) -> tuple[int, float] | None:
    """Return which training text is nearly the same, and what part they share; None for none, and for a template."""
    near = sorted({one for word in sketch for one in bands.get(word, ())[:MOST_IN_A_BAND]} - {own})
    shared = np.array([shared_part(of_text, of_train[one]) for one in near])
    if not near or shared.max() < ALIKE or int((shared >= KIN).sum()) > MOST_KIN:
        return None
    return near[int(shared.argmax())], float(shared.max())
