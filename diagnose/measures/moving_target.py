"""Whether the loss of a run measures the model alone, or against another network that trains beside it."""

from __future__ import annotations

from diagnose.recording import Recording

OFTEN = 0.1
"""Steps of others for each of the model's own: adversaries take turns, one to five each; a network that is trained once
before the other takes none beside it."""


def is_moving_target(recording: Recording | None) -> bool:
    """Whether another network is trained in turns with the model, so that a loss that rises is no divergence."""
    if recording is None:
        return False
    counters = recording.counters
    return counters.get("steps_of_others", 0) > OFTEN * max(counters.get("steps", 0), 1)
