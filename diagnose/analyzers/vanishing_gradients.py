"""UNF303: the gradient vanishes on its way to the first layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, EXPLAINED, Passed
from diagnose.analyzers.layer_wording import by_layer, named
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.layer_gradients import GradientFlow
from diagnose.measures.layer_units import UnitActivity
from diagnose.measures.live_learning import Learning


@dataclass(frozen=True)
class VanishingGradients:
    """The gradient vanishes on its way to the first layers.

    ## What it detects
    Gradients that shrink by orders of magnitude from the last layers to the first ones, in a network that does not
    learn.

    ## Why it matters
    The first layers stay at their random start, and all others learn from what they garble. More epochs do not help:
    the factor is one of depth.

    ## The evidence
    The root mean square of each trained layer's gradient, which does not depend on its size; the ratio of the first
    quarter of the layers to the last one, as the median over the samples. Embeddings, normalisation and frozen layers
    are not compared. The ratio does not depend on the loss's scale. A network that learns all the same is told as
    information; a dead layer that stops the gradient is UNF304.

    ## What to do
    ReLU, GELU or SELU instead of sigmoid and tanh; He or Glorot initialisation; batch or layer normalisation; residual
    connections.

    ## References
    - Hochreiter (1991); Bengio, Simard & Frasconi (1994), Learning Long-Term Dependencies is Difficult
    - Glorot & Bengio (2010), Understanding the Difficulty of Training Deep Feedforward Neural Networks
    - He et al. (2016), Deep Residual Learning for Image Recognition
    """

    code: ClassVar[str] = "UNF303"
    cause: ClassVar[Cause] = Cause.UNDERFITTING

    least_ratio: float = 3e-3
    """Gradient of the first layers over that of the last ones. Calibrated by calibration/layers.py: above in every
    network that learns, but for deep ones with the smallest initialisations."""
    blocked: float = 0.95
    """Share of dead units with which a layer stops the gradient by itself."""
    certainty: float = 0.8
    """The gradient is measured; that it is why the loss stands is likely, as a step too large may have broken it
    first."""

    def check(
        self, gradient_flow: GradientFlow, live_learning: Learning, unit_activity: UnitActivity | None = None
    ) -> Iterator[Finding | Passed]:
        """Compare the first layers with the last ones."""
        flow, ratio = gradient_flow, gradient_flow.ratio
        if ratio >= self.least_ratio:
            yield Passed(f"the first layers' gradient is {ratio:.2g} of the last ones'", ABSENT)
            return
        dead = [u.layer for u in (unit_activity.dead if unit_activity else ()) if u.at_end >= self.blocked]
        if dead:
            yield Passed(f"the first layers' gradient is {ratio:.1g} of the last ones', as {named(dead)} is dead",
                         EXPLAINED)  # fmt: skip
            return
        weak = flow.below(self.least_ratio) or flow.layers[:1]
        learns = live_learning.has_learnt
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO if learns else Severity.ERROR if live_learning.is_stuck else Severity.WARNING,
            self.certainty,
            f"the gradient shrinks on its way back through {len(flow.layers)} layers to {ratio:.1g} of itself: a value "
            f"of '{flow.layers[0]}' gets {flow.typical[0]:.1g}, one of '{flow.layers[-1]}' {flow.typical[-1]:.1g}; "
            f"it is below {self.least_ratio:g} of the largest from '{weak[-1]}' on"
            + (", though the network learns" if learns else f"; {live_learning.words}"),
            (
                Measured("gradient of the first layers over the last ones'", ratio, "ratio", limit=self.least_ratio,
                         exceeds="below", limit_reason="calibrated: calibration/layers.py"),
                Measured("layers with a vanishing gradient", float(len(weak)), "layers"),
            ),
            (Where("layers", names=weak), Where("epochs", float(flow.epochs[0]), float(flow.epochs[-1]))),
            by_layer(flow.layers, flow.typical, label="gradient of one value", log=True,
                     caption="The gradient by layer, from the input to the output."),
        )  # fmt: skip
