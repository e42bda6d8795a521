"""PRG913: the weights begin where training can't: all zero, all equal, far too large or too small."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, EXPLAINED, Passed
from diagnose.analyzers.layer_wording import by_layer, named
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.input_scale import InputScale
from diagnose.measures.layer_samples import middle
from diagnose.measures.layer_start import LayerStart
from diagnose.measures.live_learning import Learning


@dataclass(frozen=True)
class PoorInitialisation:
    """The weights begin where training can't: all zero, all equal, far too large or far too small.

    ## What it detects
    Hidden layers whose weights are all zero, whose units all say the same, or whose weights are an order of magnitude
    off what keeps a signal's size, in a run that does not learn.

    ## Why it matters
    Zeros pass no gradient. Equal units stay equal for ever: a layer of them is one unit. Weights too large begin far
    above the loss of guessing, saturated and with gradients that explode; too small, the signal is gone after a
    few layers.

    ## The evidence
    The first sample of each trained layer that multiplies: its weight's norm (zero), the share of its outputs'
    variation that lies between samples (1 to the last digit where all units agree), its gain (norm over the square root
    of its units: 1 by Glorot, √2 by He), and the first loss against that of guessing. A last layer of zeros is a known
    good choice, and so are small weights between normalisation layers (transformers begin at 0.02). Inputs far too
    large explain a first loss far too high, and are told by PRG905.

    ## What to do
    He initialisation before ReLU, Glorot before sigmoid and tanh, biases at zero: the frameworks' defaults will do.

    ## References
    - Glorot & Bengio (2010), Understanding the Difficulty of Training Deep Feedforward Neural Networks
    - He et al. (2015), Delving Deep into Rectifiers
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §8.4 (breaking symmetry)
    """

    code: ClassVar[str] = "PRG913"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    most_gain: float = 4.0
    """Gain of the middle hidden layer. Calibrated by calibration/layers.py: He's is 1.4."""
    doubtful_gain: float = 2.0
    """Half of it, where outputs grow with depth as well."""
    most_growth: float = 100.0
    """Outputs of the last layer over those of the first: good initialisations keep them within ten of each other."""
    least_gain: float = 0.15
    """The same: PyTorch's default is 0.6, and a narrow layer's may be half of that."""
    most_loss: float = 3.0
    """First loss over that of guessing: a fresh network begins near 1."""
    least_skill: float = 0.5
    """Share of what guessing costs that was learnt: equal units can learn a little."""
    certainty_zero: float = 0.95
    """Zeros, and nothing learnt: nothing else can be tried before."""
    certainty_equal: float = 0.9
    """Equal units to the last digit; left are layers that are meant to be."""
    certainty_scale: float = 0.85
    """An order of magnitude off, and nothing learnt."""
    certainty_inputs: float = 0.55
    """The inputs are far too large as well: they come first."""

    def check(
        self, layer_start: LayerStart, live_learning: Learning, input_scale: InputScale | None = None
    ) -> Iterator[Finding | Passed]:
        """Look at zeros, at equals, then at the scale."""
        start, run = layer_start, live_learning
        hidden = start.layers[:-1]
        zero = [n for n, z in zip(hidden, start.zero, strict=False) if z]
        equal = [n for n, e in zip(hidden, start.equal_units, strict=False) if e]
        gain = _gain(start)
        large = self.is_large(start)
        above = run.first / run.guessing if run.guessing else math.nan
        if zero and not run.has_learnt:
            yield self._zero(start, zero, run)
        elif equal and not (run.has_learnt and (run.skill is None or run.skill >= self.least_skill)):
            yield self._equal(start, equal, run)
        elif large and not above < self.most_loss and not run.has_learnt:
            yield self._scaled(start, gain, above, run, input_scale)
        elif gain < self.least_gain and not run.has_learnt and not start.is_normalised:
            yield self._scaled(start, gain, above, run, None)
        elif zero or equal or large or gain < self.least_gain:
            yield Passed(f"weights begin unusually (a gain of {gain:.2g}), and the run learns or begins near guessing",
                         EXPLAINED)  # fmt: skip
        else:
            yield Passed(f"the first sample shows neither zeros nor equal units, and a gain of {gain:.2g}", ABSENT)

    def is_large(self, start: LayerStart) -> bool:
        """Whether weights begin so large that a signal grows on its way."""
        gain = _gain(start)
        return gain > self.most_gain or (gain > self.doubtful_gain and start.growth > self.most_growth)

    def _zero(self, start: LayerStart, zero: list[str], run: Learning) -> Finding:
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty_zero,
            f"all weights of {named(zero)} are zero at step {start.step:.0f}, so that no gradient passes; {run.words}",
            (Measured("hidden layers of zeros", float(len(zero)), "layers", limit=0.0, limit_reason="none may be"),),
            (Where("layers", names=tuple(zero)),),
        )

    def _equal(self, start: LayerStart, equal: list[str], run: Learning) -> Finding:
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty_equal,
            f"all units of {named(equal)} say the same of every sample at step {start.step:.0f}: they began equal, and "
            f"equal gradients keep them so; {run.words}",
            (Measured("hidden layers of equal units", float(len(equal)), "layers", limit=0.0,
                      limit_reason="none may be"),),
            (Where("layers", names=tuple(equal)),),
        )  # fmt: skip

    def _scaled(
        self, start: LayerStart, gain: float, above: float, run: Learning, inputs: InputScale | None
    ) -> Finding:
        large = gain > self.doubtful_gain
        off = [n for n, g in zip(start.layers, start.gain, strict=True)
               if (g > self.doubtful_gain if large else g < self.least_gain)]  # fmt: skip
        by_inputs = inputs is not None and inputs.is_large
        grows = start.growth
        passage = (
            ""
            if math.isnan(grows)
            else (
                f"; outputs {'grow' if grows > 1 else 'shrink'} to {grows:.2g} of themselves from first to last layer"
            )
        )
        scales = start.scale[np.isfinite(start.scale)]
        evidence = [Measured("gain of the middle hidden layer", gain, "factor",
                             limit=self.doubtful_gain if large else self.least_gain,
                             exceeds="above" if large else "below",
                             limit_reason="calibrated: calibration/layers.py; He's is 1.4")]  # fmt: skip
        if large and math.isfinite(above):
            evidence.append(Measured("first loss over that of guessing", above, "ratio", limit=self.most_loss,
                                     limit_reason="a fresh network begins near 1"))  # fmt: skip
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty_inputs if by_inputs else self.certainty_scale,
            f"weights begin far too {'large' if large else 'small'}: {float(np.median(scales)):.2g} a value, a gain of "
            f"{gain:.2g} in the middle layer ({named(off)}){passage}"
            + (f"; the first loss is {run.first:.3g}, guessing costs {run.guessing:.3g}"
               if large and run.guessing else "")
            + (f"; the inputs are of size {inputs.level:.3g}" if inputs is not None and by_inputs else "")
            + f"; {run.words}",
            tuple(evidence),
            (Where("layers", names=tuple(off)),),
            self._figure(start),
        )  # fmt: skip

    def _figure(self, start: LayerStart) -> Figure | None:
        known = [(n, float(s)) for n, s in zip(start.layers, start.activation_std, strict=True)
                 if np.isfinite(s) and s > 0]  # fmt: skip
        if len(known) < 2:
            return None
        return by_layer([n for n, _ in known], [s for _, s in known], label="standard deviation of outputs", log=True,
                        caption="The size of each layer's outputs at the first sample.")  # fmt: skip


def _gain(start: LayerStart) -> float:
    """Return the gain of the middle hidden layer; of the only layer where there is no other."""
    return middle(start.gain[:-1] if len(start.gain) > 1 else start.gain)
