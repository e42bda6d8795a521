"""Rows of the data in reports: pictures of real digits, texts, values; hostile ones stay text."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

import diagnose
from diagnose.analyzers.shown_rows import LARGEST, MOST, shown_pairs, shown_rows
from diagnose.data import Column, Kind, Split
from diagnose.finding import Figure, Sample, ShownRow
from diagnose.readers.data import read_split
from diagnose.reports import render, samples
from diagnose.reports.html import to_html
from drawn_examples import drawn
from image_examples import pictures, save_classes

ADDRESS = re.compile(r'<img src="data:image/png;base64,([^"]+)"')


def shown(*rows: ShownRow, caption: str = "") -> Figure:
    return Figure("table", header=("row",), rows=(("1",),), samples=(Sample(rows, caption),))


@pytest.fixture(scope="module")
def digits():
    """Audit real digits, of which a tenth of validation is turned, a twentieth nearly copied, and labels are wrong."""
    data = load_digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(data.images))
    x, y = data.images[order] / 16, data.target[order].astype(str)
    train, val, given = x[:1200], x[1200:].copy(), y[:1200].copy()
    val[:60] = np.rot90(val[:60], axes=(1, 2))
    val[60:90] = np.clip(train[:30] + rng.normal(0, 0.01, (30, 8, 8)), 0, 1)
    wrong = rng.choice(1200, 80, replace=False)
    given[wrong] = [str((int(name) + 1) % 10) for name in given[wrong]]
    made = diagnose.audit(train=(train, given), val=(val, y[1200:]))
    return made, train, val, set(wrong.tolist())


def pixels(row: ShownRow) -> np.ndarray:
    with Image.open(BytesIO(b64decode(row.picture))) as image:
        return np.asarray(image.convert("L"), float) / 255


def of(made, code: str) -> tuple[Sample, ...]:
    return next(f.figure.samples for f in made.findings if f.code == code)


def test_what_moved_most_is_shown(digits) -> None:
    made, _, val, _ = digits
    moved = of(made, "COV116")
    assert len(moved) == MOST
    for sample in moved:
        (row,) = sample.rows
        np.testing.assert_allclose(pixels(row), val[int(row.name)], atol=0.51 / 255)
    assert sum(int(sample.rows[0].name) < 60 for sample in moved) >= 8  # 10 % of the rows were turned
    assert "sd beyond training rows" in moved[0].caption


def test_near_copies_stand_side_by_side(digits) -> None:
    made, train, val, _ = digits
    for sample in of(made, "LKG142"):
        held_out, copied = sample.rows
        assert (held_out.split, copied.split) == ("val", "train")
        np.testing.assert_allclose(pixels(held_out), val[int(held_out.name)], atol=0.51 / 255)
        np.testing.assert_allclose(pixels(copied), train[int(copied.name)], atol=0.51 / 255)
        assert int(held_out.name) - 60 == int(copied.name)


def test_suspected_labels_say_given_and_suggested(digits) -> None:
    made, _, _, wrong = digits
    suspects = of(made, "LER151")
    assert sum(int(sample.rows[0].name) in wrong for sample in suspects) >= 11
    for sample in suspects:
        given = dict(sample.rows[0].values)["label"]
        assert sample.caption == f"labelled {given}, like rows of {(int(given) - 1) % 10}" or (
            int(sample.rows[0].name) not in wrong
        )


def test_pages_hold_their_pictures_and_other_forms_name_them(digits) -> None:
    made = digits[0]
    page = render(made, "html")
    found = ADDRESS.findall(page)
    assert len(found) == 2 * 12 + 2 * len(of(made, "LKG142"))
    assert all(b64decode(each).startswith(b"\x89PNG") for each in found)
    assert page == render(made, "html")
    row = of(made, "COV116")[0].rows[0].name
    for form in ("text", "markdown"):
        told = " ".join(render(made, form).split())
        assert f"Look at validation rows {row} (" in told
        assert "base64" not in told
        assert "iVBOR" not in told


def test_json_gives_the_same_page(digits, tmp_path) -> None:
    made = digits[0]
    again = diagnose.load(made.save(tmp_path / "a.json"))
    assert again.findings == made.findings
    assert ADDRESS.findall(render(again, "html")) == ADDRESS.findall(render(made, "html"))


def test_photographs_stay_below_a_hundred_kilobytes() -> None:
    tiles = np.concatenate([image[at : at + 300, 100:400][None] for image in load_sample_images().images
                            for at in range(0, 120, 10)])  # fmt: skip
    split = read_split(tiles, "train")
    rows = np.arange(24)
    names = [""] * 24
    for made in (shown_rows(split, rows, names), shown_pairs((split, rows), (split, rows[::-1]), names)):
        sizes = [len(row.picture) for sample in made for row in sample.rows]
        assert min(sizes) > 0
        assert sum(sizes) < 100_000
    first = read_split(tiles[:1], "train").thumbnail(0)
    with Image.open(BytesIO(first)) as small, Image.fromarray(tiles[0]) as whole:
        expected = np.asarray(whole.resize((64, 64), Image.Resampling.BOX), float)
        assert np.abs(np.asarray(small, float) - expected).mean() < 8


def test_a_file_that_is_gone_or_broken_has_no_picture(tmp_path) -> None:
    folder = save_classes(tmp_path / "t", pictures(4), ["a", "b", "a", "b"])
    split = read_split(folder, "train")
    (folder / "a" / "0000.png").unlink()
    (folder / "a" / "0002.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    made = shown_rows(split, np.arange(4), ["one", "two", "three", "four"])
    assert [bool(sample.rows[0].picture) for sample in made] == [False, False, True, True]
    assert [sample.rows[0].name for sample in made] == ["a/0000.png", "a/0002.png", "b/0001.png", "b/0003.png"]


def test_a_huge_picture_is_left_out() -> None:
    split = Split("val", 1, thumbnail=lambda _: b"x" * (LARGEST + 1))
    assert shown_rows(split, np.arange(1), ["one"])[0].rows[0] == ShownRow("0", "val")


def test_texts_and_values_are_shown() -> None:
    columns = (
        Column("words", Kind.TEXT, np.array(["a  b\nc" + "x" * 400, None], object)),
        Column("letters", Kind.NUMBER, np.array([5.0, 6.0]), made_of="words"),
        Column("age", Kind.NUMBER, np.array([34.25, np.nan])),
        Column("city", Kind.CATEGORY, np.array([1, -1], np.int32), ("Bern", "Oslo")),
        Column("day", Kind.TIME, np.array([86400.0, 1e300])),
        Column("who", Kind.IDENTIFIER, np.array([7, 8], np.uint64)),
    )
    label = Column("y", Kind.CATEGORY, np.array([0, 1], np.int32), ("no", "yes"))
    made = shown_rows(Split("train", 2, columns, label), np.array([0, 1]), ["first", "second"])
    assert made[0].rows[0].text.startswith("a b cxx")
    assert len(made[0].rows[0].text) == 160
    assert made[0].rows[0].values == (("y", "no"), ("age", "34.25"), ("city", "Oslo"), ("day", "1970-01-02 00:00"))
    assert made[1].rows[0].values[1:] == (("age", "missing"), ("city", "missing"), ("day", "1e+300 s"))


@pytest.mark.parametrize(
    "picture",
    [
        '"><script>alert(1)</script>',
        b64encode(b"<svg onload='alert(1)'>").decode(),
        "iVBORw0KGgo" + "A" * 9000,
        'iVBORw0KGgoAAAA" onerror="alert(1)',
        "iVBORw0KGgoAAAA\n",
    ],
)  # fmt: skip
def test_what_is_no_small_picture_is_not_put_into_a_page(picture: str) -> None:
    page = to_html(drawn(shown(ShownRow("7", "val", picture))))
    assert "<img" not in page
    assert "onerror" not in page
    assert "alert(1)" not in page
    assert "Validation row <bdi>7</bdi>" in page


def test_hostile_names_and_texts_stay_text() -> None:
    hostile = "<img src=x onerror=alert(1)> \x1b[31m \u202e [a](javascript:alert(1)) @team"
    made = drawn(shown(ShownRow(hostile, hostile, "", hostile, ((hostile, hostile),)), caption=hostile))
    page = to_html(made)
    assert "<img" not in page
    assert "\x1b" not in page + render(made, "text") + render(made, "markdown")
    assert "[a](" not in render(made, "markdown")


def test_many_samples_are_bounded() -> None:
    many = tuple(
        Sample(tuple(ShownRow(f"{i}", "val", text="x" * 5000) for _ in range(9)), "c" * 900) for i in range(99)
    )
    found = samples.of(Figure("table", samples=many))
    assert (len(found), len(found[0].items), len(found[0].items[0].text)) == (12, 2, 240)
    words = samples.in_words(Figure("table", samples=many))
    assert "and 94 more" in words
    assert len(words) < 900


def test_no_samples_no_words() -> None:
    assert samples.in_words(None) == samples.in_words(Figure("table", samples=(Sample(()),))) == ""
    assert 'class="samples"' not in to_html(drawn(Figure("table", header=("a",), rows=(("b",),))))


def test_samples_stand_beside_any_kind_of_figure() -> None:
    picture = b64encode(read_split(pictures(1), "train").thumbnail(0)).decode()
    for figure in (Figure("curves"), Figure("bars"), Figure("table")):
        page = to_html(drawn(replace(figure, samples=shown(ShownRow("7", "val", picture)).samples)))
        assert 'alt="Picture of validation row 7"' in page


def test_a_report_of_before_has_no_samples(tmp_path) -> None:
    made = drawn(Figure("table", header=("a",), rows=(("b",),)))
    document = json.loads(render(made, "json"))
    for finding in document["findings"]:
        del finding["figure"]["samples"]
    (tmp_path / "old.json").write_text(json.dumps(document))
    assert diagnose.load(tmp_path / "old.json").findings == made.findings


def test_a_table_is_folded_away_only_where_it_names_the_rows_shown() -> None:
    rows = shown(ShownRow("7", "val", text="a text"))
    alike = to_html(drawn(replace(rows, rows=(("7",), ("8",)))))
    other = to_html(drawn(replace(rows, rows=(("city = Lima",),))))
    assert "<summary>All rows named</summary>" in alike
    assert alike.index('class="samples"') < alike.index("Table of finding")
    assert "All rows named" not in other
    assert other.index("Table of finding") < other.index('class="samples"')
