"""LRN601: the learning rate is too high."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from diagnose.analyzer import ABSENT, OPEN, Passed
from diagnose.analyzers.diverging_training import DivergingTraining
from diagnose.analyzers.poor_training_score import PoorTrainingScore
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import LIKELY, Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.chance import Skill
from diagnose.measures.divergence import Divergence
from diagnose.measures.movement import ACCURACIES, Movement
from diagnose.measures.moving_target import is_moving_target
from diagnose.measures.stability import Instability
from diagnose.measures.trend import Trend
from diagnose.recording import Recording
from diagnose.run import Context, History


class _Sign(NamedTuple):
    probability: float
    claim: str
    evidence: tuple[Measured, ...]


@dataclass(frozen=True)
class LearningRateTooHigh:
    """The learning rate is too high.

    ## What it detects
    What a step too large does to the training loss: it explodes or becomes NaN, rises above where it had been, the
    training score collapses, or the loss falls from a wild start to a plateau on which the score stays at the level
    of guessing.

    ## Why it matters
    No other setting can be judged while the optimiser overshoots. It is also the cheapest fault to mend.

    ## The evidence
    Six signs, each with a probability of its own; the strongest counts. NaN soon after the start; values whose
    squares overflow single precision; a tested rise of the training loss (as for INS503); a tested collapse of the
    training score; a training loss that oscillates (INS502); a loss that fell while both scores stayed at guessing
    and hopped from class to class. All are
    symptoms: unscaled inputs, a loss with log(0) or half precision can cause them at any learning rate, so the
    probabilities stay below certainty. Rough curves alone are INS502. Where a hook saw that the first NaN came with
    the data, out of the loss or on the way back through it (INS505), it speaks for no learning rate.

    ## What to do
    Divide the learning rate by 10 and train a few epochs; if the loss now falls, go up by factors of 2 to 3. Scale
    the inputs to zero mean and unit variance, clip the gradient norm at 1, warm up over the first few hundred steps.

    ## References
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §11.4.1
    - Smith (2017), Cyclical Learning Rates for Training Neural Networks (the range test)
    - Zhang et al. (2021), AUTOTRAINER: An Automatic DNN Training Problem Detection and Repair System
    """

    code: ClassVar[str] = "LRN601"
    cause: ClassVar[Cause] = Cause.LEARNING_RATE

    early_points: int = 3
    """NaN within the first three points, or the first tenth of the run, came with the first steps, at full learning
    rate."""
    early_share: float = 0.1
    """See ``early_points``: the usual length of a warm-up."""
    overflow: float = 1.8e19
    """Square root of the largest single float (3.4e38): squares of such values, which losses and optimisers form, are
    infinite."""
    collapse: float = 0.5
    """Half of the training score's height lost again: nearer to the start than to the best."""
    alpha: float = 0.01
    """Error rate of each trend test."""
    certainty_nan_early: float = 0.7
    """NaN at the start: the learning rate first, then NaN in the inputs, then the loss's own logarithm or division."""
    certainty_nan_late: float = 0.5
    """NaN later: as often precision or one bad batch."""
    certainty_overflow: float = 0.85
    """Finite losses of that size need weights that grew by steps far too large; left are unscaled inputs."""
    certainty_rise: float = 0.65
    """A training loss that rises: the learning rate first, then a target that changes by design."""
    certainty_rough: float = 0.55
    """A training loss that oscillates: the learning rate first, then batches too small or too different."""
    certainty_stuck: float = 0.55
    """A plateau at guessing after a fall: a dead network by large steps, as likely as not labels that can't be
    learnt."""

    def check(
        self,
        history: History,
        context: Context,
        divergence: Divergence,
        train_loss_trend: Trend | None = None,
        train_movement: Movement | None = None,
        train_skill: Skill | None = None,
        val_skill: Skill | None = None,
        train_score_trend: Trend | None = None,
        instability: Instability | None = None,
        recording: Recording | None = None,
    ) -> Iterator[Finding | Passed]:
        """Gather the signs and report the strongest."""
        signs = [
            *(() if _came_otherwise(recording) else self._lost(divergence, history)),
            *self._overflowed(divergence),
            *(() if is_moving_target(recording) else self._rose(divergence)),
            *self._collapsed(train_score_trend, history),
            *self._stuck(train_movement, train_skill, val_skill),
        ]
        rough = instability is not None and instability.probability >= LIKELY
        if rough and instability is not None and instability.split == "train":
            signs.append(self._oscillated(instability))
        if not signs:
            if train_loss_trend is None:
                raise NotEnoughEvidence("no training loss is long enough to show a rise", "log it every epoch")
            yield Passed(
                "the training loss is rough, but neither explodes nor rises"
                if rough
                else "the training loss neither explodes nor rises, and its score moves",
                OPEN if rough else ABSENT,
            )
            return
        strongest = max(signs, key=lambda sign: sign.probability)
        rate = "" if context.learning_rate is None else f" at a learning rate of {context.learning_rate:.3g}"
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR if strongest.probability >= self.certainty_rise else Severity.WARNING,
            strongest.probability,
            "; ".join(sign.claim for sign in signs) + rate,
            tuple(measured for sign in signs for measured in sign.evidence),
            (
                Where("epochs", float(divergence.curve.steps[0]), history.last_step),
                Where("curves", names=(divergence.curve.name,)),
            ),
            Figure(
                "curves", (divergence.curve.name,), log_y=bool(divergence.largest > 1e4), caption="Steps too large."
            ),
        )

    def _lost(self, divergence: Divergence, history: History) -> Iterator[_Sign]:
        if divergence.lost_from is None:
            return
        before = round(divergence.lost_after * len(divergence.curve))
        early = before < self.early_points or divergence.lost_after <= self.early_share
        yield _Sign(
            self.certainty_nan_early if early else self.certainty_nan_late,
            f"{divergence.curve.name} is not a finite number from {history.unit} {divergence.lost_from:g} on",
            (
                Measured(
                    "finite points before",
                    float(before),
                    "points",
                    limit=float(self.early_points),
                    exceeds="below",
                    limit_reason="at full learning rate",
                ),
            ),
        )

    def _overflowed(self, divergence: Divergence) -> Iterator[_Sign]:
        finite = divergence.curve.finite.values
        if divergence.largest > self.overflow and len(finite):
            yield _Sign(
                self.certainty_overflow,
                f"{divergence.curve.name} reached "
                + (
                    "infinity, or more than 1e100"
                    if divergence.largest == float("inf")
                    else f"{divergence.largest:.2g}"
                ),
                (
                    Measured(
                        "largest loss",
                        float(finite.max()),
                        "loss",
                        limit=self.overflow,
                        limit_reason="its square overflows single precision",
                    ),
                ),
            )

    def _rose(self, divergence: Divergence) -> Iterator[_Sign]:
        rule = DivergingTraining()
        if (
            divergence.relapse > rule.most_relapse
            and divergence.rise_in_noise > rule.least_noise
            and divergence.p_value <= rule.alpha
        ):
            yield _Sign(
                self.certainty_rise,
                f"the training loss lost {divergence.relapse:.0%} of its height again",
                (
                    Measured(
                        "rise of the training loss",
                        divergence.relapse,
                        "share of the height",
                        limit=rule.most_relapse,
                        limit_reason="nearer to the start than to the best",
                    ),
                ),
            )

    def _oscillated(self, instability: Instability) -> _Sign:
        return _Sign(
            self.certainty_rough,
            f"the training loss strays from its trend by {instability.roughness.deviation:.0%} of its height",
            (Measured("residuals of the training loss", instability.roughness.deviation, "share of the height"),),
        )

    def _collapsed(self, score: Trend | None, history: History) -> Iterator[_Sign]:
        if score is None or not score.has_learnt:
            return
        is_share = bool(score.cost.min() >= -1 and score.cost.max() <= 0)  # a score is held as its negative
        if is_share and score.gain < PoorTrainingScore().least_gain:
            return
        lost = score.rise / score.gain
        if lost > self.collapse and score.rise > DivergingTraining().least_noise * score.sigma:
            yield _Sign(
                self.certainty_rise,
                f"the training score fell back by {lost:.0%} of its gain after {history.unit} {score.turn:g}",
                (
                    Measured(
                        "training score lost again",
                        min(lost, 10.0),
                        "share of its gain",
                        limit=self.collapse,
                        limit_reason="nearer to the start than to the best",
                    ),
                ),
            )

    def _stuck(self, loss: Movement | None, train: Skill | None, val: Skill | None) -> Iterator[_Sign]:
        rule = PoorTrainingScore()
        if loss is None or train is None or val is None or loss.n < rule.least_points:
            return
        scores = (train, val)
        if any(
            s.quantity not in ACCURACIES or not rule.is_poor(s) or s.movement.has_improved(self.alpha) for s in scores
        ):
            return
        hops = not val.movement.is_constant and val.movement.n >= rule.least_points
        if hops and loss.gain > 0 and (loss.has_improved(self.alpha) or loss.gain > loss.spread / 2):
            yield _Sign(
                self.certainty_stuck,
                f"the training loss fell from {loss.start:.3g} to {loss.end:.3g}, yet {train.name} stays at "
                f"{train.movement.end:.3g}",
                (
                    Measured(
                        "gain in the training score",
                        train.movement.gain,
                        "points",
                        limit=rule.least_gain,
                        exceeds="below",
                        limit_reason="what a first epoch brings in a run that learns",
                    ),
                ),
            )


def _came_otherwise(recording: Recording | None) -> bool:
    """Whether a hook saw the first NaN arise where steps too large make none."""
    origin = recording.non_finite if recording is not None else None
    return origin is not None and origin.kind in ("input", "label", "loss", "gradient")
