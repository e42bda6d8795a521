"""The card of a PyTorch model says what its user would: layers, loss, optimizers, backbones, fresh weights."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.framework
torch: Any = pytest.importorskip("torch")

from diagnose.model_card import Labels, Role, Wants  # noqa: E402  behind the check that there is a PyTorch
from diagnose.models.torch_card import Seen, card_of  # noqa: E402

nn, F = torch.nn, torch.nn.functional


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def net() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.25),
        nn.Linear(8 * 15 * 15, 10), nn.Softmax(dim=1),
    )  # fmt: skip


def test_layers_have_roles_sizes_and_settings() -> None:
    card = card_of(net())
    assert [layer.role for layer in card.layers] == [
        Role.CONVOLUTION, Role.BATCH_NORMALISATION, Role.ACTIVATION, Role.POOLING, Role.RESHAPE, Role.DROPOUT,
        Role.DENSE, Role.ACTIVATION,
    ]  # fmt: skip
    assert [layer.activation for layer in card.layers] == ["", "", "relu", "", "", "", "", "softmax"]
    assert card.parameters == card.trainable_parameters == sum(p.numel() for p in net().parameters())
    assert card.layers[5].settings["rate"] == 0.25
    assert (card.output_width, card.output_activation) == (10, "softmax")
    assert card.top_level == tuple("01234567")
    assert card.framework == "torch"


def test_frozen_layers_and_what_the_optimizer_holds() -> None:
    model = net()
    for weight in model[0].parameters():
        weight.requires_grad = False
    other = nn.Linear(2, 2)
    groups = [{"params": [*model[1].parameters(), *other.parameters()]}, {"params": [model[0].weight], "lr": 1e-5}]
    card = card_of(model, optimizers=torch.optim.AdamW(groups, 1e-3, weight_decay=0.01))
    assert card.optimizer is not None
    assert card.optimizer.missing == ("6.weight", "6.bias")
    assert card.optimizer.foreign == 6
    assert card.optimizer.is_decoupled
    first, second = card.optimizer.groups
    assert (first.learning_rate, second.learning_rate) == (1e-3, 1e-5)
    assert (first.layers, second.layers) == (("1",), ("0",))
    assert first.decayed_vectors == 16
    assert second.frozen_parameters == 216
    assert (card.layers[0].trainable_parameters, card.layers[0].optimized_parameters) == (0, 216)
    assert not card.layers[0].is_trainable


def test_several_optimizers_and_weights_that_are_in_two() -> None:
    model = net()
    both = torch.optim.SGD(model.parameters(), 0.1), torch.optim.Adam(model[6].parameters(), 1e-3)
    card = card_of(model, optimizers=both)
    assert card.optimizer is not None
    assert card.optimizer.name == "SGD and Adam"
    assert card.optimizer.twice == ("6.weight", "6.bias")
    assert card.optimizer.missing == ()


@pytest.mark.parametrize(
    ("loss", "name", "wants", "labels"),
    [
        (nn.CrossEntropyLoss(), "categorical_crossentropy", Wants.LOGITS, None),
        (nn.NLLLoss(), "negative_log_likelihood", Wants.LOG_PROBABILITIES, Labels.INDICES),
        (nn.BCELoss(), "binary_crossentropy", Wants.PROBABILITIES, None),
        (nn.BCEWithLogitsLoss(), "binary_crossentropy", Wants.LOGITS, None),
        (nn.MSELoss(), "mean_squared_error", Wants.VALUES, Labels.VALUES),
        (nn.L1Loss(), "mean_absolute_error", Wants.VALUES, Labels.VALUES),
        (nn.SmoothL1Loss(), "huber", Wants.VALUES, Labels.VALUES),
        (nn.HuberLoss(), "huber", Wants.VALUES, Labels.VALUES),
        (nn.KLDivLoss(), "kl_divergence", Wants.LOG_PROBABILITIES, None),
        (F.cross_entropy, "categorical_crossentropy", Wants.LOGITS, None),
        (F.binary_cross_entropy_with_logits, "binary_crossentropy", Wants.LOGITS, None),
        ("mse_loss", "mean_squared_error", Wants.VALUES, Labels.VALUES),
        (lambda a, b: a - b, "<lambda>", None, None),
    ],
)
def test_losses(loss: Any, name: str, wants: Wants | None, labels: Labels | None) -> None:
    card = card_of(nn.Linear(2, 2), loss)
    assert card.loss is not None
    assert (card.loss.name, card.loss.wants, card.loss.labels) == (name, wants, labels)


def test_a_loss_is_spelt_as_its_user_did() -> None:
    card = card_of(nn.Linear(2, 2), nn.CrossEntropyLoss(torch.ones(2), label_smoothing=0.1))
    assert card.loss is not None
    assert card.loss.spelt == "CrossEntropyLoss(label_smoothing=0.1)"
    assert card.loss.settings == {"reduction": "mean", "label_smoothing": 0.1, "class_weights": True}


def test_fresh_and_trained_weights() -> None:
    model = net()
    assert [layer.is_initial for layer in card_of(model).with_weights()] == [True, True, True]
    model(torch.randn(4, 3, 32, 32))
    assert card_of(model).layers[1].is_initial is False  # statistics have moved
    with torch.no_grad():
        model[0].weight.mul_(3)
        model[6].weight.copy_(torch.randn_like(model[6].weight) ** 5)  # heavy tails
    card = card_of(model)
    assert card.layers[0].is_initial is None
    assert card.layers[6].is_initial is False


def test_tied_and_shared_weights_count_once() -> None:
    class Tied(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.act = nn.Embedding(11, 4), nn.ReLU()
            self.again, self.head = self.act, nn.Linear(4, 11, bias=False)
            self.head.weight = self.embedding.weight
            self.token = nn.Parameter(torch.zeros(3))

    card = card_of(Tied())
    assert card.parameters == 11 * 4 + 3
    assert [layer.name for layer in card.layers] == ["token", "embedding", "act", "head"]
    assert card.output_width == 11


@pytest.mark.filterwarnings("ignore:.*jit.trace:DeprecationWarning")
def test_unusual_models_are_read_too() -> None:
    weight_norm = torch.nn.utils.parametrizations.weight_norm(nn.Linear(3, 4))
    model = nn.Sequential(weight_norm, nn.LazyLinear(3), nn.MultiheadAttention(4, 2), nn.LSTM(4, 5, bidirectional=True))
    card = card_of(model)
    assert [(layer.name, layer.kind) for layer in card.layers] == [
        ("0", "Linear"), ("1", "LazyLinear"), ("2", "MultiheadAttention"),
        ("2.out_proj", "NonDynamicallyQuantizableLinear"), ("3", "LSTM"),
    ]  # fmt: skip
    assert card.layers[0].parameters == 3 * 4 + 4 + 4
    assert card.layers[1].parameters == 0
    assert card.output_width == 10
    assert card_of(nn.Sequential()).layers == ()
    assert card_of(torch.jit.trace(nn.Linear(2, 3), torch.ones(1, 2))).parameters == 9


def test_wrappers_and_criteria_within_are_left_out() -> None:
    model = net()
    model.criterion = nn.CrossEntropyLoss()
    assert [layer.kind for layer in card_of(nn.DataParallel(model)).layers] == [type(m).__name__ for m in net()]


def test_the_order_that_was_seen_holds() -> None:
    model = nn.ModuleDict({"b": nn.Linear(2, 2), "a": nn.Linear(2, 2), "c": nn.ReLU()})
    card = card_of(model, seen=Seen(order=("a", "b"), activations={"a": "relu"}, output_activation="sigmoid"))
    assert [layer.name for layer in card.layers] == ["a", "c", "b"]  # "c" did not run: it stays behind "a"
    assert card.layers[0].activation == "relu"
    assert card.output_activation == "sigmoid"


class ResNet(nn.Module):  # type: ignore[misc,name-defined]
    """Named as torchvision names its parts."""

    def __init__(self, blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        for at, many in enumerate(blocks, 1):
            block = [nn.ModuleDict({"conv1": nn.Conv2d(4, 4, 3), "conv2": nn.Conv2d(4, 4, 3)}) for _ in range(many)]
            setattr(self, f"layer{at}", nn.Sequential(*block))
        self.fc = nn.Linear(4, 10)


def test_backbones_are_recognised() -> None:
    assert card_of(ResNet((2, 2, 2, 2))).backbones == {"": "resnet18"}
    assert card_of(ResNet((3, 4, 6, 3))).backbones == {"": "resnet34"}
    within = card_of(nn.Sequential(ResNet((2, 2, 2, 2)), nn.Linear(10, 3)))
    assert within.backbones == {"0": "resnet18"}
    assert within.layers[0].backbone == "0"
    assert within.layers[-1].backbone == ""
    assert card_of(net()).backbones == {}
