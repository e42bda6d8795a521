"""The case to be treated: verdicts, findings, measurements and known hyperparameters, as the families ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from diagnose.data import Split, SplitName
from diagnose.differential import main_cause
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import LIKELY, Cause, Finding, Level, Severity, Verdict
from diagnose.measurements import Measurements
from diagnose.remedies.symptoms import (
    BROKEN_LAYERS,
    DIVERGED,
    LOSS_STANDS,
    MEMORISED,
    MISMATCHED,
    NOTHING_LEARNT,
    RATE_TOO_LOW,
    STEPS_TOO_SMALL,
)
from diagnose.remedies.wording import Verbatim, four_digits
from diagnose.run import Context, Curve, History, Run

Made = TypeVar("Made")
BOOSTERS = frozenset({"xgboost", "lightgbm", "catboost"})
CLASSIFIER_SCORES = frozenset({"accuracy", "balanced_accuracy", "f1", "top1", "top5", "precision", "recall", "auc"})
"""Scores of a classifier: what can hold while its probabilities get worse."""
GIVEN = "given by you"
ACTED_ON = (Level.CONFIRMED, Level.LIKELY)
CALM = 0.5
"""Training counts as calm where it is less than half as rough as validation."""
FEW_SAMPLES = 30
"""As for EVA901: below, the 95 % interval of a score near a half is wider than a third of the scale."""
IMPROVED = 2.0
"""Standard deviations of one point: less is what two draws of the same score differ by."""
SLIGHT = 0.2
"""Up to slight agreement (Landis & Koch 1977) a score stands at guessing, as for UNF301."""
TURN_ALPHA = 0.05
"""The usual error rate: a turn of the validation loss counts below this p-value."""


@dataclass(frozen=True)
class Unit:
    """A column of a split is ``factor`` times training's, plus ``offset``; ``left`` is the distance without them."""

    name: str
    split: SplitName
    factor: float
    offset: float
    before: float
    left: float
    words: str
    is_computed: bool


@dataclass(frozen=True, eq=False)
class Case:
    """What the families of remedies look at."""

    verdicts: Mapping[Cause, Verdict]
    findings: Sequence[Finding]
    measurements: Measurements
    folder: str = ""
    """Where files of rows are written; empty where none are."""

    def measure(self, name: str) -> Any:
        """One measure, or None where this run does not allow it."""
        try:
            return self.measurements.get(name)
        except NotEnoughEvidence:
            return None

    def computed(self, measure: Callable[..., Made]) -> Made | None:
        """Compute a measure that only remedies ask for; None where this run does not allow it."""
        try:
            return measure(**self.measurements.arguments(measure))
        except NotEnoughEvidence:
            return None

    def rows_of(self, name: SplitName) -> Split | None:
        """One split of the data, or None where its rows are not at hand."""
        split: Split | None = self.measure(f"{name}_split")
        return split

    @cached_property
    def held_out(self) -> tuple[Split, ...]:
        """The held-out splits at hand."""
        return tuple(self.measure("held_out") or ())

    @cached_property
    def data_are_at_hand(self) -> bool:
        """Whether rows of training and of a held-out split were examined, so that nothing has to be looked for."""
        return self.rows_of("train") is not None and bool(self.held_out)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """The columns that are in another unit in a held-out split: faults of preparation.

        What was computed of images or texts is another world where it is rescaled (darker images), but for pixels of 0
        to 255 against 0 to 1.
        """
        facts, train = self.measure("column_facts"), self.rows_of("train")
        if facts is None or train is None or not self.shows(MISMATCHED):
            return ()
        made = {column.name for column in train.columns if column.made_of}
        return tuple(
            Unit(
                name, split, four_digits(unit.factor), four_digits(unit.offset), unit.before, unit.distance,
                unit.words, is_computed=name in made,
            )
            for name, split, unit in facts.units
        )  # fmt: skip

    @cached_property
    def is_prepared_otherwise(self) -> bool:
        """Whether columns are in another unit or of another kind: nothing else of a shift is known before."""
        facts = self.measure("column_facts")
        return facts is not None and self.shows(MISMATCHED) and bool(self.units or facts.kinds)

    @cached_property
    def main(self) -> str:
        """The cause that the diagnosis names first."""
        return main_cause(self.verdicts, self.findings)

    @property
    def run(self) -> Run:
        """All the evidence."""
        run: Run = self.measurements.get("run")
        return run

    @property
    def context(self) -> Context:
        """What is known beside the curves."""
        return self.run.context

    @property
    def history(self) -> History:
        """The curves."""
        return self.run.history

    @property
    def unit(self) -> str:
        """What steps count, in the words of the field: rounds where the model is boosted."""
        return "round" if self.is_boosted and self.history.unit == "iteration" else self.history.unit

    def whole(self, step: float, curve: Curve) -> float:
        """Return the step, for boosted trees the logged round nearest to it: there is no half of a tree."""
        if not self.is_boosted or not len(curve):
            return step
        return float(round(float(curve.steps[int(np.argmin(np.abs(curve.steps - step)))])))

    def acts_on(self, cause: Cause) -> bool:
        """Whether the verdict on a cause calls for a remedy: at least likely."""
        verdict = self.verdicts.get(cause)
        return verdict is not None and verdict.level in ACTED_ON

    def found(self, code: str) -> Finding | None:
        """Return the finding of that code on which the verdict rests, or None; a mere remark is none."""
        return next(
            (
                f
                for f in self.findings
                if f.code == code and f.severity is not Severity.INFO and f.probability >= LIKELY
            ),
            None,
        )

    def mentions(self, *codes: str) -> Finding | None:
        """Return the first finding of these codes, a mere remark and an undecided one too; or None."""
        return next((f for f in self.findings if f.code in codes), None)

    def blames(self, *causes: Cause) -> Finding | None:
        """Return the first finding that makes one of the causes likely, or None."""
        return next((f for f in self.findings if f.cause in causes and f.probability >= LIKELY), None)

    def shows(self, code: str) -> bool:
        """Whether that finding was made and the verdict on its cause agrees."""
        finding = self.found(code)
        return finding is not None and self.acts_on(finding.cause)

    @cached_property
    def n_val(self) -> int | None:
        """Validation samples: given, read off the steps of a score, or the rows of the data."""
        sampling, rows = self.measure("sampling"), self.rows_of("val")
        known = self.context.n_val if sampling is None else int(sampling.n)
        return rows.n if known is None and rows is not None else known

    @property
    def is_measured_coarsely(self) -> bool:
        """Whether validation has so few samples that the noise between epochs says little of its error."""
        return self.n_val is not None and self.n_val < FEW_SAMPLES

    @cached_property
    def stands_still(self) -> bool:
        """Whether the training loss is the same number at every point."""
        move = self.measure("train_movement")
        return move is not None and bool(move.is_constant)

    @cached_property
    def has_learnt_nothing(self) -> bool:
        """Whether training never moved or its score stands at guessing: no size of the model is in question yet."""
        if self.stands_still or self.mentions(NOTHING_LEARNT, LOSS_STANDS) or self.fails_in_layers:
            return True
        skill = self.measure("train_skill")
        return skill is not None and skill.kappa is not None and skill.kappa < SLIGHT

    @cached_property
    def fails_in_layers(self) -> bool:
        """Whether the layers themselves were seen to fail: no setting but theirs is in question yet."""
        return any(self.found(code) is not None for code in BROKEN_LAYERS)

    @cached_property
    def has_broken_data(self) -> bool:
        """Whether the first value that is no number came with the data: no step can be blamed for it."""
        recording = self.run.recording
        origin = None if recording is None else recording.non_finite
        return origin is not None and origin.kind in ("input", "label")

    @cached_property
    def hardly_moves(self) -> bool:
        """Whether a finding says that steps are too small or missing: a lower rate can only make that worse."""
        return self.mentions(NOTHING_LEARNT, RATE_TOO_LOW, STEPS_TOO_SMALL) is not None

    @cached_property
    def only_validation_is_rough(self) -> bool:
        """Whether the instability is a matter of measuring: training is calm, validation jumps."""
        if any(self.shows(code) for code in DIVERGED):
            return False
        train, val = self.measure("train_roughness"), self.measure("val_roughness")
        return (
            train is not None and val is not None and not len(train.spikes) and train.deviation < CALM * val.deviation
        )

    @property
    def framework(self) -> str | None:
        """The user's framework; a guess from column names is none where rounds are counted."""
        return None if self._counts_rounds else self.context.framework

    @property
    def dialect(self) -> str | None:
        """The framework, with scikit-learn's boosters told from its networks: their settings have other names."""
        if self.framework != "sklearn":
            return self.framework
        formats = " ".join((*(source.format for source in self.run.sources), str(self.context.other.get("estimator"))))
        if "HistGradientBoosting" in formats:
            return "sklearn_hist"
        return "sklearn_boosting" if "GradientBoosting" in formats else "sklearn"

    @property
    def is_boosted(self) -> bool:
        """Whether the model is a sum of trees: it has rounds instead of epochs, and no dropout or weight decay."""
        named = self.framework in BOOSTERS or self.dialect in ("sklearn_hist", "sklearn_boosting")
        return named or self._counts_rounds

    @property
    def _counts_rounds(self) -> bool:
        """Whether steps are iterations of no known framework, as on a booster's console."""
        guessed = self.context.origins.get("framework", "").startswith("guessed")
        unnamed = self.context.framework is None or guessed
        return unnamed and self.history.unit == "iteration" and not self._is_network

    @property
    def _is_network(self) -> bool:
        """Whether something is known that only networks have, or that only they log."""
        known, history = self.context, self.history
        settings = (
            known.optimizer,
            known.batch_size,
            known.dropout,
            known.weight_decay,
            known.warmup,
            known.pretrained,
        )
        logged = history.learning_rate is not None or any("grad" in curve.name.lower() for curve in history.extra)
        return logged or any(setting is not None for setting in settings)

    @property
    def optimizer(self) -> str:
        """``"sgd"``, ``"adamw"``, ``"adam"`` or, where unknown or another one, an empty text."""
        name = (self.context.optimizer or "").lower()
        return next((known for known in ("adamw", "adam", "sgd") if name.startswith(known)), "")

    @property
    def optimizer_class(self) -> Verbatim:
        """The class of the user's optimizer in PyTorch and Keras; AdamW where it is unknown."""
        return Verbatim({"sgd": "SGD", "adam": "Adam"}.get(self.optimizer, "AdamW"))

    @cached_property
    def learning_rate(self) -> float | None:
        """The rate that was given, else the higher of the logged schedule's peak and what was found beside the log."""
        logged = self.history.learning_rate
        if self.context.origins.get("learning_rate") == GIVEN or logged is None or not len(logged.finite):
            return self.context.learning_rate or None
        return max(float(np.max(logged.finite.values)), self.context.learning_rate or 0.0) or None

    @property
    def has_decayed(self) -> bool:
        """Whether the logged rate ended below a tenth of its peak: a run resumed there would hardly move."""
        logged = self.history.learning_rate
        rates = logged.finite.values if logged is not None else np.array([])
        return bool(len(rates) > 1 and rates[-1] < 0.1 * rates.max())

    @cached_property
    def turned(self) -> bool:
        """Whether the validation loss turned up beyond its noise."""
        turn = self.measure("turning_point")
        return turn is not None and turn.p_value <= TURN_ALPHA

    @cached_property
    def never_improved(self) -> bool:
        """Whether the validation loss was best at its first evaluation: what training learnt never carried over."""
        loss = self.measure("val_loss_trend")
        return loss is not None and self.turned and loss.shape.turn == 0

    @cached_property
    def is_overconfident(self) -> bool:
        """Whether the decisions improved while the loss rose: the probabilities got worse, not the classifier."""
        since = self.measure("score_since_turn")
        if not self.turned or since is None or self.found(MEMORISED):
            return False
        improved = bool(since.improvement > max(IMPROVED * since.noise, 0.0))
        return improved and self.measure("val_score").quantity in CLASSIFIER_SCORES
