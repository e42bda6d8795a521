"""UNF304: most units of a layer are dead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.analyzers.layer_wording import by_layer, named
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.input_scale import InputScale
from diagnose.measures.layer_start import LayerStart
from diagnose.measures.layer_units import UnitActivity, UnitShare
from diagnose.measures.layer_updates import UpdatePace
from diagnose.measures.live_learning import Learning


@dataclass(frozen=True)
class DeadUnits:
    """Most units of a layer are dead.

    ## What it detects
    Layers whose units give 0 for every sample of a batch, in a network that does not learn.

    ## Why it matters
    A dead ReLU gets no gradient, so it stays dead. A layer of them cuts off all layers before it.

    ## The evidence
    The share of units that are 0 for every sample and place, as the median over the later half of the samples; the step
    since which it is so. Some dead units are normal, and a network may learn with most of a layer dead: then it is
    information. Dead from the first step on speaks of biases, initialisation or inputs, dead after some steps of steps
    too large; where such a cause is found as well (PRG905, PRG913, LRN605), this symptom counts for less.

    ## What to do
    A lower learning rate or a warm-up, He initialisation with biases of 0, scaled inputs; LeakyReLU or GELU instead of
    ReLU.

    ## References
    - Lu, Shin, Su & Karniadakis (2020), Dying ReLU and Initialization
    - He et al. (2015), Delving Deep into Rectifiers
    - Zhang et al. (2021), AUTOTRAINER: An Automatic DNN Training Problem Detection and Repair System
    """

    code: ClassVar[str] = "UNF304"
    cause: ClassVar[Cause] = Cause.UNDERFITTING

    most_dead: float = 0.85
    """Share of a layer's units. Calibrated by calibration/layers.py: networks that learn stay below but for rates that
    are nearly too high."""
    most_step: float = 0.1
    """Update ratio that explains it, as for LRN605."""
    certainty: float = 0.75
    """That dead units are why the network does not learn."""
    whole: float = 0.99
    """Share of dead units with which a layer passes nothing at all."""
    certainty_whole: float = 0.9
    """Nothing passes, and nothing is learnt."""
    certainty_explained: float = 0.6
    """Something else killed them, and is to be mended first."""

    def check(
        self,
        unit_activity: UnitActivity,
        live_learning: Learning,
        update_pace: UpdatePace | None = None,
        layer_start: LayerStart | None = None,
        input_scale: InputScale | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Look for the worst layers."""
        units = unit_activity.dead
        if not units:
            yield NotApplicable("no layer has an activation that can be dead")
            return
        dead = [u for u in units if u.at_end >= self.most_dead]
        worst = max(units, key=lambda u: u.at_end)
        if not dead:
            yield Passed(f"at most {worst.at_end:.0%} of a layer's units are dead ('{worst.layer}')", ABSENT)
            return
        why = self._explanation(dead, update_pace, layer_start, input_scale)
        learns = live_learning.has_learnt
        whole = worst.at_end >= self.whole
        first = dead[0]
        since = "" if first.since is None else (
            f" since the first sample, at step {first.since:.0f}" if first.since == first.steps[0]
            else f" since step {first.since:.0f}")  # fmt: skip
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO if learns else Severity.ERROR if whole and not why else Severity.WARNING,
            self.certainty_explained if why else self.certainty_whole if whole else self.certainty,
            f"{first.at_end:.0%} of the units of '{first.layer}' are dead{since}"
            + (f", as are those of {named([u.layer for u in dead[1:]])}" if len(dead) > 1 else "")
            + (f"; {why}" if why else "")
            + ("; the network learns all the same" if learns else f"; {live_learning.words}"),
            (Measured("dead units of the first such layer", first.at_end, "share", limit=self.most_dead,
                      limit_reason="calibrated: calibration/layers.py"),
             Measured("layers that are dead", float(len(dead)), "layers")),
            (Where("layers", names=tuple(u.layer for u in dead)),),
            by_layer([u.layer for u in units], [u.at_end for u in units], label="dead units", unit="share",
                     caption="Units that are 0 for every sample, by layer.", reference=self.most_dead),
        )  # fmt: skip

    def _explanation(
        self, dead: list[UnitShare], pace: UpdatePace | None, start: LayerStart | None, inputs: InputScale | None
    ) -> str:
        if start is not None and any(start.zero):
            return f"the weights of {named([n for n, z in zip(start.layers, start.zero, strict=True) if z])} are zero"
        if inputs is not None and inputs.is_large:
            return f"the inputs are of size {inputs.level:.3g}"
        later = all(u.at_start < self.most_dead or u.since != u.steps[0] for u in dead)
        if later and pace is not None and pace.peak >= self.most_step:
            return f"one step changed the weights by {pace.peak:.0%}"
        return ""
