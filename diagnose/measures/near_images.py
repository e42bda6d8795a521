"""Held-out images that were made from a training image: resized, compressed again, cropped, brightened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import DigestArray, Split
from diagnose.measures.near_copies_found import Found, RowNumbers
from diagnose.stats.hamming import nearest_hash
from diagnose.stats.neighbours import nearest_rows, surely
from diagnose.stats.registration import blurred, differences

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

PERCEPTUAL, PIXELS = "perceptual", "pixels"
SIDE, HALF = 16, 8
"""Of the small pictures that are kept, and of those by which candidates are found."""
MOST_BITS = 10
"""Of a perceptual hash's 64: copies cropped by 2 % at each side differ in 6 (diagnose/readers/data/image_hashes.py)."""
WRONG = 0.01
"""Share of the near copies that may be chance."""
CANDIDATES = 20
"""Training images that are nearest by 8 × 8 pixels: a copy's original is among them in 97 of 100 at least, in nine of
ten where a tenth was cropped at two sides (benchmarks/leakage.py)."""
LAID = 6
"""Of those, the likeliest, which are laid over the image."""
FOURTH = 3
"""The nearest is compared with the fourth: up to three copies of one image hide none of them."""
FIFTH, TENTH = 4, 9
"""Places by which it is told in how many dimensions pictures lie around one, and how near the nearest may come."""
MOST_LAID = 3000
"""Images that are laid over others, those whose candidates are most unequal: three seconds."""
LEAST_ROWS, SAMPLE = 60, 300
"""Training images without which, and of how many of which, it is told how near they lie to each other."""
NEAR = 0.45
"""Of the fourth's difference, whatever the law: of different photographs two in a hundred are as near, of copies all
but those of which compression left nothing."""
AROUND = 0.05
"""Odds of so near a picture among the twenty around it. The law of all others knows nothing of pictures that tell
little, skies and single edges, which lie close in few dimensions: of two photographs' tiles all eight that were named
wrongly had odds of 0.1 or more, of their copies nine in ten 0.05 or less."""
HASHED = 0.2
"""The same where hashes agree, which is evidence by itself: of 33 tiles of drawings and textures that were named
without an original 25 are left, and of copies of tiles, digits and CIFAR-10 none is lost but one of a sky."""
PLAIN = 1e-7
"""Odds by the law of all others below which it takes little more: those eight had 4 in 100,000 or more."""
LEAST = 0.005
"""Difference that bytes bring by themselves."""
PAIRS = 1e8
"""Pairs of small pictures that are compared at most: two seconds. Of more, held-out images are drawn."""


@dataclass(frozen=True, eq=False)
class _Pictures:
    """Rows with a picture that is not flat: small ones, and of half the side as directions."""

    rows: RowNumbers
    small: Singles
    directions: Singles

    def only(self, some: RowNumbers) -> _Pictures:
        """Return some of them, by their place here."""
        return _Pictures(self.rows[some], self.small[some], self.directions[some])


def near_images(train: Split, held: Split, known: RowNumbers, asked: RowNumbers, seed: int) -> Found | None:
    """Return the images near a training image; None where they were not looked at.

    Parameters
    ----------
    train, held
        Their digests count.
    known, asked
        Rows that are compared by hashes; of those asked fewer are laid over each other where they are many.
    seed
        Of the sample.
    """
    first, second = (split.digests.get(PERCEPTUAL) for split in (train, held))
    if first is None or second is None or not len(known):
        return None
    bits, at, odds = nearest_hash(second[asked], first[known])
    near = surely(odds, len(asked), WRONG) & (bits <= MOST_BITS)
    near[near] = _stand_out(train.digests.get(PIXELS), held.digests.get(PIXELS), asked[near], seed)
    found = Found("images", asked[near], known[at[near]], 1 - bits[near] / 64, None)
    laid = _laid_over(train.digests.get(PIXELS), held.digests.get(PIXELS), np.setdiff1d(asked, found.rows), seed)
    return found if laid is None else found.joined(laid)


def _stand_out(
    train: DigestArray | None, held: DigestArray | None, rows: RowNumbers, seed: int
) -> npt.NDArray[np.bool_]:
    """Whether each of the rows has a training picture nearer than those around it lead to expect.

    Edges, stars and black ground have hashes alike, and many pictures like them. True where it can't be told.
    """
    if train is None or held is None or len(train) < LEAST_ROWS or not len(rows):
        return np.ones(len(rows), np.bool_)
    known = _pictures(train, np.sort(np.random.default_rng(seed).permutation(len(train))[: int(PAIRS / 500)]))
    asked = _pictures(held, rows)
    if len(known.rows) < LEAST_ROWS:
        return np.ones(len(rows), np.bool_)
    return np.isin(rows, asked.rows[_odds_around(asked, known) <= HASHED])


def _laid_over(train: DigestArray | None, held: DigestArray | None, asked: RowNumbers, seed: int) -> Found | None:
    if train is None or held is None or len(train) < LEAST_ROWS or not len(asked):
        return None
    rng = np.random.default_rng(seed)
    known = _pictures(train, np.sort(rng.permutation(len(train))[: int(PAIRS / 500)]))
    few = np.sort(rng.permutation(asked)[: max(int(PAIRS / max(len(known.rows), 1)), 1)])
    others = _pictures(held, few)
    if len(known.rows) < LEAST_ROWS or not len(others.rows):
        return None
    own = np.sort(rng.permutation(len(known.rows))[:SAMPLE])
    usual = _nearness(known.only(own), known, own)[0]
    ratio, nearest, partners = _nearness(others, known, None)
    odds = _odds(ratio, usual)
    near = np.flatnonzero(surely(odds, len(others.rows), WRONG) & (ratio <= NEAR))
    if not len(near):
        return None
    near = near[_odds_around(others.only(near), known) <= np.where(odds[near] <= PLAIN, 10 * AROUND, AROUND)]
    return Found("images", others.rows[near], known.rows[partners[near]], 1 - nearest[near], None)


def _pictures(packed: DigestArray, rows: RowNumbers) -> _Pictures:
    small = _unpacked(packed[rows])
    half = small.reshape(-1, HALF, 2, HALF, 2).mean(axis=(2, 4)).reshape(len(rows), -1)
    half -= half.mean(axis=1, keepdims=True)
    size = np.sqrt((half * half).sum(axis=1))
    kept = size > 0
    return _Pictures(rows[kept], blurred(small[kept]), half[kept] / size[kept, None])


def _unpacked(packed: DigestArray) -> Singles:
    return np.ascontiguousarray(packed).view(np.uint8).reshape(-1, SIDE, SIDE).astype(np.float32)


def _nearness(asked: _Pictures, known: _Pictures, own: RowNumbers | None) -> tuple[Floats, Floats, RowNumbers]:
    """Return the difference to the nearest over that to the fourth, the former, and which it is; shape ``(n,)``."""
    near = nearest_rows(asked.directions, known.directions, CANDIDATES, own)
    rough = np.linalg.norm(known.directions[near] - asked.directions[:, None], axis=2)
    tangents = _tangents(known.directions)
    for k in range(near.shape[1]):
        rest = asked.directions - known.directions[near[:, k]]
        along = np.einsum("np,npj->nj", rest, tangents[near[:, k]])
        rough[:, k] = np.maximum((rest * rest).sum(axis=1) - (along * along).sum(axis=1), 0)
    likeliest = np.argsort(rough, axis=1, kind="stable")[:, :LAID]
    near = np.take_along_axis(near, likeliest, axis=1)
    rough = np.take_along_axis(rough, likeliest, axis=1)
    ratio, nearest, partners = np.ones(len(near)), np.ones(len(near)), near[:, 0]
    unequal = rough[:, 0] / np.maximum(rough[:, min(FOURTH, near.shape[1] - 1)], 1e-12)
    some = np.sort(np.argsort(unequal, kind="stable")[:MOST_LAID])
    exact = np.stack([differences(known.small[near[some, k]], asked.small[some]) for k in range(near.shape[1])], axis=1)
    exact = np.maximum(exact, LEAST)
    ordered = np.sort(exact, axis=1)
    ratio[some], nearest[some] = ordered[:, 0] / ordered[:, min(FOURTH, near.shape[1] - 1)], ordered[:, 0]
    partners[some] = near[some, exact.argmin(axis=1)]
    return ratio, nearest, partners.astype(np.int64)


def _tangents(directions: Singles) -> Singles:
    """Return how each small picture changes when it is shifted, stretched, brightened: orthonormal, ``(n, 64, 5)``."""
    pictures = directions.reshape(-1, HALF, HALF)
    down, right = np.gradient(pictures, axis=1), np.gradient(pictures, axis=2)
    along = (np.arange(HALF, dtype=np.float32) - np.float32((HALF - 1) / 2)) / HALF
    stretched = down * along[:, None] + right * along
    changes = np.stack([pictures, np.ones_like(pictures), right, down, stretched], axis=3)
    found = np.linalg.qr(changes.reshape(len(pictures), HALF * HALF, 5))[0]
    return np.asarray(found, np.float32)


def _odds(ratio: Floats, usual: Floats) -> Floats:
    """Return the odds of such a ratio among different images, by the law of its logarithm within training.

    Copies within training, up to one in twenty, widen it: what is usual there is no leak.
    """
    from scipy.special import ndtr  # noqa: PLC0415

    low, some, middle = (float(np.quantile(np.log(usual), share)) for share in (0.05, 0.1, 0.5))
    width = max((middle - low) / 1.645, (middle - some) / 1.2816, 0.05)
    return np.asarray(ndtr((np.log(ratio) - middle) / width))


def _odds_around(asked: _Pictures, known: _Pictures) -> Floats:
    """Return the odds of so near a picture by how fast the others around it grow in number with their difference.

    The twentieth's difference over that of the fifth to the nineteenth says in how many dimensions they spread
    (Levina & Bickel 2005, where copies come before the fifth).
    """
    near = nearest_rows(asked.directions, known.directions, CANDIDATES)
    laid = [differences(known.small[of], asked.small) for of in near.T]
    exact = np.sort(np.maximum(np.stack(laid, axis=1), LEAST), axis=1)
    growth = np.log(exact[:, -1] / exact[:, FIFTH])
    volume = sum(1 / i for i in range(FIFTH + 1, CANDIDATES))  # mean of the logarithm of the volumes' ratio
    dimensions = volume / np.maximum(growth, 1e-9)
    return np.asarray((TENTH * (exact[:, 0] / exact[:, TENTH]) ** dimensions).clip(0, 1))
