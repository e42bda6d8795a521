"""Hugging Face's data sets: columns, names of classes, images, splits by name."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diagnose.data import Kind
from diagnose.errors import InputError
from diagnose.readers.data import read_split
from image_examples import pictures

pytestmark = [pytest.mark.framework, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
datasets = pytest.importorskip("datasets", reason="needs Hugging Face's datasets: pip install datasets")

IMAGES = pictures(20, side=16)


def stored(image: Any) -> dict[str, Any]:
    stream = BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return {"bytes": stream.getvalue(), "path": None}


def examples(broken: bool = False) -> Any:
    images = [stored(image) for image in IMAGES]
    if broken:
        images[4] = {"bytes": b"no image", "path": None}
    columns = {
        "image": images,
        "label": [at % 3 for at in range(20)],
        "note": [f"some more words about picture number {at}" for at in range(20)],
        "age": [at / 7 for at in range(20)],
    }
    kinds = {
        "image": datasets.Image(), "label": datasets.ClassLabel(names=["zebra", "ant", "moth"]),
        "note": datasets.Value("string"), "age": datasets.Value("float32"),
    }  # fmt: skip
    return datasets.Dataset.from_dict(columns, features=datasets.Features(kinds))


def test_columns_classes_and_images() -> None:
    split = read_split(examples(), "train")
    whole = read_split(IMAGES, "train")
    assert [split.label.levels[code] for code in split.label.values[:3]] == ["zebra", "ant", "moth"]
    assert split.classes == ("zebra", "ant", "moth")
    assert split.column("note").kind is Kind.TEXT
    np.testing.assert_array_equal(split.digests["exact"], whole.digests["exact"])
    np.testing.assert_allclose(split.column("warmth").values, whole.column("warmth").values, rtol=1e-5)
    assert split.thumbnail(3)[1:4] == b"PNG"
    batch = next(split.batches(5))
    assert set(batch) == {"image", "note", "age"}
    assert split.embedded_by == "8 × 8 grey pixels"


def test_a_shuffled_and_selected_data_set_keeps_its_rows_together() -> None:
    shuffled = examples().shuffle(seed=1).select(range(11))
    split = read_split(shuffled, "train")
    order = [int(text.rsplit(" ", 1)[1]) for text in split.column("note").values]
    np.testing.assert_array_equal(split.digests["exact"], read_split(IMAGES, "train").digests["exact"][order])
    np.testing.assert_allclose(split.column("age").values, np.float32(np.array(order) / 7))


def test_broken_images_are_told() -> None:
    split = read_split(examples(broken=True), "train")
    assert split.n == 19
    assert any("4 (no image of a known kind)" in note for note in split.notes)
    assert "some more words about picture number 4" not in split.column("note").values.tolist()


def test_splits_by_name() -> None:
    whole = examples()
    several = datasets.DatasetDict(
        {"train": whole, "validation": whole.select(range(5)), "test": whole.select(range(3))}
    )
    assert [read_split(several, name).n for name in ("train", "val", "test")] == [20, 5, 3]
    with pytest.raises(InputError, match="val: the DatasetDict has train; expected validation or"):
        read_split(datasets.DatasetDict({"train": whole}), "val")


def test_a_data_set_without_a_length_is_read_in_pieces() -> None:
    split, whole = read_split(examples(broken=True).to_iterable_dataset(), "train"), read_split(examples(), "train")
    kept = np.delete(np.arange(20), 4)
    np.testing.assert_array_equal(split.digests["exact"], whole.digests["exact"][kept])
    np.testing.assert_array_equal(split.label.values, whole.label.values[kept])
    assert any("4 (no image of a known kind)" in note for note in split.notes)


def test_pieces_are_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnose.readers.data.huggingface_data.PIECE", 7)
    pieces, whole = read_split(examples(broken=True).to_iterable_dataset(), "train"), read_split(examples(), "train")
    np.testing.assert_array_equal(pieces.digests["pixels"], np.delete(whole.digests["pixels"], 4, axis=0))
    assert any("4 (no image" in note for note in pieces.notes)


def test_a_dictionary_of_data_sets_without_a_length() -> None:
    several = datasets.IterableDatasetDict({"train": examples().to_iterable_dataset()})
    assert read_split(several, "train").n == 20
