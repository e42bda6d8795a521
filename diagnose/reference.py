"""What a gate compares with: a baseline of accepted findings, or the diagnoses of a previous run."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from diagnose.errors import InputError
from diagnose.finding import Diagnosis, Finding, Measured, Severity
from diagnose.gated import fingerprint
from diagnose.policy import SEVERITIES
from diagnose.reports import load_many
from diagnose.reports.files import write_atomically
from diagnose.reports.json_format import as_json
from diagnose.reports.wording import one_line
from diagnose.scores import Score, scores

BASELINE_VERSION = "1.0"
HINT = "expected a file that `diagnose gate … --write-baseline` or `diagnose audit … --output NAME.json` wrote"
RISE = 0.2
"""Rise of a probability that counts as worse: the smallest tried of which at most 1 in 100 trainings repeated with
another seed fails, 1 of 141; on kinds of data that it was not chosen on 4 of 159 (docs/gate-calibration.md)."""
GROWTH = 2.0
"""Growth of an effect without an interval that counts as worse: of trainings repeated with another seed none of 141
fails by it on the half that constants are chosen on, 6 of 159 on the other (docs/gate-calibration.md)."""


@dataclass(frozen=True)
class KnownFinding:
    """A finding that the reference holds, with what a later one is compared by."""

    code: str
    subject: tuple[str, ...]
    severity: Severity
    probability: float
    claim: str
    measured: tuple[Measured, ...] = ()


@dataclass(frozen=True)
class Baseline:
    """Accepted findings by the name of their run."""

    runs: dict[str, tuple[KnownFinding, ...]]
    kind: str = "baseline"
    baseline_version: str = BASELINE_VERSION


@dataclass(frozen=True)
class Reference:
    """Findings and, of previous diagnoses, scores, by the name of the run."""

    name: str
    findings: Mapping[str, Sequence[KnownFinding]]
    scores: Mapping[str, Sequence[Score]] = field(default_factory=dict)

    def run_of(self, name: str, *, alone: bool) -> str | None:
        """Return the run that one of this name is compared with; one alone is compared with one alone."""
        if name in self.findings:
            return name
        return next(iter(self.findings)) if alone and len(self.findings) == 1 else None

    def without_scores(self) -> Reference:
        """Return what a baseline is: findings that are accepted, and nothing of the scores beside them."""
        return Reference(self.name, self.findings)


def subject(finding: Finding) -> tuple[str, ...]:
    """Return what a finding is about apart from epochs, which move between runs: curves, columns, layers, samples."""
    return tuple(sorted({name for where in finding.where if where.kind != "epochs" for name in where.names}))


def known(finding: Finding) -> KnownFinding:
    """Keep of a finding what a reference needs."""
    measured = tuple(m for m in finding.evidence if m.effect)
    return KnownFinding(
        finding.code, subject(finding), finding.severity, round(finding.probability, 4), finding.claim, measured
    )


def identity(run: str, finding: Finding) -> str:
    """Name a finding across runs: the same code about the same subject of the same run."""
    return fingerprint(run, finding.code, subject(finding))


def from_diagnoses(diagnoses: Iterable[Diagnosis], name: str) -> Reference:
    """Make a reference of previous diagnoses."""
    runs: dict[str, Diagnosis] = {}
    for diagnosis in diagnoses:
        _refuse_a_second(diagnosis.run.name, runs, name)
        runs[diagnosis.run.name] = diagnosis
    findings = {run: tuple(map(known, diagnosis.findings)) for run, diagnosis in runs.items()}
    return Reference(name, findings, {run: scores(diagnosis) for run, diagnosis in runs.items()})


def _refuse_a_second(run: str, known: Container[str], where: str) -> None:
    """Refuse runs of one name: what is accepted in one of them would be accepted in the other."""
    if run in known:
        raise InputError(
            f"{where}: two runs are called {one_line(run)!r}, and a reference tells runs apart by their names; "
            "name them apart, or give each a reference of its own"
        )


def read_reference(path: Path) -> Reference:
    """Read a baseline, or diagnoses that were saved as JSON.

    Raises
    ------
    InputError
        The file is missing or is neither.
    """
    try:
        raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        kind = msgspec.json.decode(raw)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; {HINT}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not JSON ({error}); {HINT}") from error
    if not isinstance(kind, dict) or kind.get("kind") != "baseline":
        return from_diagnoses(load_many(path), path.name)
    try:
        baseline = msgspec.convert(kind, Baseline)
        if baseline.baseline_version.partition(".")[0] != BASELINE_VERSION.partition(".")[0]:
            raise InputError(
                f"{path} has baseline_version {baseline.baseline_version[:20]!r}, this diagnose reads "
                f"{BASELINE_VERSION}; write it again, or install the version of diagnose-ml that wrote it"
            )
    except msgspec.ValidationError as error:
        raise InputError(f"{path} is no baseline that this version reads ({error}); write it again") from error
    return Reference(path.name, baseline.runs)


def write_baseline(path: Path, accepted: Iterable[tuple[str, Iterable[Finding]]]) -> int:
    """Write the findings of runs as accepted, indented so that a review shows what changed; return how many.

    Raises
    ------
    InputError
        Two runs have one name, or the file cannot be written.
    """
    runs: dict[str, tuple[KnownFinding, ...]] = {}
    for name, findings in accepted:
        _refuse_a_second(name, runs, str(path))
        runs[name] = tuple(map(known, findings))
    runs = dict(sorted(runs.items()))  # also those without findings: what is new in them is new
    write_atomically(path, as_json(Baseline(runs), indent=2).encode() + b"\n")
    return sum(map(len, runs.values()))


def worse(finding: Finding, before: KnownFinding) -> str:
    """Say in which way a finding is worse than the known one; empty where it is not, beyond what another seed does.

    A finding is worse where its severity rose, its probability rose by more than `RISE`, or its effect grew: beyond
    both intervals where it has some, else to more than `GROWTH` times what it was.
    """
    if SEVERITIES.index(finding.severity) > SEVERITIES.index(before.severity):
        return f"its severity rose from {before.severity.value} to {finding.severity.value}"
    if finding.probability > before.probability + RISE:
        return f"its probability rose from {before.probability:.0%} to {finding.probability:.0%}"
    earlier = {m.name: m for m in before.measured}
    for now in finding.evidence:
        then = earlier.get(now.name)
        if then is not None and now.effect and _grew(now, then):
            return f"{now.name} went from {then.value:.4g} to {now.value:.4g}"
    return ""


def _grew(now: Measured, then: Measured) -> bool:
    """Whether an effect is larger, or lower where a low value is what is bad, than noise explains."""
    if now.value is None or then.value is None:
        return False
    if now.low is not None and now.high is not None and then.low is not None and then.high is not None:
        return now.low > then.high if now.exceeds == "above" else now.high < then.low
    return now.exceeds == "above" and now.value > GROWTH * then.value > 0
