"""Whether a recorded training learns: what it came to against its start, and against the best constant answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from diagnose.data import FloatArray
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.chance import Skill
from diagnose.model_card import ModelCard
from diagnose.recording import LabelFacts, Recording
from diagnose.run import Context, History

CLASSES = ("categorical_crossentropy", "sparse_categorical_crossentropy", "negative_log_likelihood")
LEAST_SKILL, LEAST_FALL = 0.15, 0.2
"""Learnt: a seventh of what guessing costs is gone, or a fifth of the first loss where guessing has no known cost."""
STUCK_SKILL, STUCK_FALL = 0.05, 0.05
"""Nothing learnt: as for the usual 5 % error, a loss within 5 % of guessing's."""
LEAST_ERRORS = 3.0
"""Standard errors that a fall must exceed to be one: an error rate of 0.1 %."""
MEDIAN_ERROR = 1.2533
"""Standard error of a median over that of a mean, of normal values: sqrt(π / 2)."""
LOST = 3.0
"""A loss above three times that of guessing is no learner's: it is surely wrong of itself."""
LEAST_KAPPA = 0.2
"""Beyond slight agreement (Landis & Koch 1977), as for UNF301."""


@dataclass(frozen=True)
class Learning:
    """The training loss from the first steps to the last.

    Attributes
    ----------
    n, steps
        Losses that are known, and optimizer steps behind them.
    first, start, end, best
        The first loss, medians of the first and of the last losses, and the lowest of the medians between.
    guessing
        The loss of the best constant answer; None where it is unknown.
    fall
        Share of the start that is gone; negative where it rose.
    errors
        The fall in standard errors of the two medians, from the noise at the end.
    noise
        Standard deviation of single losses around their level at the end.
    kappa
        Of the training score against guessing; None where it is unknown.
    is_lost
        Whether losses end in what is no finite number.
    """

    n: int
    steps: float
    first: float
    start: float
    end: float
    best: float
    guessing: float | None
    fall: float
    errors: float
    noise: float
    kappa: float | None
    is_lost: bool

    @property
    def skill(self) -> float | None:
        """Share of guessing's loss that is gone at the end."""
        return None if self.guessing is None else 1 - self.end / self.guessing

    @property
    def has_learnt(self) -> bool:
        """Whether something was learnt that still holds at the end."""
        if self.is_lost:
            return False
        if self.kappa is not None and self.kappa >= LEAST_KAPPA:
            return True
        if self.skill is not None:
            return self.skill >= LEAST_SKILL
        return self.fall >= LEAST_FALL and self.errors >= LEAST_ERRORS

    @property
    def is_stuck(self) -> bool:
        """Whether nothing was learnt: a loss at guessing, or one that did not fall."""
        if self.is_lost or (self.kappa is not None and self.kappa >= LEAST_KAPPA):
            return self.is_lost
        if self.skill is not None:
            return self.skill < STUCK_SKILL
        return self.fall < STUCK_FALL or self.errors < LEAST_ERRORS

    @property
    def has_diverged(self) -> bool:
        """Whether the loss ends far above guessing, or above its own start where that is unknown."""
        if self.is_lost:
            return True
        if self.guessing is not None and self.guessing > 0:
            return self.end > LOST * self.guessing
        return self.start > 0 and self.fall < 1 - LOST and -self.errors > LEAST_ERRORS

    @property
    def words(self) -> str:
        """The state in a clause."""
        if self.is_lost:
            return "the training loss ends in what is no number"
        guess = "" if self.guessing is None else f", guessing costs {self.guessing:.3g}"
        return f"the training loss went from {self.start:.3g} to {self.end:.3g} in {self.steps:.0f} steps{guess}"


def live_learning(
    recording: Recording, history: History, context: Context, train_skill: Skill | None = None
) -> Learning:
    """Measure the recorded batch losses, or the logged training loss where none were recorded.

    Raises
    ------
    NotEnoughEvidence
        Fewer than three training losses are known.
    """
    steps, values = _losses(recording, history)
    is_lost = not bool(np.isfinite(values[-1:]).all())
    last, finite = float(steps[-1]), np.isfinite(values)
    values = values[finite]
    if is_lost and not len(values):
        values = np.array([np.nan])
    if len(values) < 3 and not is_lost:
        raise NotEnoughEvidence(f"{len(values)} finite training losses are known", "train for a few epochs")
    few, many = min(5, max(1, len(values) // 10)), max(1, min(len(values) // 5, 50))
    start, end = float(np.median(values[:few])), float(np.median(values[-many:]))
    noise = _deviation(values[-max(many, 3) :])
    # if nothing was learnt, the start is as noisy as the end; if much was, the first losses fall and are no noise
    error = MEDIAN_ERROR * noise * math.sqrt(1 / few + 1 / many)
    kept = len(values) // many * many
    return Learning(
        n=len(values),
        steps=last,
        first=float(values[0]),
        start=start,
        end=end,
        best=float(np.median(values[-kept:].reshape(-1, many), axis=1).min()),
        guessing=_guessing(recording, context),
        fall=(start - end) / abs(start) if start else 0.0,
        errors=(start - end) / error if error > 0 else math.copysign(math.inf, start - end) if start != end else 0.0,
        noise=noise,
        kappa=None if train_skill is None else train_skill.kappa,
        is_lost=is_lost,
    )


def _losses(recording: Recording, history: History) -> tuple[FloatArray, FloatArray]:
    found = recording.batch_losses
    curve = history.find("train", "loss")
    if (
        found is not None
        and len(found.values)
        and (len(found.values) >= 10 or curve is None or len(curve) < len(found.values))
    ):
        return found.steps, found.values
    if curve is None or not len(curve):
        raise NotEnoughEvidence("no training loss was recorded or logged", "log the training loss every epoch")
    return curve.steps, curve.values


def _deviation(values: FloatArray) -> float:
    """Return the standard deviation around a level that drifts, from differences of neighbours."""
    return float(np.sqrt(np.mean(np.diff(values) ** 2) / 2)) if len(values) > 1 else 0.0


def _guessing(recording: Recording, context: Context) -> float | None:
    card = recording.stages[-1].card if recording.stages else None
    if card is None or card.loss is None or card.n_outputs != 1:
        return None
    settings = card.loss.settings
    if settings.get("reduction") in ("sum", "none") or settings.get("class_weights"):
        return None
    return guessing(card, recording.labels_of("train"), context.n_classes)


def guessing(card: ModelCard, labels: LabelFacts | None, n_classes: int | None = None) -> float | None:
    """Return what the best constant answer costs under a model's loss; None where that can't be told.

    Examples
    --------
    >>> from diagnose.model_card import LossCard
    >>> round(guessing(ModelCard("m", "torch", output_width=10, loss=LossCard(CLASSES[0])), None), 3)
    2.303
    """
    name = "" if card.loss is None else card.loss.name
    if name in CLASSES:
        counts = np.array(list(labels.counts.values()), dtype=float) if labels is not None else np.array([])
        if (counts > 0).sum() > 1:
            share = counts[counts > 0] / counts.sum()
            return float(-(share * np.log(share)).sum())
        classes = card.output_width or n_classes or 0
        return math.log(classes) if classes > 1 else None
    if name == "binary_crossentropy" and card.output_width == 1:
        share_of_one = labels.mean if labels is not None and 0 < labels.mean < 1 else 0.5
        return -share_of_one * math.log(share_of_one) - (1 - share_of_one) * math.log(1 - share_of_one)
    if name == "mean_squared_error" and labels is not None and labels.std > 0 and card.output_width == 1:
        return labels.std**2
    return None
