"""Rows that stand twice: in training and in held-out data, or twice in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, DigestArray, Kind, Split, SplitName
from diagnose.measures.digests import EXACT
from diagnose.stats.chance_matches import (
    agreement_odds,
    chance_partners,
    copied,
    most_by_chance,
    reference_rows,
    without_followers,
)
from diagnose.stats.digests import is_own, words_of

RowNumbers = npt.NDArray[np.int64]

LONG_TEXT = 40
"""Characters from which a text is equal to another by copying only: about a bit each (Shannon 1951), 10⁻¹²."""
SURE = 1e-12
WRONG = 0.05
"""Share of the rows called copies that chance may have made."""
WEIGHED = 300
"""Equal rows whose chance partners are counted; the others are judged by them."""
SAMPLED = 200
"""Rows that stand for all."""
FOLLOWED = 2000
"""Rows by which it is told whether one column follows from another."""
ODDS_IN_ORDER = 1e-6
"""Odds below which a whole split does not stand in the training data, in its order, by chance."""


@dataclass(frozen=True, eq=False)
class Copies:
    """The rows of one split that are copies of training rows.

    Attributes
    ----------
    split
        Which it is; ``"train"``: copies of an earlier training row.
    n
        Its rows.
    rows, partners
        Row numbers of the copies, ascending, and of the first training row that each equals.
    alike
        Rows that equal a training row, by chance or not.
    by_chance
        How many would by chance, at most, of those that count as copies.
    in_order
        Whether all rows stand in the training data in the same order, one after the other.
    """

    split: SplitName
    n: int
    rows: RowNumbers
    partners: RowNumbers
    alike: int
    by_chance: float
    in_order: bool = False

    @property
    def share(self) -> float:
        """Of its rows, that are copies."""
        return len(self.rows) / self.n


@dataclass(frozen=True, eq=False)
class _Known:
    """The distinct training rows: digests ascending, the first row of each, how often it stands there."""

    digests: DigestArray
    first: RowNumbers
    counts: RowNumbers


def copies(
    train_split: Split,
    exact_digests: Mapping[SplitName, DigestArray],
    held_out: tuple[Split, ...] | None = None,
    seed: int = 0,
) -> tuple[Copies, ...]:
    """Find the copies within training, then those of each held-out split."""
    distinct = np.unique(exact_digests["train"], return_index=True, return_counts=True)
    known = _Known(distinct[0], distinct[1].astype(np.int64), distinct[2].astype(np.int64))
    names = _shared(train_split, held_out or ())
    splits = [("train", exact_digests["train"]), *((s.name, exact_digests[s.name]) for s in held_out or ())]
    weigher = None if EXACT in train_split.digests else _Weigher(train_split, known, names, seed)
    return tuple(_copies_of(name, digests, exact_digests["train"], known, weigher) for name, digests in splits)


def _shared(train: Split, held_out: tuple[Split, ...]) -> list[str]:
    return [c.name for c in train.columns if is_own(c) and all(s.column(c.name) for s in held_out)]


def _copies_of(
    name: SplitName, digests: DigestArray, train: DigestArray, known: _Known, weigher: _Weigher | None
) -> Copies:
    at = np.minimum(np.searchsorted(known.digests, digests), len(known.digests) - 1)
    equal = known.digests[at] == digests
    if name == "train":
        equal &= known.first[at] != np.arange(len(digests))
    rows = np.flatnonzero(equal).astype(np.int64)
    in_order = name != "train" and len(rows) == len(digests) and stands_in_order(digests, train)
    if in_order or weigher is None:
        return Copies(name, len(digests), rows, known.first[at[rows]], len(rows), 0.0, in_order)
    kept, by_chance = weigher.copies_among(at[rows], len(digests))
    most = most_by_chance(train, digests) if name != "train" and len(rows) > 2 * kept.sum() else np.inf
    if len(rows) > most:  # which of them are copies can't be told
        once = known.counts[at[rows]] == 1
        return Copies(name, len(digests), rows[once], known.first[at[rows[once]]], len(rows), min(most, once.sum()))
    return Copies(name, len(digests), rows[kept], known.first[at[rows[kept]]], len(rows), by_chance)


class _Weigher:
    """Tells copies from rows that agree by chance; what it needs of the columns is made when first needed."""

    def __init__(self, train: Split, known: _Known, names: list[str], seed: int) -> None:
        self._columns = _independent([c for c in train.columns if c.name in set(names)], seed)
        self._known, self._seed = known, seed

    def copies_among(self, at: npt.NDArray[np.intp], asked: int) -> tuple[npt.NDArray[np.bool_], float]:
        """Return which of the equal rows are copies (by the distinct row they equal), and how many are chance."""
        if not len(at):
            return np.zeros(0, np.bool_), 0.0
        rng = np.random.default_rng(self._seed)
        n = len(self._known.first)
        targets = np.unique(at)
        weighed = targets if len(targets) <= WEIGHED else np.sort(rng.choice(targets, WEIGHED, replace=False))
        sample = np.sort(rng.choice(n, min(SAMPLED, n), replace=False))
        first = self._known.first
        # odds are those among all rows: among distinct ones no value of a table of one column would stand twice
        of_rows = [words_of(column)(slice(None)) for column in self._columns]
        odds = [_odds(column, words)[first] for column, words in zip(self._columns, of_rows, strict=True)]
        words = [all_words[first] for all_words in of_rows]
        reference = reference_rows(n, len(weighed) + len(sample), len(words), self._seed)
        partners = chance_partners(words, weighed, reference, odds)
        of_all = chance_partners(words, sample, reference, odds)
        # rows without a rare value that stand there often are what such rows do
        rare = np.min([of_value[weighed] for of_value in odds], axis=0) <= 1e-3
        partners = np.where(rare | (self._known.counts[weighed] <= 4), partners, np.inf)
        limit = copied(partners, of_all, asked, WRONG)
        is_copy = partners <= limit if limit else np.zeros(len(weighed), np.bool_)
        by_chance = asked * float(of_all[of_all <= limit].sum()) / len(of_all)
        if len(weighed) == len(targets):
            return np.isin(at, weighed[is_copy]), by_chance
        mostly = bool(is_copy.mean() >= 0.5)
        doubted = weighed[~is_copy] if mostly else np.setdiff1d(targets, weighed[is_copy])
        return ~np.isin(at, doubted), by_chance


def _independent(columns: list[Column], seed: int) -> list[Column]:
    """Leave out the numbers that follow from another column, as a price in another currency does."""
    numbers = [c for c in columns if c.kind in {Kind.NUMBER, Kind.TIME}]
    if len(numbers) < 2:
        return columns
    n = len(numbers[0])
    rows = np.arange(n) if n <= FOLLOWED else np.random.default_rng(seed).choice(n, FOLLOWED, replace=False)
    kept = without_followers(np.column_stack([np.nan_to_num(c.values[rows].astype(np.float64)) for c in numbers]))
    followers = {c.name for j, c in enumerate(numbers) if j not in set(kept)}
    return [c for c in columns if c.name not in followers]


def _odds(column: Column, words: DigestArray) -> npt.NDArray[np.float64]:
    odds = agreement_odds(words)
    if column.kind is Kind.TEXT:
        long = np.fromiter((len(text or "") >= LONG_TEXT for text in column.values), np.bool_, len(words))
        odds = np.where(long, SURE, odds)
    return odds


def stands_in_order(part: DigestArray, whole: DigestArray) -> bool:
    """Whether all rows of ``part`` follow each other at one place of ``whole``, and that is no chance.

    Rows that follow each other at several places are a cycle, as days of the week are.

    Examples
    --------
    >>> rows = np.random.default_rng(0).integers(0, 8, 200).astype(np.uint64)
    >>> stands_in_order(rows[50:90], rows), stands_in_order(np.sort(rows[:40]), rows)
    (True, False)
    """
    if len(part) > len(whole):
        return False
    values, counts = np.unique(whole, return_counts=True)
    share = counts[np.minimum(np.searchsorted(values, part), len(values) - 1)] / len(whole)
    if float(np.log(share).sum()) + np.log(len(whole)) > np.log(ODDS_IN_ORDER):
        return False
    rarest = int(np.argmin(share))
    starts = np.flatnonzero(whole == part[rarest]) - rarest
    starts = starts[(starts >= 0) & (starts <= len(whole) - len(part))]
    places = (start for start in starts[:1000].tolist() if np.array_equal(whole[start : start + len(part)], part))
    return len(list(islice(places, 2))) == 1
