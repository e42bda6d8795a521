"""Training images are varied over what the validation images look like: brightness, contrast, sharpness, colour."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnose.data import Split
from diagnose.finding import Basis, Cause, Remedy
from diagnose.measurements import SPLITS
from diagnose.remedies.case import Case
from diagnose.remedies.places import IMAGE
from diagnose.remedies.proposal import MORE_REGULARISED, TOWARDS_VALIDATION, Effort, Proposal
from diagnose.remedies.shift_cost import winnable
from diagnose.remedies.symptoms import SHIFTED
from diagnose.remedies.wording import Verbatim, snippet

SOURCE = "Hendrycks & Dietterich (2019), Benchmarking Neural Network Robustness to Common Corruptions, ICLR"
VARIED = ("brightness", "contrast", "sharpness", "colourfulness")
"""Properties that a transformation can change; sizes are a matter of resizing."""
MARGIN = 1.1
"""A tenth beyond the median's change, for half of the images lie beyond the median."""
WIDEST = 4.0
"""A stronger change leaves little of a picture."""

VARY = {
    "torch": """\
vary = torchvision.transforms.v2.Compose([
    torchvision.transforms.v2.ColorJitter(brightness=$brightness, contrast=$contrast, saturation=$colourfulness),
    torchvision.transforms.v2.RandomApply([torchvision.transforms.v2.GaussianBlur(5, $blur)], p=$blurred),
])
train_data.transform = vary  # the training split only, before it is normalised""",
    "keras": """\
vary = keras.Sequential([
    keras.layers.RandomBrightness($lighter), keras.layers.RandomContrast($steeper)
])
train_data = train_data.map(lambda x, y: (vary(x, training=True), y))  # the training split only""",
}


def towards_images(case: Case) -> Iterator[Proposal]:
    """Propose ranges that reach from what training images look like to what validation images do."""
    train = case.rows_of("train")
    if train is None or not case.held_out or not case.shows(SHIFTED) or case.is_prepared_otherwise:
        return
    held = case.held_out[0]
    shifts = case.measure("column_shift")
    names = [c.name for c in shifts.against(held.name) if c.q <= 0.05] if shifts is not None else []
    factors = {name: factor for name in VARIED if name in names and (factor := _factor(train, held, name)) is not None}
    if factors:
        yield _vary(case, held, factors)


def _factor(train: Split, held: Split, name: str) -> float | None:
    one, other = train.column(name), held.column(name)
    if one is None or other is None or one.made_of != IMAGE:
        return None
    first, second = (float(np.nanmedian(column.values)) for column in (one, other))
    return second / first if first > 0 and second > 0 else None


def _vary(case: Case, held: Split, factors: dict[str, float]) -> Proposal:
    words = SPLITS[held.name]
    ranges = {name: _range(factor) for name, factor in factors.items()}
    blurred = factors.get("sharpness", 1.0) < 1
    values = {name: Verbatim(repr(ranges.get(name, (1.0, 1.0)))) for name in VARIED}
    code = snippet(
        VARY, case.dialect if case.dialect in VARY else "torch", **values, blur=Verbatim("(0.1, 2.0)"),
        blurred=0.5 if blurred else 0.0, lighter=_span(ranges.get("brightness")), steeper=_span(ranges.get("contrast")),
    )  # fmt: skip
    said = ", ".join(f"{name} ×{factor:.2f}" for name, factor in factors.items())
    effect = winnable(case)
    remedy = Remedy(
        {"augment": {name: [round(low, 3), round(high, 3)] for name, (low, high) in ranges.items()}},
        f"Vary the training images towards those of {words}: {', '.join(factors)}",
        f"the median {words} image against training's: {said}",
        (Cause.COVARIATE_SHIFT,),
        Basis.ESTIMATED if effect is not None else Basis.RULE_OF_THUMB,
        source=SOURCE,
        code=code,
        framework=case.framework or "torch",
        effect=effect,
        cost="one more run, 10 to 30 % longer",
    )
    return Proposal(remedy, "augmentation", (*MORE_REGULARISED, *TOWARDS_VALIDATION), Effort.RUN)


def _range(factor: float) -> tuple[float, float]:
    """From 1 to the factor and a little beyond."""
    bounded = min(max(factor, 1 / WIDEST), WIDEST)
    return (1.0, round(bounded * MARGIN, 2)) if bounded >= 1 else (round(bounded / MARGIN, 2), 1.0)


def _span(bounds: tuple[float, float] | None) -> float:
    return 0.0 if bounds is None else round(min(max(bounds[1] - 1, 1 - bounds[0]), 1.0), 2)
