"""LRN605: steps change the weights by more than they bear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, EXPLAINED, Passed
from diagnose.analyzers.layer_wording import by_step
from diagnose.analyzers.poor_initialisation import PoorInitialisation
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.input_scale import InputScale
from diagnose.measures.layer_decay import DecayShare
from diagnose.measures.layer_gradients import GradientFlow
from diagnose.measures.layer_samples import middle
from diagnose.measures.layer_start import LayerStart
from diagnose.measures.layer_updates import UpdatePace
from diagnose.measures.live_learning import Learning


@dataclass(frozen=True)
class UpdatesTooLarge:
    """Steps change the weights by more than they bear: the learning rate is too high.

    ## What it detects
    Single optimizer steps that change the weights of the middle layer by a tenth and more, in a run that diverges, does
    not learn, or swings around a loss far above its best.

    ## Why it matters
    Such steps throw away what the network knew: at first its initialisation, and with it the flow of gradients. ReLU
    units die, sigmoid and tanh units saturate.

    ## The evidence
    The update-to-weight ratio of every trained layer that multiplies; its median over the layers, at the worst sample
    and typically. Around 0.001 is the field's rule of thumb; Adam's first steps are larger by construction and ten
    times that is common, so the limit is two decades above the rule, and a run that learns is left alone. The loss's
    scale does not matter.

    ## What to do
    Lower the learning rate until a typical step changes weights by about 0.001 to 0.003 of themselves; warm up over the
    first few hundred steps.

    ## References
    - Karpathy et al., CS231n, Neural Networks 3: ratio of weights to updates
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §11.4.1
    - You, Gitman & Ginsburg (2017), Large Batch Training of Convolutional Networks (the trust ratio)
    """

    code: ClassVar[str] = "LRN605"
    cause: ClassVar[Cause] = Cause.LEARNING_RATE

    most_step: float = 0.1
    """Change of the weights by one step, as a share of them. Calibrated by calibration/layers.py; two decades above
    the rule of thumb."""
    least_steps: int = 50
    """A rate that is high and right takes so many to show that it learns (calibration/layers.py, cut runs)."""
    much: float = 0.3
    """The same in a run that learns a little: a third of the weights is more than any start bears."""
    most_swing: float = 1.0
    """Standard deviation of the batches' losses at the end, as a share of what guessing costs: single batches are
    lost again and again."""
    least_skill: float = 0.6
    """Share of what guessing costs that was learnt: below, something holds the run back. Calibrated by
    calibration/layers.py."""
    most_decay: float = 0.005
    """Share of the weights that decay takes off in a step: as for REG204, it explains the size of the steps."""
    most_share: float = 0.5
    """Share of a step that is decay: more than half."""
    weak_flow: float = 3e-3
    """As for UNF303: a gradient that vanishes explains a loss that stands."""
    certainty_diverged: float = 0.9
    """Large steps and a loss above guessing: left are inputs or labels of another scale."""
    certainty: float = 0.8
    """Large steps and a loss that stands: left are faults that make it stand anyway."""
    certainty_swings: float = 0.6
    """It learns, and swings: a lower rate gains, but the run is no failure."""
    certainty_start: float = 0.6
    """Weights that begin far too large make any rate too high: they come first (PRG913)."""
    certainty_inputs: float = 0.6
    """Inputs far too large make any rate too high: they come first."""

    def check(
        self,
        update_pace: UpdatePace,
        live_learning: Learning,
        gradient_flow: GradientFlow | None = None,
        input_scale: InputScale | None = None,
        decay_share: DecayShare | None = None,
        layer_start: LayerStart | None = None,
    ) -> Iterator[Finding | Passed]:
        """Compare the steps with the weights, and both with what was learnt."""
        pace, run = update_pace, live_learning
        swings = run.guessing is not None and run.noise > self.most_swing * run.guessing
        little = run.skill is not None and run.skill < self.least_skill
        if pace.peak < self.most_step:
            yield Passed(f"no sampled step changed the weights by more than {pace.peak:.2g} of themselves", ABSENT)
            return
        if run.steps < self.least_steps and not run.has_diverged:
            raise NotEnoughEvidence(f"{run.steps:.0f} steps are too few to tell what large ones did", "train on")
        if run.has_learnt and not run.has_diverged and not (pace.peak >= self.much and (swings or little)):
            yield Passed(f"a step changed the weights by {pace.peak:.2g} of themselves, and the run learns", EXPLAINED)
            return
        certainty = self._certainty(run, gradient_flow, input_scale, decay_share)
        if layer_start is not None and PoorInitialisation().is_large(layer_start):
            certainty = min(certainty, self.certainty_start)
        rate = "" if pace.rate is None else f" at a learning rate of {pace.rate:.3g}"
        worst = int(np.nanargmax(pace.by_layer))
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR if certainty > self.certainty_swings else Severity.WARNING,
            certainty,
            f"one step changed the weights by {_share(pace.peak)} of themselves (step {pace.peak_step:.0f}){rate}; "
            f"typically by {pace.typical:.2g}, most in '{pace.layers[worst]}'; {run.words}"
            + (f", and single batches still stray by {run.noise:.2g}" if swings else ""),
            (
                Measured("largest change by one step, median over layers", pace.peak, "share of the weights",
                         limit=self.most_step, limit_reason="calibrated: calibration/layers.py; the rule is 0.001"),
                Measured("typical change by one step", pace.typical, "share of the weights"),
            ),
            (Where("layers", names=pace.layers),
             Where("epochs", float(pace.epochs[0]), float(pace.epochs[-1]))),
            by_step(pace.part.table.steps, _levels(pace), label="change by one step",
                    caption="The median layer's change by one step, as a share of its weights."),
        )  # fmt: skip

    def _certainty(
        self, run: Learning, flow: GradientFlow | None, inputs: InputScale | None, decay: DecayShare | None
    ) -> float:
        if inputs is not None and inputs.is_large:
            return self.certainty_inputs
        if decay is not None and decay.taken > self.most_decay and middle(decay.decay_ratio) > self.most_share:
            return self.certainty_swings
        if run.has_learnt and not run.has_diverged:
            return self.certainty_swings
        if flow is not None and float(flow.ratios[0]) < self.weak_flow:
            return self.certainty_swings
        return self.certainty_diverged if run.has_diverged else self.certainty


def _share(value: float) -> str:
    return f"{value:.0%}" if value < 10 else f"{value:.2g} times"


def _levels(pace: UpdatePace) -> list[float]:
    ratios = pace.part.table.of("update_ratio")[:, [pace.part.table.layers.index(name) for name in pace.layers]]
    return [middle(row) for row in ratios]
