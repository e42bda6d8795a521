"""The model card that a finding about the programme speaks of, for remedies that name its layers and values."""

from __future__ import annotations

from diagnose.finding import Basis, Cause, Finding, Remedy
from diagnose.measures.programme import Programme
from diagnose.model_card import LayerCard, ModelCard, Role
from diagnose.recording import LabelFacts
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Effort, Proposal


def card_of(case: Case, finding: Finding) -> ModelCard | None:
    """Return the card of the phase in which the fault begins; None where no model is known."""
    programme: Programme | None = case.measure("programme")
    if programme is None:
        return None
    start = next((place.start for place in finding.where if place.kind == "epochs"), None)
    return next((phase.card for phase in programme.phases if phase.start == start), programme.last)


def training_labels(case: Case) -> LabelFacts | None:
    """Return what is known of the labels of training, as the loss gets them."""
    found: LabelFacts | None = (case.measure("label_facts") or {}).get("train")
    return found


def last_dense(card: ModelCard) -> LayerCard | None:
    """Return the layer that makes the outputs."""
    return next((layer for layer in reversed(card.layers) if layer.role is Role.DENSE), None)


def repair(  # noqa: PLR0913, PLR0917 - the parts of a remedy, in the order of a report
    key: str, finding: Finding, title: str, action: dict[str, object], code: str, source: str, case: Case,
    *, cause: Cause = Cause.TRAINING_PROGRAM, cost: str = "minutes, and one more run",
) -> Proposal:  # fmt: skip
    """Return the mending of a fault: it stands before all else, as nothing else is known while the fault is there."""
    return Proposal(
        Remedy(
            dict(action),
            title,
            finding.claim,
            (cause,),
            Basis.RULE_OF_THUMB,
            source=source,
            code=code,
            framework=case.framework or "" if code else "",
            cost=cost,
        ),
        key,
        (),
        Effort.NOTHING,
        comes_first=True,
    )
