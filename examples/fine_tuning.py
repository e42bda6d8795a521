"""Make the log of a two-phase fine-tuning run: a head first, then everything at too high a learning rate.

Writes ``fine_tuning.csv`` as CSVLogger(append=True) does, where the epochs of the second ``fit`` start again::

    python examples/fine_tuning.py && diagnose audit examples/fine_tuning.csv -c n_train=800 n_val=200
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

HEAD_EPOCHS, TUNE_EPOCHS = 15, 25
HEADER = "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss"


def rows(seed: int = 0) -> list[str]:
    """Make the rows of both phases."""
    rng = np.random.default_rng(seed)
    found = []
    for epoch in range(HEAD_EPOCHS):
        fade = np.exp(-epoch / 4)
        found.append(_row(epoch, 1e-3, 0.50 + 1.1 * fade, 0.62 + 1.0 * fade, rng))
    for epoch in range(TUNE_EPOCHS):
        # the unfrozen backbone forgets a part at once, then learns the training set by heart
        jump = np.exp(-epoch / 3)
        found.append(_row(epoch, 1e-3, 0.50 * np.exp(-epoch / 8) + 0.2 * jump, 0.66 + 0.4 * jump + 0.02 * epoch, rng))
    return found


def _row(epoch: int, rate: float, loss: float, val_loss: float, rng: np.random.Generator) -> str:
    noisy, noisy_val = loss * (1 + rng.normal(0, 0.01)), val_loss * (1 + rng.normal(0, 0.02))
    return f"{epoch},{np.exp(-noisy):.4f},{rate},{noisy:.4f},{np.exp(-noisy_val):.4f},{noisy_val:.4f}"


if __name__ == "__main__":
    Path(__file__).with_name("fine_tuning.csv").write_text("\n".join((HEADER, *rows(), "")), encoding="utf-8")
