"""PyTorch modules are asked and left as they were, to the bit; its data sets are read in the order of their rows."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diagnose.data import Split
from diagnose.errors import InputError
from diagnose.models import load_model, with_model
from diagnose.readers.data import read_split
from image_examples import pictures

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
data = pytest.importorskip("torch.utils.data")

IMAGES, LABELS = pictures(90, side=16), np.arange(90) % 3
TENSORS = torch.as_tensor(np.moveaxis(IMAGES, 3, 1).copy()).float() / 255
ARRAYS = TENSORS.numpy()


class Net(torch.nn.Module):
    """Convolution, statistics, chance and a head: all that may change when it is asked wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.drop = torch.nn.Conv2d(3, 6, 3), torch.nn.BatchNorm2d(6), torch.nn.Dropout(0.5)
        self.features, self.head = torch.nn.Linear(6 * 7 * 7, 11), torch.nn.Linear(11, 3)
        self.unused = torch.nn.Linear(2, 2)

    def forward(self, images: Any) -> Any:
        found = torch.nn.functional.max_pool2d(torch.relu(self.norm(self.conv(images))), 2)
        return self.head(self.drop(torch.relu(self.features(found.flatten(1)))))


@pytest.fixture
def net() -> Net:
    torch.manual_seed(1)
    model = Net()
    with torch.no_grad():
        model(TENSORS[:32])  # statistics that differ from those at the start
    return model


def splits() -> dict[Any, Split]:
    return {
        "train": read_split((ARRAYS[:60], LABELS[:60]), "train"),
        "val": read_split((ARRAYS[60:], LABELS[60:]), "val"),
    }


def expected(model: Any, images: Any = TENSORS) -> Any:
    was = model.training
    model.eval()
    with torch.no_grad():
        found = model(images).double()
    model.train(was)
    return found


def test_outputs_losses_and_features_are_those_of_the_module(net: Net) -> None:
    found = with_model(splits(), net)["val"]
    logits = expected(net)[60:]
    np.testing.assert_allclose(found.outputs, torch.softmax(logits, 1).numpy(), atol=1e-6)
    theirs = torch.nn.functional.cross_entropy(logits, torch.as_tensor(LABELS[60:]), reduction="none")
    np.testing.assert_allclose(found.losses, theirs.numpy(), atol=1e-5)
    assert found.embedded_by == "input of the layer 'head'"
    again = net.head(torch.as_tensor(found.embeddings)).detach().double()
    np.testing.assert_allclose(torch.softmax(again, 1).numpy(), found.outputs, atol=1e-6)
    assert any("taken for logits" in note for note in found.notes)


@pytest.mark.parametrize("is_training", [True, False])
def test_nothing_of_the_module_changes(net: Net, is_training: bool) -> None:
    net.train(is_training)
    net.norm.eval()  # a part in another mode than the whole
    net.conv.weight.requires_grad_(False)
    before, flags = copy.deepcopy(net.state_dict()), [part.training for part in net.modules()]
    state = torch.get_rng_state()
    once, twice = with_model(splits(), net), with_model(splits(), net)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert [part.training for part in net.modules()] == flags
    assert torch.equal(torch.get_rng_state(), state)
    assert [p.requires_grad for p in net.parameters()] == [name != "conv.weight" for name, _ in net.named_parameters()]
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not any(part._forward_pre_hooks for part in net.modules())
    np.testing.assert_array_equal(once["val"].outputs, twice["val"].outputs)
    assert torch.is_grad_enabled()


def test_a_module_that_counts_even_in_evaluation_is_put_back() -> None:
    class Counts(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("asked", torch.zeros(1))

        def forward(self, rows: Any) -> Any:
            self.asked += len(rows)
            return rows[:, :3].flatten(1)[:, :3]

    model = Counts()
    found = with_model({"train": read_split((ARRAYS.reshape(90, -1), LABELS), "train")}, model)["train"]
    assert float(model.asked) == 0
    assert found.embeddings is None


def test_a_module_that_fails_is_put_back(net: Net) -> None:
    net.train()
    with pytest.raises(InputError, match="does not take these rows"):
        with_model({"train": read_split(np.zeros((40, 5)), "train")}, net)
    assert net.training
    assert not any(part._forward_pre_hooks for part in net.modules())


def test_whole_numbers_are_places_or_numbers() -> None:
    rows = np.random.default_rng(0).integers(0, 9, (40, 5))
    linear = torch.nn.Linear(5, 3)
    found = with_model({"train": read_split((rows, np.arange(40) % 3), "train")}, linear)["train"]
    np.testing.assert_allclose(
        found.outputs, torch.softmax(linear(torch.as_tensor(rows).float()), 1).detach().numpy(), atol=1e-6
    )
    words = torch.nn.Sequential(torch.nn.Embedding(9, 4), torch.nn.Flatten(), torch.nn.Linear(20, 3))
    found = with_model({"train": read_split((rows, np.arange(40) % 3), "train")}, words)["train"]
    np.testing.assert_allclose(
        found.outputs, torch.softmax(words(torch.as_tensor(rows)), 1).detach().numpy(), atol=1e-6
    )
    assert found.embeddings.shape == (40, 20)


def test_one_output_is_a_chance_or_a_number() -> None:
    rows, linear = np.random.default_rng(0).normal(size=(50, 4)), torch.nn.Linear(4, 1)
    y = np.arange(50) % 2
    found = with_model({"train": read_split((rows, y), "train")}, linear)["train"]
    logits = linear(torch.as_tensor(rows).float())[:, 0]
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.as_tensor(y).float(), reduction="none")
    np.testing.assert_allclose(found.losses, theirs.detach().numpy(), atol=1e-5)
    number = with_model({"train": read_split((rows, rows[:, 0] * 3.7), "train")}, linear)["train"]
    np.testing.assert_allclose(number.outputs, logits.detach().numpy(), atol=1e-6)


def test_a_wide_layer_keeps_its_distances() -> None:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 40 * 40, 3))
    rows = np.moveaxis(pictures(40, side=40), 3, 1) / np.float32(255)
    found = with_model({"train": read_split((rows, np.arange(40) % 3), "train")}, model)["train"].embeddings
    assert found.shape == (40, 2048)
    flat = rows.reshape(40, -1)
    ours, theirs = (np.linalg.norm(x[:, None] - x[None], axis=2)[np.triu_indices(40, 1)] for x in (found, flat))
    assert np.median(np.abs(ours / theirs - 1)) < 0.1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_files(net: Net, tmp_path: Path) -> None:
    net.eval()
    torch.jit.trace(net, TENSORS[:2]).save(str(tmp_path / "script.pt"))
    batch = torch.export.Dim("batch", min=2)
    torch.export.save(
        torch.export.export(net, (TENSORS[:4],), dynamic_shapes=({0: batch},)), str(tmp_path / "exported.pt2")
    )
    torch.save(net, tmp_path / "whole.pt")
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    theirs = torch.softmax(expected(net), 1).numpy()
    for name in ("script.pt", "exported.pt2", "whole.pt"):
        found = with_model(splits(), load_model(str(tmp_path / name), allow_pickle=True))
        np.testing.assert_allclose(np.concatenate([found["train"].outputs, found["val"].outputs]), theirs, atol=1e-6)
    with pytest.raises(InputError, match="an exported model may hold pickles"):
        load_model(str(tmp_path / "exported.pt2"))
    with pytest.raises(InputError, match=r"a pickle, .* --allow-pickle only if you made the file yourself"):
        load_model(str(tmp_path / "whole.pt"))
    with pytest.raises(InputError, match=r"TorchScript program, which can write .* --allow-pickle only if you made"):
        load_model(str(tmp_path / "script.pt"))
    with pytest.raises(InputError, match="weights without a model"):
        load_model(str(tmp_path / "weights.pt"), allow_pickle=True)


# data sets


def assert_rows(split: Split, rows: Any = slice(None)) -> None:
    whole = read_split((ARRAYS, LABELS), "train")
    for mine, theirs in zip(split.columns, whole.columns, strict=True):
        assert mine.name == theirs.name
        np.testing.assert_allclose(mine.values, theirs.values[rows], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(split.digests["exact"], whole.digests["exact"][rows])
    spelled = [split.label.levels[code] for code in split.label.values]
    assert spelled == list(map(str, LABELS[rows]))
    np.testing.assert_allclose(np.concatenate(list(split.batches(7))), ARRAYS[rows], atol=1e-6)
    assert split.thumbnail(split.n - 1)[1:4] == b"PNG"


def test_rows_come_in_order_whatever_the_loader_shuffles() -> None:
    whole = data.TensorDataset(TENSORS, torch.as_tensor(LABELS))
    state = torch.get_rng_state()
    for source in (
        whole,
        data.DataLoader(whole, batch_size=32),
        data.DataLoader(whole, batch_size=40, shuffle=True, drop_last=True),
    ):
        assert_rows(read_split(source, "train"))
    some = data.SubsetRandomSampler([50, 3, 70])
    assert_rows(read_split(data.DataLoader(whole, batch_size=2, sampler=some), "val"), [3, 50, 70])
    assert_rows(read_split(data.Subset(whole, [9, 2]), "val"), [9, 2])
    assert torch.equal(torch.get_rng_state(), state)


def test_a_choice_of_rows_is_told() -> None:
    whole = data.TensorDataset(TENSORS, torch.as_tensor(LABELS))
    split = read_split(
        data.DataLoader(whole, batch_size=9, sampler=data.WeightedRandomSampler([1.0] * 90, 30)), "train"
    )
    assert split.n == 30
    assert "the loader's own order and choice of rows is taken" in split.notes


class Pictures(data.Dataset):
    """Images of two sizes as Pillow has them, and names of classes that are not in the order of their spelling."""

    classes = ("zebra", "ant", "moth")

    def __len__(self) -> int:
        return 30

    def __getitem__(self, at: int) -> Any:
        return Image.fromarray(IMAGES[at][: 16 - at % 2]), int(LABELS[at])


def test_names_of_classes_belong_to_their_numbers() -> None:
    split = read_split(Pictures(), "train")
    assert [split.label.levels[code] for code in split.label.values[:4]] == ["zebra", "ant", "moth", "zebra"]
    assert split.column("height").values[:3].tolist() == [16, 15, 16]
    model = lambda rows: np.eye(3)[np.zeros(len(rows), int)] * 0.8 + 0.2 / 3  # noqa: E731 - it always says class 0
    found = with_model({"train": split}, model)["train"]
    assert found.classes == ("zebra", "ant", "moth")
    np.testing.assert_allclose(np.unique(found.losses), [-np.log(0.8 + 0.2 / 3), -np.log(0.2 / 3)])


def test_augmentation_is_told_and_does_not_touch_the_users_numbers() -> None:
    class Noisy(Pictures):
        def __getitem__(self, at: int) -> Any:
            return TENSORS[at] + torch.rand(1), int(LABELS[at])

    state = torch.get_rng_state()
    once, twice = (read_split(Noisy(), "train") for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert any("augmentation" in note for note in once.notes)
    np.testing.assert_array_equal(once.digests["exact"], twice.digests["exact"])
    assert not any("augmentation" in note for note in read_split(Pictures(), "train").notes)


def test_streams_mappings_and_plain_numbers() -> None:
    class Stream(data.IterableDataset):
        def __iter__(self) -> Any:
            return iter([(torch.arange(4.0) * at, at % 2) for at in range(70)])

    split = read_split(Stream(), "train")
    assert (split.n, [column.name for column in split.columns]) == (70, ["x0", "x1", "x2", "x3"])
    np.testing.assert_array_equal(split.columns[2].values, np.arange(70) * 2.0)

    class Named(data.Dataset):
        def __len__(self) -> int:
            return 30

        def __getitem__(self, at: int) -> Any:
            return {"text": f"this is sentence number {at}", "age": at / 3, "label": at % 3}

    named = read_split(data.DataLoader(Named(), batch_size=8), "train")
    assert named.column("text: words") is not None
    assert named.label.levels == ("0", "1", "2")
    assert set(next(named.batches(4))) == {"text", "age"}

    class Vectors(Named):
        def __getitem__(self, at: int) -> Any:
            return {"x": torch.arange(3.0) + at, "codes": torch.arange(4) + at, "target": at % 2}

    several = read_split(data.DataLoader(Vectors(), batch_size=8, shuffle=True), "train")
    assert [column.name for column in several.columns] == ["x0", "x1", "x2"]
    np.testing.assert_array_equal(several.columns[1].values, np.arange(30) + 1.0)
    with pytest.raises(InputError, match="gives no rows"):
        read_split(data.TensorDataset(torch.zeros(0, 3)), "train")


def test_a_loader_and_a_module_go_together(net: Net) -> None:
    whole = data.TensorDataset(TENSORS, torch.as_tensor(LABELS))
    split = read_split(data.DataLoader(whole, batch_size=32, shuffle=True), "train")
    found = with_model({"train": split}, net)["train"]
    np.testing.assert_allclose(found.outputs, torch.softmax(expected(net), 1).numpy(), atol=1e-6)
