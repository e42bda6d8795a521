"""Figures as analyzers of data, embeddings and models would describe them, for the tests that draw them."""

from __future__ import annotations

import math
from dataclasses import replace

from diagnose.finding import (
    Cause,
    Diagnosis,
    Figure,
    Finding,
    Mark,
    Measured,
    Sample,
    Series,
    Severity,
    ShownRow,
)
from report_examples import overfitting

DEPTHS = ("stem", "block1_pool", "block2_pool", "block3_pool", "block4_pool", "block5_pool")
SCORES = (0.41, 0.55, 0.68, 0.79, 0.82, 0.74)
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
"""A picture of one grey pixel."""
FIGURES = {
    "bars": Figure(
        "bars",
        title="Share of each class",
        series=(
            Series("training", (0.5, 0.3, 0.2, 0.0), ("cat", "dog", "owl", "yak"), split="train"),
            Series("validation", (0.1, 0.2, 0.4, 0.3), ("cat", "dog", "owl", "yak"), split="val"),
        ),
        y_label="share of rows",
        y_unit="share",
        caption="Validation holds a class that training never saw.",
    ),
    "histogram": Figure(
        "bars",
        title="Age",
        series=tuple(
            Series(
                name,
                tuple(math.exp(-(((age - middle) / 12) ** 2) / 2) for age in range(15, 90, 3)),
                tuple(float(age) for age in range(15, 90, 3)),
                split=split,
            )
            for name, middle, split in (("training", 34, "train"), ("validation", 41, "val"))
        ),
        x_label="age in years",
        y_label="rows",
    ),
    "lines": Figure(
        "lines",
        title="Probe by depth",
        marks=(Mark("line", "best depth", 4.0),),
        series=(
            Series(
                "this data", SCORES, DEPTHS,
                low=tuple(s - 0.04 for s in SCORES), high=tuple(s + 0.04 for s in SCORES),
            ),
            Series("pretraining data", tuple(s + 0.1 for s in SCORES), DEPTHS),
        ),
        x_label="layer",
        y_label="accuracy of a linear probe",
    ),
    "intervals": Figure(
        "intervals",
        title="Measured remedies",
        series=(
            Series(
                "change", (-0.12, -0.05, 0.02), ("weight decay 0.01", "stop at epoch 23", "dropout 0.5"),
                low=(-0.16, -0.09, -0.03), high=(-0.08, -0.01, 0.07),
            ),
        ),
        y_label="change in validation loss",
        reference=0.0,
    ),
    "table": Figure(
        "table",
        title="Rows that stand on both sides",
        header=("training row", "validation row", "distance"),
        rows=tuple((str(i), str(i * 7), "0.000") for i in range(60)),
    ),
    "pictures": Figure(
        "table",
        title="Rows that look least like training rows",
        header=("validation row", "distance"),
        rows=tuple((str(i), f"{9 - i}") for i in range(4)),
        samples=tuple(
            Sample((ShownRow(str(i), "val", DOT, values=(("label", "cat"),)),), f"{9 - i} sd beyond training rows")
            for i in range(4)
        ),
    ),
    "pairs": Figure(
        "table",
        title="Texts and rows side by side",
        header=("validation row", "training row"),
        rows=(("3", "8"), ("4", "9")),
        samples=(
            Sample(
                (ShownRow("a/3.txt", "val", text="the quick brown fox " * 8), ShownRow("8", "train", text="the dog")),
                "closeness 0.981",
            ),
            Sample(
                tuple(ShownRow(name, split, values=(("age", "34"), ("city of birth", "Oslo")))
                      for name, split in (("4", "val"), ("9", "train"))),
                "closeness 0.970",
            ),
        ),
    ),
}  # fmt: skip


def drawn(figure: Figure, code: str = "NEW901") -> Diagnosis:
    """Give a run one finding of an analyzer that the reports know nothing of."""
    finding = Finding(
        code, Cause.COVARIATE_SHIFT, Severity.WARNING, 0.9, f"an invented analyzer found {figure.title[:30]}",
        (Measured("distance", 0.3, "share", 0.2, 0.4, 0.1),), figure=figure,
    )  # fmt: skip
    return replace(overfitting(), findings=(finding,))


def all_drawn() -> Diagnosis:
    """Give a run one finding of every kind of figure."""
    findings = [replace(drawn(figure).findings[0], code=f"NEW90{i}") for i, figure in enumerate(FIGURES.values())]
    return replace(overfitting(), findings=tuple(findings))
