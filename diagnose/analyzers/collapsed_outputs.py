"""UNF306: the model gives every sample the same answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, EXPLAINED, NotApplicable, Passed
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.layer_units import UnitActivity
from diagnose.measures.live_learning import Learning
from diagnose.measures.probe_outputs import ProbeOutputs


@dataclass(frozen=True)
class CollapsedOutputs:
    """The model gives every sample the same answer.

    ## What it detects
    Outputs that hardly differ between the samples of a batch, in the later half of a run that does not learn.

    ## Why it matters
    The model ignores its input. Its score is that of the most frequent class or of the labels' mean, whatever the
    curves look like.

    ## The evidence
    The standard deviation of the outputs between samples, against their own size or, for one output with known labels,
    against the labels' spread; for classes, also the share of samples that get the most frequent answer, against the
    share of the most frequent label. It is a symptom: a dead or badly initialised network, a step too large, or data
    without signal all end there. So it stays below findings that name the cause.

    ## What to do
    Act on the finding that names the cause. Without one: does the loss go down on a single batch? Do gradients reach
    the first layer? Are labels shuffled against inputs?

    ## References
    - Karpathy (2019), A Recipe for Training Neural Networks (input-independent baseline)
    - Cao et al. (2022), DeepFD: Automated Fault Diagnosis and Localization for Deep Learning Programs
    """

    code: ClassVar[str] = "UNF306"
    cause: ClassVar[Cause] = Cause.UNDERFITTING

    least_spread: float = 0.01
    """Of the outputs, over their own size or the labels' spread: one in a hundred. Calibrated by
    calibration/layers.py: networks that learnt nothing yet still tell samples apart ten times as well."""
    least_spread_alone: float = 1e-6
    """The same for one output whose labels are unknown: a large mean hides the spread, so only rounding counts."""
    same_answer: float = 0.99
    """Share of samples with the most frequent answer."""
    most_one_sided: float = 0.95
    """Labels of which more are of one class may well be answered with it (the usual 5 %)."""
    least_steps: int = 20
    """Fresh networks answer much alike; so many steps change that."""
    certainty: float = 0.7
    """The outputs are measured; that the model is at fault, and not data without signal, is likely."""

    def check(
        self, probe_outputs: ProbeOutputs, live_learning: Learning, unit_activity: UnitActivity | None = None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the outputs of the samples of a batch."""
        seen = probe_outputs
        spread, limit, against = self._spread(seen)
        classes = seen.top_share is not None
        varied = spread > limit or (seen.top_share is not None and seen.top_share < self.same_answer)
        if varied:
            yield Passed(f"outputs differ between samples by {spread:.2g} of {against}", ABSENT)
            return
        if seen.step < self.least_steps:
            yield NotApplicable(f"{seen.step:.0f} steps are too few")
            return
        if live_learning.has_learnt or (seen.label_top_share or 0.0) > self.most_one_sided:
            yield Passed("outputs hardly differ between samples, as is right for such labels or in this phase",
                         EXPLAINED)  # fmt: skip
            return
        dead = [u.layer for u in (unit_activity.dead if unit_activity else ()) if u.at_end >= self.most_one_sided]
        measured = [Measured(f"spread of the outputs over {against}", spread, "share", limit=limit, exceeds="below",
                             limit_reason="calibrated: calibration/layers.py")]  # fmt: skip
        if seen.top_share is not None:
            measured.append(Measured("samples with the most frequent answer", seen.top_share, "share",
                                     limit=self.same_answer, limit_reason="all but one in a hundred"))  # fmt: skip
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.certainty if not dead else self.certainty - 0.1,
            f"all {seen.n} samples get the same {'class' if classes else 'answer'}: outputs differ by {spread:.1g} of "
            f"{against} at step {seen.step:.0f}"
            + (f", behind the dead layer '{dead[0]}'" if dead else "")
            + f"; {live_learning.words}",
            tuple(measured),
            (Where("epochs", 0.0, seen.epoch),),
        )

    def _spread(self, seen: ProbeOutputs) -> tuple[float, float, str]:
        if seen.label_spread is not None:
            return seen.label_spread, self.least_spread, "the labels' spread"
        alone = seen.top_share is None
        return seen.spread, self.least_spread_alone if alone else self.least_spread, "their size"
