"""LRN606: steps hardly change the weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, EXPLAINED, Passed
from diagnose.analyzers.layer_wording import by_step
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.layer_gradients import GradientFlow
from diagnose.measures.layer_start import LayerStart
from diagnose.measures.layer_units import UnitActivity
from diagnose.measures.layer_updates import UpdatePace
from diagnose.measures.live_learning import Learning

ADAPTIVE = ("adam", "rmsprop", "adafactor", "lion", "lamb", "muon", "rprop")
"""Optimizers whose steps do not follow the size of the gradient: the rate alone makes them small."""


@dataclass(frozen=True)
class UpdatesTooSmall:
    """Steps hardly change the weights: the learning rate is too low.

    ## What it detects
    Optimizer steps that never change the weights by more than a few ten-thousandths, in a run whose weights stayed
    where they began and which has not learnt.

    ## Why it matters
    Training takes ten or a thousand times as long as it would have to; curves look like those of a model that cannot
    learn.

    ## The evidence
    The update-to-weight ratio of the trained layers, by the largest sample (so that a decayed schedule does not
    count), the distance that they came, and the loss. Around 0.001 is the field's rule of thumb. Where units are dead
    or the initialisation is at fault, or gradients vanish under an optimizer whose steps follow their size, steps are
    small for that reason, and it is left to those findings. The loss's scale does not matter.

    ## What to do
    Raise the learning rate by the factor that is missing to 0.001, in steps of three to ten.

    ## References
    - Karpathy et al., CS231n, Neural Networks 3: ratio of weights to updates
    - Smith (2017), Cyclical Learning Rates for Training Neural Networks (the range test)
    """

    code: ClassVar[str] = "LRN606"
    cause: ClassVar[Cause] = Cause.LEARNING_RATE

    least_step: float = 5e-4
    """Change of the weights by one step, as a share of them: half the rule of thumb. Calibrated by
    calibration/layers.py."""
    least_distance: float = 0.1
    """How far the weights came, as a share of their norm: what learns in an ordinary network comes farther."""
    least_steps: int = 100
    """Fewer say nothing: they can't come far, and many a warm-up is longer."""
    tiny: float = 0.02
    """Share of the limit below which a hundred steps together would not move weights by a thousandth."""
    least_steps_tiny: int = 20
    """So few steps are enough then."""
    pretrained: float = 0.2
    """Pretrained weights are tuned more slowly by design: the limits are a fifth for them."""
    growing: float = 1.5
    """The last sample over the median one: a warm-up is still under way, so the rate has not yet been what it will."""
    weak_flow: float = 3e-3
    """As for UNF303: a gradient that vanishes explains small steps."""
    dead: float = 0.85
    """As for UNF304."""
    certainty: float = 0.85
    """A tenth of the limit and less: nothing else keeps weights at their start."""
    certainty_near: float = 0.65
    """Between that and the limit: data that are hard to learn look much the same."""

    def check(
        self,
        update_pace: UpdatePace,
        live_learning: Learning,
        gradient_flow: GradientFlow | None = None,
        unit_activity: UnitActivity | None = None,
        layer_start: LayerStart | None = None,
    ) -> Iterator[Finding | Passed]:
        """Compare the steps with the weights, and both with what was learnt."""
        pace, run = update_pace, live_learning
        is_tiny = pace.largest < self.tiny * self.least_step and run.steps >= self.least_steps_tiny
        if run.steps < self.least_steps and not is_tiny:
            raise NotEnoughEvidence(f"{run.steps:.0f} steps are too few", "train for a few epochs")
        tuned = any(card is not None and card.is_initial is False for card in pace.part.cards)
        limit = self.least_step * (self.pretrained if tuned else 1.0)
        if pace.largest >= limit or pace.distance > self.least_distance * (self.pretrained if tuned else 1.0):
            yield Passed(f"steps change the weights by up to {pace.largest:.2g} of themselves", ABSENT)
            return
        optimizer = pace.part.card.optimizer
        is_adaptive = optimizer is not None and any(kind in optimizer.name.lower() for kind in ADAPTIVE)
        why = self._explanation(None if is_adaptive else gradient_flow, unit_activity, layer_start)
        if pace.levels[-1] > self.growing * pace.typical and pace.levels[-1] == pace.largest:
            why = "they still grow"
        elif pace.largest == 0:
            why = "no sampled step changes the weights at all (PRG914)"
        elif run.has_learnt or run.has_diverged:
            why = "the run learns" if run.has_learnt else "the loss is far above guessing"
        if why:
            yield Passed(f"steps change the weights by up to {pace.largest:.2g} of themselves only, but {why}",
                         EXPLAINED)  # fmt: skip
            return
        rate = "" if pace.rate is None else f" at a learning rate of {pace.rate:.3g}"
        known = not math.isnan(pace.distance)
        far = f", and they came {pace.distance:.1g} of their norm from the start" if known else ""
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty if pace.largest < limit / 5 else self.certainty_near,
            f"no sampled step changes the weights by more than {pace.largest:.1g} of themselves{rate}{far}; "
            f"{run.words}",
            (
                Measured("largest change by one step, median over layers", pace.largest, "share of the weights",
                         limit=limit, exceeds="below",
                         limit_reason="calibrated: calibration/layers.py; the rule is 0.001"),
                Measured("distance from the start", pace.distance if known else None, "share of the norm",
                         limit=self.least_distance, exceeds="below", limit_reason="calibrated: calibration/layers.py"),
            ),
            (Where("layers", names=pace.layers),
             Where("epochs", float(pace.epochs[0]), float(pace.epochs[-1]))),
            by_step(pace.steps, pace.levels, label="change by one step",
                    caption="The median layer's change by one step, as a share of its weights."),
        )  # fmt: skip

    def _explanation(self, flow: GradientFlow | None, units: UnitActivity | None, start: LayerStart | None) -> str:
        if flow is not None and flow.ratio < self.weak_flow:
            return "the gradient vanishes on its way (UNF303)"
        if units is not None and any(u.at_end >= self.dead for u in units.dead):
            return "units are dead (UNF304)"
        if units is not None and any(u.at_end >= self.dead for u in units.saturated):
            return "units are saturated (UNF305)"
        if start is not None and any(start.zero):
            return "weights began at zero (PRG913)"
        return ""
