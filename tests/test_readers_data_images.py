"""Images: properties against a second implementation, digests against copies, files against arrays, shifts by name."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage
from PIL import Image, ImageFilter, ImageStat

import diagnose
from diagnose.analyzers import analyzers
from diagnose.data import Kind
from diagnose.errors import InputError, MissingExtra, UnreadableInput
from diagnose.readers.data import iter_pieces, read_split
from diagnose.readers.data.image_arrays import are_images
from diagnose.readers.data.image_facts import facts_of
from diagnose.readers.data.image_hashes import exact_hashes, perceptual_hashes
from diagnose.readers.data.image_pixels import grey, shrunk
from diagnose.readers.data.image_properties import properties
from image_examples import pictures, save_classes

HALF_A_SHADE = 255 / 31 / 2
"""Of 32 shades a colour, which thumbnails of coloured pictures are kept in."""


def differing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.bitwise_count(one ^ other)


def hashes(images) -> np.ndarray:
    return np.concatenate([perceptual_hashes(grey(np.asarray(image)[None])) for image in images])


def test_properties_agree_with_pillow_and_scipy() -> None:
    images = pictures(5, side=37)
    found = properties(images)
    for at, image in enumerate(images):
        luma = image.astype(float) @ [0.299, 0.587, 0.114]
        assert found["brightness"][at] == pytest.approx(luma.mean(), rel=1e-5)
        assert found["brightness"][at] == pytest.approx(
            ImageStat.Stat(Image.fromarray(image).convert("L")).mean[0], abs=1
        )
        assert found["contrast"][at] == pytest.approx(luma.std(), rel=1e-4)
        assert found["sharpness"][at] == pytest.approx(scipy.ndimage.laplace(luma)[1:-1, 1:-1].std(), rel=1e-4)
        assert found["warmth"][at] == pytest.approx(image[..., 0].mean() - image[..., 2].mean(), abs=1e-3)
        r, g, b = np.moveaxis(image.astype(float), 2, 0)
        rg, yb = r - g, (r + g) / 2 - b
        theirs = np.sqrt(rg.std() ** 2 + yb.std() ** 2) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2)
        assert found["colourfulness"][at] == pytest.approx(theirs, rel=1e-4)


def test_shrinking_keeps_the_mean_and_agrees_with_a_box_filter() -> None:
    images = grey(pictures(3, side=48))
    small = shrunk(images, 8, 8)
    np.testing.assert_allclose(small.mean(axis=(1, 2)), images.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(small, images.reshape(3, 8, 6, 8, 6).mean(axis=(2, 4)), rtol=1e-5)
    theirs = np.asarray(Image.fromarray(images[0]).resize((20, 20), Image.Resampling.BOX))
    np.testing.assert_allclose(shrunk(images, 20, 20)[0], theirs, atol=20)  # Pillow takes whole pixels only
    np.testing.assert_allclose(shrunk(np.ones((1, 5, 7), np.float32), 9, 3), 1, rtol=1e-6)


def test_the_bits_are_signs_of_a_cosine_transform() -> None:
    image = grey(pictures(1, side=32))
    theirs = scipy.fft.dctn(image[0].astype(float))
    bits = int(perceptual_hashes(image)[0])
    places = sorted(((r, c) for r in range(32) for c in range(32)), key=lambda p: (p[0] ** 2 + p[1] ** 2, p))[1:65]
    assert [bits >> at & 1 for at in range(64)] == [int(theirs[place] > 0) for place in places]


@pytest.mark.parametrize(
    ("change", "most"),
    [
        (lambda image: image.resize((24, 24), Image.Resampling.LANCZOS), 4),
        (lambda image: image.resize((90, 77), Image.Resampling.BILINEAR), 4),
        (lambda image: _saved_again(image, 90), 4),
        (lambda image: _saved_again(image, 50), 8),
        (lambda image: image.crop((1, 1, 47, 47)), 12),
        (lambda image: _saved_again(image.crop((0, 1, 48, 48)).resize((40, 40)), 80), 12),
        (lambda image: image.point(lambda value: int(0.8 * value + 10)), 6),
        (lambda image: image.convert("L"), 0),
    ],
    ids=["half", "stretched", "JPEG 90", "JPEG 50", "cropped", "cropped, smaller, JPEG", "paler", "grey"],
)
def test_copies_are_near(change, most: int) -> None:
    originals = [Image.fromarray(image) for image in pictures(60)]
    found = differing(hashes(originals), hashes([change(image) for image in originals]))
    assert np.quantile(found, 0.95) <= most


def test_other_images_are_far() -> None:
    found = hashes(pictures(200))
    pairs = differing(found[:, None], found[None])[np.triu_indices(200, 1)]
    assert 28 <= np.median(pairs) <= 36
    assert np.mean(pairs <= 8) < 2e-4


def test_a_flat_image_has_no_bits_of_rounding() -> None:
    flat = np.full((2, 31, 47), 100.3, np.float32)
    assert perceptual_hashes(flat).tolist() == [0, 0]


def _saved_again(image: Image.Image, quality: int) -> Image.Image:
    stream = BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def test_exact_digests_are_those_of_the_pixels() -> None:
    images = pictures(6)
    ours = exact_hashes(images)
    assert len(set(ours.tolist())) == 6
    for same in (images.astype(np.float64), images / 255, (images / np.float32(255)), images.astype(np.int64)):
        np.testing.assert_array_equal(exact_hashes(same), ours)
    changed = images.copy()
    changed[2, 5, 5, 1] ^= 1
    assert (exact_hashes(changed) == ours).tolist() == [True, True, False, True, True, True]
    flat = np.repeat(images[..., :1], 3, axis=3)
    np.testing.assert_array_equal(exact_hashes(flat), exact_hashes(images[..., 0]))
    assert exact_hashes(images[:, :24])[0] != exact_hashes(images[:, :24].reshape(6, 48, 24, 3))[0]


def test_a_digest_knows_no_neighbours() -> None:
    mixed = np.stack([pictures(1)[0] / 255.0, np.random.default_rng(0).random((48, 48, 3))])
    assert exact_hashes(mixed[:1])[0] == exact_hashes(mixed)[0] == exact_hashes(pictures(1))[0]


def test_any_layout_gives_the_same() -> None:
    images = pictures(7)
    whole = facts_of(images)
    for other in (np.moveaxis(images, 3, 1), list(images), images.astype(np.int32)):
        found = facts_of(other)
        for name, values in whole.properties.items():
            np.testing.assert_allclose(found.properties[name], values, rtol=1e-5, atol=1e-4)
        for name, values in whole.digests.items():
            np.testing.assert_array_equal(found.digests[name], values)
    single = facts_of(images[..., :1])
    np.testing.assert_array_equal(single.embeddings, facts_of(images[..., 0]).embeddings)


def test_images_of_many_sizes_stay_in_order() -> None:
    images = pictures(6)
    cut = [image[: 48 - 4 * (at % 3), :, :] for at, image in enumerate(images)]
    found = facts_of(cut)
    assert found.properties["height"].tolist() == [48, 44, 40, 48, 44, 40]
    for at, image in enumerate(cut):
        assert found.digests["exact"][at] == exact_hashes(image[None])[0]
    mixed = facts_of([images[0], images[1][..., 0]])
    assert np.isnan(mixed.properties["warmth"]).tolist() == [False, True]


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((9, 28, 28), np.uint8, True), ((9, 20, 30), np.uint8, True), ((9, 8, 8), float, True),
        ((9, 20, 30), float, False), ((9, 50, 4), np.float32, False), ((9, 16, 16, 3), np.int64, True),
        ((9, 3, 16, 16), np.float32, True), ((9, 4, 6, 3), float, False), ((9, 16, 16, 16), float, False),
        ((9, 64), np.uint8, False),
        ((9, 28, 28), object, False),
    ],
)  # fmt: skip
def test_what_counts_as_images(shape, dtype, expected: bool) -> None:
    assert are_images(shape, np.dtype(dtype)) is expected


def test_an_array_is_read_as_images() -> None:
    images, labels = pictures(30), [at % 3 for at in range(30)]
    split = read_split((images, np.array(labels)), "train")
    assert {column.made_of for column in split.columns} == {"image"}
    assert split.embeddings is not None
    assert split.embeddings.shape == (30, 64)
    assert split.embedded_by == "8 × 8 grey pixels"
    assert [len(batch) for batch in split.batches(20)] == [20, 10]
    with Image.open(BytesIO(split.thumbnail(4))) as small:
        np.testing.assert_allclose(np.asarray(small, float), images[4], atol=HALF_A_SHADE)
    np.testing.assert_array_equal(np.concatenate(list(split.batches(7))), images)


@pytest.mark.parametrize(
    "images", [pictures(2) / 255, pictures(2) / 127.5 - 1, pictures(2)[..., 0].astype(np.uint16) * 257]
)
def test_a_thumbnail_shows_any_unit(images) -> None:
    split = read_split(images, "train")
    with Image.open(BytesIO(split.thumbnail(1))) as small:
        shown = np.asarray(small, float).ravel()
    assert np.corrcoef(shown, images[1].ravel())[0, 1] > 0.998


def test_large_thumbnails_are_small() -> None:
    split = read_split(pictures(1, side=400), "train")
    with Image.open(BytesIO(split.thumbnail(0))) as small:
        assert small.size == (64, 64)


def test_npz_and_npy_files_hold_images(tmp_path: Path) -> None:
    images = pictures(12)
    np.savez(tmp_path / "a.npz", x=images, y=np.arange(12) % 2)
    np.save(tmp_path / "a.npy", images)
    whole = read_split(images, "train")
    for name in ("a.npz", "a.npy"):
        split = read_split(tmp_path / name, "train")
        assert [column.name for column in split.columns] == [column.name for column in whole.columns]
        np.testing.assert_array_equal(split.digests["exact"], whole.digests["exact"])
    pieces = list(iter_pieces(tmp_path / "a.npy", "train", rows=5))
    np.testing.assert_array_equal(
        np.concatenate([piece.digests["perceptual"] for piece in pieces]), whole.digests["perceptual"]
    )


def test_a_folder_of_classes(tmp_path: Path) -> None:
    images = pictures(20)
    labels = ["cat" if at % 2 else "dog" for at in range(20)]
    split = read_split(save_classes(tmp_path / "t", images, labels), "train")
    assert split.label is not None
    assert split.label.levels == split.classes == ("cat", "dog")
    assert split.rows is not None
    assert split.rows[:2] == ("cat/0001.png", "cat/0003.png")
    order = [int(name[4:8]) for name in split.rows]
    np.testing.assert_array_equal(split.digests["exact"], exact_hashes(images)[order])
    kinds = split.column("file kind")
    assert kinds is not None
    assert (kinds.kind, kinds.levels) == (Kind.CATEGORY, ("PNG",))
    np.testing.assert_array_equal(np.concatenate([np.stack(b) for b in split.batches(8)]), images[order])
    with Image.open(BytesIO(split.thumbnail(0))) as small:
        np.testing.assert_allclose(np.asarray(small, float), images[1], atol=HALF_A_SHADE)
    pieces = list(iter_pieces(tmp_path / "t", "train", rows=6))
    assert [piece.n for piece in pieces] == [6, 6, 6, 2]


def test_broken_files_are_told(tmp_path: Path) -> None:
    folder = save_classes(tmp_path, pictures(6), ["a", "b"] * 3)
    (folder / "a" / "0000.png").write_bytes(b"no image")
    whole = (folder / "b" / "0001.png").read_bytes()
    (folder / "b" / "0001.png").write_bytes(whole[: len(whole) // 2])
    (folder / "b" / "empty.jpg").touch()
    split = read_split(folder, "train")
    assert split.n == 4
    (note,) = (note for note in split.notes if "could not be read" in note)
    assert all(name in note for name in ("3 of 7", "'a/0000.png'", "'b/0001.png'", "'b/empty.jpg'"))
    assert list(split.rows or ()) == ["a/0002.png", "a/0004.png", "b/0003.png", "b/0005.png"]
    assert sum(len(batch) for batch in split.batches(3)) == 4


def test_a_folder_of_broken_files_only(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(UnreadableInput, match=r"none of 1 files could be read as an image, such as 'a.jpg'"):
        read_split(tmp_path, "val")


def test_odd_files_are_read(tmp_path: Path) -> None:
    image = Image.fromarray(pictures(1)[0])
    image.convert("P").save(tmp_path / "a.gif")
    image.convert("RGBA").save(tmp_path / "b.png")
    image.convert("L").save(tmp_path / "C.PNG")
    image.convert("CMYK").save(tmp_path / "d.jpg")
    Image.fromarray(pictures(1)[0][..., 0].astype(np.uint16) << 8).save(tmp_path / "e.png")
    (tmp_path / "classes.txt").write_text("cat\ndog\n", encoding="utf-8")
    (tmp_path / ".hidden.png").write_bytes(b"nothing")
    split = read_split(tmp_path, "train")
    assert split.n == 5
    assert split.label is None
    modes = split.column("colour mode")
    assert modes is not None
    assert set(modes.levels) >= {"P", "RGBA", "L", "CMYK"}
    deep = split.rows.index("e.png")
    np.testing.assert_allclose(split.column("brightness").values[deep], pictures(1)[0][..., 0].mean(), atol=1)


def test_a_list_of_images(tmp_path: Path) -> None:
    images = pictures(9)
    save_classes(tmp_path, images, ["img"] * 9)
    rows = [f"img/{at:04}.png,{'cat' if at < 5 else 'dog'},{at / 10}" for at in (3, 1, 8, 6, 0)]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,label,weight", *rows]), encoding="utf-8")
    (tmp_path / "img" / "0001.png").write_bytes(b"broken")
    for source in (tmp_path / "metadata.csv", tmp_path):
        split = read_split(source, "train")
        assert split.rows == ("img/0003.png", "img/0008.png", "img/0006.png", "img/0000.png")
        assert [split.label.levels[code] for code in split.label.values] == ["cat", "dog", "dog", "cat"]
        np.testing.assert_allclose(split.column("weight").values, [0.3, 0.8, 0.6, 0.0])
        np.testing.assert_array_equal(split.digests["exact"], exact_hashes(images)[[3, 8, 6, 0]])


def test_a_table_with_a_column_of_paths_to_other_files_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("file,size\nreport.pdf,3\nletter.txt,4\n", encoding="utf-8")
    assert [column.name for column in read_split(tmp_path / "a.csv", "train").columns] == ["file", "size"]


def test_without_pillow(tmp_path: Path, monkeypatch) -> None:
    save_classes(tmp_path, pictures(2), ["a", "b"])
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtra, match=r"pip install 'diagnose-ml\[images\]'"):
        read_split(tmp_path, "train")
    assert read_split(pictures(2), "train").n == 2  # arrays need none


def shifts(train, val, codes=("COV111", "COV114")) -> list:
    chosen = [analyzer for analyzer in analyzers() if analyzer.code in codes]
    return list(diagnose.audit(train=train, val=val, analyzers=chosen).findings)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_pictures_are_no_shift(seed: int) -> None:
    images = pictures(400, seed)
    assert not shifts(images[:250], images[250:])


def _blurred(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(1)))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda images: np.clip(images.astype(int) + 60, 0, 255).astype(np.uint8), "brightness"),
        (lambda images: np.stack([_blurred(image) for image in images]), "sharpness"),
        (lambda images: np.repeat(images[..., 1:2], 3, axis=3), "colourfulness"),
        (lambda images: np.clip(images + np.array([40, 0, -40]), 0, 255).astype(np.uint8), "warmth"),
        (lambda images: images[:, 4:, :], "height"),
    ],
    ids=["brighter", "blurred", "grey", "warmer", "cut"],
)  # fmt: skip
def test_a_shift_is_named(change, name: str) -> None:
    images = pictures(400, 7)
    (found,) = (f for f in shifts(images[:250], change(images[250:])) if f.code == "COV111")
    assert name in found.claim or name in next(w.names for w in found.where if w.kind == "columns")


def test_pixels_divided_on_one_side_only_are_another_unit() -> None:
    images = pictures(300, 3)
    claims = [f.claim for f in shifts(images[:200], images[200:] / 255) if f.code == "COV114"]
    assert any("brightness" in claim and "255" in claim for claim in claims)


def test_a_copy_is_found_in_another_file_format(tmp_path: Path) -> None:
    images = pictures(60)
    save_classes(tmp_path / "t", images[:40], ["a", "b"] * 20, "png")
    save_classes(tmp_path / "v", images[35:], ["a"] * 25, "bmp")
    (found,) = shifts(tmp_path / "t", tmp_path / "v", {"LKG141"})
    assert "5 of 25" in found.claim


def test_the_order_of_a_folder_is_no_order_of_the_rows(tmp_path: Path) -> None:
    save_classes(tmp_path / "t", pictures(120), ["a"] * 60 + ["b"] * 60)
    save_classes(tmp_path / "v", pictures(40, 1), ["a", "b"] * 20)
    assert not shifts(tmp_path / "t", tmp_path / "v", {"LKG146"})


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        read_split(tmp_path / "none", "train")
