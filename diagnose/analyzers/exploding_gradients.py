"""INS504: gradients explode, through the depth of the network or while it trains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, EXPLAINED, Passed
from diagnose.analyzers.layer_wording import by_layer, by_step
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.layer_gradients import GradientFlow
from diagnose.measures.layer_updates import UpdatePace
from diagnose.measures.live_learning import Learning


@dataclass(frozen=True)
class ExplodingGradients:
    """Gradients explode, through the depth of the network or while it trains.

    ## What it detects
    Gradients that grow by orders of magnitude from the last layers to the first ones, or from the first steps of
    training to later ones, in a run that diverges or does not learn.

    ## Why it matters
    One step along such a gradient undoes many good ones; no single learning rate fits first and last layers.

    ## The evidence
    The root mean square of each trained layer's gradient, first quarter of the layers over the last one; and the norm
    over all of them, largest over the first quarter of the samples' median. Both are ratios, so that the loss's scale
    does not matter. In a run that learns well it is information. Where steps are larger than the weights bear, growth
    over time is what the learning rate did (LRN605), and counts for less.

    ## What to do
    Clip the gradient norm at its usual level; He or Glorot initialisation, normalisation, residual connections; a lower
    learning rate, or a warm-up.

    ## References
    - Pascanu, Mikolov & Bengio (2013), On the Difficulty of Training Recurrent Neural Networks
    - Philipp, Song & Carbonell (2017), The Exploding Gradient Problem Demystified
    - Hanin (2018), Which Neural Net Architectures Give Rise to Exploding and Vanishing Gradients?
    """

    code: ClassVar[str] = "INS504"
    cause: ClassVar[Cause] = Cause.INSTABILITY

    most_ratio: float = 300.0
    """First layers over last ones. Calibrated by calibration/layers.py."""
    most_growth: float = 1000.0
    """Largest norm over that of the first samples. Calibrated by calibration/layers.py: ordinary training stays below
    a hundred."""
    most_step: float = 0.1
    """Update ratio above which steps are too large, as for LRN605."""
    certainty: float = 0.75
    """The gradients are measured; that they, not the rate or the inputs, are the fault is likely."""
    certainty_by_steps: float = 0.6
    """The steps were too large as well: the learning rate comes first."""

    def check(
        self, gradient_flow: GradientFlow, live_learning: Learning, update_pace: UpdatePace | None = None
    ) -> Iterator[Finding | Passed]:
        """Look through the depth and over time."""
        flow = gradient_flow
        deep, grown = flow.ratio > self.most_ratio, flow.growth > self.most_growth
        if not deep and not grown:
            yield Passed(
                f"the first layers' gradient is {flow.ratio:.2g} of the last ones', and the largest is "
                f"{flow.growth:.2g} times the first", ABSENT,
            )  # fmt: skip
            return
        if not deep and live_learning.has_learnt:
            yield Passed(f"the gradient once was {flow.growth:.2g} times the first, in a run that learns", EXPLAINED)
            return
        by_steps = not deep and update_pace is not None and update_pace.peak > self.most_step
        if deep:
            said = (f"the gradient grows {flow.ratio:.2g}-fold on its way back through {len(flow.layers)} layers, from "
                    f"'{flow.layers[-1]}' to '{flow.layers[0]}'")  # fmt: skip
        else:
            at = int(np.argmax(flow.total))
            said = (f"the gradient's norm grew {flow.growth:.2g}-fold, to {flow.total[at]:.2g} at step "
                    f"{flow.steps[at]:.0f}")  # fmt: skip
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO if live_learning.has_learnt else Severity.ERROR,
            self.certainty_by_steps if by_steps else self.certainty,
            f"{said}; {live_learning.words}",
            (
                Measured("gradient of the first layers over the last ones'", flow.ratio, "ratio",
                         limit=self.most_ratio, limit_reason="calibrated: calibration/layers.py"),
                Measured("largest norm over that of the first samples", flow.growth, "ratio",
                         limit=self.most_growth, limit_reason="calibrated: calibration/layers.py"),
            ),
            (Where("layers", names=flow.layers), Where("epochs", float(flow.epochs[0]), float(flow.epochs[-1]))),
            by_layer(flow.layers, flow.typical, label="gradient of one value", log=True,
                     caption="The gradient by layer, from the input to the output.") if deep
            else by_step(flow.steps, flow.total, label="gradient norm", caption="The gradient while it trained."),
        )  # fmt: skip
