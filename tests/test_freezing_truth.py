"""The table of freezing by training resumes; regret has known answers; shipped weights are mapped where they belong."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import numpy as np
import pytest

FREEZING = Path(__file__).parent.parent / "benchmarks" / "freezing"
pytestmark = pytest.mark.skipif(not FREEZING.is_dir(), reason="an installed package has no benchmarks beside it")

if FREEZING.is_dir():
    sys.path.insert(0, str(FREEZING))
    import regret
    import truth
    from features import file_of, narrow
    from pairs import DEPTHS, PAIRS, ROUNDS, SEEDS, Pair
    from rows import SETS, Labelled, mislabelled, misspelt, noisy


def line(depth: float, seed: int, right: list[bool], pair: str = "a/b/1") -> dict:
    packed = base64.b64encode(np.packbits(right).tobytes()).decode()
    accuracy = float(np.mean(right))
    common = {"recipe": truth.RECIPE, "half": "development", "data": "d", "cpu_seconds": 2.0, "n": len(right)}
    return common | {"pair": pair, "depth": depth, "seed": seed, "accuracy": accuracy, "right": packed}


def table(accuracies: dict[float, list[int]], n: int = 100) -> list[dict]:
    """Lines whose first so many rows are right, by depth and seed."""
    return [
        line(depth, seed, [k < hits for k in range(n)])
        for depth, column in accuracies.items()
        for seed, hits in enumerate(column)
    ]


def one_truth(accuracies: dict[float, list[int]], n: int = 100) -> regret.Truth:
    (found,) = regret.truths(table(accuracies, n))
    return found


class TestResuming:
    def test_what_is_there_is_not_wanted_again(self) -> None:
        pair = Pair("development", "a", "b", 1)
        done = {(pair.name, depth, seed) for depth in DEPTHS for seed in SEEDS} - {(pair.name, 0.5, 1)}
        assert list(truth.missing([pair], done)) == [(pair, [(1, 0.5)])]
        assert list(truth.missing([pair], done | {(pair.name, 0.5, 1)})) == []

    def test_nothing_there_wants_every_seed_and_depth_once(self) -> None:
        pairs = [Pair("development", "a", "b", 1), Pair("held-out", "a", "c", 1)]
        found = [(p.name, depth, seed) for p, wanted in truth.missing(pairs, set()) for seed, depth in wanted]
        assert len(found) == len(set(found)) == 2 * len(DEPTHS) * len(SEEDS)

    def test_all_pairs_have_the_first_seeds_before_any_has_the_last(self) -> None:
        pairs = [Pair("development", "a", "b", 1), Pair("held-out", "a", "c", 1)]
        order = [(p.data, {seed for seed, _ in wanted}) for p, wanted in truth.missing(pairs, set())]
        assert order == [(data, set(seeds)) for seeds in ROUNDS for data in ("b", "c")]

    def test_a_line_cut_off_is_left_out_and_the_next_one_stands_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "results.jsonl"
        truth.add(path, line(0.0, 0, [True]))
        with path.open("a", encoding="utf-8") as file:
            file.write('{"recipe": 1, "pair": "a/')
        truth.add(path, line(0.0, 1, [True]))
        assert [truth.key(found) for found in truth.read(path)] == [("a/b/1", 0.0, 0), ("a/b/1", 0.0, 1)]

    def test_lines_of_another_recipe_do_not_count(self, tmp_path: Path) -> None:
        path = tmp_path / "results.jsonl"
        truth.add(path, line(0.0, 0, [True]) | {"recipe": truth.RECIPE + 1})
        assert truth.read(path) == []

    def test_no_file_is_no_lines(self, tmp_path: Path) -> None:
        assert truth.read(tmp_path / "none.jsonl") == []

    def test_the_committed_table_is_of_known_pairs_without_copies_and_its_bits_agree(self) -> None:
        lines = [json.loads(text) for text in truth.RESULTS.read_text(encoding="utf-8").splitlines()]
        keys = [truth.key(found) for found in lines]
        assert len(keys) == len(set(keys))
        halves = {p.name: p.half for p in PAIRS}
        for found in lines:
            assert halves[found["pair"]] == found["half"]
            assert found["depth"] in DEPTHS
            assert regret.bits(found).mean() == pytest.approx(found["accuracy"], abs=1e-6)


class TestHalves:
    def test_no_data_set_is_in_both(self) -> None:
        sides = [{p.data for p in PAIRS if p.half == half} for half in ("development", "held-out")]
        assert not sides[0] & sides[1]
        assert sides[0] | sides[1] == set(SETS)

    def test_no_pair_stands_twice(self) -> None:
        names = [p.name for p in PAIRS]
        assert len(names) == len(set(names))

    def test_both_have_a_backbone_that_transfers_one_that_does_not_and_a_random_one(self) -> None:
        for half in ("development", "held-out"):
            backbones = {p.backbone for p in PAIRS if p.half == half}
            assert {"mobilenetv2", "minilm", "vgg16-edges"} <= backbones
            assert any(name.endswith("-random") for name in backbones)


class TestRegret:
    def test_points_lost_against_the_best(self) -> None:
        found = one_truth({0.0: [60, 60, 60], 0.5: [70, 72, 74], 1.0: [80, 82, 84]})
        assert found.best == 1.0
        assert found.regret(1.0) == 0
        assert found.regret(0.5) == pytest.approx(10)
        assert found.regret(0.0) == pytest.approx(22)

    def test_inside_one_standard_error_is_a_tie(self) -> None:
        # differences from the best 6, −2, 2: mean 2, deviation 4, error 4 / √3 = 2.31
        found = one_truth({0.0: [70, 78, 74], 1.0: [76, 76, 76]})
        assert found.error(1.0, 0.0) == pytest.approx(0.04 / 3**0.5)
        assert found.regret(0.0) == 0

    def test_just_outside_is_none(self) -> None:
        # differences 5, 1, 3: mean 3, deviation 2, error 1.15
        found = one_truth({0.0: [71, 75, 73], 1.0: [76, 76, 76]})
        assert found.regret(0.0) == pytest.approx(3)

    def test_the_error_is_paired(self) -> None:
        # seeds differ by 30 points, depths by 2 in each: no tie, though the seeds' spread is far larger
        found = one_truth({0.0: [50, 65, 80], 1.0: [52, 67, 82]})
        assert found.error(1.0, 0.0) == pytest.approx(0, abs=1e-12)
        assert found.regret(0.0) == pytest.approx(2)

    def test_rows_that_validate_add_their_own_error(self) -> None:
        # in both seeds the same 2 rows of 100 differ: variance of the row means 0.02 × 0.98 × 100 / 99
        found = one_truth({0.0: [50, 50], 1.0: [52, 52]})
        assert found.error(1.0, 0.0, "both") == pytest.approx((0.02 * 0.98 / 99) ** 0.5)
        assert found.regret(0.0, "both") == pytest.approx(2)

    def test_an_advised_depth_is_judged_at_the_nearest_trained_one(self) -> None:
        found = one_truth({0.0: [60, 60], 0.5: [70, 70], 1.0: [80, 80]})
        assert [found.nearest(depth) for depth in (0.0, 0.2, 0.25, 0.7, 0.75, 1.0)] == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]

    def test_of_two_best_the_deeper_is_named(self) -> None:
        assert one_truth({0.0: [80, 80], 0.5: [80, 80], 1.0: [60, 60]}).best == 0.5

    def test_seeds_that_lack_a_depth_are_left_out(self) -> None:
        lines = [found for found in table({0.0: [60, 61, 90], 1.0: [70, 71, 72]}) if truth.key(found)[1:] != (1.0, 2)]
        (found,) = regret.truths(lines)
        assert found.seeds == (0, 1)
        assert found.accuracy(0.0) == pytest.approx(0.605)
        assert found.cpu_seconds == pytest.approx(4)

    def test_one_seed_tells_no_error_and_is_no_truth(self) -> None:
        assert regret.truths(table({0.0: [60], 1.0: [70]})) == []

    def test_advice_is_asked_once_a_seed_with_what_training_saw(self, tmp_path: Path) -> None:
        found = one_truth({0.0: [60, 60], 1.0: [70, 70]})
        for seed in (0, 1):
            arrays = {"block_00": np.ones((4, 2), np.float16), "block_01": np.full((4, 3), 2, np.float16)}
            np.savez(file_of(tmp_path, found.pair, seed), labels=np.arange(4), parameters=np.array([7, 9]),
                     cpu_seconds=0.5, **arrays)  # fmt: skip
        asked = []

        def advice(features: list, labels: np.ndarray, parameters: np.ndarray) -> float:
            asked.append(([x.shape for x in features], labels.tolist(), parameters.tolist()))
            return float(len(asked) == 1)

        lost, seconds = regret.mean_regret(found, advice, tmp_path, "seeds")
        assert asked == [([(4, 2), (4, 3)], [0, 1, 2, 3], [7, 9])] * 2
        assert lost == pytest.approx(5)  # 0 at the first seed, 10 at the second
        assert seconds >= 0.5

    def test_no_features_no_figure(self, tmp_path: Path) -> None:
        found = one_truth({0.0: [60, 60], 1.0: [70, 70]})
        assert regret.mean_regret(found, lambda *_: 1.0, tmp_path, "seeds") == (None, 0.0)

    def test_the_table_prints_mean_and_worst(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = [one_truth({0.0: [60, 60], 1.0: [70, 70]}), one_truth({0.0: [60, 60], 1.0: [64, 64]})]
        regret.show(found, {"nothing": [t.regret(0.0) for t in found], "unknown": [None, None]})
        shown = capsys.readouterr().out
        assert "| development | **mean** | | | | 7.00 | – |" in shown
        assert "| development | **worst** | | | | 10.00 | – |" in shown


class TestLogme:
    def highest(self, x: np.ndarray, y: np.ndarray) -> float:
        """The highest log density of y ~ N(0, I / β + X Xᵀ / α) per row, on a fine grid of α and β."""
        values, vectors = np.linalg.eigh(x @ x.T)
        alpha, beta = np.meshgrid(*[np.exp(np.linspace(-4, 12, 81))] * 2)
        variances = 1 / beta[..., None] + values.clip(0) / alpha[..., None]
        logs = np.log(2 * np.pi * variances) + (vectors.T @ y) ** 2 / variances
        return float(-0.5 * logs.sum(-1).min()) / len(y)

    @pytest.mark.parametrize("width", [3, 60])
    def test_it_is_the_highest_evidence_on_a_grid(self, width: int) -> None:
        rng = np.random.default_rng(0)
        x = rng.normal(size=(40, width))
        labels = (x[:, 0] + rng.normal(size=40) > 0).astype(int)
        best = [self.highest(x, (labels == k) * 1.0) for k in (0, 1)]
        assert regret.logme(x, labels) == pytest.approx(np.mean(best), abs=0.01)

    def test_labels_that_the_features_tell_have_more_than_shuffled_ones(self) -> None:
        rng = np.random.default_rng(1)
        labels = rng.integers(0, 3, 90)
        x = rng.normal(size=(90, 20))
        x[:, 0] += 3 * labels
        assert regret.logme(x, labels) > regret.logme(x, rng.permutation(labels)) + 0.1

    def test_features_that_fit_every_label_end(self) -> None:
        labels = np.arange(12) % 3
        assert np.isfinite(regret.logme(np.eye(12) * 5, labels))
        assert np.isfinite(regret.logme(np.zeros((12, 4)), labels))

    def test_the_depth_is_that_of_the_highest(self) -> None:
        rng = np.random.default_rng(2)
        labels = rng.integers(0, 2, 60)
        features = [rng.normal(size=(60, 5)) for _ in range(4)]
        features[1][:, 0] += 4 * labels
        assert regret.highest_logme(features, labels, np.ones(4)) == 0.5


class TestRows:
    def test_corruptions_leave_shapes_labels_and_what_they_were_made_from(self) -> None:
        found = Labelled(np.full((6, 4, 4, 3), 100, np.uint8), np.arange(6) % 2)
        spoilt = noisy(found)
        assert spoilt.rows.shape == found.rows.shape
        assert spoilt.rows.dtype == np.uint8
        assert (found.rows == 100).all()
        assert spoilt.rows.std() > 30
        assert (spoilt.labels == found.labels).all()
        assert (noisy(found).rows == spoilt.rows).all()

    def test_a_share_of_letters_is_misspelt_and_nothing_else(self) -> None:
        text = "frozen features, " * 60
        (spoilt,) = misspelt(Labelled([text], np.array([0]))).rows
        assert len(spoilt) == len(text)
        assert [c for c in spoilt if not c.isalpha()] == [c for c in text if not c.isalpha()]
        assert 0.08 < np.mean([a != b for a, b in zip(spoilt, text, strict=True) if b.isalpha()]) < 0.18

    def test_labels_are_wrong_in_training_only_by_declaration(self) -> None:
        found = Labelled(["a", "b"], np.array([0, 1]))
        assert mislabelled(found).wrong == 0.3
        assert (mislabelled(found).labels == found.labels).all()

    def test_a_digest_changes_with_rows_and_labels(self) -> None:
        found = {Labelled(t, np.array(y)).digest() for t in (["a", "b"], ["a", "c"]) for y in ([0, 1], [1, 0])}
        assert len(found) == 4

    def test_narrow_keeps_what_would_overflow(self) -> None:
        assert narrow(np.array([1.0], np.float32)).dtype == np.float16
        assert narrow(np.array([1e5], np.float32)).dtype == np.float32
