"""One file a question; each is the whole of it: code, documentation, limits, logic. Registration is the tuple below."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from diagnose.analyzer import Analyzer, Documentation, documentation
from diagnose.analyzers.absent_classes import AbsentClasses
from diagnose.analyzers.batch_above_noise import BatchAboveNoise
from diagnose.analyzers.batch_below_noise import BatchBelowNoise
from diagnose.analyzers.best_weights_not_kept import BestWeightsNotKept
from diagnose.analyzers.categories_unseen import CategoriesUnseen
from diagnose.analyzers.changed_labels import ChangedLabels
from diagnose.analyzers.coarse_validation import CoarseValidation
from diagnose.analyzers.collapsed_outputs import CollapsedOutputs
from diagnose.analyzers.columns_mismatched import ColumnsMismatched
from diagnose.analyzers.columns_shifted import ColumnsShifted
from diagnose.analyzers.columns_shifted_jointly import ColumnsShiftedJointly
from diagnose.analyzers.conflicting_labels import ConflictingLabels
from diagnose.analyzers.constant_metric import ConstantMetric
from diagnose.analyzers.copied_rows import CopiedRows
from diagnose.analyzers.costly_shift import CostlyShift
from diagnose.analyzers.dead_units import DeadUnits
from diagnose.analyzers.decay_dominates import DecayDominates
from diagnose.analyzers.decayed_vectors import DecayedVectors
from diagnose.analyzers.diverging_training import DivergingTraining
from diagnose.analyzers.double_descent import DoubleDescent
from diagnose.analyzers.embeddings_moved import EmbeddingsMoved
from diagnose.analyzers.exploding_gradients import ExplodingGradients
from diagnose.analyzers.fast_pretrained_layers import FastPretrainedLayers
from diagnose.analyzers.few_epochs import FewEpochs
from diagnose.analyzers.few_rows_of_a_class import FewRowsOfAClass
from diagnose.analyzers.fitted_to_the_sample import FittedToTheSample
from diagnose.analyzers.foreign_preprocessing import ForeignPreprocessing
from diagnose.analyzers.forgetting_after_unfreeze import ForgettingAfterUnfreeze
from diagnose.analyzers.frozen_statistics_move import FrozenStatisticsMove
from diagnose.analyzers.gap_from_the_start import GapFromTheStart
from diagnose.analyzers.gradients_not_zeroed import GradientsNotZeroed
from diagnose.analyzers.groups_on_both_sides import GroupsOnBothSides
from diagnose.analyzers.impossible_metric import ImpossibleMetric
from diagnose.analyzers.label_encoding import LabelEncoding
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
from diagnose.analyzers.non_finite_origin import NonFiniteOrigin
from diagnose.analyzers.nothing_learnt import NothingLearnt
from diagnose.analyzers.optimizer_misses_layers import OptimizerMissesLayers
from diagnose.analyzers.output_against_loss import OutputAgainstLoss
from diagnose.analyzers.output_width import OutputWidth
from diagnose.analyzers.outputs_shifted import OutputsShifted
from diagnose.analyzers.over_regularised import OverRegularised
from diagnose.analyzers.overconfidence import Overconfidence
from diagnose.analyzers.poor_initialisation import PoorInitialisation
from diagnose.analyzers.poor_training_score import PoorTrainingScore
from diagnose.analyzers.resolution import Resolution
from diagnose.analyzers.rising_validation_loss import RisingValidationLoss
from diagnose.analyzers.rough_loss import RoughLoss
from diagnose.analyzers.saturated_units import SaturatedUnits
from diagnose.analyzers.several_runs import SeveralRuns
from diagnose.analyzers.stale_trainable import StaleTrainable
from diagnose.analyzers.stalled_layers import StalledLayers
from diagnose.analyzers.still_improving import StillImproving
from diagnose.analyzers.time_order_broken import TimeOrderBroken
from diagnose.analyzers.unscaled_inputs import UnscaledInputs
from diagnose.analyzers.unseen_classes import UnseenClasses
from diagnose.analyzers.unshuffled_training import UnshuffledTraining
from diagnose.analyzers.unsuited_metric import UnsuitedMetric
from diagnose.analyzers.updates_too_large import UpdatesTooLarge
from diagnose.analyzers.updates_too_small import UpdatesTooSmall
from diagnose.analyzers.validation_easier import ValidationEasier
from diagnose.analyzers.validation_in_training import ValidationInTraining
from diagnose.analyzers.vanishing_gradients import VanishingGradients
from diagnose.analyzers.warm_up_missing import WarmUpMissing
from diagnose.analyzers.weak_segments import WeakSegments
from diagnose.analyzers.what_is_trained import WhatIsTrained
from diagnose.analyzers.wide_score_gap import WideScoreGap
from diagnose.analyzers.widening_gap import WideningGap
from diagnose.analyzers.wrong_labels import WrongLabels
from diagnose.analyzers.wrong_mode import WrongMode
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
    VanishingGradients(),
    DeadUnits(),
    SaturatedUnits(),
    CollapsedOutputs(),
    ExplodingGradients(),
    NonFiniteOrigin(),
    UpdatesTooLarge(),
    UpdatesTooSmall(),
    FastPretrainedLayers(),
    BatchBelowNoise(),
    BatchAboveNoise(),
    DecayDominates(),
    PoorInitialisation(),
    StalledLayers(),
    OutputAgainstLoss(),
    OutputWidth(),
    LabelEncoding(),
    UnscaledInputs(),
    ForeignPreprocessing(),
    OptimizerMissesLayers(),
    StaleTrainable(),
    FrozenStatisticsMove(),
    GradientsNotZeroed(),
    WrongMode(),
    UnshuffledTraining(),
    ValidationInTraining(),
    UnsuitedMetric(),
    DecayedVectors(),
    WhatIsTrained(),
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
