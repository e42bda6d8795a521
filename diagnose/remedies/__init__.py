"""From verdicts to actions, in the user's framework; never two that contradict each other."""

from __future__ import annotations

from diagnose.remedies.prescribe import prescribe as prescribe
from diagnose.remedies.prescribe import proposals as proposals
