"""INS502: the loss spikes or oscillates beyond ordinary jitter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.stability import Instability, Roughness
from diagnose.run import Curve, History


@dataclass(frozen=True)
class RoughLoss:
    """The loss spikes or oscillates beyond ordinary jitter.

    ## What it detects
    A training or validation loss that, after the first quarter of the run, jumps up and down by a large part of its
    whole height.

    ## Why it matters
    The epoch at which such a run stops decides how good its model is: the next one may be far worse. Spikes cost the
    progress of the epochs before them and often announce divergence.

    ## The evidence
    The root mean square of the residuals around the best fall-then-rise fit, as a share of the fit's height, and the
    number of upward excursions above 30 % of it. Both are unchanged by the loss's scale and shift. The first quarter
    is left out: one early spike that recovers is not instability. A curve that moved by no more than its noise is
    measured against that noise, so that noise alone is not called rough. The weights of the probability are set by
    reasoning and checked on rated runs, of which only four are unstable: too few to fit them.

    ## What to do
    If training is rough: lower the learning rate or decay it, clip gradients, enlarge the batch. If validation alone
    is rough: enlarge the validation set, evaluate an average of the weights (EMA, SWA), and look at BatchNorm's
    statistics with small batches.

    ## References
    - Li, Xu, Taylor, Studer & Goldstein (2018), Visualizing the Loss Landscape of Neural Nets
    - Izmailov et al. (2018), Averaging Weights Leads to Wider Optima and Better Generalization
    """

    code: ClassVar[str] = "INS502"
    cause: ClassVar[Cause] = Cause.INSTABILITY

    least_probability: float = 0.5
    """A claim is made when it is more likely right than wrong."""

    def check(
        self,
        history: History,
        instability: Instability,
        train_roughness: Roughness | None = None,
        val_roughness: Roughness | None = None,
        train_loss: Curve | None = None,
        val_loss: Curve | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the calibrated probability with its limit."""
        if train_roughness is None and val_roughness is None:
            raise NotEnoughEvidence(
                "no loss has four finite points", "log the training and validation loss every epoch"
            )
        rough, curve = instability.roughness, train_loss if instability.split == "train" else val_loss
        word = "training" if instability.split == "train" else "validation"
        deviation = f"{word} loss strays from its trend by {rough.deviation:.0%} of its height"
        if instability.probability < self.least_probability or curve is None:
            yield Passed(f"{deviation}, with {len(rough.spikes)} spikes", instability.probability)
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            instability.probability,
            f"{deviation}, with {len(rough.spikes)} spikes, the tallest {rough.tallest:.0%} of it",
            (
                Measured("residuals, root mean square", rough.deviation, "share of the height", effect=True),
                Measured("spikes after the first quarter", float(len(rough.spikes)), "points"),
                Measured("tallest spike", rough.tallest, "share of the height"),
                Measured("probability", instability.probability, "", limit=self.least_probability,
                         limit_reason="more likely than not; calibration/fit.py"),
            ),
            (Where("curves", names=(curve.name,)),),
            Figure("curves", (curve.name,),
                   tuple(Mark("line", "spike", float(step)) for step in rough.spikes[:8].tolist())
                   or (Mark("span", "strays from its trend", float(curve.steps[len(curve) // 4]), history.last_step),),
                   caption="The loss strays from its trend."),
        )  # fmt: skip
