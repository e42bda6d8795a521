"""How images are prepared, told from their range, and how pretrained backbones were trained on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from diagnose.measures.backbones import Backbone
from diagnose.model_card import LayerCard, ModelCard, Role
from diagnose.recording import InputFacts, LayerTable


class Prepared(StrEnum):
    """A way in which images are prepared."""

    BYTES = "0 to 255"
    UNIT = "0 to 1"
    SYMMETRIC = "−1 to 1"
    CAFFE = "BGR, less ImageNet's mean, not divided (−124 to 152)"
    IMAGENET = "less ImageNet's mean, by its deviation (−2.2 to 2.7)"
    FLAT = "nearly one value, as after scaling twice"
    UNKNOWN = "another way"


WANTED: Mapping[str, frozenset[Prepared]] = MappingProxyType({
    **dict.fromkeys(("vgg16", "vgg19", "resnet50", "resnet101", "resnet152"), frozenset({Prepared.CAFFE})),
    **dict.fromkeys(
        ("resnet50v2", "resnet101v2", "resnet152v2", "mobilenet", "mobilenetv2", "xception", "inceptionv3",
         "inceptionresnetv2", "nasnet", "nasnetlarge", "nasnetmobile"), frozenset({Prepared.SYMMETRIC})),
    **dict.fromkeys(("densenet121", "densenet169", "densenet201"), frozenset({Prepared.IMAGENET})),
    **dict.fromkeys(("efficientnet", "efficientnetv2", "mobilenetv3", "convnext", "regnet"),
                    frozenset({Prepared.BYTES})),
})  # fmt: skip
"""Of `keras.applications`: what each module's ``preprocess_input`` makes; those that want bytes have it inside."""
TORCH = frozenset({Prepared.IMAGENET, Prepared.SYMMETRIC})
"""torchvision's and timm's weights, and the processors of Hugging Face: one of these two. Which one a model of unknown
origin wants can't be told; they differ by a factor of two, and 0 to 255 or 0 to 1 is neither."""
FLAT = 0.03
"""Width of a range that is none of a photograph: bytes divided by 255 twice, or unit values by 127.5, have 0.008."""
SCALE: Mapping[Prepared, float] = MappingProxyType({
    Prepared.BYTES: 255.0, Prepared.UNIT: 1.0, Prepared.SYMMETRIC: 2.0, Prepared.CAFFE: 255.0, Prepared.IMAGENET: 4.4,
    Prepared.FLAT: 0.01,
})  # fmt: skip
"""Width of the range: how many times too large or small inputs are, prepared in another way."""


def wanted(backbone: Backbone, framework: str) -> frozenset[Prepared] | None:
    """Return how a backbone's images are to be prepared; None where that is unknown."""
    if framework == "torch":
        return TORCH
    plain = backbone.architecture.lower().replace("_", "").replace("-", "")
    exact = WANTED.get(plain)
    if exact is not None:
        return exact
    longest = max((name for name in WANTED if plain.startswith(name)), key=len, default="")
    return WANTED.get(longest)


def prepared(facts: InputFacts) -> Prepared:  # noqa: PLR0911 - one return a way
    """Tell how images were prepared from the range of their values.

    Examples
    --------
    >>> prepared(InputFacts("train", "x", (9, 9, 3), "float32", "image", 64, 0.0, 255.0, 120.0, 60.0)).value
    '0 to 255'
    """
    low, high = facts.low, facts.high
    if 0 < high - low < FLAT:
        return Prepared.FLAT
    if low >= -0.01 and high > 30:
        return Prepared.BYTES
    if low < -30 and high > 30:
        return Prepared.CAFFE
    if low >= -0.01 and 0.05 < high <= 1.05:
        return Prepared.UNIT
    if -1.05 <= low < -0.3 and 0.05 < high <= 1.05:
        return Prepared.SYMMETRIC
    if -4 <= low < -0.5 and 1.05 < high <= 6:
        return Prepared.IMAGENET
    return Prepared.UNKNOWN


def in_front_of(card: ModelCard) -> tuple[LayerCard, ...]:
    """Return the layers without weights before the first convolution that may change values."""
    found = []
    for layer in card.layers:
        if layer.role in {Role.CONVOLUTION, Role.DENSE, Role.ATTENTION}:
            break
        if layer.role in {Role.RESCALING, Role.NORMALISATION, Role.OTHER} and not layer.parameters:
            found.append(layer)
    return tuple(found)


def rescaled(facts: InputFacts, layers: tuple[LayerCard, ...]) -> InputFacts | None:
    """Return the inputs behind rescaling layers of known settings; None where what a layer does is unknown."""
    for layer in layers:
        scale, offset = layer.settings.get("scale"), layer.settings.get("offset", 0.0)
        if not isinstance(scale, (int, float)) or not isinstance(offset, (int, float)):
            return None
        ends = sorted((facts.low * scale + offset, facts.high * scale + offset))
        facts = replace(facts, low=ends[0], high=ends[1], mean=facts.mean * scale + offset,
                        std=facts.std * abs(scale), reached_as=layer.name)  # fmt: skip
    return facts


def first_statistics(table: LayerTable | None, backbone: Backbone) -> tuple[str, float, float] | None:
    """Return the first BatchNorm of a backbone, and the first batches' shift and scale against its statistics."""
    names = [layer.name for layer in backbone.layers if layer.role is Role.BATCH_NORMALISATION]
    if table is None or not names or names[0] not in table.layers:
        return None
    at = table.layers.index(names[0])
    shift, scale = table.of("statistics_shift")[:, at], table.of("statistics_scale")[:, at]
    known = np.isfinite(shift) & np.isfinite(scale)
    if not known.any():
        return None
    first = int(known.argmax())
    return names[0], float(shift[first]), float(scale[first])
