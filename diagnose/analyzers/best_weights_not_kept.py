"""OVF104: the best epoch lies behind, and the last weights are worse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import NotApplicable, Passed
from diagnose.finding import LIKELY, Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.curves import noun
from diagnose.measures.overfitting import OverfittingSigns, TurningPoint
from diagnose.measures.prechelt import Prechelt
from diagnose.measures.trend import Trend
from diagnose.run import Context, Curve, History


@dataclass(frozen=True)
class BestWeightsNotKept:
    """The best epoch lies behind, and the last weights are worse.

    ## What it detects
    A validation loss whose best level was reached well before the end and lost again: whoever keeps the last weights
    keeps a worse model than the run had.

    ## Why it matters
    The better model existed and costs nothing: a checkpoint at the best epoch.

    ## The evidence
    The turning point with its test and the loss lost since, in the loss's unit and in its noise. Prechelt's
    generalisation loss GL and progress quotient PQ are shown because they are known; they change with a shift of the
    loss, so nothing is decided by them. It is information, unless the context says that the best weights were not
    kept.

    ## What to do
    Keep the best weights: `EarlyStopping(restore_best_weights=True)` or `ModelCheckpoint(save_best_only=True)` in
    Keras, `load_best_model_at_end=True` in Hugging Face, a `torch.save` when the validation loss improves.

    ## References
    - Prechelt (1998), Early Stopping - But When?, eqs 2 to 4
    """

    code: ClassVar[str] = "OVF104"
    cause: ClassVar[Cause] = Cause.OVERFITTING

    alpha: float = 0.05
    """Error rate of the turning-point test on a flat curve, as for OVF101."""
    least_noise: float = 2.0
    """The loss lost, in standard deviations of one epoch's noise: less is no better than picking a lucky epoch."""
    least_share: float = 0.05
    """The same as a share of the gain from the median level to the best: what a plot shows."""

    def check(
        self, history: History, context: Context, val_loss: Curve, val_loss_trend: Trend, turning_point: TurningPoint,
        overfitting_signs: OverfittingSigns | None = None, prechelt: Prechelt | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:  # fmt: skip
        """Compare the end with the best level."""
        trend, turn = val_loss_trend, turning_point
        if context.best_weights_kept:
            yield NotApplicable("the best weights are kept")
            return
        lost = max(self.least_noise * trend.sigma, self.least_share * trend.usual_gain)
        if turn.p_value > self.alpha or trend.rise <= lost:
            yield Passed(f"the end is {trend.rise:.3g} above the best level: within noise, or too little to see")
            return
        known = context.best_weights_kept is False
        probability = overfitting_signs.probability if overfitting_signs is not None else LIKELY
        raised = known and probability >= LIKELY
        old = () if prechelt is None else (
            Measured("Prechelt's GL", prechelt.generalization_loss, "%"),
            Measured("Prechelt's PQ", prechelt.progress_quotient, ""),
        )  # fmt: skip
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING if raised else Severity.INFO,
            probability if raised else min(1 - turn.p_value, 0.99),
            f"validation {noun(val_loss)} was at its best level ({trend.best:.4g}) at {history.unit} {turn.step:g}; "
            f"its level at the end is {trend.end:.4g}"
            + (", and was kept" if known else f": keep the weights of {history.unit} {turn.step:g}, unless you did"),
            (
                Measured("validation loss lost since", trend.rise, "loss", limit=lost,
                         limit_reason="twice the noise of one epoch, and seen on a plot", effect=True),
                Measured("best step", turn.step, history.unit, turn.low, turn.high),
                *old,
            ),
            (Where("epochs", turn.step, history.last_step), Where("curves", names=(val_loss.name,))),
            Figure("curves", (val_loss.name,), (Mark("point", "best", turn.step, y=trend.best),),
                   caption="The best epoch lies behind."),
        )  # fmt: skip
