"""Blocks as people speak of them, whatever the module tree: named as the model names them, the head told apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.errors import InputError
from diagnose.model_card import Role
from diagnose.models.block_parts import MOST_BLOCKS, Part, blocks_from, range_name
from diagnose.models.model_blocks import blocks_of_model, framework_of

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
nn = torch.nn


def names(model: Any, **given: Any) -> list[str]:
    return [block.name for block in blocks_of_model(model, **given)]


def heads(model: Any) -> list[str]:
    return [block.name for block in blocks_of_model(model) if block.is_head]


class Unit(nn.Module):
    def __init__(self, ins: int, outs: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(ins, outs, 3, padding=1), nn.BatchNorm2d(outs)
        self.conv2, self.bn2 = nn.Conv2d(outs, outs, 3, padding=1), nn.BatchNorm2d(outs)


class Residual(nn.Module):
    """As torchvision's ResNets."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1, self.relu, self.maxpool = (
            nn.Conv2d(3, 4, 3),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.layer1 = nn.Sequential(Unit(4, 4), Unit(4, 4))
        self.layer2 = nn.Sequential(Unit(4, 8), Unit(8, 8))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 3)


def test_a_residual_network() -> None:
    model = Residual()
    assert names(model) == ["conv1", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "fc"]
    assert heads(model) == ["fc"]
    stem = blocks_of_model(model)[0]
    assert stem.paths == ("conv1", "bn1")
    assert stem.layers == ("conv1", "bn1", "relu", "maxpool")
    assert stem.has_running_statistics
    assert stem.is_initial


def test_stages_of_blocks_are_opened() -> None:
    class Timm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv_stem = nn.Conv2d(3, 4, 3)
            self.blocks = nn.Sequential(nn.Sequential(Unit(4, 4)), nn.Sequential(Unit(4, 4), Unit(4, 4)))
            self.conv_head, self.classifier = nn.Conv2d(4, 8, 1), nn.Linear(8, 2)

    assert names(Timm()) == ["conv_stem", "blocks.0.0", "blocks.1.0", "blocks.1.1", "conv_head", "classifier"]


def test_a_flat_list_of_layers_as_in_vgg() -> None:
    class Vgg(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.MaxPool2d(2)
            )
            self.classifier = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2))

    assert names(Vgg()) == ["features.0", "features.3", "classifier.0", "classifier.3"]
    assert heads(Vgg()) == ["classifier.0", "classifier.3"]


def test_named_blocks_of_a_users_own_are_wholes() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block1 = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
            self.block2, self.block3, self.head = Unit(4, 4), Unit(4, 4), nn.Linear(4, 2)

    assert names(Own()) == ["block1", "block2", "block3", "head"]


def test_a_backbone_within_a_model_is_opened() -> None:
    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head = Residual(), nn.Linear(3, 2)

    assert names(Classifier())[1] == "backbone.layer1.0"
    assert heads(Classifier()) == ["backbone.fc", "head"]


def test_a_plain_perceptron_has_its_last_layer_as_head() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    assert names(model) == ["0", "2", "4"]
    assert heads(model) == ["4"]


def test_a_tiny_block_is_no_reason_to_lose_a_class_token() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTConfig(
        image_size=16, patch_size=8, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16
    )
    model = transformers.ViTForImageClassification(config)
    blocks = blocks_of_model(model)
    assert [block.is_head for block in blocks] == [False, False, False, True]
    assert sum(block.parameters for block in blocks) == sum(p.numel() for p in model.parameters())


def test_the_weights_of_a_block_are_those_that_its_paths_name() -> None:
    model = Residual()
    named = {name: weight.numel() for name, weight in model.named_parameters()}
    for block in blocks_of_model(model):
        own = [n for n in named if any(n == path or n.startswith(f"{path}.") for path in block.paths)]
        assert sum(named[n] for n in own) == block.parameters


def test_what_is_trainable_is_told() -> None:
    model = Residual()
    for weight in model.layer1.parameters():
        weight.requires_grad_(requires_grad=False)
    told = {block.name: block.is_trainable for block in blocks_of_model(model)}
    assert told == {"conv1": True, "layer1.0": False, "layer1.1": False, "layer2.0": True, "layer2.1": True, "fc": True}


def deep(n: int) -> Any:
    return nn.Sequential(*(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)) for _ in range(n)))


def test_many_blocks_are_merged_and_the_name_says_so() -> None:
    found = names(deep(60))
    assert len(found) <= MOST_BLOCKS
    assert any("–" in name for name in found)
    assert sum(b.parameters for b in blocks_of_model(deep(60))) == 60 * 40


def test_merging_keeps_clear_of_frozen_borders() -> None:
    model = deep(60)
    for part in model[:37]:
        part.requires_grad_(requires_grad=False)
    for block in blocks_of_model(model):
        assert block.trainable_parameters in (0, block.parameters)


def test_few_blocks_are_not_merged() -> None:
    assert names(deep(MOST_BLOCKS - 1)) == [str(at) for at in range(MOST_BLOCKS - 1)]


def test_blocks_of_the_users_own() -> None:
    model = Residual()
    assert names(model, blocks=["layer1", "layer2"]) == ["conv1", "layer1", "layer2", "fc"]
    assert names(model, blocks="layer1")[1:3] == ["layer1", "layer2.0"]
    merged = next(name for name in names(deep(60)) if "–" in name)
    assert merged in names(deep(60), blocks=[merged])
    with pytest.raises(InputError, match=r"no layers of 'layer9'.*conv1, layer1\.0"):
        blocks_of_model(model, ["layer9"])


def test_trained_weights_are_told_from_initial_ones() -> None:
    model = Residual()
    with torch.no_grad():
        model.layer1[0].bn1.running_mean += 0.1
    told = {block.name: block.is_initial for block in blocks_of_model(model)}
    assert told["layer1.0"] is False
    assert told["layer1.1"] is True


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(InputError, match="expected a Keras model or a PyTorch module"):
        framework_of(len)
    with pytest.raises(InputError, match="no layers with weights"):
        blocks_of_model(nn.ReLU())
    with pytest.raises(InputError, match="TorchScript"):
        blocks_of_model(torch.jit.script(nn.Linear(2, 2)))


def test_a_wrapper_is_seen_through() -> None:
    assert names(nn.DataParallel(Residual())) == names(Residual())
    compiled = nn.Sequential()  # as torch.compile's, which takes long to import
    compiled._orig_mod = Residual()
    assert names(compiled) == names(Residual())


def test_the_order_of_a_run_counts_more_than_that_of_definition() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.second, self.first = nn.Linear(4, 2), nn.Linear(4, 4), nn.Linear(4, 4)

    assert names(Backwards(), order=("first", "second", "fc")) == ["first", "second", "fc"]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("blocks.0", "blocks.1", "blocks.0–1"),
        ("0", "1", "0–1"),
        ("layer1.0–1", "layer2.0–1", "layer1.0–layer2.1"),
        ("block1a", "block2a", "block1a–block2a"),
    ],
)
def test_names_of_merged_blocks(first: str, last: str, expected: str) -> None:
    assert range_name(first, last) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans(), st.sampled_from(list(Role))), min_size=1, max_size=60))
def test_every_layer_is_in_one_block(drawn: list[tuple[int, bool, Role]]) -> None:
    parts = [
        Part(f"b.{at}.x", f"b.{at // 2}", role, size, size if trained else 0)
        for at, (size, trained, role) in enumerate(drawn)
    ]
    if not any(part.parameters for part in parts):
        return
    blocks = blocks_from(parts, ".", None, lambda found: tuple(part.name for part in found if part.parameters))
    assert [name for block in blocks for name in block.layers] == [part.name for part in parts]
    assert sum(block.parameters for block in blocks) == sum(part.parameters for part in parts)
    assert len({block.name for block in blocks}) == len(blocks) <= MOST_BLOCKS
    assert blocks[-1].is_output
    assert blocks[-1].is_head
