"""Features behind the blocks of PyTorch models: what a forward pass by hand gives, and nothing left behind."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from diagnose.data import Split
from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.models.block_drift import drift, feature_drift, linear_cka, relative_distance, weight_drift
from diagnose.models.block_features import block_features
from diagnose.models.block_rows import rows_of
from diagnose.models.feature_arrays import WIDEST, narrowed, raw_features
from diagnose.readers.data import read_split
from diagnose.stats.mean_shift import depth_shifts, mean_shift

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
nn, F = torch.nn, torch.nn.functional

RNG = np.random.default_rng(0)
IMAGES = RNG.random((40, 3, 12, 12), np.float32)
LABELS = np.arange(40) % 3


class Plain(nn.Module):
    """Activations, pooling and flattening by functions: no module tells of them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)
        self.conv2, self.drop = nn.Conv2d(6, 8, 3), nn.Dropout(0.5)
        self.fc1, self.fc2, self.unused = nn.Linear(8 * 16, 10), nn.Linear(10, 3), nn.Linear(2, 2)

    def forward(self, images: Any) -> Any:
        first = F.relu(self.bn1(self.conv1(images)))
        second = F.max_pool2d(F.relu(self.conv2(first)), 2)
        return self.fc2(F.relu(self.fc1(self.drop(second.flatten(1)))))


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, given: Any) -> Any:
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(given))))) + given)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.layer1 = nn.Conv2d(3, 6, 3), nn.Sequential(Block(6), Block(6))
        self.fc = nn.Linear(6, 3)

    def forward(self, images: Any) -> Any:
        return self.fc(self.layer1(F.relu(self.conv1(images))).mean((2, 3)))


def made(kind: Any, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return kind()


def by_hand(call: Any) -> Any:
    with torch.no_grad():
        return call(torch.from_numpy(IMAGES)).numpy()


def test_features_of_a_model_that_works_by_functions() -> None:
    model = made(Plain)
    found = block_features(model, (IMAGES, LABELS))
    model.eval()
    first = by_hand(lambda x: F.relu(model.bn1(model.conv1(x))).mean((2, 3)))
    second = by_hand(lambda x: F.max_pool2d(F.relu(model.conv2(F.relu(model.bn1(model.conv1(x))))), 2).flatten(1))
    assert found.names == ("input", "conv1", "conv2", "fc1")
    np.testing.assert_allclose(found.at("conv1"), first, atol=1e-5)
    np.testing.assert_allclose(found.at("conv2"), second, atol=1e-5)
    np.testing.assert_allclose(found.at("fc1"), F.relu(model.fc1(torch.from_numpy(second))).detach().numpy(), atol=1e-5)
    assert found.labels is not None
    np.testing.assert_array_equal(found.labels, LABELS)
    assert [b.name for b in found.blocks if b.is_head] == ["fc1", "fc2"]
    assert found.blocks[-1].is_output
    assert "unused" in " ".join(found.notes)
    assert all(one.dtype == np.float32 for one in found.features)


def test_features_of_residual_blocks() -> None:
    model = made(Residual)
    found = block_features(model, IMAGES)
    model.eval()
    stem = by_hand(lambda x: F.relu(model.conv1(x)).mean((2, 3)))
    block = by_hand(lambda x: model.layer1[0](F.relu(model.conv1(x))).mean((2, 3)))
    assert found.names == ("input", "conv1", "layer1.0", "layer1.1")
    np.testing.assert_allclose(found.at("conv1"), stem, atol=1e-5)
    np.testing.assert_allclose(found.at("layer1.0"), block, atol=1e-5)
    assert found.labels is None


def state(model: Any) -> list[Any]:
    return [
        {name: value.clone() for name, value in model.state_dict().items()},
        [part.training for part in model.modules()],
        [weight.requires_grad for weight in model.parameters()],
        [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules()],
        [weight.grad is None for weight in model.parameters()],
    ]


def test_nothing_is_left_behind() -> None:
    model = made(Residual).train()
    model.layer1[0].eval()
    model.conv1.weight.requires_grad_(requires_grad=False)
    before = state(model)
    drawn = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002

    class Noisy(torch.utils.data.Dataset):  # type: ignore[misc,name-defined,unused-ignore]
        def __len__(self) -> int:
            return 20

        def __getitem__(self, at: int) -> Any:
            noise = np.random.rand() * random.random()  # noqa: NPY002
            return torch.from_numpy(IMAGES[at]) + torch.rand(()) + noise, at % 3

    block_features(model, Noisy())
    after = state(model)
    assert all(torch.equal(before[0][name], after[0][name]) for name in before[0])
    assert before[1:] == after[1:]
    assert random.getstate() == drawn[0]
    assert np.random.get_state()[1].tolist() == drawn[1]  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), drawn[2])


def test_hooks_go_where_the_model_fails() -> None:
    model = made(Residual)
    before = state(model)
    with pytest.raises(InputError, match="does not take these rows"):
        block_features(model, RNG.random((9, 5), np.float32))
    assert before[1:] == state(model)[1:]


def test_the_same_rows_whatever_holds_them() -> None:
    model = made(Residual)
    data = torch.utils.data.TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS))
    loader = torch.utils.data.DataLoader(data, batch_size=7, shuffle=True)
    arrays = block_features(model, (IMAGES, LABELS), most_rows=15, seed=3)
    for source in (loader, data, {"x": IMAGES, "y": LABELS}):
        given = source if not isinstance(source, dict) else (source["x"], source["y"])
        found = block_features(model, given, most_rows=15, seed=3)
        np.testing.assert_array_equal(found.rows, arrays.rows)
        np.testing.assert_array_equal(found.labels, LABELS[found.rows])
        np.testing.assert_allclose(found.at("layer1.1"), arrays.at("layer1.1"), atol=1e-6)
    assert arrays.n == 15
    assert arrays.of == 40


def test_a_split_that_was_read() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
    table = RNG.random((30, 4))
    split = read_split((table, np.array(["no", "yes"])[np.arange(30) % 2]), "train", is_asked=True)
    assert isinstance(split, Split)
    found = block_features(model, split, most_rows=20)
    assert found.labels is not None
    assert [found.classes[code] for code in found.labels] == [("no", "yes")[row % 2] for row in found.rows]
    np.testing.assert_allclose(found.at("input"), table[found.rows], atol=1e-6)


def test_a_stream_of_batches_is_drawn_from() -> None:
    model = made(Residual)

    def batches() -> Iterator[Any]:
        for start in range(0, 40, 8):
            yield IMAGES[start : start + 8], LABELS[start : start + 8]

    found = block_features(model, batches(), most_rows=10)
    assert found.n == 10
    assert found.of == 40
    np.testing.assert_array_equal(found.labels, LABELS[found.rows])
    whole = block_features(model, IMAGES)
    np.testing.assert_allclose(found.at("layer1.0"), whole.at("layer1.0")[found.rows], atol=1e-6)


def test_an_endless_stream_is_left() -> None:
    def endless() -> Iterator[Any]:
        while True:
            yield IMAGES[:10], LABELS[:10]

    rows = rows_of(endless(), 5, 0)
    assert rows.of is None
    assert "100 rows" in rows.notes[0]


def test_blocks_of_the_users_own_and_progress() -> None:
    told: list[tuple[int, int]] = []
    found = block_features(made(Residual), IMAGES, blocks=["layer1"], progress=lambda done, of: told.append((done, of)))
    assert found.names == ("input", "conv1", "layer1")
    assert told[-1] == (40, 40)
    with pytest.raises(InputError, match="no layers of 'layer7'"):
        block_features(made(Residual), IMAGES, blocks=["layer7"])


def test_wrappers_are_opened_and_said() -> None:
    model = made(Residual)
    found = block_features(nn.DataParallel(model), IMAGES[:8])
    assert "DataParallel" in found.notes[0]
    np.testing.assert_array_equal(found.at("layer1.1"), block_features(model, IMAGES[:8]).at("layer1.1"))


def test_running_statistics_against_the_data() -> None:
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 2))
    rows = torch.from_numpy(IMAGES)
    model[0].running_mean.copy_(rows.mean((0, 2, 3)) - 2 * torch.sqrt(rows.var((0, 2, 3), correction=0)))
    model[0].running_var.copy_(rows.var((0, 2, 3), correction=0))
    (one,) = block_features(model, IMAGES).batch_norms
    assert one.shift == pytest.approx(2, rel=1e-3)
    assert one.scale == pytest.approx(1, rel=1e-3)
    assert block_features(model, IMAGES).batch_norm_shift(one.block) == pytest.approx((2, 1), rel=1e-3)


def test_statistics_that_fit_show_nothing() -> None:
    model = made(Residual)
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None
    model.train()
    with torch.no_grad():
        model(torch.from_numpy(IMAGES))
    found = block_features(model, IMAGES)
    assert len(found.batch_norms) == 4
    assert all(one.shift < 0.1 for one in found.batch_norms)
    assert all(0.8 < one.scale < 1.25 for one in found.batch_norms)


def test_tokens_count_where_the_mask_says_so() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=16,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(config).eval()
    ids = RNG.integers(0, 50, (9, 7))
    mask = np.ones((9, 7), np.int64)
    mask[4:, 5:] = 0
    found = block_features(model, {"input_ids": ids, "attention_mask": mask, "labels": np.arange(9) % 2})
    with torch.no_grad():
        states = model(
            input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask), output_hidden_states=True
        ).hidden_states
    for at, name in enumerate(("bert.embeddings", "bert.encoder.layer.0", "bert.encoder.layer.1")):
        told = states[at].numpy()
        mean = (told * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        np.testing.assert_allclose(found.at(name), np.concatenate([mean, told[:, 0]], 1), atol=1e-5)
    assert [block.name for block in found.blocks if block.is_head] == ["bert.pooler", "classifier"]
    np.testing.assert_array_equal(found.labels, np.arange(9) % 2)


def test_a_vision_transformer_and_a_mobile_network() -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    vit = transformers.ViTForImageClassification(transformers.ViTConfig(
        image_size=12, patch_size=4, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
    )).eval()  # fmt: skip
    found = block_features(vit, IMAGES[:6])
    with torch.no_grad():
        states = vit(torch.from_numpy(IMAGES[:6]), output_hidden_states=True).hidden_states
    told = states[1].numpy()
    np.testing.assert_allclose(found.features[2], np.concatenate([told.mean(1), told[:, 0]], 1), atol=1e-5)
    mobile = transformers.MobileNetV2ForImageClassification(
        transformers.MobileNetV2Config(image_size=32, depth_multiplier=0.35)
    )
    large = RNG.random((6, 3, 32, 32), np.float32)
    found = block_features(mobile, large)
    assert len(found.names) == 19
    with torch.no_grad():
        states = mobile.eval()(torch.from_numpy(large), output_hidden_states=True).hidden_states
    np.testing.assert_allclose(found.at("mobilenet_v2.layer.3"), states[3].mean((2, 3)).numpy(), atol=1e-4)


def test_a_recurrent_network_and_an_image_as_one_row() -> None:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.lstm = nn.Embedding(20, 6), nn.LSTM(6, 5, batch_first=True)
            self.fc = nn.Linear(5, 2)

        def forward(self, words: Any) -> Any:
            return self.fc(self.lstm(self.embedding(words))[0][:, -1])

    model = Words()
    ids = RNG.integers(0, 20, (12, 7))
    found = block_features(model, (ids, np.arange(12) % 2))
    assert found.names == ("input", "embedding", "lstm")
    assert found.at("input").shape == (12, WIDEST)


def test_an_untouched_model_has_not_drifted() -> None:
    model = made(Residual)
    for one in drift(model, copy.deepcopy(model), IMAGES):
        assert one.cka == pytest.approx(1)
        assert one.cka_unbiased == pytest.approx(1)
        assert one.distance == 0
        assert one.weights in (0, None)


def test_drift_sits_where_weights_were_changed() -> None:
    model = made(Residual)
    before = {name: value.clone() for name, value in model.state_dict().items() if not name.startswith("fc")}
    with torch.no_grad():
        model.layer1[1].conv1.weight.mul_(1.5)
    moved = {one.name: one for one in drift(model, before, IMAGES)}
    assert moved["layer1.0"].distance == 0
    assert moved["layer1.0"].weights == 0
    assert moved["layer1.1"].distance > 0
    own = {name: value for name, value in before.items() if name in dict(model.named_parameters())}
    norm = sum(float(value.square().sum()) for name, value in own.items() if name.startswith("layer1.1."))
    expected = (float((before["layer1.1.conv1.weight"] * 0.5).square().sum()) / norm) ** 0.5
    assert moved["layer1.1"].weights == pytest.approx(expected, rel=1e-4)
    backbone = {f"backbone.{name}": value for name, value in before.items()}
    assert {o.name: o.distance for o in drift(model, backbone, IMAGES)} == {o.name: o.distance for o in moved.values()}
    assert weight_drift(model, copy.deepcopy(model))["conv1"] == 0


def test_what_drift_needs_is_said() -> None:
    model = made(Residual)
    with pytest.raises(NotEnoughEvidence) as caught:
        drift(model, None, IMAGES)
    assert "--pretrained FILE" in caught.value.settle
    with pytest.raises(InputError, match="another model"):
        drift(model, {"alien.weight": torch.zeros(3)}, IMAGES)
    with pytest.raises(InputError, match="no such file"):
        drift(model, "no_such.pt", IMAGES)
    with pytest.raises(InputError, match="different rows"):
        feature_drift(block_features(model, IMAGES, most_rows=9), block_features(model, IMAGES, most_rows=9, seed=1))


def test_alignment_is_that_of_gram_matrices() -> None:
    x, y = RNG.standard_normal((30, 5)), RNG.standard_normal((30, 50))
    centre = np.eye(30) - 1 / 30
    k, m = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    expected = np.trace(k @ m) / np.sqrt(np.trace(k @ k) * np.trace(m @ m))
    assert linear_cka(x, y) == pytest.approx(expected)
    turned, _ = np.linalg.qr(RNG.standard_normal((5, 5)))
    assert linear_cka(x, 2 * x @ turned + 3) == pytest.approx(1)
    assert linear_cka(x, 2 * x @ turned + 3, is_unbiased=True) == pytest.approx(1)
    assert abs(np.mean([
        linear_cka(RNG.standard_normal((40, 60)), RNG.standard_normal((40, 60)), is_unbiased=True) for _ in range(40)
    ])) < 0.02  # fmt: skip
    assert relative_distance(x, x + 5) == pytest.approx(0, abs=1e-12)


def test_wide_features_keep_their_distances() -> None:
    wide = RNG.standard_normal((20, 9000)).astype(np.float32)
    narrow = narrowed(wide)
    assert narrow.shape == (20, WIDEST)
    before, after = (((one[:, None] - one) ** 2).sum(2)[np.triu_indices(20, 1)] for one in (wide, narrow))
    assert np.all(np.abs(after / before - 1) < 0.2)
    np.testing.assert_array_equal(narrowed(wide[:3]), narrow[:3])


def test_raw_features_of_images_are_means_over_a_grid() -> None:
    images = RNG.random((4, 3, 16, 16), np.float32)
    expected = images.reshape(4, 3, 8, 2, 8, 2).mean((3, 5)).reshape(4, -1)
    np.testing.assert_allclose(raw_features(images, channels_last=False), expected, rtol=1e-5)
    last = np.moveaxis(images, 1, 3)
    expected = np.moveaxis(expected.reshape(4, 3, 8, 8), 1, 3).reshape(4, -1)
    np.testing.assert_allclose(raw_features(last, channels_last=True), expected, rtol=1e-5)


def test_shift_of_means_is_the_distance_that_was_planted() -> None:
    inside, quiet = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        first, second = rng.standard_normal((300, 6)), rng.standard_normal((200, 6))
        quiet += mean_shift(first, second).low > 0
        second[:, 0] += 0.5
        found = mean_shift(first * 7, second * 7)
        inside += found.low <= 0.5 <= found.high
    assert inside >= 53
    assert quiet <= 5


def test_where_a_shift_sits() -> None:
    model = made(Residual)
    one = block_features(model, IMAGES, most_rows=20)
    other = block_features(model, IMAGES + 1, most_rows=20, seed=1)
    found = depth_shifts(one.names, one.features, other.features)
    assert list(found) == list(one.names)
    assert found["input"].low > found["layer1.1"].low or found["input"].p < 1e-6
    assert all(shift.p > 1e-3 for shift in depth_shifts(one.names, one.features, block_features(
        model, IMAGES, most_rows=20, seed=1).features).values())  # fmt: skip
    assert mean_shift(np.ones((9, 2)), np.ones((9, 2))).p == 1
    with pytest.raises(ValueError, match="8 rows"):
        mean_shift(np.ones((3, 2)), np.ones((9, 2)))
