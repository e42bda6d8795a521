"""The architectures whose weights registry packages ship, as blocks in forward order, in PyTorch only.

Every function returns an ``nn.ModuleList``; weights are mapped by `backbones.in_order`, which holds shapes together.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

MOBILENET_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, repeats, stride: table 2 of Sandler et al. (2018), MobileNetV2."""
LITE_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
"""Expansion, channels, repeats, stride, kernel: table 1 of Tan & Le (2019), EfficientNet-B0, without excitation."""
VGG_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions of every stage: configuration D of Simonyan & Zisserman (2015)."""


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's ``same`` pads: the odd pixel goes to the right and below."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pad, then convolve."""
        sides = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            sides += [total // 2, total - total // 2]
        return super().forward(functional.pad(x, sides))


class Inverted(nn.Module):
    """An inverted residual: widen (unless the expansion is 1), convolve each channel, narrow; add if shapes agree."""

    def __init__(self, given: int, out: int, how: tuple[int, int, int], make: Any) -> None:
        super().__init__()
        expansion, stride, kernel = how
        wide = given * expansion
        layers = [*make(given, wide, 1, 1, 1), nn.ReLU6()] if expansion > 1 else []
        layers += [*make(wide, wide, kernel, stride, wide), nn.ReLU6(), *make(wide, out, 1, 1, 1)]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and given == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's output, n × channels × height × width."""
        out: torch.Tensor = self.conv(x)
        return x + out if self.adds else out


class Embeddings(nn.Module):
    """The first block of a text encoder: words, positions and the one segment, normalised."""

    def __init__(self, words: int, positions: int, width: int) -> None:
        super().__init__()
        self.word = nn.Embedding(words, width)
        self.position = nn.Embedding(positions, width)
        self.segment = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return n × tokens × width for n × tokens."""
        summed = self.word(ids) + self.position.weight[: ids.shape[1]] + self.segment.weight[0]
        out: torch.Tensor = self.norm(summed)
        return out


def mobilenet_v2() -> nn.ModuleList:
    """MobileNetV2 at width 1: 19 blocks of which the first and the last are plain convolutions."""

    def make(given: int, out: int, kernel: int, stride: int, groups: int) -> list[nn.Module]:
        conv = nn.Conv2d(given, out, kernel, stride, kernel // 2, groups=groups, bias=False)
        return [conv, nn.BatchNorm2d(out)]

    return inverted_network([(*stage, 3) for stage in MOBILENET_STAGES], make)


def efficientnet_lite0() -> nn.ModuleList:
    """EfficientNet-Lite0: 18 blocks of which the first and the last are plain convolutions.

    The momentum of the normalisation is PyTorch's 0.1 and not the 0.01 of the original, whose running statistics would
    trail behind weights that are tuned for a hundred steps.
    """

    def make(given: int, out: int, kernel: int, stride: int, groups: int) -> list[nn.Module]:
        conv = SameConv(given, out, kernel, stride, groups=groups, bias=False)
        return [conv, nn.BatchNorm2d(out, eps=1e-3)]

    return inverted_network(LITE_STAGES, make)


def inverted_network(stages: Any, make: Any) -> nn.ModuleList:
    """Build a stem of 32 channels at stride 2, the stages, and a last convolution of 1,280 channels."""
    blocks: list[nn.Module] = [nn.Sequential(*make(3, 32, 3, 2, 1), nn.ReLU6())]
    given = 32
    for expansion, out, repeats, stride, kernel in stages:
        for k in range(repeats):
            blocks.append(Inverted(given, out, (expansion, stride if k == 0 else 1, kernel), make))
            given = out
    return nn.ModuleList([*blocks, nn.Sequential(*make(given, 1280, 1, 1, 1), nn.ReLU6())])


def vgg16() -> nn.ModuleList:
    """Build the convolutions of VGG16: 5 blocks, each after the first beginning with its pooling."""
    blocks, given = [], 3
    for stage, widths in enumerate(VGG_STAGES):
        layers: list[nn.Module] = [nn.MaxPool2d(2)] if stage else []
        for out in widths:
            layers += [nn.Conv2d(given, out, 3, padding=1), nn.ReLU()]
            given = out
        blocks.append(nn.Sequential(*layers))
    return nn.ModuleList(blocks)


def text_encoder(width: int = 384, layers: int = 6, heads: int = 12, words: int = 30522) -> nn.ModuleList:
    """Build a BERT-like encoder of MiniLM-L6's size: the embeddings and ``layers`` blocks."""
    blocks = [
        nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.1, activation="gelu", layer_norm_eps=1e-12, batch_first=True
        )
        for _ in range(layers)
    ]
    return nn.ModuleList([Embeddings(words, 512, width), *blocks])
