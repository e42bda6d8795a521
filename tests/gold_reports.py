"""The gold reports: what an audit of one made-up run gives, kept so that unintended changes show.

The JSON is compared with an audit made now, the other files with what the reports make of the kept JSON.

After an intended change, write them again and look at the difference::

    python tests/gold_reports.py && git diff tests/gold
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import diagnose
from diagnose.finding import Diagnosis
from diagnose.reports import render
from report_examples import EXPLAIN

GOLD = Path(__file__).parent / "gold"
FILES = {"overfit.json": "json", "overfit.html": "html", "overfit.md": "markdown", "overfit.txt": "text"}
EPOCHS = 40


def history() -> dict[str, list[float]]:
    """Make a run that overfits from epoch 12 on, with values as a log would print them."""
    rng = random.Random(7)
    train = [0.05 + 1.6 * math.exp(-i / 9) + rng.gauss(0, 0.01) for i in range(EPOCHS)]
    val = [0.6 + 1.2 * math.exp(-i / 5) + 0.018 * max(0, i - 12) + rng.gauss(0, 0.015) for i in range(EPOCHS)]
    accuracy = [0.99 - 0.7 * math.exp(-i / 8) for i in range(EPOCHS)]
    val_accuracy = [0.78 - 0.5 * math.exp(-i / 5) - 0.002 * max(0, i - 12) for i in range(EPOCHS)]
    curves = {"loss": train, "val_loss": val, "accuracy": accuracy, "val_accuracy": val_accuracy}
    return {name: [round(value, 4) for value in values] for name, values in curves.items()}


def diagnosis() -> Diagnosis:
    """Audit it; versions of this machine are left out."""
    context = {"n_train": 4000, "n_val": 1000, "batch_size": 32, "learning_rate": 1e-3, "framework": "keras"}
    made = diagnose.audit(history=history(), context=context)
    return replace(made, versions=dict.fromkeys(made.versions, "x"))


def rendered(made: Diagnosis, form: str) -> str:
    """Render one gold file; the documentation is that of the tests, so that its wording may change without this."""
    return render(made, form, explain=EXPLAIN)


if __name__ == "__main__":
    GOLD.mkdir(exist_ok=True)
    for name, form in FILES.items():
        (GOLD / name).write_text(rendered(diagnosis(), form), encoding="utf-8", newline="\n")
