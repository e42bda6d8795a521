"""What is known of the inputs and labels of each split, as the model and its loss get them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diagnose.data import SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.recording import InputFacts, LabelFacts
from diagnose.run import Run

SETTLE = "give the training data as they go into the model: --train DATA, or train= of the hook"


def input_facts(run: Run) -> Mapping[SplitName, tuple[InputFacts, ...]]:
    """Return the inputs of each split: what a hook saw of it counts more than data that were given.

    Raises
    ------
    NotEnoughEvidence
        Nothing is known of any.
    """
    seen = run.recording.inputs if run.recording is not None else ()
    given = tuple(facts for facts in run.facts if isinstance(facts, InputFacts))
    splits = {facts.split for facts in seen}
    found: dict[SplitName, tuple[InputFacts, ...]] = {}
    for facts in (*seen, *(one for one in given if one.split not in splits)):
        found[facts.split] = (*found.get(facts.split, ()), facts)
    if not found:
        raise NotEnoughEvidence("nothing is known of the model's inputs", SETTLE)
    return MappingProxyType(found)


def label_facts(run: Run) -> Mapping[SplitName, LabelFacts]:
    """Return the labels of each split as the loss gets them: what a hook saw counts more than data that were given.

    Raises
    ------
    NotEnoughEvidence
        Nothing is known of any.
    """
    seen = run.recording.labels if run.recording is not None else ()
    given = [facts for facts in run.facts if isinstance(facts, LabelFacts)]
    found: dict[SplitName, LabelFacts] = {}
    for facts in (*seen, *given):
        found.setdefault(facts.split, facts)
    if not found:
        raise NotEnoughEvidence("nothing is known of the labels as the loss gets them", SETTLE)
    return MappingProxyType(found)
