"""LRN607: pretrained layers are tuned at a rate made for fresh ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.analyzers.layer_wording import named
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.chance import Skill
from diagnose.measures.pretrained_rates import TunedLayers

ADAPTIVE = ("adam", "nadam", "rmsprop", "lamb", "radam")
"""Beginnings of the names of optimizers whose step is about the learning rate itself, whatever the gradient."""


@dataclass(frozen=True)
class FastPretrainedLayers:
    """Pretrained layers are tuned at a rate made for fresh ones.

    ## What it detects
    Trainable layers whose weights were brought along, under an optimizer whose rate is one for training from scratch:
    most often the default, after unfreezing and recompiling.

    ## Why it matters
    The gradients of a fresh head are large and random at first. At a head's rate they undo within a few hundred steps
    what pretraining took weeks for, and the few new samples can't rebuild it.

    ## The evidence
    The model's card of each stage: which layers are not freshly initialised, which of them get a gradient, and the rate
    of their parameter group; how far they moved from their pretrained weights, where it was recorded. Random backbones
    do not count, nor does a training that goes on with its own weights. Where validation is good it is information.

    ## What to do
    A rate ten to a hundred times lower for the pretrained layers (Adam: 1e-5 to 1e-4), in a parameter group of their
    own; the head alone first; the last block before the others.

    ## References
    - Keras guide, Transfer learning and fine-tuning ("it's critical to … use a very low learning rate": 1e-5)
    - Howard & Ruder (2018), ULMFiT (discriminative rates)
    - Kumar et al. (2022), Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution
    - Devlin et al. (2019), BERT, App. A.3 (2e-5 to 5e-5)
    """

    code: ClassVar[str] = "LRN607"
    cause: ClassVar[Cause] = Cause.LEARNING_RATE

    most_adaptive: float = 5e-4
    """Rate of Adam and its kin: half their default; published recipes of fine-tuning stay at a fifth and less."""
    most_sgd: float = 0.03
    """Rate of SGD: recipes of fine-tuning stay at 0.01 and less (Kornblith et al. 2019, §A.5)."""
    far: float = 0.3
    """Distance from the pretrained weights, as a share of their norm: a third is a different network."""
    near: float = 0.02
    """A distance at which nothing was lost yet."""
    good: float = 0.8
    """Share of what guessing leaves that validation got right: then the rate did no harm that matters."""
    certainty: float = 0.75
    """Too high by the recipes; some tasks are so far from the pretraining that it does not matter."""
    certainty_far: float = 0.85
    """And the weights are gone far."""
    certainty_near: float = 0.55
    """The weights have hardly moved so far."""

    def check(
        self, pretrained_rates: tuple[TunedLayers, ...], val_skill: Skill | None = None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the rates of every stage with those of published recipes."""
        if not pretrained_rates:
            yield NotApplicable("no layer with pretrained weights is trained")
            return
        known = [t for t in pretrained_rates if t.new and t.rate is not None and self._limit(t) is not None]
        if not known:
            yield NotApplicable("the trained layers' weights may be the run's own, or their learning rate is unknown")
            return
        fast = [t for t in known if (t.rate or 0.0) >= (self._limit(t) or 0.0)]
        if not fast:
            slowest = max(known, key=lambda t: t.rate or 0.0)
            yield Passed(f"pretrained layers are tuned at {slowest.rate:.3g} at most", ABSENT)
            return
        well = val_skill is not None and val_skill.kappa is not None and val_skill.kappa >= self.good
        for tuned in fast[-1:]:
            yield self._finding(tuned, Severity.INFO if well else Severity.WARNING)

    def _limit(self, tuned: TunedLayers) -> float | None:
        name = tuned.optimizer.lower()
        if name.startswith(ADAPTIVE):
            return self.most_adaptive
        return self.most_sgd if name.startswith("sgd") else None

    def _finding(self, tuned: TunedLayers, severity: Severity) -> Finding:
        far = "" if tuned.distance is None else f"; they are {tuned.distance:.2g} of their norm from where they began"
        same = tuned.head_rate is not None and tuned.head_rate == tuned.rate
        evidence = [Measured("learning rate of pretrained layers", tuned.rate, "", limit=self._limit(tuned),
                             limit_reason="Keras guide: 1e-5; BERT: 2e-5 to 5e-5; ResNets by SGD: 0.01")]  # fmt: skip
        if tuned.distance is not None:
            evidence.append(Measured("distance from the pretrained weights", tuned.distance, "share of the norm",
                                     limit=self.far, limit_reason="a different network"))  # fmt: skip
        certainty = self.certainty
        if tuned.distance is not None:
            certainty = (self.certainty_far if tuned.distance >= self.far
                         else self.certainty_near if tuned.distance < self.near else certainty)  # fmt: skip
        return Finding(
            self.code,
            self.cause,
            severity,
            certainty,
            f"{len(tuned.layers)} pretrained layers ({named(tuned.layers)}) are tuned by {tuned.optimizer} at "
            f"{tuned.rate:.3g}{', the rate of the new head' if same else ''}, from epoch {tuned.epoch:g} on{far}",
            tuple(evidence),
            (Where("layers", names=tuned.layers),),
        )
