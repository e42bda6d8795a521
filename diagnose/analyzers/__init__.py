"""One file a question; each is the whole of it: code, documentation, limits, logic. Registration is the tuple below."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from diagnose.analyzer import Analyzer, Documentation, documentation
from diagnose.analyzers.absent_classes import AbsentClasses
from diagnose.analyzers.best_weights_not_kept import BestWeightsNotKept
from diagnose.analyzers.categories_unseen import CategoriesUnseen
from diagnose.analyzers.changed_labels import ChangedLabels
from diagnose.analyzers.coarse_validation import CoarseValidation
from diagnose.analyzers.columns_mismatched import ColumnsMismatched
from diagnose.analyzers.columns_shifted import ColumnsShifted
from diagnose.analyzers.columns_shifted_jointly import ColumnsShiftedJointly
from diagnose.analyzers.conflicting_labels import ConflictingLabels
from diagnose.analyzers.constant_metric import ConstantMetric
from diagnose.analyzers.copied_rows import CopiedRows
from diagnose.analyzers.costly_shift import CostlyShift
from diagnose.analyzers.diverging_training import DivergingTraining
from diagnose.analyzers.double_descent import DoubleDescent
from diagnose.analyzers.embeddings_moved import EmbeddingsMoved
from diagnose.analyzers.few_epochs import FewEpochs
from diagnose.analyzers.few_rows_of_a_class import FewRowsOfAClass
from diagnose.analyzers.fitted_to_the_sample import FittedToTheSample
from diagnose.analyzers.forgetting_after_unfreeze import ForgettingAfterUnfreeze
from diagnose.analyzers.gap_from_the_start import GapFromTheStart
from diagnose.analyzers.groups_on_both_sides import GroupsOnBothSides
from diagnose.analyzers.impossible_metric import ImpossibleMetric
from diagnose.analyzers.label_in_a_column import LabelInAColumn
from diagnose.analyzers.label_in_the_row_number import LabelInTheRowNumber
from diagnose.analyzers.label_shares_differ import LabelSharesDiffer
from diagnose.analyzers.learning_rate_too_high import LearningRateTooHigh
from diagnose.analyzers.learning_rate_too_low import LearningRateTooLow
from diagnose.analyzers.loss_never_moves import LossNeverMoves
from diagnose.analyzers.many_trainable_parameters import ManyTrainableParameters
from diagnose.analyzers.memorisation import Memorisation
from diagnose.analyzers.missingness_changed import MissingnessChanged
from diagnose.analyzers.nan_metric import NanMetric
from diagnose.analyzers.near_copied_rows import NearCopiedRows
from diagnose.analyzers.never_decayed import NeverDecayed
from diagnose.analyzers.no_regularisation import NoRegularisation
from diagnose.analyzers.noisy_batches import NoisyBatches
from diagnose.analyzers.non_finite_loss import NonFiniteLoss
from diagnose.analyzers.nothing_learnt import NothingLearnt
from diagnose.analyzers.outputs_shifted import OutputsShifted
from diagnose.analyzers.over_regularised import OverRegularised
from diagnose.analyzers.overconfidence import Overconfidence
from diagnose.analyzers.poor_training_score import PoorTrainingScore
from diagnose.analyzers.resolution import Resolution
from diagnose.analyzers.rising_validation_loss import RisingValidationLoss
from diagnose.analyzers.rough_loss import RoughLoss
from diagnose.analyzers.several_runs import SeveralRuns
from diagnose.analyzers.still_improving import StillImproving
from diagnose.analyzers.time_order_broken import TimeOrderBroken
from diagnose.analyzers.unseen_classes import UnseenClasses
from diagnose.analyzers.validation_easier import ValidationEasier
from diagnose.analyzers.warm_up_missing import WarmUpMissing
from diagnose.analyzers.weak_segments import WeakSegments
from diagnose.analyzers.wide_score_gap import WideScoreGap
from diagnose.analyzers.widening_gap import WideningGap
from diagnose.analyzers.wrong_labels import WrongLabels
from diagnose.plugins import plugins

ANALYZERS: tuple[Analyzer, ...] = (
    RisingValidationLoss(),
    WideningGap(),
    Memorisation(),
    BestWeightsNotKept(),
    DoubleDescent(),
    GapFromTheStart(),
    WideScoreGap(),
    Overconfidence(),
    OverRegularised(),
    NoRegularisation(),
    PoorTrainingScore(),
    NothingLearnt(),
    StillImproving(),
    FewEpochs(),
    NonFiniteLoss(),
    RoughLoss(),
    DivergingTraining(),
    LearningRateTooHigh(),
    LearningRateTooLow(),
    NeverDecayed(),
    WarmUpMissing(),
    NoisyBatches(),
    ForgettingAfterUnfreeze(),
    ManyTrainableParameters(),
    CoarseValidation(),
    ConstantMetric(),
    ImpossibleMetric(),
    NanMetric(),
    SeveralRuns(),
    ValidationEasier(),
    LossNeverMoves(),
    CopiedRows(),
    LabelSharesDiffer(),
    UnseenClasses(),
    AbsentClasses(),
    FewRowsOfAClass(),
    ColumnsShifted(),
    MissingnessChanged(),
    CategoriesUnseen(),
    ColumnsMismatched(),
    GroupsOnBothSides(),
    TimeOrderBroken(),
    ColumnsShiftedJointly(),
    EmbeddingsMoved(),
    OutputsShifted(),
    LabelInAColumn(),
    LabelInTheRowNumber(),
    NearCopiedRows(),
    FittedToTheSample(),
    CostlyShift(),
    ChangedLabels(),
    Resolution(),
    WeakSegments(),
    WrongLabels(),
    ConflictingLabels(),
)
"""The built-in analyzers, in the order in which they are run and listed."""


@cache
def analyzers() -> tuple[Analyzer, ...]:
    """Return the built-in analyzers, then those of installed plug-ins (entry points ``diagnose.analyzers``)."""
    return (*ANALYZERS, *plugins("diagnose.analyzers", required=("code", "cause", "check")))


@cache
def pages() -> Mapping[str, Documentation]:
    """Documentation by code, as `diagnose explain` and the reports show it; a plug-in that brings none is left out."""
    found = {}
    for analyzer in analyzers():
        try:
            found[analyzer.code] = documentation(analyzer)
        except ValueError:
            continue
    return MappingProxyType(found)
