"""INS503: the training loss itself runs away upwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import EXPLAINED, Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.divergence import Divergence
from diagnose.measures.moving_target import is_moving_target
from diagnose.measures.trend import Trend
from diagnose.recording import Recording
from diagnose.run import Curve, History


@dataclass(frozen=True)
class DivergingTraining:
    """The training loss itself runs away upwards.

    ## What it detects
    A training loss that ends far above its best level: most of what had been learnt was lost again, or the loss never
    fell at all and only rose.

    ## Why it matters
    Optimisation, not generalisation, failed: no regulariser helps. The last weights are worse than earlier ones even
    on the data they were fitted to.

    ## The evidence
    The best falling fit of the training loss against the best fall-then-rise fit (as for OVF101, against a flat curve
    as the null); the rise from the best level to the end as a share of the whole height, and in standard deviations of
    the noise. An explosive first epoch hides any later rise in that share; so a rise that gave back all that training
    gained since its median level, and undid half of the way to the best in steps, counts too. All unchanged by the
    loss's scale and shift. A loss whose target changes by design (annealed penalties, a schedule of tasks, adversarial
    losses) rises without a fault.

    ## What to do
    Go back to the weights of the best step; lower the learning rate from there (a factor of 3 to 10), clip the
    gradient norm, and look at the batches just before the turn.

    ## References
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §8.2.4 (cliffs and exploding gradients), §11.4.1 (the
      learning rate)
    - Robertson, Wright & Dykstra (1988), Order Restricted Statistical Inference, ch. 2
    """

    code: ClassVar[str] = "INS503"
    cause: ClassVar[Cause] = Cause.INSTABILITY

    alpha: float = 0.01
    """Error rate of the turning-point test on a flat curve; stricter than for validation, whose turn is common."""
    most_relapse: float = 0.5
    """Half of the height: more than half of what was learnt is lost, so the end is nearer to the start than to the
    best."""
    least_noise: float = 4.0
    """The rise in standard deviations: beyond what the highest of a thousand noisy points reaches (3.3)."""
    grave_giveback: float = 1.0
    """All that was gained from the median level to the best is lost: the end is no better than the median step."""
    grave_setback: float = 0.5
    """Half of the way to the best level, in steps, is undone. Of 1,790 clean AlgoPerf runs, 9 do both."""
    certainty_hidden: float = 0.7
    """Of a rise that shows against the usual gain only."""
    certainty: float = 0.85
    """The rise is tested; left are losses whose target changes by design."""

    def check(
        self,
        history: History,
        divergence: Divergence,
        train_loss: Curve,
        train_loss_trend: Trend,
        recording: Recording | None = None,
    ) -> Iterator[Finding | Passed]:
        """Compare the relapse with its limits."""
        if is_moving_target(recording):
            yield Passed("another network trains in turns with this one: a loss against it may rise", EXPLAINED)
            return
        trend, signs = train_loss_trend, divergence
        relapsed = signs.relapse > self.most_relapse
        giveback = trend.rise / trend.scale if trend.scale > 0 else 0.0
        hidden = giveback >= self.grave_giveback and trend.setback >= self.grave_setback
        if not (relapsed or hidden) or signs.rise_in_noise <= self.least_noise or signs.p_value > self.alpha:
            yield Passed(f"the training loss ends within {signs.relapse:.0%} of its height of its best level")
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR if relapsed else Severity.WARNING,
            self.certainty if relapsed else self.certainty_hidden,
            f"training loss rose from {trend.best:.4g} at {history.unit} {trend.turn:g} to {trend.end:.4g}, "
            f"{signs.relapse:.0%} of its whole height and {giveback:.0%} of what it gained since its median level",
            (
                Measured(
                    "rise from the best level",
                    signs.relapse,
                    "share of the height",
                    limit=self.most_relapse,
                    limit_reason="nearer to the start than to the best",
                    effect=True,
                ),
                Measured(
                    "the same in noise",
                    min(signs.rise_in_noise, 1e6),
                    "standard deviations",
                    limit=self.least_noise,
                    limit_reason="beyond the highest of a thousand noisy points",
                ),
                Measured(
                    "p-value of no turn",
                    signs.p_value,
                    "",
                    limit=self.alpha,
                    exceeds="below",
                    limit_reason="error rate on a flat curve",
                ),
            ),
            (Where("epochs", trend.turn, history.last_step), Where("curves", names=(train_loss.name,))),
            Figure(
                "curves",
                (train_loss.name,),
                (Mark("line", "best training loss", trend.turn),),
                caption="Training itself gets worse.",
            ),
        )
