"""UNF302: the training loss never moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import EXPLAINED, OPEN, NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.chance import Skill
from diagnose.measures.movement import Movement
from diagnose.run import Context, Curve, History


@dataclass(frozen=True)
class NothingLearnt:
    """The training loss never moved beyond its noise.

    ## What it detects
    A training loss that ends where it began: the same number at every epoch, or noise around one level.

    ## Why it matters
    Nothing was learnt, so nothing else about the run can be judged.

    ## The evidence
    Whether all values are equal to the precision of single floats; else Mann-Kendall's test against a falling trend
    and the gain in standard deviations of the noise. A validation loss that improved, or a score that is good from
    the start (a training resumed near its end), speaks against it.

    ## What to do
    Check that gradients reach the weights: `trainable`, `requires_grad`, the optimizer's parameter list, a `detach`
    or an `argmax` on the way to the loss. Then try learning rates of 1e-4, 1e-3, 1e-2; then fit ten samples by heart.

    ## References
    - Mann (1945), Nonparametric Tests Against Trend
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §11.5 (debugging strategies)
    """

    code: ClassVar[str] = "UNF302"
    cause: ClassVar[Cause] = Cause.UNDERFITTING

    least_constant: int = 3
    """Three equal losses: a loss that moves at all changes in its seven digits every epoch."""
    least_noisy: int = 10
    """Fewer noisy points can't show that nothing moved: Kendall's test misses one real trend in five below ten
    points."""
    alpha: float = 0.01
    """Error rate of the trend test; that of calling a slow run still is what the ten points are for."""
    least_noise: float = 3.0
    """A rise by as many standard deviations of the noise is a movement, if a bad one."""
    good_kappa: float = 0.2
    """More than slight agreement (Landis & Koch 1977), as for UNF301: a run that begins there had learnt before."""
    good_score: float = 0.55
    """The same where guessing is unknown: better than a coin toss by five points."""
    certainty_constant: float = 0.95
    """Equal numbers are a fact; left are logs that repeat one value."""
    certainty_noisy: float = 0.6
    """Left are trainings resumed after they had converged, and losses without a downward direction (adversarial)."""

    def check(
        self,
        history: History,
        context: Context,
        logged_train_loss: Curve,
        train_movement: Movement,
        val_movement: Movement | None = None,
        train_skill: Skill | None = None,
        val_skill: Skill | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Ask whether the loss moved, and whether anything else did."""
        move = train_movement
        if move.n < self.least_constant:
            raise NotEnoughEvidence(
                f"the training loss has {move.n} points; {self.least_constant} show whether it moves",
                "train at least three epochs",
            )
        if move.has_improved(self.alpha) or (val_movement is not None and val_movement.has_improved(self.alpha)):
            yield Passed(f"the training loss fell from {move.start:.4g} to {move.end:.4g}")
            return
        if not move.is_constant and move.gain < -self.least_noise * move.sigma:
            yield NotApplicable("the training loss rose: INS503 speaks of it")
            return
        if any(skill is not None and self._is_good(skill) for skill in (train_skill, val_skill)):
            yield Passed("the loss stands, but the score is good from the start: it had converged before", EXPLAINED)
            return
        if not move.is_constant and (move.n < self.least_noisy or context.pretrained):
            yield Passed(
                f"the training loss has not fallen beyond its noise ({move.sigma:.2g}) in {move.n} points",
                OPEN,
                "train ten epochs, or log a training score",
            )
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR if move.is_constant else Severity.WARNING,
            self.certainty_constant if move.is_constant else self.certainty_noisy,
            f"the training loss stayed at {move.start:.6g} for {move.n} points"
            if move.is_constant
            else f"the training loss shows no fall in {move.n} points: from {move.start:.6g} to {move.end:.6g}, with a "
            f"noise of {move.sigma:.2g} a point",
            (
                Measured(
                    "fall of the training loss",
                    move.gain,
                    "loss",
                    limit=self.least_noise * move.sigma,
                    exceeds="below",
                    limit_reason="three standard deviations of its noise",
                ),
                Measured(
                    "p-value of no falling trend", move.p_trend, "", limit=self.alpha, limit_reason="Mann-Kendall"
                ),
            ),
            (
                Where("epochs", float(logged_train_loss.steps[0]), history.last_step),
                Where("curves", names=(logged_train_loss.name,)),
            ),
            Figure("curves", (logged_train_loss.name,), caption="The training loss never moves."),
        )

    def _is_good(self, skill: Skill) -> bool:
        return skill.kappa > self.good_kappa if skill.kappa is not None else skill.movement.end > self.good_score
