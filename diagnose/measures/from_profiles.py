"""The measures that take the place of those of the same name where a split is given as a profile."""

from __future__ import annotations

from diagnose.measurements import Measure
from diagnose.measures import MEASURES
from diagnose.measures.profiled import held_out, profiles
from diagnose.measures.profiled_columns import column_shift
from diagnose.measures.profiled_copies import copies
from diagnose.measures.profiled_facts import column_facts
from diagnose.measures.profiled_labels import class_counts, label_shift
from diagnose.run import Run

FROM_PROFILES: tuple[Measure, ...] = (
    class_counts,
    column_facts,
    column_shift,
    copies,
    held_out,
    label_shift,
    profiles,
)
"""They return what the others return. All other measures need rows, and say so."""


def measures_of(run: Run) -> tuple[Measure, ...]:
    """Return the measures of a run: those from profiles stand last where there is one, as the last of a name counts."""
    return (*MEASURES, *FROM_PROFILES) if run.profiles else MEASURES
