"""What the Keras callback costs: seconds of an epoch with and without it, paired and interleaved, and megabytes.

Two equal models of ResNet-18's size (11 M parameters, images of 32 × 32, batches of 64) train in turns, one of them
with the callback. Seconds are those of the processor, all threads together, so that other programs on the machine do
not count. An epoch is timed from before the first callback's beginning to after the last one's end, so that all
that the hook does while training goes on counts: looks, judging, the journal. The first pair, in which steps are
compiled and the free looks are taken, is told apart. The report at the end of `fit` is no part of a step.

    KERAS_BACKEND=tensorflow python benchmarks/keras_overhead.py            # about 20 minutes on one core
    KERAS_BACKEND=torch python benchmarks/keras_overhead.py --quick         # a smaller network, two minutes
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from diagnose.hooks.keras import DiagnoseCallback

BATCH = 64


def main() -> None:
    """Measure, and print."""
    options = parsed()
    if options.child:
        print(json.dumps(child(options)))
        return
    times = paired(options)
    ratios = times["with"][1:] / times["without"][1:]
    low, high = interval(ratios)
    memory = {which: in_child(options, which) for which in ("without", "with")}
    extra = memory["with"] - memory["without"]
    first = times["with"][0] - times["without"][0]
    step = float(np.median(times["without"][1:]) / options.steps)
    print(f"epochs without: {np.round(times['without'], 2)} s; with: {np.round(times['with'], 2)} s")
    print(f"a step takes {step:.3f} s; with the hook {np.median(ratios) - 1:+.2%} ({low - 1:+.2%} to {high - 1:+.2%})")
    print(f"the first epoch takes {first:+.1f} s; memory {extra:+.0f} MB")
    print(json.dumps({
        "benchmark": "keras_overhead", "backend": str(keras.backend.backend()), "quick": options.quick,
        "step_seconds": round(step, 4),
        "ratio": round(float(np.median(ratios)), 4), "low": round(low, 4), "high": round(high, 4),
        "total_ratio": round(float(times["with"][1:].sum() / times["without"][1:].sum()), 4),
        "first_epoch_extra_seconds": round(float(first), 2), "extra_megabytes": round(extra, 1),
        "pairs": len(ratios), "steps_per_epoch": options.steps,
    }))  # fmt: skip


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smaller network and fewer steps")
    parser.add_argument("--steps", type=int, default=0, help="of an epoch; 20, or 40 if quick")
    parser.add_argument("--pairs", type=int, default=0, help="of epochs behind the first; 8, or 6 if quick")
    parser.add_argument("--child", choices=("with", "without"), help=argparse.SUPPRESS)
    found = parser.parse_args()
    found.steps = found.steps or (40 if found.quick else 20)
    found.pairs = found.pairs or (6 if found.quick else 8)
    return found


def resnet(width: int) -> Any:
    """Return a network of ResNet-18's layers; 64 wide it has 11 M parameters."""
    layers = keras.layers

    def block(x: Any, channels: int, stride: int) -> Any:
        y = layers.Conv2D(channels, 3, strides=stride, padding="same", use_bias=False)(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(channels, 3, padding="same", use_bias=False)(y))
        if stride != 1 or x.shape[-1] != channels:
            x = layers.BatchNormalization()(layers.Conv2D(channels, 1, strides=stride, use_bias=False)(x))
        return layers.ReLU()(layers.Add()([x, y]))

    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, channels in enumerate((width, 2 * width, 4 * width, 8 * width)):
        x = block(x, channels, 1 if stage == 0 else 2)
        x = block(x, channels, 1)
    outputs = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def data(steps: int) -> tuple[Any, Any]:
    """Return images and labels for so many steps."""
    draw = np.random.default_rng(0)
    return draw.random((steps * BATCH, 32, 32, 3), dtype=np.float32), draw.integers(0, 10, steps * BATCH)


def clocks() -> tuple[Any, Any, list[float]]:
    """Return two callbacks, to stand first and last, and the list that holds the seconds of each epoch."""
    begun, seconds = [0.0], []

    class First(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            begun[0] = time.process_time()

    class Last(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            seconds.append(time.process_time() - begun[0])

    return First(), Last(), seconds


def paired(options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds of each epoch, with the hook and without."""
    x, y = data(options.steps)
    models = {which: resnet(16 if options.quick else 64) for which in ("without", "with")}
    watches = {which: clocks() for which in models}
    with tempfile.TemporaryDirectory() as place:
        hook = DiagnoseCallback(place)
        for pair in range(options.pairs + 1):
            order = list(models) if pair % 2 else list(models)[::-1]
            for which in order:
                first, last, _ = watches[which]
                between = [hook] if which == "with" else []
                gc.collect()
                models[which].fit(x, y, batch_size=BATCH, verbose=0, callbacks=[first, *between, last])
    return {which: np.array(watches[which][2]) for which in models}


def interval(ratios: Any) -> tuple[float, float]:
    """Return the 95 % interval of the median, by resampling pairs."""
    draw = np.random.default_rng(0)
    medians = [np.median(draw.choice(ratios, len(ratios))) for _ in range(4_000)]
    return float(np.quantile(medians, 0.025)), float(np.quantile(medians, 0.975))


def in_child(options: argparse.Namespace, which: str) -> float:
    """Return the peak memory of a process that trains for a few steps, in MB."""
    command = [sys.executable, __file__, "--child", which, "--steps", "6", *(["--quick"] if options.quick else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.strip().splitlines()[-1])["megabytes"])


def child(options: argparse.Namespace) -> dict[str, float]:
    """Train for a few steps, and return the peak memory."""
    x, y = data(options.steps)
    model = resnet(16 if options.quick else 64)
    with tempfile.TemporaryDirectory() as place:
        hooks = [DiagnoseCallback(place)] if options.child == "with" else []
        model.fit(x, y, batch_size=BATCH, epochs=2, verbose=0, callbacks=hooks)
    return {"megabytes": peak()}


def peak() -> float:
    """Return the most memory that this process has held, in MB; Linux counts it from the program's own start."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
