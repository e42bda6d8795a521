"""Which backbone is trained on which data with how many rows, and which half a pair is in: fixed before any training.

No data set and no picture of the held-out half is in the development half, and EfficientNet-Lite0 is in the held-out
one only. Constants of an adviser may be fitted on ``development``; ``held-out`` judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Half = Literal["development", "held-out"]
DEPTHS = (1.0, 0.75, 0.5, 0.25, 0.0)
"""Share of the backbone's blocks that is frozen; the cheapest first."""
ROUNDS = ((0, 1, 2), (3, 4))
"""Seeds; all pairs have the first ones before any has the others."""
SEEDS = tuple(seed for seeds in ROUNDS for seed in seeds)


@dataclass(frozen=True)
class Pair:
    """A backbone, a data set and how many rows train."""

    half: Half
    backbone: str
    data: str
    rows: int

    @property
    def name(self) -> str:
        """One word for the pair."""
        return f"{self.backbone}/{self.data}/{self.rows}"


D: Half = "development"
H: Half = "held-out"
PAIRS = (
    Pair(D, "mobilenetv2", "photographs-a", 50),
    Pair(H, "mobilenetv2", "photographs-b", 50),
    Pair(D, "mobilenetv2", "digits", 100),
    Pair(H, "mobilenetv2", "mnist", 100),
    Pair(D, "mobilenetv2-random", "digits", 100),
    Pair(D, "mobilenetv2", "digits", 400),
    Pair(H, "mobilenetv2", "mnist", 400),
    Pair(H, "minilm", "sections", 50),
    Pair(D, "minilm", "docstrings", 50),
    Pair(D, "vgg16-edges", "photographs-a", 50),
    Pair(H, "mobilenetv2", "stamps", 80),
    Pair(D, "mobilenetv2", "photographs-a-mislabelled", 200),
    Pair(H, "efficientnet-lite0", "photographs-b", 100),
    Pair(H, "vgg16-edges", "mnist", 50),
    Pair(D, "minilm", "word-order", 100),
    Pair(H, "mobilenetv2", "photographs-b-noisy", 100),
    Pair(H, "efficientnet-lite0", "mnist", 100),
    Pair(H, "efficientnet-lite0", "stamps", 80),
    Pair(D, "mobilenetv2", "photographs-a-blurred", 100),
    Pair(H, "efficientnet-lite0-random", "mnist", 100),
    Pair(D, "vgg16-edges", "digits", 100),
    Pair(H, "vgg16-edges", "photographs-b", 100),
    Pair(D, "minilm-random", "docstrings", 100),
    Pair(D, "minilm", "docstrings-misspelt", 100),
    Pair(H, "minilm", "sections-mislabelled", 100),
    Pair(H, "mobilenetv2", "letters", 400),
    Pair(D, "mobilenetv2", "photographs-a", 300),
    Pair(H, "efficientnet-lite0", "photographs-b", 300),
    Pair(H, "efficientnet-lite0", "letters", 400),
    Pair(D, "mobilenetv2-random", "photographs-a", 100),
    Pair(H, "minilm", "sections", 400),
    Pair(D, "minilm", "docstrings", 400),
    Pair(H, "mobilenetv2", "mnist-mislabelled", 400),
)
"""In the order of training: what says most for its time comes first."""
