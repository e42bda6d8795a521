"""The conclusions: findings, verdicts, remedies and the diagnosis, as plain immutable data.

These are what every report shows and what the published JSON Schema describes. They know nothing of how they
are computed or drawn.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diagnose.figures import Figure, Mark, Sample, Series, ShownRow
from diagnose.gated import Gate, Judged, Ruling
from diagnose.shown_model import ShownModel

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

__all__ = [
    "CONFIRMED", "LIKELY", "RULED_OUT", "SCHEMA_VERSION", "Basis", "Cause", "DataColumn", "Diagnosis", "Figure",
    "Finding", "Level", "Mark", "Measured", "Outcome", "PlottedCurve", "ReadColumn", "ReadData", "Remedy",
    "RunSummary", "Sample", "Series", "Severity", "ShownRow", "Status", "Verdict", "Where",
]  # fmt: skip

SCHEMA_VERSION = "1.2"


class Cause(StrEnum):
    """The fifteen causes of bad generalisation; every diagnosis has a verdict on each."""

    OVERFITTING = "overfitting"
    UNDERFITTING = "underfitting"
    UNDERTRAINING = "undertraining"
    INSTABILITY = "instability"
    LEARNING_RATE = "learning_rate"
    BATCH_SIZE = "batch_size"
    REGULARIZATION = "regularization"
    FREEZING = "freezing"
    COVARIATE_SHIFT = "covariate_shift"
    LABEL_SHIFT = "label_shift"
    CONCEPT_SHIFT = "concept_shift"
    LEAKAGE = "leakage"
    LABEL_ERRORS = "label_errors"
    TRAINING_PROGRAM = "training_program"
    EVALUATION = "evaluation"

    @property
    def words(self) -> str:
        """The cause in prose; ids are fixed, and spelt as the field's code spells them."""
        return "regularisation" if self is Cause.REGULARIZATION else self.value.replace("_", " ")


class Severity(StrEnum):
    """How bad a finding is if it is true."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Level(StrEnum):
    """How sure a verdict is."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    UNLIKELY = "unlikely"
    RULED_OUT = "ruled_out"
    NOT_EXAMINED = "not_examined"


CONFIRMED = 0.9
"""Nine in ten of what is called confirmed is right: the field's usual one-sided 10 % error."""
LIKELY = 0.5
"""More likely than not."""
RULED_OUT = 0.05
"""The usual 5 % error."""


class Status(StrEnum):
    """How an analyzer ended. Silence is never a pass."""

    FINDINGS = "findings"
    PASSED = "passed"
    NOT_APPLICABLE = "not_applicable"
    SKIPPED = "skipped"
    BROKEN = "broken"


class Basis(StrEnum):
    """What the expected effect of a remedy rests on."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    RULE_OF_THUMB = "rule_of_thumb"


@dataclass(frozen=True)
class Measured:
    """A measured value with its interval, beside the limit it was compared with.

    ``value``, ``low`` and ``high`` are None where the number is not finite. ``limit_reason`` says why the limit is
    what it is: a test's error rate, a citation, or the calibration script. ``effect`` marks the value that says how bad
    it is, in a unit that can be compared between runs: a gate compares it with a previous run's.
    """

    name: str
    value: float | None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    exceeds: Literal["above", "below"] = "above"
    limit_reason: str = ""
    effect: bool = False

    def __post_init__(self) -> None:
        # numbers of array libraries would print as np.float64(…)
        for name in ("value", "low", "high", "limit"):
            number = getattr(self, name)
            if number is not None and type(number) not in (int, float):
                object.__setattr__(self, name, float(number))


@dataclass(frozen=True)
class Where:
    """What a finding points at: an epoch span, or names of curves, columns, layers or samples."""

    kind: Literal["epochs", "curves", "columns", "layers", "samples"]
    start: float | None = None
    end: float | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One claim, with its numbers.

    Attributes
    ----------
    code
        Stable code such as ``"OVF101"``; ``diagnose explain CODE`` documents it.
    cause
        The cause it speaks for.
    severity
        How bad if true.
    probability
        How likely it is that the claim is true, 0 to 1: calibrated on labelled runs, or the analyzer's ``certainty``.
    claim
        One sentence with its numbers.
    evidence
        The measured values beside their limits.
    where
        What it points at.
    figure
        How to draw it, or None.
    settle
        What the user could provide to decide it, where the evidence at hand can't.
    harmless
        What its cause costs, where another analyzer measured that to be too little to matter: then it is information.
    """

    code: str
    cause: Cause
    severity: Severity
    probability: float
    claim: str
    evidence: tuple[Measured, ...] = ()
    where: tuple[Where, ...] = ()
    figure: Figure | None = None
    settle: str = ""
    harmless: str = ""


@dataclass(frozen=True)
class Outcome:
    """How one analyzer ended, and why; ``probability`` is that of its cause after it passed, where it can say."""

    code: str
    cause: Cause
    status: Status
    why: str = ""
    probability: float | None = None
    settle: str = ""
    """What the user could provide so that it can be examined."""
    harmless: str = ""
    """What the cause costs, where that was measured to be too little to matter."""


@dataclass(frozen=True)
class Verdict:
    """The conclusion on one cause."""

    cause: Cause
    level: Level
    probability: float | None = None
    reasons_for: tuple[str, ...] = ()
    reasons_against: tuple[str, ...] = ()
    would_settle: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """A concrete action, ranked.

    Attributes
    ----------
    action
        Machine-readable, e.g. ``{"stop_at_epoch": 23}`` or ``{"freeze_through": "block4_pool"}``.
    title
        The action in words with its values.
    why
        Which evidence calls for it.
    causes
        The causes it acts on.
    code
        Lines for the user's framework; empty where the action is not code.
    effect
        Expected effect with interval, or None where unknown.
    basis
        What the expectation rests on; ``source`` names the rule of thumb's source.
    cost
        What it costs the user, in words.
    """

    action: dict[str, Any]
    title: str
    why: str
    causes: tuple[Cause, ...]
    basis: Basis
    source: str = ""
    code: str = ""
    framework: str = ""
    effect: Measured | None = None
    cost: str = ""


@dataclass(frozen=True)
class PlottedCurve:
    """A curve as the reports draw it, thinned where long so that peaks survive; non-finite values are None."""

    name: str
    split: str
    quantity: str
    better: Literal["lower", "higher"]
    steps: tuple[float, ...]
    values: tuple[float | None, ...]
    points_logged: int
    derived: str = ""


@dataclass(frozen=True)
class ReadColumn:
    """How one column of the log was understood."""

    name: str
    role: str
    meaning: str
    source: str = ""


@dataclass(frozen=True)
class DataColumn:
    """How one column of the data was understood.

    Attributes
    ----------
    name
        As the data spell it.
    role
        ``"input"``, ``"label"``, ``"group"``, ``"time"`` or ``"output"`` (the model's).
    kind
        ``"number"``, ``"category"``, ``"text"``, ``"time"``, ``"identifier"`` or ``"embedding"``.
    decided
        How the kind was decided.
    """

    name: str
    role: str
    kind: str
    decided: str = ""


@dataclass(frozen=True)
class ReadData:
    """One split of the data, as far as a report shows it: never its values.

    Attributes
    ----------
    name
        ``"train"``, ``"val"`` or ``"test"``.
    source
        Where it came from.
    n
        Number of rows.
    columns
        What was read of it.
    notes
        What the reader did that a reader of the report should know.
    """

    name: str
    source: str
    n: int
    columns: tuple[DataColumn, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunSummary:
    """What was read: enough to show the run without the log."""

    name: str
    unit: str
    n_points: int
    last_step: float
    sources: tuple[dict[str, str], ...] = ()
    columns: tuple[ReadColumn, ...] = ()
    unread: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)
    context_origins: dict[str, str] = field(default_factory=dict)
    phases: tuple[dict[str, Any], ...] = ()
    curves: tuple[PlottedCurve, ...] = ()
    learning_rate: PlottedCurve | None = None
    final: dict[str, float | None] = field(default_factory=dict)
    """Last value of every curve, by name."""
    best: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """Best value of every held-out curve and its step: ``{name: {"value": …, "step": …}}``."""
    data: tuple[ReadData, ...] = ()
    """The data, by split, where they were given."""
    model: ShownModel | None = None
    """The model and its training, where they are known."""


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """The differential diagnosis of one run: what every report shows.

    ``main`` is the cause to act on first, ``"healthy"`` where every examined cause is unlikely or ruled out, or
    ``"cannot_tell"``. ``sentence`` is what a person reads first. ``gate`` is there where `diagnose.gate` judged it.
    """

    sentence: str
    main: str
    run: RunSummary
    verdicts: dict[str, Verdict]
    findings: tuple[Finding, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    gate: Gate | None = None
    schema_version: str = SCHEMA_VERSION

    def save(self, path: str | PathLike[str]) -> Path:
        """Write this diagnosis; the suffix chooses the format (``.html``, ``.json``, ``.md``, ``.png`` …).

        Raises
        ------
        InputError
            No report format has this suffix.
        """
        # both import the conclusions, never the reverse: looked up only when a person asks
        pages = importlib.import_module("diagnose.analyzers").pages()
        written: Path = importlib.import_module("diagnose.reports").save(self, path, explain=pages)
        return written

    def plot(self) -> Picture:
        """Draw the training and validation curves with the findings' marks.

        Returns
        -------
        matplotlib.figure.Figure
            Not registered with pyplot: nothing has to be closed.
        """
        drawn: Picture = importlib.import_module("diagnose.reports.picture").figure(self)
        return drawn

    def __str__(self) -> str:
        """Give the sentence, and a line for each cause that was examined."""
        examined = [(v.probability, v) for v in self.verdicts.values() if v.probability is not None]
        examined.sort(key=lambda pair: -pair[0])
        lines = [f"  {v.cause.value}: {v.level.value.replace('_', ' ')} ({min(p, 0.99):.0%})" for p, v in examined]
        return "\n".join([self.sentence, *lines])

    def __repr__(self) -> str:
        counts = f"{len(self.findings)} findings, {len(self.remedies)} remedies"
        return f"<Diagnosis of {self.run.name!r}: main={self.main!r}, {counts}>"

    def _repr_html_(self) -> str:
        shown: str = importlib.import_module("diagnose.reports").notebook_html(self)
        return shown

    def judged(self) -> tuple[tuple[Finding, Judged | None], ...]:
        """Pair every finding with the gate's ruling on it; None where no gate judged."""
        rulings = self.gate.judged if self.gate is not None else ()
        return tuple((f, rulings[i] if i < len(rulings) else None) for i, f in enumerate(self.findings))

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Findings that fail the gate; where none judged, those that are no mere information and likely true."""
        return tuple(f for f, judged in self.judged() if _fails(f, judged))

    @property
    def is_broken(self) -> bool:
        """Whether an analyzer crashed (exit code 3)."""
        return any(o.status is Status.BROKEN for o in self.outcomes)


def _fails(finding: Finding, judged: Judged | None) -> bool:
    if judged is not None:
        return judged.ruling is Ruling.FAILS
    return finding.severity is not Severity.INFO and finding.probability >= LIKELY
