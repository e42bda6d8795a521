"""Images made from training images are told, whatever made them; different ones of one kind are not."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import affine_transform
from sklearn.datasets import load_sample_images

import diagnose
from diagnose.measures.near_images import near_images
from diagnose.readers.data import read_split
from diagnose.stats.registration import blurred, differences

SIDE, COPIED = 48, 12


def tiles() -> list[Image.Image]:
    photos = load_sample_images().images
    cut = [
        photo[top : top + SIDE, left : left + SIDE]
        for photo in photos
        for top in range(0, photo.shape[0] - SIDE, SIDE)
        for left in range(0, photo.shape[1] - SIDE, SIDE)
    ]
    order = np.random.default_rng(0).permutation(len(cut))
    return [Image.fromarray(cut[at]) for at in order]


def stored(image: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


EDITS: dict[str, tuple[Callable[[Image.Image], Image.Image], int]] = {
    "half the size": (lambda image: image.resize((SIDE // 2, SIDE // 2)), 12),
    "JPEG 50": (lambda image: stored(image, 50), 9),  # of a sky without contrast it leaves nothing
    "cropped by 5 % a side": (lambda image: image.crop((2, 2, SIDE - 2, SIDE - 2)), 10),  # one of a sky
    "cropped at two sides": (lambda image: image.crop((0, 5, SIDE - 5, SIDE)), 10),
    "brighter": (lambda image: image.point(lambda value: min(255, int(1.2 * value + 8))), 10),
}


def found_in(train: list[Image.Image], held: list[Image.Image]) -> dict[int, int]:
    sides = [np.stack([np.asarray(image.resize((SIDE, SIDE))) for image in part]) for part in (train, held)]
    first, second = read_split(sides[0], "train"), read_split(sides[1], "val")
    found = near_images(first, second, np.arange(first.n), np.arange(second.n), 0)
    assert found is not None
    return dict(zip(found.rows.tolist(), found.partners.tolist(), strict=True))


@pytest.mark.parametrize("what", EDITS)
def test_finds_copies_and_their_originals(what: str) -> None:
    edit, least = EDITS[what]
    images = tiles()
    found = found_in(images[:150], [*(edit(image) for image in images[:COPIED]), *images[150:]])
    assert sum(found.get(at) == at for at in range(COPIED)) >= least
    assert not [row for row in found if row >= COPIED]


def test_quiet_on_tiles_of_one_photograph() -> None:
    images = tiles()
    assert not found_in(images[:150], images[150:])


def test_quiet_on_skies_and_edges() -> None:
    """Slopes and single edges can be laid over each other: that two do says nothing. Hashes are alike for three."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5

    def drawn(at: int) -> Image.Image:
        turn, place = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
        along = x * np.cos(turn) + y * np.sin(turn) - place
        shape = along if at % 2 else np.tanh(20 * along)
        return Image.fromarray(np.clip(128 + 90 * shape + rng.normal(size=x.shape), 0, 255).astype(np.uint8))

    images = [drawn(at) for at in range(300)]
    assert len(found_in(images[:200], images[200:])) <= 3


def test_flat_images_are_nothing_alike() -> None:
    flat = np.full((80, 20, 20), 7, np.uint8)
    first, second = read_split(flat, "train"), read_split(flat[:40] + np.uint8(9), "val")
    found = near_images(first, second, np.arange(80), np.arange(40), 0)
    assert found is None or not len(found.rows)


def test_a_crop_is_named_by_an_audit() -> None:
    images = tiles()
    held = [*(image.crop((2, 2, SIDE - 2, SIDE - 2)).resize((SIDE, SIDE)) for image in images[:9]), *images[150:]]
    train = np.stack([np.asarray(image) for image in images[:150]])
    diagnosis = diagnose.audit(train=train, val=np.stack([np.asarray(image) for image in held]))
    near = next(finding for finding in diagnosis.findings if finding.code == "LKG142")
    assert set(near.where[0].names) <= set(map(str, range(9)))
    assert len(near.where[0].names) >= 8


def test_a_picture_laid_over_itself_differs_in_nothing() -> None:
    rng = np.random.default_rng(1)
    smooth = blurred(blurred(rng.normal(size=(6, 40, 40)).astype(np.float32)))
    moved = np.stack([affine_transform(one, [0.95, 0.92], offset=[0.6, -0.4], order=1) for one in smooth])
    inner = slice(8, 32)
    same = differences(smooth[:, inner, inner], 3 * moved[:, 8:32, 8:32] - 40)
    other = differences(smooth[:, inner, inner], np.roll(moved, 1, axis=0)[:, 8:32, 8:32])
    assert same.max() < 0.5 * other.min()
    assert differences(smooth[:2], smooth[:2]).max() < 0.001
