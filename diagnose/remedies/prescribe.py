"""All families' proposals, ranked; what contradicts a higher-ranked one is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from diagnose.finding import Basis, Cause, Finding, Remedy, Verdict
from diagnose.measurements import Measurements
from diagnose.remedies.averaging import averaging
from diagnose.remedies.batch_size import batch_size
from diagnose.remedies.boosting import boosting
from diagnose.remedies.calibration_of_probabilities import calibration_of_probabilities
from diagnose.remedies.capacity import capacity
from diagnose.remedies.case import Case
from diagnose.remedies.class_weighting import class_weighting
from diagnose.remedies.collection import collection
from diagnose.remedies.data import data
from diagnose.remedies.deduplication import deduplication
from diagnose.remedies.evaluation import evaluation
from diagnose.remedies.freezing import freezing
from diagnose.remedies.idle_columns import idle_columns
from diagnose.remedies.input_scaling import input_scaling
from diagnose.remedies.label_repair import label_repair
from diagnose.remedies.labels_encoding import labels_encoding
from diagnose.remedies.layers import layers
from diagnose.remedies.leaking_column import leaking_column
from diagnose.remedies.learning_rate import learning_rate
from diagnose.remedies.missing_values import missing_values
from diagnose.remedies.more_epochs import more_epochs
from diagnose.remedies.new_categories import new_categories
from diagnose.remedies.normalisation import normalisation
from diagnose.remedies.output_layer import output_layer
from diagnose.remedies.program import program
from diagnose.remedies.program_faults import program_faults
from diagnose.remedies.proposal import Proposal
from diagnose.remedies.regularisation import regularisation
from diagnose.remedies.resplit import resplit
from diagnose.remedies.reweighting import reweighting
from diagnose.remedies.schedule import schedule
from diagnose.remedies.stopping import stopping
from diagnose.remedies.towards_images import towards_images
from diagnose.remedies.trained_layers import trained_layers
from diagnose.remedies.updates import updates

Family = Callable[[Case], Iterator[Proposal]]
FAMILIES: tuple[Family, ...] = (
    output_layer,
    labels_encoding,
    program_faults,
    input_scaling,
    trained_layers,
    updates,
    layers,
    learning_rate,
    schedule,
    program,
    averaging,
    evaluation,
    stopping,
    calibration_of_probabilities,
    more_epochs,
    freezing,
    regularisation,
    batch_size,
    boosting,
    deduplication,
    normalisation,
    leaking_column,
    label_repair,
    resplit,
    class_weighting,
    reweighting,
    new_categories,
    missing_values,
    towards_images,
    collection,
    idle_columns,
    data,
    capacity,
)
"""In the order in which equals are listed."""

MOST_SHOWN = 6
"""A longer list is not acted on."""
SHARE_OF_ONE_CAUSE = 3
"""So many remedies of one cause come before the first of a less likely cause is crowded out."""
_FIRM = {Basis.MEASURED: 0, Basis.ESTIMATED: 1, Basis.RULE_OF_THUMB: 2}


def prescribe(
    verdicts: Mapping[Cause, Verdict], findings: Sequence[Finding], measurements: Measurements, folder: str = ""
) -> tuple[Remedy, ...]:
    """Choose and rank remedies; what is chosen is `proposals`'."""
    return tuple(proposal.remedy for proposal in proposals(verdicts, findings, measurements, folder))


def proposals(
    verdicts: Mapping[Cause, Verdict], findings: Sequence[Finding], measurements: Measurements, folder: str = ""
) -> list[Proposal]:
    """Choose and rank remedies, each with the files of rows that its code reads.

    Parameters
    ----------
    verdicts
        On every cause; those at least likely are acted on.
    findings
        They say in which direction a hyperparameter is off.
    measurements
        Of the run, for concrete values and expected effects.
    folder
        Where files of rows are written; empty where they are not.

    Returns
    -------
    list of Proposal
        The most useful first, six at most; none pushes an axis that another one pushes the other way.
    """
    case = Case(verdicts, findings, measurements, folder)
    return chosen((proposal for family in FAMILIES for proposal in family(case)), case)


def chosen(proposals: Iterable[Proposal], case: Case) -> list[Proposal]:
    """Rank, leave out contradictions, merge what changes the same setting, and cut."""
    ranked = sorted(proposals, key=lambda proposal: _rank(proposal, case))
    kept = without_contradictions(ranked)
    seen: dict[Cause, int] = {}
    front: list[Proposal] = []
    back: list[Proposal] = []
    for proposal in kept:
        cause = _principal(proposal.remedy.causes, case)
        seen[cause] = seen.get(cause, 0) + 1
        (front if seen[cause] <= SHARE_OF_ONE_CAUSE else back).append(proposal)
    return [*front, *back][:MOST_SHOWN]


def without_contradictions(ranked: Iterable[Proposal]) -> list[Proposal]:
    """Keep, in order, each proposal that contradicts none before it; of one setting the first, for all its causes."""
    kept: dict[str, Proposal] = {}
    for proposal in ranked:
        if any(proposal.contradicts(other) for other in kept.values()):
            continue
        first = kept.get(proposal.key)
        if first is None:
            kept[proposal.key] = proposal
        else:
            causes = tuple(dict.fromkeys((*first.remedy.causes, *proposal.remedy.causes)))
            kept[proposal.key] = replace(first, remedy=replace(first.remedy, causes=causes))
    return list(kept.values())


def _rank(proposal: Proposal, case: Case) -> tuple[float, ...]:
    cause = _principal(proposal.remedy.causes, case)
    place = (not proposal.comes_first, proposal.comes_last)
    return (*_urgency(cause, case), *place, _FIRM[proposal.remedy.basis], proposal.effort)


def _principal(causes: tuple[Cause, ...], case: Case) -> Cause:
    return min(causes, key=lambda cause: _urgency(cause, case))


def _urgency(cause: Cause, case: Case) -> tuple[float, float, float]:
    """Order causes as a reader does: the one that the first sentence names, then the likeliest."""
    verdict = case.verdicts.get(cause)
    probability = verdict.probability if verdict is not None else None
    return float(case.main != cause.value), -(probability or 0.0), list(Cause).index(cause)
