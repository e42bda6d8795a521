"""UNF305: hidden sigmoid or tanh units sit at the ends of their range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.analyzers.layer_wording import by_layer, named
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.input_scale import InputScale
from diagnose.measures.layer_units import UnitActivity
from diagnose.measures.layer_updates import UpdatePace
from diagnose.measures.live_learning import Learning


@dataclass(frozen=True)
class SaturatedUnits:
    """Hidden sigmoid or tanh units sit at the ends of their range.

    ## What it detects
    Hidden layers whose outputs lie within 1 % of the end of their activation's range for most samples, in a network
    that does not learn.

    ## Why it matters
    There the activation is flat: its derivative is 4 % of the largest at most, and next to no gradient passes.

    ## The evidence
    The share of such outputs by layer, as the median over the later half of the samples. The output layer is left out:
    a sigmoid or softmax that is sure is right to be. Where the network learns it is information (trained tanh units
    often are half saturated).

    ## What to do
    Scale the inputs; Glorot initialisation; a lower learning rate; batch or layer normalisation before the activation;
    ReLU or GELU instead.

    ## References
    - Glorot & Bengio (2010), Understanding the Difficulty of Training Deep Feedforward Neural Networks
    - LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, §4.4
    """

    code: ClassVar[str] = "UNF305"
    cause: ClassVar[Cause] = Cause.UNDERFITTING

    most_saturated: float = 0.7
    """Share of a layer's outputs. Calibrated by calibration/layers.py: layers of networks that learn stay below but for
    rates that are nearly too high."""
    most_step: float = 0.1
    """Update ratio that explains it, as for LRN605."""
    certainty: float = 0.75
    """That saturation is why the network does not learn."""
    certainty_explained: float = 0.6
    """Something else drove them there, and is to be mended first."""

    def check(
        self,
        unit_activity: UnitActivity,
        live_learning: Learning,
        update_pace: UpdatePace | None = None,
        input_scale: InputScale | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Look for the worst layers."""
        units = unit_activity.saturated
        if not units:
            yield NotApplicable("no hidden layer has an activation that saturates")
            return
        found = [u for u in units if u.at_end >= self.most_saturated]
        worst = max(units, key=lambda u: u.at_end)
        if not found:
            yield Passed(f"at most {worst.at_end:.0%} of a hidden layer's outputs are saturated ('{worst.layer}')",
                         ABSENT)  # fmt: skip
            return
        from_start = found[0].at_start >= self.most_saturated
        why = ""
        if input_scale is not None and input_scale.is_large:
            why = f"; the inputs are of size {input_scale.level:.3g}"
        elif not from_start and update_pace is not None and update_pace.peak >= self.most_step:
            why = f"; one step changed the weights by {update_pace.peak:.0%}"
        learns = live_learning.has_learnt
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO if learns else Severity.WARNING,
            self.certainty_explained if why else self.certainty,
            f"{found[0].at_end:.0%} of the outputs of '{found[0].layer}' are at the end of their range"
            + (", from the first sample on" if from_start else "")
            + (f", as are those of {named([u.layer for u in found[1:]])}" if len(found) > 1 else "")
            + why
            + ("; the network learns all the same" if learns else f"; {live_learning.words}"),
            (Measured("saturated outputs of the first such layer", found[0].at_end, "share",
                      limit=self.most_saturated, limit_reason="calibrated: calibration/layers.py"),
             Measured("layers that are saturated", float(len(found)), "layers")),
            (Where("layers", names=tuple(u.layer for u in found)),),
            by_layer([u.layer for u in units], [u.at_end for u in units], label="saturated outputs", unit="share",
                     caption="Outputs at the end of their activation's range, by layer.",
                     reference=self.most_saturated),
        )  # fmt: skip
