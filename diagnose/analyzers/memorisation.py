"""OVF103: training is near perfect while validation is near guessing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.chance import Skill, wilson
from diagnose.run import Context, History


@dataclass(frozen=True)
class Memorisation:
    """Training is near perfect while validation is near guessing.

    ## What it detects
    A training accuracy close to one, or on its way up, beside a validation accuracy that can't be told from guessing:
    what training learns does not carry over.

    ## Why it matters
    The model knows the training samples by heart and nothing of the task. Either the inputs carry no signal about the
    labels, or the labels are wrong (shuffled against the inputs), or validation is prepared in another way than
    training.

    ## The evidence
    Guessing is one over the number of classes where it is given. Validation counts as guessing where Wilson's 95 %
    interval, from the number of validation samples, includes that level, or, without that number, where a tenth or
    less of what guessing leaves was learnt. Where the classes are unknown: a validation accuracy that never rose by
    five points and ends no better than a coin toss. Training that is only on its way up counts where both numbers of
    samples are known: its own interval must lie above guessing, and validation must never have left it.

    ## What to do
    Look at twenty training samples with their labels; check that inputs and labels are shuffled together and that
    both splits pass the same preprocessing. Then compare with shuffled labels: equal curves mean that there is no
    signal.

    ## References
    - Zhang, Bengio, Hardt, Recht & Vinyals (2017), Understanding deep learning requires rethinking generalization
    - Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference
    """

    code: ClassVar[str] = "OVF103"
    cause: ClassVar[Cause] = Cause.OVERFITTING

    least_training: float = 0.9
    """Training's share of what guessing leaves (the score itself where guessing is unknown): nine in ten known by
    heart."""
    least_on_its_way: float = 0.1
    """Share of what guessing leaves that training has learnt, where validation, by known numbers of samples, never left
    guessing: as much as ``most_kappa`` lets pass for guessing."""
    least_points: int = 5
    """The first epochs of a good run may stay at guessing on both sides."""
    most_kappa: float = 0.1
    """A tenth of what guessing leaves, half of slight agreement (Landis & Koch 1977); used where the number of
    validation samples is unknown."""
    coin_toss: float = 0.55
    """As for UNF301: what two classes reach by guessing, and five points."""
    least_gain: float = 0.05
    """Five points of validation accuracy, as for UNF301."""
    certainty_known: float = 0.95
    """Both levels are compared with a known one; left is a validation set of other labels (a shift)."""
    certainty_on_its_way: float = 0.88
    """Training learns and validation does not in five epochs or more: not confirmed, as tasks whose rule is found late
    (grokking) and validation data of another kind are left."""
    certainty_unknown: float = 0.75
    """Many classes may make such a level respectable."""

    def check(
        self, history: History, context: Context, train_skill: Skill, val_skill: Skill
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare training with perfection and validation with guessing."""
        train, val = train_skill, val_skill
        if train.quantity != val.quantity or train.quantity == "r2":
            yield NotApplicable("training and validation log no accuracy in common")
            return
        learnt = train.movement.end if train.kappa is None else train.kappa
        levels = f"{train.name} ends at {train.movement.end:.3g} and {val.name} at {val.movement.end:.3g}"
        by_heart = learnt >= self.least_training
        if not self._guesses(val, context.n_val) or not (by_heart or self._is_on_its_way(train, val, context)):
            yield Passed(levels)
            return
        known = val.kappa is not None
        limit = self.least_training if by_heart else self.least_on_its_way
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            (self.certainty_known if by_heart else self.certainty_on_its_way) if known else self.certainty_unknown,
            f"{levels}"
            + (f", where guessing gives {val.chance:.3g}" if known else ", where it began")
            + ("" if by_heart else ": what training learns does not carry over, so there may be no signal to learn"),
            (
                Measured(
                    "training, share learnt",
                    learnt,
                    "share",
                    limit=limit,
                    limit_reason="known by heart" if by_heart else "what passes for guessing",
                ),
                Measured(
                    "validation, share of what guessing leaves",
                    val.kappa,
                    "share",
                    limit=self.most_kappa,
                    exceeds="below",
                    limit_reason="half of slight agreement",
                ),
                Measured(
                    "gain in the validation score",
                    val.movement.gain,
                    "points",
                    limit=self.least_gain,
                    exceeds="below",
                    limit_reason="what a first epoch brings in a run that learns",
                ),
            ),
            (Where("epochs", 0.0, history.last_step), Where("curves", names=(train.name, val.name))),
            Figure("curves", (train.name, val.name), caption="Training by heart, validation by guessing."),
        )

    def _is_on_its_way(self, train: Skill, val: Skill, context: Context) -> bool:
        """Whether training surely learns while validation never left guessing, by known numbers of samples."""
        if context.n_train is None or context.n_val is None or train.kappa is None or train.chance is None:
            return False
        surely = wilson(min(max(train.movement.end, 0.0), 1.0), context.n_train)[0] > train.chance
        still = val.movement.n >= self.least_points and val.movement.gain < self.least_gain
        if val.movement.is_constant or train.movement.gain < 2 * self.least_gain:
            return False  # one class is predicted, or the share of the most frequent class explains the level
        return surely and still and train.quantity != "auc" and train.kappa >= self.least_on_its_way

    def _guesses(self, val: Skill, n_val: int | None) -> bool:
        if val.kappa is None or val.chance is None:
            return val.movement.end <= self.coin_toss and val.movement.gain < self.least_gain
        if n_val is None or val.quantity == "auc":
            return val.kappa <= self.most_kappa
        return wilson(min(max(val.movement.end, 0.0), 1.0), n_val)[0] <= val.chance and val.kappa <= 2 * self.most_kappa
