"""Evidence to numbers with intervals: pure functions, computed once, asked for by name."""

from __future__ import annotations

from diagnose.measurements import Measure
from diagnose.measures.curves import train_loss, train_score, val_loss, val_score
from diagnose.measures.gap import gap, paired
from diagnose.measures.overfitting import overfitting_signs, turning_point
from diagnose.measures.phases import phases
from diagnose.measures.progress import more_training, progress
from diagnose.measures.stability import instability, non_finite, train_roughness, val_roughness
from diagnose.measures.trend import train_loss_trend, train_score_trend, val_loss_trend, val_score_trend

MEASURES: tuple[Measure, ...] = (
    gap,
    instability,
    more_training,
    non_finite,
    overfitting_signs,
    paired,
    phases,
    progress,
    train_loss,
    train_loss_trend,
    train_roughness,
    train_score,
    train_score_trend,
    turning_point,
    val_loss,
    val_loss_trend,
    val_roughness,
    val_score,
    val_score_trend,
)
"""All measures that an analyzer may ask for by parameter name."""
