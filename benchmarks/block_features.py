"""What the features behind blocks cost: time beside a plain forward pass over the same rows, and memory.

    python benchmarks/block_features.py                 # PyTorch: ResNet-18 at 32 × 32, MobileNetV2 at 96 × 96, BERT
    python benchmarks/block_features.py --keras         # MobileNetV2 and a nested ResNet-50, on KERAS_BACKEND

Both passes are run in turns over the same rows in batches of the same size, in one process with one thread; the ratio
of the medians of their processor times is told. The first pass of each, in which graphs are compiled, is told apart.
Memory is the growth of the peak resident set of a process that reads the rows from a generator of batches.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from diagnose.models.block_features import block_features
from diagnose.models.block_rows import rows_of

TARGET = 1.3
"""Times a plain pass."""


def torch_models() -> Iterator[tuple[str, Any, Any]]:
    """Yield name, model and inputs."""
    import torch  # noqa: PLC0415
    from torch_overhead import resnet18  # noqa: PLC0415
    from transformers import BertConfig, BertForSequenceClassification, MobileNetV2Config, MobileNetV2Model  # noqa: PLC0415

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    yield "ResNet-18, 32 × 32", resnet18(), rng.random((512, 3, 32, 32), np.float32)
    yield (
        "MobileNetV2, 96 × 96",
        MobileNetV2Model(MobileNetV2Config(image_size=96)),
        rng.random((512, 3, 96, 96), np.float32),
    )
    config = BertConfig(hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=1024)
    ids = rng.integers(0, 1000, (192, 64))
    yield "BERT, 4 layers of 256, 64 tokens", BertForSequenceClassification(config), {
        "input_ids": ids, "attention_mask": np.ones_like(ids)
    }  # fmt: skip


def keras_models() -> Iterator[tuple[str, Any, Any]]:
    """Yield name, model and inputs."""
    import keras  # noqa: PLC0415

    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    backend = keras.backend.backend()
    small = keras.applications.MobileNetV2(weights=None, input_shape=(96, 96, 3), classes=10)
    yield f"MobileNetV2, 96 × 96, {backend}", small, rng.random((256, 96, 96, 3), np.float32)
    body = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), include_top=False)
    layers = [keras.layers.Input((64, 64, 3)), body, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)]
    yield (
        f"ResNet-50 nested, 64 × 64, {backend}",
        keras.Sequential(layers),
        rng.random((128, 64, 64, 3), np.float32),
    )


def plain_torch(model: Any, inputs: Any, size: int) -> None:
    """Pass all rows forward."""
    import torch  # noqa: PLC0415

    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs if not isinstance(inputs, dict) else inputs["input_ids"]), size):
            part = slice(start, start + size)
            if isinstance(inputs, dict):
                model(**{name: torch.from_numpy(values[part]) for name, values in inputs.items()})
            else:
                model(torch.from_numpy(inputs[part]))


def timed(call: Callable[[], Any]) -> float:
    """Return the processor time of a call, in seconds."""
    started = time.process_time()
    call()
    return time.process_time() - started


def compare(name: str, model: Any, inputs: Any, plain: Callable[[Any, Any, int], Any], turns: int) -> None:
    """Print both times and their ratio."""
    rows = rows_of(inputs, 1 << 30, 0)
    n, size = rows.n, rows.size()
    with_features, without = [], []
    for _ in range(turns + 1):
        without.append(timed(lambda: plain(model, inputs, size)))
        with_features.append(timed(lambda: block_features(model, inputs, most_rows=n)))
    ratio = float(np.median(with_features[1:]) / np.median(without[1:]))
    told = {
        "model": name, "rows": n, "plain_seconds": round(float(np.median(without[1:])), 3),
        "features_seconds": round(float(np.median(with_features[1:])), 3), "ratio": round(ratio, 3),
        "first_plain": round(without[0], 2), "first_features": round(with_features[0], 2),
        "within_target": ratio <= TARGET,
    }  # fmt: skip
    print(json.dumps(told, ensure_ascii=False), flush=True)


def memory(rows: int) -> None:
    """Print the growth of the peak resident set by a pass of ResNet-18 over a generator of batches."""
    import torch  # noqa: PLC0415
    from torch_overhead import resnet18  # noqa: PLC0415

    torch.manual_seed(0)
    model, rng = resnet18(), np.random.default_rng(0)

    def batches() -> Iterator[tuple[Any, Any]]:
        for start in range(0, rows, 50):
            yield rng.random((50, 3, 32, 32), np.float32), np.arange(start, start + 50) % 10

    plain_torch(model, rng.random((64, 3, 32, 32), np.float32), 64)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    block_features(model, batches(), most_rows=rows)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"rows": rows, "peak_mb": after // 1024, "growth_mb": (after - before) // 1024}), flush=True)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keras", action="store_true", help="Keras models on the backend of KERAS_BACKEND")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--memory", type=int, metavar="ROWS", help="only the memory of a pass over that many rows")
    given = parser.parse_args()
    if given.memory:
        memory(given.memory)
        return
    if given.keras:
        for name, model, inputs in keras_models():
            compare(name, model, inputs, lambda m, x, s: m.predict(x, batch_size=s, verbose=0), given.turns)
        return
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    for name, model, inputs in torch_models():
        compare(name, model, inputs, plain_torch, given.turns)
    for rows in (200, 2_000):
        subprocess.run([sys.executable, __file__, "--memory", str(rows)], check=True)


if __name__ == "__main__":
    main()
