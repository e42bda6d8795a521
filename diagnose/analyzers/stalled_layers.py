"""PRG914: layers that should move and don't, or shouldn't and do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from diagnose.analyzer import ABSENT, EXPLAINED, Passed
from diagnose.analyzers.layer_wording import named
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.layer_gradients import GradientFlow
from diagnose.measures.layer_samples import RECORD
from diagnose.measures.layer_stalls import LEAST_SAMPLES, StageStalls
from diagnose.measures.layer_start import LayerStart
from diagnose.measures.layer_units import UnitActivity
from diagnose.recording import Recording

FOLLOWERS = ("ema", "target", "teacher", "momentum", "average", "shadow", "anchor")
"""Parts of names of copies that follow trained weights without gradients, by design (Tarvainen & Valpola 2017)."""


@dataclass(frozen=True)
class StalledLayers:
    """Layers that should move and don't, or shouldn't and do.

    ## What it detects
    Trainable layers that no sampled step moves: because no gradient reaches them, or because the optimizer does not act
    on them; and frozen layers whose weights move.

    ## Why it matters
    Part of the model is trained otherwise than the program says. A `detach`, an `argmax` or a branch that is left out
    of the loss stays unnoticed as long as the rest learns.

    ## The evidence
    The change by one step and the gradient of each layer with weights, over at least three samples of a stage: exactly
    nothing in all of them. Embeddings are left out (tokens that did not come have no gradient), as are layers behind
    dead units or zero weights, which are told by UNF304 and PRG913. For frozen layers the distance from their start,
    beyond rounding; copies that follow by averages are named so and left out.

    ## What to do
    Layers without a gradient: look for `detach`, `no_grad`, `argmax`, `stop_gradient` or NumPy on the way to the loss,
    and whether the layer is called at all. Layers with a gradient: is their rate 0, is the optimizer of this model,
    is its `step` called? Frozen layers that move: recompile after setting `trainable`; leave them out of the optimizer
    (weight decay and momentum move what has an old gradient).

    ## References
    - Humbatova et al. (2020), Taxonomy of Real Faults in Deep Learning Systems
    - Schoop, Huang & Hartmann (2021), UMLAUT: Debugging Deep Learning Programs
    """

    code: ClassVar[str] = "PRG914"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    least_passes: int = 50
    """Backward passes without a step: more than anyone accumulates gradients over without a reason."""
    dead: float = 0.95
    """Share of dead units that stops a gradient by itself."""
    weak_flow: float = 3e-3
    """As for UNF303."""
    tiny_rate: float = 1e-7
    """A rate below single precision's resolution explains weights that stand, as for PRG901."""
    certainty: float = 0.9
    """Exactly nothing in every sample while others move; left are parts that rest by design (alternating training)."""
    certainty_all: float = 0.85
    """Nothing moves at all."""
    certainty_uncalled: float = 0.8
    """Never called: most often a part that this task leaves unused, so it is information."""
    certainty_thawed: float = 0.75
    """Frozen and moving; left are copies that follow by design under an unusual name."""

    def check(
        self,
        recording: Recording,
        layer_stalls: tuple[StageStalls, ...] | None = None,
        unit_activity: UnitActivity | None = None,
        layer_start: LayerStart | None = None,
        gradient_flow: GradientFlow | None = None,
    ) -> Iterator[Finding | Passed]:
        """Look at every stage; where there is none, for steps at all."""
        passes = recording.counters.get("backward_passes", 0)
        if passes >= self.least_passes and not recording.counters.get("steps", 0):
            yield self._no_step(passes)
            return
        if layer_stalls is None:
            raise NotEnoughEvidence(f"no stage of training was sampled {LEAST_SAMPLES} times", RECORD)
        blocked = any(u.at_end >= self.dead for u in (unit_activity.dead if unit_activity else ()))
        blocked = blocked or (layer_start is not None and any(layer_start.zero))
        found: list[Finding] = []
        faded = set() if gradient_flow is None else set(gradient_flow.below(self.weak_flow))
        for stage in (self._without(stage, faded) for stage in layer_stalls):
            still = (*stage.cut_off, *stage.unmoved)
            if still and not stage.moving:
                found += self._nothing(stage, still, blocked=blocked)
            elif still and not (blocked and not stage.unmoved):
                found.append(self._some(stage))
            thawed = [(n, d) for n, d in stage.thawed if not any(part in n.lower() for part in FOLLOWERS)]
            if thawed:
                found.append(self._thawed(stage, thawed))
        if found:
            yield from found[:2]
            return
        uncalled = tuple(dict.fromkeys(name for stage in layer_stalls for name in stage.uncalled))
        if uncalled:
            yield self._uncalled(uncalled)
            return
        stalls = any(stage.cut_off or stage.unmoved for stage in layer_stalls)
        if stalls:
            yield Passed("layers stand, which dead units, zero weights or a tiny learning rate explain", EXPLAINED)
            return
        yield Passed("every trained layer moves, and no frozen one does", ABSENT)

    def _no_step(self, passes: int) -> Finding:
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty,
            f"{passes} backward passes and not one optimizer step: no weight is ever moved",
            (Measured("optimizer steps", 0.0, "steps", limit=1.0, exceeds="below", limit_reason="one at least"),),
        )

    def _without(self, stage: StageStalls, faded: set[str]) -> StageStalls:
        """Leave out layers whose gradient is so small that rounding swallows their steps: UNF303 tells of them."""
        return replace(stage, unmoved=tuple(name for name in stage.unmoved if name not in faded))

    def _nothing(self, stage: StageStalls, still: tuple[str, ...], *, blocked: bool) -> Iterator[Finding]:
        tiny = stage.rate is not None and 0 < stage.rate < self.tiny_rate
        if tiny or (blocked and not stage.unmoved):
            return
        rate = "" if stage.rate is None else f", though the learning rate is {stage.rate:.3g}"
        reach = "gradients reach them" if stage.unmoved else "no gradient reaches them"
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty_all,
            f"none of {len(still)} trained layers moved in {stage.samples} sampled steps from epoch {stage.epoch:g} on "
            f"({named(still)}): {reach}{rate}",
            (Measured("layers that move", 0.0, "layers", limit=1.0, exceeds="below", limit_reason="one at least"),),
            (Where("layers", names=still), Where("epochs", stage.epoch, stage.until)),
        )

    def _some(self, stage: StageStalls) -> Finding:
        parts = []
        if stage.cut_off:
            parts.append(f"no gradient reaches {named(stage.cut_off)}")
        if stage.unmoved:
            verb = "get" if len(stage.unmoved) > 1 else "gets"
            parts.append(f"{named(stage.unmoved)} {verb} a gradient, and no step acts on it")  # fmt: skip
        still = (*stage.cut_off, *stage.unmoved)
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty,
            f"{' and '.join(parts)}, in {stage.samples} sampled steps from epoch {stage.epoch:g} on, while "
            f"{len(stage.moving)} other layers move",
            (Measured("trainable layers that stand", float(len(still)), "layers", limit=0.0,
                      limit_reason="every trained layer moves"),),
            (Where("layers", names=still), Where("epochs", stage.epoch, stage.until)),
        )  # fmt: skip

    def _uncalled(self, names: tuple[str, ...]) -> Finding:
        return Finding(
            self.code,
            self.cause,
            Severity.INFO,
            self.certainty_uncalled,
            f"no training pass goes through {named(names)}, so {'they are' if len(names) > 1 else 'it is'} not trained",
            (Measured("trainable layers that are never called", float(len(names)), "layers"),),
            (Where("layers", names=names),),
        )

    def _thawed(self, stage: StageStalls, thawed: list[tuple[str, float]]) -> Finding:
        names = tuple(name for name, _ in thawed)
        most = max(distance for _, distance in thawed)
        return Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.certainty_thawed,
            f"{named(names)} {'are' if len(names) > 1 else 'is'} frozen and moved by up to {most:.2g} of the norm from "
            f"epoch {stage.epoch:g} on",
            (Measured("largest move of a frozen layer", most, "share of the norm", limit=1e-5,
                      limit_reason="a hundred roundings of single precision"),),
            (Where("layers", names=names), Where("epochs", stage.epoch, stage.until)),
        )  # fmt: skip
