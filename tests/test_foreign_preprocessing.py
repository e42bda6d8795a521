"""PRG906 compares how images come with how a pretrained backbone was trained."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose.analyzers.foreign_preprocessing import ForeignPreprocessing
from diagnose.finding import Severity
from diagnose.measures.preprocessing import Prepared, prepared
from diagnose.model_card import ModelCard, Role
from programme_cards import card, fires, images, inputs, layer, plain, quiet, recorded, run, table

RULE = ForeignPreprocessing()
RANGES = {"bytes": (0, 255), "unit": (0, 1), "symmetric": (-1, 1), "imagenet": (-2.1, 2.6), "caffe": (-120, 150)}


def tuned(
    architecture: str, *, loaded: bool | None = True, frozen: bool = True, front: Any = (), framework: str = "keras"
) -> ModelCard:
    inside = [
        *front,
        layer("b/conv1", Role.CONVOLUTION, 9000, backbone="b", is_initial=None if loaded is None else not loaded,
              trained=not frozen),
        layer("b/bn1", Role.BATCH_NORMALISATION, 64, backbone="b", trained=not frozen),
        layer("head", is_initial=True),
    ]  # fmt: skip
    return card(layers=inside, backbones={"b": architecture}, framework=framework)


def of(one: ModelCard, kind: str, **more: Any) -> Any:
    return run(facts=[images(*RANGES[kind])], recording=recorded(one, **more))


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [
        ("vgg16", "unit"), ("vgg16", "symmetric"), ("vgg16", "bytes"), ("vgg19", "imagenet"), ("resnet50", "unit"),
        ("resnet50v2", "unit"), ("mobilenetv2", "bytes"), ("mobilenet_v2", "unit"), ("xception", "bytes"),
        ("inception_v3", "bytes"), ("densenet121", "bytes"), ("densenet121", "unit"), ("efficientnet", "unit"),
        ("efficientnetb0", "unit"), ("mobilenetv3", "unit"), ("convnext", "unit"), ("efficientnetv2", "symmetric"),
    ],
)  # fmt: skip
def test_fires(architecture: str, kind: str) -> None:
    found = fires(RULE, of(tuned(architecture), kind), "pretrained on images of")
    assert found.probability >= 0.9
    assert found.severity is not Severity.INFO


RIGHT = [
    ("vgg16", "caffe"), ("vgg19", "caffe"), ("resnet50", "caffe"), ("resnet101", "caffe"), ("resnet50v2", "symmetric"),
    ("mobilenet", "symmetric"), ("mobilenetv2", "symmetric"), ("mobilenet_v2", "symmetric"), ("xception", "symmetric"),
    ("inception_v3", "symmetric"), ("inception_resnet_v2", "symmetric"), ("nasnet", "symmetric"),
    ("densenet121", "imagenet"), ("densenet201", "imagenet"), ("efficientnet", "bytes"), ("efficientnetb0", "bytes"),
    ("efficientnetv2", "bytes"), ("mobilenetv3", "bytes"), ("convnext", "bytes"), ("regnet", "bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("architecture", "kind"), RIGHT)
def test_quiet(architecture: str, kind: str) -> None:
    quiet(RULE, of(tuned(architecture), kind))


@pytest.mark.parametrize("kind", RANGES)
def test_quiet_from_scratch(kind: str) -> None:
    assert "from scratch" in quiet(RULE, of(tuned("vgg16", loaded=False), kind))


@pytest.mark.parametrize("kind", RANGES)
def test_cannot_tell_whether_pretrained(kind: str) -> None:
    assert "cannot tell whether" in quiet(RULE, of(tuned("vgg16", loaded=None), kind))


def test_the_user_says_that_it_is_pretrained() -> None:
    made = run(tuned("vgg16", loaded=None), [images(0, 1)], context={"pretrained": True})
    fires(RULE, made, "vgg16")


@pytest.mark.parametrize("kind", ["imagenet", "symmetric"])
def test_quiet_in_pytorch(kind: str) -> None:
    quiet(RULE, of(tuned("resnet18", framework="torch"), kind))


@pytest.mark.parametrize("kind", ["unit", "bytes"])
def test_fires_in_pytorch(kind: str) -> None:
    assert fires(RULE, of(tuned("resnet18", framework="torch"), kind)).probability == RULE.alone


def statistics(shift: float, scale: float) -> Any:
    seen = {"statistics_shift": [[shift], [0.1]], "statistics_scale": [[scale], [1]]}
    return table(layers=["b/bn1"], epochs=[0.1, 0.5], **seen)


def test_a_batch_norm_that_agrees_acquits() -> None:
    quiet(RULE, of(tuned("resnet18", framework="torch"), "unit", layers=statistics(0.3, 1.4)))


def test_a_batch_norm_that_differs_is_a_second_witness() -> None:
    made = of(tuned("resnet18", framework="torch"), "unit", layers=statistics(9.0, 40.0))
    assert "9 deviations" in fires(RULE, made).claim
    assert fires(RULE, made).probability == RULE.certainty


def test_a_batch_norm_speaks_where_inputs_were_not_seen() -> None:
    fires(RULE, run(recording=recorded(tuned("resnet50"), layers=statistics(9.0, 40.0))), "first BatchNorm")
    quiet(RULE, run(recording=recorded(tuned("resnet50"), layers=statistics(1.5, 6.0))))


def test_a_part_of_any_architecture_has_statistics_of_its_own() -> None:
    parts = [
        layer("body/conv", Role.CONVOLUTION, is_initial=False, trained=False),
        layer("b/bn1", Role.BATCH_NORMALISATION, is_initial=False, trained=False),
        layer("out", is_initial=True),
    ]
    one = card(layers=parts)
    fires(RULE, run(recording=recorded(one, layers=statistics(197.0, 14_700.0))), "'b/bn1'")
    quiet(RULE, run(recording=recorded(one, layers=statistics(0.04, 0.9))))
    new = card(layers=[layer("conv", Role.CONVOLUTION), layer("b/bn1", Role.BATCH_NORMALISATION, is_initial=True)])
    quiet(RULE, run(recording=recorded(new, layers=statistics(197.0, 14_700.0))))


def test_the_model_prepares_itself() -> None:
    front = [plain("rescaling", Role.RESCALING, settings={"scale": 1 / 127.5, "offset": -1.0})]
    quiet(RULE, of(tuned("mobilenetv2", front=front), "bytes"))
    fires(RULE, of(tuned("mobilenetv2", front=front), "unit"), "pretrained on")
    fires(RULE, of(tuned("efficientnet", front=front), "bytes"), "−1 to 1")


def test_a_layer_of_unknown_effect() -> None:
    front = [plain("lambda", Role.OTHER)]
    assert "not known" in quiet(RULE, of(tuned("vgg16", front=front), "unit"))


def test_a_frozen_backbone_of_another_scale_is_an_error() -> None:
    fires(RULE, of(tuned("vgg16"), "unit"), severity=Severity.ERROR)
    fires(RULE, of(tuned("vgg16", frozen=False), "unit"), severity=Severity.WARNING)


def test_quiet_without_a_backbone_or_images() -> None:
    quiet(RULE, run(card(), [images()]))
    quiet(RULE, run(tuned("vgg16"), [inputs([[1.0, 2.0], [3.0, 4.0]])], context={"pretrained": True}))
    quiet(RULE, run(tuned("vgg16"), context={"pretrained": True}))


WAYS = (Prepared.BYTES, Prepared.UNIT, Prepared.SYMMETRIC, Prepared.IMAGENET, Prepared.CAFFE)


@pytest.mark.parametrize(("kind", "way"), list(zip(RANGES, WAYS, strict=True)))
def test_tells_the_way_from_the_range(kind: str, way: Prepared) -> None:
    assert prepared(images(*RANGES[kind])) is way
