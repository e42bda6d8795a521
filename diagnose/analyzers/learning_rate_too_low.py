"""LRN602: the learning rate is too low."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.chance import Skill
from diagnose.measures.movement import Movement
from diagnose.measures.pace import Pace
from diagnose.measures.progress import Progress
from diagnose.run import Context, Curve, History
from diagnose.stats.extrapolate import Extrapolation


@dataclass(frozen=True)
class LearningRateTooLow:
    """The learning rate is too low.

    ## What it detects
    A training loss that does not move at all, or that falls slowly on a straight line through a long run, with most
    of the way still before it.

    ## Why it matters
    Time is spent at a tenth of the possible speed; the run looks like a weak model or like one stopped too early.

    ## The evidence
    For the first: equal losses to the precision of single floats. For the second: the fall in the second half of the
    run over that in the first. A loss on its way to a level decays: a run of one half-life or more has a ratio below
    0.7, of two below a half. It counts in long runs only (a short one was stopped too early, UTR401), while training
    and validation still improve, and not where the score has come more than half of its way.

    ## What to do
    Multiply the learning rate by 10 and watch the first epochs; a range test over a few hundred steps finds the
    largest rate that still falls. Where nothing moves at all, check first that gradients reach the weights.

    ## References
    - Smith (2017), Cyclical Learning Rates for Training Neural Networks (the range test)
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §11.4.1
    """

    code: ClassVar[str] = "LRN602"
    cause: ClassVar[Cause] = Cause.LEARNING_RATE

    least_constant: int = 3
    """Three equal losses, as for UNF302."""
    least_points: int = 20
    """A run this long at a sensible rate has passed several half-lives; a shorter one may just have been stopped."""
    least_straightness: float = 0.7
    """One half-life of an exponential decay in the whole run gives 2^-0.5: a run above has not covered even that."""
    most_of_the_way: float = 0.5
    """A score that came more than half of its way to perfect is not stuck for want of speed."""
    least_noise: float = 10.0
    """The whole fall in standard deviations: a line must be seen before it can be called straight."""
    alpha: float = 0.01
    """Error rate of the trend test of the validation loss."""
    least_progress: float = 0.5
    """Probability that more training would help (UTR401): more likely than not."""
    certainty_constant: float = 0.6
    """Nothing moves: a rate near zero, or gradients that reach no weight (PRG901)."""
    certainty_score: float = 0.7
    """Straight and slow, and the score has hardly moved."""
    certainty_loss: float = 0.5
    """Straight and slow by the loss alone, which has no absolute level."""

    def check(
        self,
        history: History,
        context: Context,
        logged_train_loss: Curve,
        train_movement: Movement,
        pace: Pace | None = None,
        progress: Progress | None = None,
        val_movement: Movement | None = None,
        train_skill: Skill | None = None,
        more_training: Extrapolation | None = None,
    ) -> Iterator[Finding | Passed]:
        """Look for a loss that stands, then for a straight and slow one."""
        move = train_movement
        rate = "" if context.learning_rate is None else f" at a learning rate of {context.learning_rate:.3g}"
        if move.n < self.least_constant:
            raise NotEnoughEvidence(f"the training loss has {move.n} points", "train at least three epochs")
        if move.is_constant:
            yield self._stands(move, logged_train_loss, rate)
            return
        if pace is None or move.n < self.least_points or history.unit != "epoch":
            yield Passed(f"the training loss moves; {move.n} points are too few to call its pace slow")
            return
        come = self._come(train_skill)
        slow = pace.straightness >= self.least_straightness and pace.in_noise > self.least_noise
        val_improves = val_movement is None or val_movement.has_improved(self.alpha)
        if not slow or not val_improves or progress is None or progress.probability < self.least_progress:
            yield Passed(f"the second half of the run brought {pace.straightness:.0%} of the first half's fall", ABSENT)
        elif come is not None and come > self.most_of_the_way:
            yield Passed(f"the loss falls straight, but the score came {come:.0%} of its way", ABSENT)
        else:
            yield self._slow(pace, logged_train_loss, come, more_training, rate)

    def _stands(self, move: Movement, curve: Curve, rate: str) -> Finding:
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty_constant,
            f"the training loss stands at {move.start:.6g} for {move.n} points{rate}: a rate near zero, or "
            f"weights that no gradient reaches",
            (
                Measured(
                    "highest minus lowest loss",
                    move.spread,
                    "loss",
                    limit=0.0,
                    exceeds="below",
                    limit_reason="equal to the precision of single floats",
                ),
            ),
            _where(curve),
            Figure("curves", (curve.name,), caption="The training loss stands."),
        )

    def _slow(self, pace: Pace, curve: Curve, come: float | None, more: Extrapolation | None, rate: str) -> Finding:
        gain = (
            ()
            if more is None
            else (
                Measured(
                    "expected fall of the validation loss",
                    more.gain,
                    "loss",
                    more.low,
                    more.high,
                    effect=True,
                ),
            )
        )
        return Finding(
            self.code,
            self.cause,
            Severity.INFO if come is None else Severity.WARNING,
            self.certainty_loss if come is None else self.certainty_score,
            f"the training loss fell on a nearly straight line (second half {pace.straightness:.0%} of the first)"
            + (f", and the training score came {come:.0%} of its way" if come is not None else "")
            + rate,
            (
                Measured(
                    "fall in the second half over the first",
                    pace.straightness,
                    "ratio",
                    limit=self.least_straightness,
                    limit_reason="one half-life in the whole run",
                ),
                Measured(
                    "score's share of its way to perfect",
                    come,
                    "share",
                    limit=self.most_of_the_way,
                    exceeds="below",
                    limit_reason="not stuck for want of speed",
                ),
                *gain,
            ),
            _where(curve),
            Figure(
                "curves",
                (curve.name,),
                (Mark("span", "whole run", float(curve.steps[0]), float(curve.steps[-1])),),
                caption="Slow and straight.",
            ),
        )

    @staticmethod
    def _come(skill: Skill | None) -> float | None:
        """Return the share of the way from the first score to a perfect one."""
        if skill is None or skill.movement.start >= 1:
            return None
        return max((skill.movement.end - skill.movement.start) / (1 - skill.movement.start), 0.0)


def _where(curve: Curve) -> tuple[Where, ...]:
    return (Where("epochs", float(curve.steps[0]), float(curve.steps[-1])), Where("curves", names=(curve.name,)))
