"""What happens when something is found while training goes on: it is logged, warned of, raised, or ends training."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable
from pathlib import Path

from diagnose.finding import Diagnosis, Finding, Remedy
from diagnose.hooks.options import POLICIES, Options
from diagnose.reports.wording import MAX_TEXT, one_line

log = logging.getLogger("diagnose")
REPORT = "report.html"


def told(finding: Finding, remedies: Iterable[Remedy], directory: Path, epoch: float) -> str:
    """Return the line of a finding: its code, its claim, what to do first, and where the report will be."""
    first = next((remedy.title for remedy in remedies if finding.cause in remedy.causes), "")
    what = f"{finding.code} after epoch {epoch:g} ({finding.probability:.0%} sure): {one_line(finding.claim, MAX_TEXT)}"
    advice = f" First: {one_line(first, MAX_TEXT)}." if first else ""
    return f"{what}.{advice} The report will be {directory / REPORT}; diagnose explain {finding.code}"


def policy_of(finding: Finding, options: Options) -> str:
    """Return what a finding is to do: the policy's word, or what the user's function answers where it is one."""
    if not callable(options.on_finding):
        return options.on_finding
    said = options.on_finding(finding)
    return said if isinstance(said, str) and said in POLICIES else ""


def tell(line: str, policy: str) -> None:
    """Log or warn; a function that answered with no policy has told the user in its own way."""
    if policy == "warn":
        warnings.warn(line, stacklevel=5)
    elif policy:
        log.warning(line)


def concluded(diagnosis: Diagnosis, directory: Path, *, has_report: bool) -> str:
    """Return the line that ends a run: its sentence, and where the report is."""
    where = f" Report: {directory / REPORT}" if has_report else f" diagnose audit {directory}"
    return f"{one_line(diagnosis.sentence, MAX_TEXT)}{where}"
