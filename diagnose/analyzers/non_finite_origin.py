"""INS505: where the first value that is no number arose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import CONTRADICTED, EXPLAINED, Passed
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.recording import NonFinite, Recording

SAYS = {
    "input": "the inputs hold a value that is no finite number",
    "label": "the labels hold a value that is no finite number",
    "weight": "a weight of {layer} was no finite number before the step",
    "activation": "the outputs of {layer} are the first that are no finite numbers; what went in was finite",
    "loss": "the loss is no finite number although the model's outputs are",
    "gradient": "the gradient of {layer} is no finite number although the loss is",
}
MEANS = {
    "input": "mend the data",
    "label": "mend the data",
    "weight": "the step before broke it: too large a step, or a gradient that was no number",
    "activation": "an overflow, a division by zero or a logarithm of zero in that layer",
    "loss": "a logarithm of zero or a division by zero in the loss",
    "gradient": "a derivative that is infinite there: of a square root, a norm or a logarithm at 0, or an overflow",
}


@dataclass(frozen=True)
class NonFiniteOrigin:
    """Where the first value that is no number arose.

    ## What it detects
    The layer and the step at which the first NaN or infinite value was seen, and whether it came with the data, out of
    a layer, out of the loss or on the way back.

    ## Why it matters
    A NaN spreads to everything within one step. What is seen afterwards says nothing of its origin, and the cures
    differ: clean data, a stable loss, a smaller step.

    ## The evidence
    The hook's own check of inputs, labels, weights, outputs, loss and gradients in the order in which they arise. A
    gradient scaler of mixed precision overflows by design now and then and skips the step: that is no finding where
    training went on.

    ## What to do
    By origin. Data: drop or fill the rows. Loss: the form that takes logits (`from_logits=True`,
    `BCEWithLogitsLoss`), an epsilon in logarithms and square roots. Layer or gradient: a lower learning rate, clipping,
    full precision for that layer; `torch.autograd.set_detect_anomaly(True)` names the operation.

    ## References
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §4.1
    - Micikevicius et al. (2018), Mixed Precision Training
    """

    code: ClassVar[str] = "INS505"
    cause: ClassVar[Cause] = Cause.INSTABILITY

    certainty: float = 0.97
    """It was seen; left are values that a program makes on purpose (masks of minus infinity)."""
    certainty_passing: float = 0.5
    """Training went on with finite losses: as likely harmless."""

    def check(self, recording: Recording) -> Iterator[Finding | Passed]:
        """Report the origin."""
        origin = recording.non_finite
        if origin is None:
            yield Passed("no input, weight, output, loss or gradient was seen that is no finite number", CONTRADICTED)
            return
        went_on = _went_on(recording, origin)
        skipped = recording.counters.get("skipped_steps", 0)
        if origin.kind == "gradient" and skipped and went_on:
            yield Passed(f"gradients overflowed in half precision; the gradient scaler skipped {skipped} steps, as it "
                         "is meant to", EXPLAINED)  # fmt: skip
            return
        layer = f"'{origin.layer}'" if origin.layer else "the model"
        where = (Where("layers", names=(origin.layer,)),) if origin.layer else ()
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING if went_on else Severity.ERROR,
            self.certainty_passing if went_on else self.certainty,
            f"{SAYS[origin.kind].format(layer=layer)} (step {origin.step:.0f}, epoch {origin.epoch:.3g}): "
            f"{MEANS[origin.kind]}"
            + (f"; just before: {origin.before}" if origin.before else "")
            + ("; later losses are finite" if went_on else ""),
            (Measured("step of the first such value", origin.step, "steps"),),
            (*where, Where("epochs", origin.epoch, origin.epoch)),
        )


def _went_on(recording: Recording, origin: NonFinite) -> bool:
    """Whether training went on with finite losses."""
    losses = recording.batch_losses
    if losses is None:
        return False
    after = losses.values[losses.steps > origin.step]
    return len(after) >= 3 and bool(np.isfinite(after[-3:]).all())
