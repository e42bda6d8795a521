"""Texts: properties and unknown words against plain Python, vectors and digests by what they must not tell apart."""

from __future__ import annotations

import collections
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diagnose
from diagnose.analyzers import analyzers
from diagnose.readers.data import iter_pieces, read_split
from diagnose.readers.data import text_words as places
from diagnose.readers.data.text_properties import Vocabulary, properties
from diagnose.readers.data.text_vectors import vectors
from diagnose.readers.data.text_words import folded, normalised_hashes
from diagnose.readers.data.texts import UNKNOWN

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=8)
WORDS = np.array(
    [f"{a}{b}{c}" for a in "bdfghklmnprst" for b in ("a", "e", "i", "ou", "ee") for c in ("n", "rt", "ck", "")]
)


def documents(n: int, seed: int, chances: np.ndarray | None = None) -> list[str]:
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, len(WORDS) + 1)
    chances = frequency / frequency.sum() if chances is None else chances
    return [" ".join(rng.choice(WORDS, rng.poisson(25) + 3, p=chances)).capitalize() + "." for _ in range(n)]


def known_words(text: str) -> list[str]:
    return "".join(mark if mark.isalnum() or mark == "_" else " " for mark in text).split()


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_properties_are_those_of_plain_python(texts: list[str]) -> None:
    found = properties(texts)
    for at, text in enumerate(texts):
        plain = known_words(text)
        assert found["characters"][at] == len(text)
        assert found["words"][at] == len(plain)
        np.testing.assert_allclose(
            found["word length"][at], np.mean([len(w) for w in plain]) if plain else np.nan, rtol=1e-6
        )
        for name, test in (
            ("share of capitals", str.isupper),
            ("share of digits", str.isdigit),
            ("share of punctuation", lambda mark: unicodedata.category(mark)[0] in "PS"),
            ("share of non-ASCII", lambda mark: ord(mark) > 127),
        ):
            theirs = sum(map(test, text)) / len(text) if text else np.nan
            np.testing.assert_allclose(found[name][at], theirs, rtol=1e-6)


@given(TEXTS, TEXTS)
@settings(max_examples=100, deadline=None)
def test_unknown_words_are_those_that_no_other_text_has(train: list[str], val: list[str]) -> None:
    in_texts = collections.Counter(word for text in train for word in set(known_words(folded(text))))
    vocabulary = Vocabulary(train)
    for texts, least in ((train, 2), (val, 1)):
        found = vocabulary.unknown(texts, are_own=least == 2)
        for at, text in enumerate(texts):
            plain = known_words(folded(text))
            theirs = np.mean([in_texts[word] < least for word in plain]) if plain else np.nan
            np.testing.assert_allclose(found[at], theirs, rtol=1e-6)


@given(TEXTS)
@settings(max_examples=20, deadline=None)
def test_where_the_parts_are_cut_changes_nothing(texts: list[str]) -> None:
    whole = properties(texts), normalised_hashes(texts), vectors(texts), Vocabulary(texts).unknown(texts, are_own=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "AT_ONCE", 7)
        cut = (
            properties(texts),
            normalised_hashes(texts),
            vectors(texts),
            Vocabulary(texts).unknown(texts, are_own=True),
        )
    for name, values in whole[0].items():
        np.testing.assert_array_equal(cut[0][name], values)
    for mine, theirs in zip(cut[1:], whole[1:], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_digest_ignores_how_a_text_is_written() -> None:
    same = ["A quick, brown fox!", "a  quick brown FOX", " a-quick\tbrown (fox)", "ａ quick brown fox"]
    other = ["a quick brown foxes", "quick a brown fox", "a quickbrown fox", "aquick brown fox", "a quick brown"]
    assert len(set(normalised_hashes(same).tolist())) == 1
    assert len({*normalised_hashes(other).tolist(), *normalised_hashes(same).tolist()}) == 6
    assert normalised_hashes(["", " ?! ", "…"]).tolist() == [0, 0, 0]


def test_digests_of_many_texts_are_all_different() -> None:
    texts = [f"{a} {b}" for a in WORDS for b in WORDS]
    assert len(set(normalised_hashes(texts).tolist())) == len(set(texts))


def test_vectors_are_near_where_texts_are() -> None:
    texts = documents(200, 0)
    once = vectors(texts)
    np.testing.assert_allclose(np.linalg.norm(once, axis=1), 1, rtol=1e-5)
    changed = vectors([text.replace(" ", "  ", 1).upper() for text in texts])
    to_itself, to_others = (once * changed).sum(axis=1), (once[1:] * once[:-1]).sum(axis=1)
    assert to_itself.min() > 0.9
    assert to_itself.min() > np.quantile(to_others, 0.99)
    assert not vectors(["", " . "]).any()


def test_vectors_keep_inner_products() -> None:
    texts = documents(60, 1)
    counts = [
        collections.Counter(known_words(folded(t)) + [folded(t)[i : i + 4] for i in range(len(t) - 3)]) for t in texts
    ]
    keys = {key: at for at, key in enumerate({key for count in counts for key in count})}
    plain = np.zeros((60, len(keys)))
    for row, count in enumerate(counts):
        plain[row, [keys[key] for key in count]] = np.sqrt(list(count.values()))
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    found = vectors(texts)
    assert np.abs(found @ found.T - plain @ plain.T).mean() < 0.06


def test_a_column_of_text_gets_company() -> None:
    split = read_split({"note": [*documents(40, 0), None], "age": list(range(41))}, "train")
    added = [column for column in split.columns if column.made_of]
    assert {column.made_of for column in added} == {"note"}
    assert all(column.missing.tolist()[-1] for column in added)
    assert split.embeddings.shape == (41, 256)
    assert split.embedded_by == "hashed words and pieces of 4 characters of 'note'"
    assert split.digests["normalised"][-1] == 0


def test_given_embeddings_are_kept() -> None:
    split = read_split({"note": documents(40, 0), "embeddings": np.ones((40, 3))}, "train")
    assert (split.embedded_by, split.embeddings.shape) == ("given", (40, 3))


def test_no_note_speaks_of_what_is_computed() -> None:
    train = read_split({"note": documents(40, 0)}, "train")
    val = read_split({"note": documents(30, 1)}, "val", like=train)
    assert [column.name for column in train.columns] == [column.name for column in val.columns]
    assert not [note for note in val.notes if "other data" in note]


def test_pieces_have_all_but_unknown_words(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("note\n" + "\n".join(documents(40, 0)), encoding="utf-8")
    whole = read_split(path, "train")
    pieces = list(iter_pieces(path, "train", rows=15))
    assert [piece.n for piece in pieces] == [15, 15, 10]
    assert {c.name for c in whole.columns} - {c.name for c in pieces[0].columns} == {f"note: {UNKNOWN}"}
    np.testing.assert_array_equal(np.concatenate([piece.embeddings for piece in pieces]), whole.embeddings)


def shifted(train: list[str], val: list[str]) -> list[str]:
    chosen = [analyzer for analyzer in analyzers() if analyzer.code in {"COV111", "COV114"}]
    found = diagnose.audit(train={"text": train}, val={"text": val}, analyzers=chosen).findings
    return [finding.claim for finding in found]


@pytest.mark.parametrize("seed", range(4))
def test_the_same_language_is_no_shift(seed: int) -> None:
    texts = documents(900, seed)
    assert not shifted(texts[:600], texts[600:])


def test_a_shift_of_texts_is_named() -> None:
    texts = documents(900, 5)
    train, val = texts[:600], texts[600:]
    assert any("share of capitals" in claim for claim in shifted(train, [text.upper() for text in val]))
    assert any("share of non-ASCII" in claim for claim in shifted(train, [text.replace("e", "ë") for text in val]))
    new = [" ".join(f"{word}x" if at % 3 == 0 else word for at, word in enumerate(text.split())) for text in val]
    assert any("share of unknown words" in claim for claim in shifted(train, new))
    assert any("words" in claim for claim in shifted(train, [" ".join(text.split()[:12]) for text in val]))


def test_equal_texts_are_copies_though_their_words_are_known_there_only() -> None:
    texts = [f"{text} {seed} unheard{seed}" for seed, text in enumerate(documents(300, 9))]
    chosen = [analyzer for analyzer in analyzers() if analyzer.code == "LKG141"]
    found = diagnose.audit(train={"text": texts[:250]}, val={"text": texts[240:]}, analyzers=chosen).findings
    assert [finding.claim for finding in found if "10 of 60" in finding.claim]
