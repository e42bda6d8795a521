"""Pictures of things that no camera took: smooth fields of colour with some edges, all different."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def pictures(n: int, seed: int = 0, side: int = 48) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return n images, shape ``(n, side, side, 3)``: blurred noise at several scales, of any brightness and hue."""
    rng = np.random.default_rng(seed)
    whole = np.zeros((n, side, side, 3))
    for size, weight in ((3, 60), (6, 35), (12, 20), (24, 8)):
        coarse = rng.normal(size=(n, size, size, 3)) * 0.5 + rng.normal(size=(n, size, size, 1))
        for at in range(n):
            planes = [
                Image.fromarray(coarse[at, :, :, c]).resize((side, side), Image.Resampling.BICUBIC) for c in range(3)
            ]
            whole[at] += weight * np.stack([np.asarray(plane) for plane in planes], axis=2)
    whole += rng.normal(125, 25, (n, 1, 1, 1))
    return np.clip(whole, 0, 255).astype(np.uint8)


def save_classes(folder: Path, images: np.ndarray[Any, Any], labels: list[str], ending: str = "png") -> Path:
    """Save images into a folder for each class."""
    for at, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / label
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{at:04}.{ending}")
    return folder
