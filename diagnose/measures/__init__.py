"""Evidence to numbers with intervals: pure functions, computed once, asked for by name."""

from __future__ import annotations

from diagnose.measurements import Measure
from diagnose.measures.chance import train_skill, val_skill
from diagnose.measures.class_counts import class_counts
from diagnose.measures.column_facts import column_facts
from diagnose.measures.column_shift import column_shift
from diagnose.measures.copies import copies
from diagnose.measures.curves import train_loss, train_score, val_loss, val_score
from diagnose.measures.data_facts import input_facts, label_facts
from diagnose.measures.decisions import score_since_turn
from diagnose.measures.descent import second_descent
from diagnose.measures.digests import exact_digests
from diagnose.measures.divergence import divergence
from diagnose.measures.embedding_shift import embedding_shifts
from diagnose.measures.gap import gap, paired
from diagnose.measures.gap_shares import gap_shares
from diagnose.measures.held_out import held_out
from diagnose.measures.independent_rows import independent_rows
from diagnose.measures.input_scale import input_scale
from diagnose.measures.joint_shift import joint_shifts
from diagnose.measures.jumps import jumps
from diagnose.measures.label_conflicts import label_conflicts
from diagnose.measures.label_shift import label_shift
from diagnose.measures.layer_decay import decay_share
from diagnose.measures.layer_gradients import gradient_flow
from diagnose.measures.layer_samples import layer_samples
from diagnose.measures.layer_stalls import layer_stalls
from diagnose.measures.layer_start import layer_start
from diagnose.measures.layer_units import unit_activity
from diagnose.measures.layer_updates import update_pace
from diagnose.measures.learning import learning
from diagnose.measures.live_learning import live_learning
from diagnose.measures.logged import logged_scores, logged_train_loss, logged_val_loss
from diagnose.measures.movement import train_movement, val_movement
from diagnose.measures.near_copies import near_copies
from diagnose.measures.noise_scale import noise_scale
from diagnose.measures.output_shift import output_shifts
from diagnose.measures.overfitting import overfitting_signs, turning_point
from diagnose.measures.pace import pace
from diagnose.measures.phases import phases
from diagnose.measures.prechelt import prechelt
from diagnose.measures.pretrained_rates import pretrained_rates
from diagnose.measures.probe_outputs import probe_outputs
from diagnose.measures.programme import programme
from diagnose.measures.progress import more_training, progress
from diagnose.measures.row_losses import row_losses
from diagnose.measures.row_positions import row_positions
from diagnose.measures.sampling import sampling
from diagnose.measures.segments import segments
from diagnose.measures.shared_groups import shared_groups
from diagnose.measures.single_predictors import single_predictors
from diagnose.measures.stability import instability, non_finite, train_roughness, val_roughness
from diagnose.measures.suspect_labels import suspect_labels
from diagnose.measures.time_order import time_order
from diagnose.measures.trend import train_loss_trend, train_score_trend, val_loss_trend, val_score_trend

MEASURES: tuple[Measure, ...] = (
    class_counts,
    column_facts,
    column_shift,
    copies,
    decay_share,
    divergence,
    embedding_shifts,
    exact_digests,
    gap,
    gap_shares,
    gradient_flow,
    held_out,
    independent_rows,
    input_scale,
    input_facts,
    instability,
    joint_shifts,
    jumps,
    label_conflicts,
    label_facts,
    label_shift,
    learning,
    layer_samples,
    layer_stalls,
    layer_start,
    live_learning,
    logged_scores,
    logged_train_loss,
    logged_val_loss,
    more_training,
    near_copies,
    noise_scale,
    non_finite,
    output_shifts,
    overfitting_signs,
    pace,
    paired,
    phases,
    prechelt,
    programme,
    pretrained_rates,
    probe_outputs,
    progress,
    row_losses,
    row_positions,
    sampling,
    score_since_turn,
    second_descent,
    segments,
    shared_groups,
    single_predictors,
    suspect_labels,
    time_order,
    train_loss,
    train_loss_trend,
    train_movement,
    train_roughness,
    train_score,
    train_score_trend,
    train_skill,
    turning_point,
    unit_activity,
    update_pace,
    val_loss,
    val_loss_trend,
    val_movement,
    val_roughness,
    val_score,
    val_score_trend,
    val_skill,
)
"""All measures that an analyzer may ask for by parameter name."""
