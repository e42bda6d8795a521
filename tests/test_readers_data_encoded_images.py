"""Images inside Parquet are those of the files; broken ones are named by their row."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from diagnose.errors import UnreadableInput
from diagnose.readers.data import read_split
from image_examples import pictures

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
image_module = pytest.importorskip("PIL.Image")

IMAGES = pictures(20, side=16)


def encoded(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    image_module.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def written(path: Path, items: list[dict[str, object] | None]) -> Path:
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    columns = {"image": pyarrow.array(items, kind), "label": [f"class {at % 3}" for at in range(len(items))]}
    parquet.write_table(pyarrow.table(columns), path, row_group_size=5)
    return path


def test_images_are_those_of_the_array(tmp_path: Path) -> None:
    items: list[dict[str, object] | None] = [{"bytes": encoded(image), "path": None} for image in IMAGES]
    split = read_split(written(tmp_path / "a.parquet", items), "train")
    whole = read_split(IMAGES, "train")
    assert split.n == len(IMAGES)
    assert split.label is not None
    assert split.label.levels == ("class 0", "class 1", "class 2")
    assert [column.name for column in split.columns] == [column.name for column in whole.columns]
    np.testing.assert_array_equal(split.digests["exact"], whole.digests["exact"])
    np.testing.assert_array_equal(split.digests["pixels"], whole.digests["pixels"])
    assert split.thumbnail is not None
    assert split.thumbnail(3).startswith(b"\x89PNG")


def test_broken_and_missing_images_are_named(tmp_path: Path) -> None:
    items: list[dict[str, object] | None] = [{"bytes": encoded(image), "path": None} for image in IMAGES]
    items[2], items[4], items[5] = {"bytes": b"no image", "path": None}, None, {"bytes": None, "path": "gone.png"}
    split = read_split(written(tmp_path / "a.parquet", items), "train")
    assert split.n == len(IMAGES) - 3
    told = next(note for note in split.notes if "could not be read" in note)
    assert all(f"{row} (" in told for row in (2, 4, 5))
    assert split.label is not None
    assert split.label.values[:4].tolist() == [0, 1, 0, 0]


def test_no_image_at_all_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", [{"bytes": b"", "path": None}] * 3)
    with pytest.raises(UnreadableInput, match=r"a\.parquet, column 'image': none of 3 rows"):
        read_split(path, "train")


def test_other_structs_are_no_images(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"at": [{"x": 1, "y": 2}] * 30, "b": list(range(30))}), tmp_path / "a.parquet")
    split = read_split(tmp_path / "a.parquet", "train")
    assert "perceptual" not in split.digests
    assert split.n == 30
