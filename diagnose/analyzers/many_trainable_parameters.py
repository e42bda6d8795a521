"""FRZ802: far more parameters are trained than there are samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.overfitting import OverfittingSigns
from diagnose.run import Context, History


@dataclass(frozen=True)
class ManyTrainableParameters:
    """Far more parameters are trained than there are samples.

    ## What it detects
    A ratio of trainable parameters to training samples at which training can fit any labels, in a run that overfits.

    ## Why it matters
    With a pretrained model the ratio is a choice: freezing layers reduces it without a smaller model. With few
    images, training the head alone is often best; with many, or with far domains, it is not.

    ## The evidence
    Trainable parameters over training samples, from the context. The ratio alone is no fault: large networks generalise
    at ratios of hundreds (Zhang et al. 2017). It is information unless the curves overfit.

    ## What to do
    Freeze the backbone, train the head, then unfreeze from the top as long as validation improves; or use adapters
    (LoRA). Compare the frozen variant before believing that more layers help.

    ## References
    - Zhang, Bengio, Hardt, Recht & Vinyals (2017), Understanding deep learning requires rethinking generalization
    - Kornblith, Shlens & Le (2019), Do Better ImageNet Models Transfer Better? (few samples: fixed features)
    - Lee et al. (2023), Surgical Fine-Tuning Improves Adaptation to Distribution Shifts
    """

    code: ClassVar[str] = "FRZ802"
    cause: ClassVar[Cause] = Cause.FREEZING

    most_ratio: float = 1000.0
    """Parameters for each sample. Networks trained on CIFAR-10 and ImageNet at ratios of 20 to 200 generalise (Zhang
    et al. 2017, table 1 and §2); five times above lies outside what they show."""
    least_overfitting: float = 0.5
    """Overfitting more likely than not."""
    certainty: float = 0.6
    """That fewer trainable layers would help an overfitting run at such a ratio: a rule of thumb."""

    def check(
        self, history: History, context: Context, overfitting_signs: OverfittingSigns | None = None
    ) -> Iterator[Finding | Passed]:
        """Compare the ratio with its limit."""
        parameters = context.trainable_parameters or (context.parameters if not context.frozen else None)
        if parameters is None or context.n_train is None:
            raise NotEnoughEvidence(
                "the number of trainable parameters or of training samples is unknown",
                "say what is trained: --context trainable_parameters=5130 n_train=800",
            )
        ratio = parameters / context.n_train
        known = f"{parameters:,} trainable parameters for {context.n_train:,} samples"
        if ratio <= self.most_ratio:
            yield Passed(f"{known}: {ratio:.3g} each", ABSENT)
            return
        overfits = overfitting_signs is not None and overfitting_signs.probability >= self.least_overfitting
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING if overfits else Severity.INFO,
            self.certainty,
            f"{known}, {ratio:,.0f} each" + (", and the run overfits" if overfits else ""),
            (Measured("trainable parameters for each sample", ratio, "", limit=self.most_ratio,
                      limit_reason="beyond the ratios at which networks are known to generalise (Zhang et al. 2017)"),),
            (Where("epochs", 0.0, history.last_step),),
        )  # fmt: skip
