"""UNF301: training itself ended at a poor score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import CONTRADICTED, EXPLAINED, OPEN, NotApplicable, Passed
from diagnose.finding import LIKELY, Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.chance import Skill
from diagnose.measures.progress import Progress
from diagnose.measures.stability import NonFinite
from diagnose.run import History


@dataclass(frozen=True)
class PoorTrainingScore:
    """Training itself ended at a poor score.

    ## What it detects
    A training accuracy (AUC, R²) that has levelled off near the level of guessing, or near where it began.

    ## Why it matters
    A model that can't fit its training data has nothing to generalise: regularisation and more data make it worse, and
    validation can only be as bad.

    ## The evidence
    Where the number of classes is known: the share of what guessing leaves that was learnt, (score - chance) / (1 -
    chance). Where it is not: the whole gain in score points together with a level at which errors are at least as
    many as correct answers. Validation must be as poor: augmentation and dropout can press the training score alone.
    A score that still improves is undertraining (UTR401). A loss alone has no absolute level and can't be judged.

    ## What to do
    First fit ten samples by heart: if that fails, the program is at fault (labels, loss, learning rate, frozen
    layers). Then a larger model or better inputs, less regularisation, a higher or lower learning rate.

    ## References
    - Cohen (1960), A Coefficient of Agreement for Nominal Scales (the chance-corrected score)
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §5.2 and §11.5 (debugging: fit a tiny data set)
    """

    code: ClassVar[str] = "UNF301"
    cause: ClassVar[Cause] = Cause.UNDERFITTING

    least_points: int = 4
    """Fewer can't have levelled off."""
    least_kappa: float = 0.2
    """A fifth of what guessing leaves: all that Landis & Koch (1977) call slight agreement."""
    fair_kappa: float = 0.4
    """All that Landis & Koch call fair agreement: poor on most tasks, respectable on hard ones of many classes."""
    good_kappa: float = 0.5
    """Half of what guessing leaves was learnt: a training that gets there is not poor, whatever the task."""
    least_gain: float = 0.05
    """Five points of accuracy over the whole run: what a first epoch brings in almost any run that learns."""
    coin_toss: float = 0.55
    """With unknown classes, a level that two classes reach by guessing, and five points."""
    certainty_known: float = 0.85
    """With the chance level known, left are tasks in which nothing more can be learnt."""
    certainty_fair: float = 0.55
    """Barely more likely than not: how hard the task is can't be seen."""
    certainty_unknown: float = 0.75
    """Without it, left as well are tasks of many classes where such a level is respectable."""

    def check(
        self,
        history: History,
        train_skill: Skill,
        non_finite: tuple[NonFinite, ...],
        val_skill: Skill | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the level with guessing and the gain with five points."""
        skill, move = train_skill, train_skill.movement
        levels = f"{skill.name} went from {move.start:.3g} to {move.end:.3g}"
        if any(lost.last_is and lost.split == "train" and "loss" in lost.quantity for lost in non_finite):
            yield NotApplicable("training was lost to NaN: its last score says nothing of what the model can fit")
            return
        if move.n < self.least_points:
            yield Passed(f"{levels} in {move.n} points: too few to have levelled off")
            return
        if not self.is_poor(skill) or (val_skill is not None and not self.is_poor(val_skill)):
            good = not self.is_poor(skill) and (skill.kappa is None or skill.kappa > self.good_kappa)
            yield Passed(levels, CONTRADICTED if good else EXPLAINED)
            return
        if progress is not None and progress.probability >= LIKELY and move.has_improved(0.01):
            yield Passed(f"{levels} and still improves: too short a training, not too weak a model", OPEN)
            return
        known = skill.kappa is not None
        fair = skill.kappa is not None and skill.kappa >= self.least_kappa
        chance = f"guessing gives {skill.chance:.3g}" if known else "most answers are wrong and little was gained"
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR if known and not fair else Severity.WARNING,
            self.certainty_fair if fair else self.certainty_known if known else self.certainty_unknown,
            f"{levels} over {move.n} points; {chance}{self._held_out(val_skill)}",
            (
                Measured(
                    "gain in the training score",
                    abs(move.end - move.start),
                    "points",
                    limit=self.least_gain,
                    exceeds="below",
                    limit_reason="what a first epoch brings in a run that learns",
                ),
                Measured(
                    "share learnt of what guessing leaves",
                    skill.kappa,
                    "share",
                    limit=self.fair_kappa,
                    exceeds="below",
                    limit_reason="fair agreement at most (Landis & Koch 1977)",
                ),
            ),
            (Where("epochs", 0.0, history.last_step), Where("curves", names=(skill.name,))),
            Figure("curves", (skill.name,), caption="The training score stays poor."),
        )

    def _held_out(self, val: Skill | None) -> str:
        """Say where validation stays at guessing too: then no signal was learnt that could carry over."""
        if val is None or val.kappa is None or val.kappa >= self.least_kappa:
            return ""
        return f", and {val.name} ends at {val.movement.end:.3g}: no signal was found that could be learnt"

    def is_poor(self, skill: Skill) -> bool:
        """Near guessing, or, where guessing is unknown, low and hardly moved."""
        if skill.kappa is not None:
            return skill.kappa < self.fair_kappa
        return skill.movement.end <= self.coin_toss and skill.movement.gain < self.least_gain
