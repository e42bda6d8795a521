"""What the model answers: whether it tells samples apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import RECORD
from diagnose.recording import OutputFacts, Recording

LEAST_SAMPLES = 16
"""Fewer are often of one class by chance."""


@dataclass(frozen=True)
class ProbeOutputs:
    """The later half of the looks at the outputs.

    Attributes
    ----------
    looks, n, width
        Their number, samples in one, and values of one output.
    step, epoch
        Of the last look.
    first
        The first look.
    spread
        Median over looks of the spread between samples, over the level of the outputs: 0 where every sample gets the
        same answer.
    top_share, label_top_share
        Medians; None where they are unknown.
    label_spread
        The spread of the outputs over the labels' standard deviation; None but for one output with known labels.
    low, high
        Of the last look.
    """

    looks: int
    n: int
    width: int
    step: float
    epoch: float
    first: OutputFacts
    spread: float
    top_share: float | None
    label_top_share: float | None
    label_spread: float | None
    low: float
    high: float


def probe_outputs(recording: Recording) -> ProbeOutputs:
    """Measure the probe, or training batches where there was none.

    Raises
    ------
    NotEnoughEvidence
        Outputs of enough samples were not looked at twice.
    """
    seen = [o for o in recording.outputs if o.n >= LEAST_SAMPLES and o.non_finite == 0]
    probes = [o for o in seen if o.on == "probe"]
    looks = probes if len(probes) > 1 else seen
    if len(looks) < 2:
        raise NotEnoughEvidence("the model's outputs were not looked at twice", RECORD)
    kept = looks[-max(2, len(looks) // 2) :]
    labels = recording.labels_of("train")
    tops = [o.top_share for o in kept if o.top_share is not None]
    label_tops = [o.label_top_share for o in kept if o.label_top_share is not None]
    return ProbeOutputs(
        looks=len(kept),
        n=kept[-1].n,
        width=kept[-1].width,
        step=kept[-1].step,
        epoch=kept[-1].epoch,
        first=looks[0],
        spread=float(np.median([o.spread / o.level if o.level > 0 else 0.0 for o in kept])),
        top_share=float(np.median(tops)) if tops else None,
        label_top_share=float(np.median(label_tops)) if label_tops else None,
        label_spread=(
            float(np.median([o.spread for o in kept])) / labels.std
            if labels is not None and labels.std > 0 and kept[-1].width == 1
            else None
        ),
        low=kept[-1].low,
        high=kept[-1].high,
    )
