"""REG204: regularisation moves the weights more than the data do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, EXPLAINED, Passed
from diagnose.analyzers.layer_wording import by_layer, named
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.layer_decay import DecayShare
from diagnose.measures.layer_samples import middle
from diagnose.measures.layer_units import UnitActivity
from diagnose.measures.live_learning import Learning


@dataclass(frozen=True)
class DecayDominates:
    """Regularisation moves the weights more than the data do.

    ## What it detects
    Weight decay that makes up most of each step's change, an L2 penalty that makes up most of the loss, or a dropout
    that leaves next to nothing, in a run that does not learn.

    ## Why it matters
    The weights shrink towards nothing whatever the data say. Curves show a model that can't learn, and more capacity or
    epochs do not help.

    ## The evidence
    What weight decay alone takes off in a step over the whole change, by layer; the weights' norm at the end over that
    at the start; the penalties of the layers against the loss; the highest dropout rate. Decay that outweighs a
    gradient that is nothing (a loss at its floor, a dead network) is no cause: the weights must have shrunk, and the
    run must not have learnt.

    ## What to do
    Weight decay a tenth or less of what it is (AdamW 0.01, SGD 5e-4); an L2 factor of 1e-4; dropout of 0.5 at most.

    ## References
    - Loshchilov & Hutter (2019), Decoupled Weight Decay Regularization
    - Krogh & Hertz (1992), A Simple Weight Decay Can Improve Generalization
    - Srivastava et al. (2014), Dropout, §A.4
    """

    code: ClassVar[str] = "REG204"
    cause: ClassVar[Cause] = Cause.REGULARIZATION

    most_decay: float = 0.5
    """Share of a step's change: more than half of it is not the data's."""
    least_decay: float = 0.2
    """Share of a step's change below which decay that strong is drowned by steps far too large."""
    most_taken: float = 0.005
    """Share of the weights that decay takes off in one step: in two hundred steps nothing would be left, whatever else
    is at fault."""
    least_skill: float = 0.5
    """Share of what guessing costs that was learnt: half and more, and the run is no failure."""
    most_left: float = 0.5
    """Norm of the weights at the end over that at the start: half of them is gone."""
    most_penalty: float = 0.5
    """Share of the loss that is penalty: more than what is left for the data."""
    most_dropout: float = 0.8
    """Rate above which the usual range (0.2 to 0.5) is left far behind."""
    dead: float = 0.95
    """Share of dead units with which a network has no gradient that decay could outweigh."""
    certainty: float = 0.85
    """Measured, and nothing is learnt."""
    certainty_dropout: float = 0.75
    """The rate is known; that it is the fault is likely."""
    certainty_dead: float = 0.55
    """The network is dead as well: decay may have come second."""

    def check(
        self, decay_share: DecayShare, live_learning: Learning, unit_activity: UnitActivity | None = None
    ) -> Iterator[Finding | Passed]:
        """Compare what regularises with what the data do."""
        share, left = middle(decay_share.decay_ratio), middle(decay_share.left)
        penalty = (
            None if decay_share.penalty is None or not live_learning.end > 0
            else decay_share.penalty / live_learning.end
        )  # fmt: skip
        shrunk = bool(
            (share > self.most_decay and left < self.most_left)
            or (decay_share.taken > self.most_taken and share > self.least_decay)
        )
        punished = penalty is not None and penalty > self.most_penalty
        dropped = decay_share.dropout > self.most_dropout
        if not (shrunk or punished or dropped):
            yield Passed("regularisation moves the weights less than the data do", ABSENT)
            return
        skill = live_learning.skill
        well = live_learning.has_learnt and (skill is None or skill >= self.least_skill)
        if well and not punished:
            yield Passed("regularisation is strong, and the run learns", EXPLAINED)
            return
        dead = any(u.at_end >= self.dead for u in (unit_activity.dead if unit_activity else ()))
        said, evidence = self._said(decay_share, share if shrunk else None, left, penalty if punished else None)
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO if well else Severity.ERROR,
            self._certainty(decay_share, dead=dead, measured=shrunk or punished),
            f"{said}; {live_learning.words}",
            evidence,
            (Where("layers", names=decay_share.layers),),
            self._figure(decay_share) if shrunk else None,
        )  # fmt: skip

    def _certainty(self, found: DecayShare, *, dead: bool, measured: bool) -> float:
        if dead and measured and not found.taken > self.most_taken:
            return self.certainty_dead
        return self.certainty if measured else self.certainty_dropout

    def _said(
        self, found: DecayShare, share: float | None, left: float, penalty: float | None
    ) -> tuple[str, tuple[Measured, ...]]:
        said, evidence = [], []
        if share is not None:
            heavy = [n for n, r in zip(found.layers, found.decay_ratio, strict=True) if r > self.most_decay]
            said.append(f"weight decay of {found.weight_decay:g} makes up {share:.0%} of a step's change"
                        f"{f' ({named(heavy)})' if heavy else ''}: it takes {found.taken:.1%} of the weights in one "
                        f"step, and they shrank to {left:.2g} of what they were")  # fmt: skip
            evidence += [Measured("weight decay's part of a step", share, "share", limit=self.most_decay,
                                  limit_reason="more than the data's"),
                         Measured("weights that decay takes in a step", found.taken, "share", limit=self.most_taken,
                                  limit_reason="nothing is left of them in two hundred steps"),
                         Measured("norm of the weights over that at the start", left, "share", limit=self.most_left,
                                  exceeds="below", limit_reason="half of it is gone")]  # fmt: skip
        if penalty is not None:
            said.append(f"the layers' L2 penalty makes up {min(penalty, 1.0):.0%} of the training loss")
            evidence.append(Measured("penalty over the training loss", penalty, "share", limit=self.most_penalty,
                                     limit_reason="more than the data's"))  # fmt: skip
        if found.dropout > self.most_dropout:
            said.append(f"dropout of {found.dropout:g} leaves {1 - found.dropout:.0%} of the units")
            evidence.append(Measured("highest dropout rate", found.dropout, "share", limit=self.most_dropout,
                                     limit_reason="Srivastava et al. (2014): 0.2 to 0.5"))  # fmt: skip
        return "; ".join(said), tuple(evidence)

    def _figure(self, found: DecayShare) -> Figure:
        values = [float(r) if np.isfinite(r) else 0.0 for r in found.decay_ratio]
        return by_layer(found.layers, values, label="weight decay's part of a step", unit="share",
                        caption="What weight decay alone changes, by layer.", reference=self.most_decay)  # fmt: skip
