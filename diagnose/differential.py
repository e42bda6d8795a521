"""From what every analyzer said to one verdict a cause, and one sentence.

A finding speaks for its cause with its probability; an analyzer that passed says how likely the cause is all the same.
What nothing examined stays ``not_examined`` and says what to give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from diagnose.finding import CONFIRMED, LIKELY, RULED_OUT, Cause, Finding, Level, Outcome, Severity, Status, Verdict

SETTLES: Mapping[Cause, str] = {
    Cause.OVERFITTING: "log training and validation loss every epoch",
    Cause.UNDERFITTING: "say what a trivial baseline scores, e.g. --context n_classes=10",
    Cause.UNDERTRAINING: "log the validation loss every epoch",
    Cause.INSTABILITY: "log the training and validation loss every epoch",
    Cause.LEARNING_RATE: "log the learning rate, or give it: --context learning_rate=1e-3",
    Cause.BATCH_SIZE: "give the batch size and the number of training samples: --context batch_size=32 n_train=50000",
    Cause.REGULARIZATION: "log training and validation scores beside the losses",
    Cause.FREEZING: "say what is frozen: --context frozen=backbone trainable_parameters=5130 n_train=800",
    Cause.COVARIATE_SHIFT: "give the training and the validation data: --train DATA --val DATA",
    Cause.LABEL_SHIFT: "give both data sets and the column of their labels: --train DATA --val DATA --label COLUMN",
    Cause.CONCEPT_SHIFT: "give both data sets and the column of their labels: --train DATA --val DATA --label COLUMN",
    Cause.LEAKAGE: "give the training and the validation data: --train DATA --val DATA",
    Cause.LABEL_ERRORS: "give the training data and the column of its labels: --train DATA --label COLUMN",
    Cause.TRAINING_PROGRAM: "look at the loss, the output layer and the optimizer's parameters in the training code",
    Cause.EVALUATION: "give the number of validation samples: --context n_val=1000",
}
"""What would settle each cause where nothing could examine it."""


DATA_CODES = ("COV", "LBL", "CPT", "LKG", "LER", "OVF108", "EVA907", "EVA908")
"""Beginnings of the codes that look at data, not at curves."""


def level_of(probability: float) -> Level:
    """Return the level that a probability stands for.

    Examples
    --------
    >>> level_of(0.93).value, level_of(0.6).value, level_of(0.2).value, level_of(0.01).value
    ('confirmed', 'likely', 'unlikely', 'ruled_out')
    """
    if probability >= CONFIRMED:
        return Level.CONFIRMED
    if probability >= LIKELY:
        return Level.LIKELY
    return Level.UNLIKELY if probability >= RULED_OUT else Level.RULED_OUT


COSTS = ("COV118", "CPT131", "OVF108")
"""Findings that measure what their cause costs, in the unit of the loss. Others say how much differs, which many rows
always show; what a person asks first is whether it matters."""
HARMLESS = "detectable, judged harmless"
"""How a shift begins that is surely there and surely costs too little to act on."""
OVERRULED = 0.3
"""What curves leave of overfitting where the gap was measured to be shift: open. A loss may rise by both."""
LITTLE = 0.1
"""OVF108 leaves at most that where it measured that fitting to the sample adds little."""


OPEN = 0.49
"""What passed can leave of a cause: nothing is likely that no finding speaks for."""
SYMPTOMS = ("UNF301", "UNF303", "UNF304", "UNF305", "UNF306", "INS504")
"""What a network shows that cannot learn, whyever: poor scores, gradients, units and outputs."""
ROOTS = ("LRN605", "PRG902", "PRG903", "PRG904", "PRG905", "PRG907", "PRG910", "PRG914")
"""Faults that a hook or the model itself names, and that explain such symptoms."""
DIVERGED = ("INS501", "INS502", "INS503", "INS505")
"""What a run shows that goes to infinity, whyever."""
PROGRAM_ROOTS = ("PRG902", "PRG903", "PRG904", "PRG911")
"""Faults of the program that explain that: a loss without a least value, statistics that are none of the batch's."""
ROOT_ERRORS = ("FRZ803",)
"""Codes of several grades, of which an error explains them: nothing is trained, or frozen layers are random."""


def _roots(symptom: str, findings: Sequence[Finding]) -> list[Finding]:
    """Return the likely faults that were named and explain a symptom, which is a code."""
    named = (*(ROOTS if symptom in SYMPTOMS else ()), *(PROGRAM_ROOTS if symptom in DIVERGED else ()))
    errors = ROOT_ERRORS if symptom in SYMPTOMS else ()
    return [f for f in findings if f.probability >= LIKELY and (
        (f.code in named and f.severity is not Severity.INFO)
        or (f.code in errors and f.severity is Severity.ERROR))]  # fmt: skip


def _behind_its_root(finding: Finding, findings: Sequence[Finding]) -> Finding:
    """Return a symptom as not more probable, as a cause of its own, than the likely fault that explains it."""
    roots = [f.probability for f in _roots(finding.code, findings)]
    if not roots or finding.probability < max(roots):
        return finding
    return replace(finding, probability=max(max(roots) - BEHIND, 0.0))


BEHIND = 0.01
"""Enough to stand behind."""


def weighed(findings: Sequence[Finding], outcomes: Sequence[Outcome]) -> tuple[Finding, ...]:
    """Return the findings as the parts of the gap leave them, where those were measured: the most probable first.

    Curves can't tell overfitting from validation data of another kind, and a shift that is detected may cost nothing.
    The parts of the gap decide. Where a shift is confirmed to cost (COV118, CPT131) and fitting to the sample adds
    little (OVF108), what curves say of overfitting is left open. Where inputs of another kind were measured to cost
    too little to matter (COV118), other findings of covariate shift are information. A symptom of a network that cannot
    learn stands behind a fault that was named and explains it. Of equally probable findings the
    one that says what its cause costs comes first.
    """
    passed = {o.code: o.probability for o in outcomes if o.status is Status.PASSED and o.probability is not None}
    costs = [f.code for f in findings if f.code in COSTS and f.cause is not Cause.OVERFITTING
             and f.severity is not Severity.INFO and f.probability >= CONFIRMED]  # fmt: skip
    is_shift = bool(costs) and passed.get("OVF108", 1.0) <= LITTLE
    harmless = {o.cause: o.harmless for o in outcomes if o.harmless}
    found = []
    for f in findings:
        if f.severity is Severity.INFO:
            found.append(f)
        elif is_shift and f.cause is Cause.OVERFITTING:
            said = f"{f.claim}; the data say that the gap is shift ({costs[0]})"
            found.append(replace(f, probability=min(f.probability, OVERRULED), claim=said, settle=""))
        elif f.cause in harmless:
            said = f"{HARMLESS}: {harmless[f.cause]}; {f.claim}"
            found.append(replace(f, severity=Severity.INFO, claim=said, harmless=harmless[f.cause]))
        else:
            found.append(_behind_its_root(f, findings))
    return tuple(sorted(found, key=lambda f: (-f.probability, f.code not in COSTS, f.code)))


def differentiate(findings: Sequence[Finding], outcomes: Sequence[Outcome]) -> dict[Cause, Verdict]:
    """Return one verdict for each of the fifteen causes, in their fixed order."""
    return {
        cause: _verdict(
            cause,
            [f for f in findings if f.cause is cause],
            [o for o in outcomes if o.cause is cause],
        )
        for cause in Cause
    }


def _verdict(cause: Cause, findings: list[Finding], outcomes: list[Outcome]) -> Verdict:
    passed = [o for o in outcomes if o.status is Status.PASSED]
    skipped = [o for o in outcomes if o.status is Status.SKIPPED]
    codes = tuple(o.code for o in outcomes if o.status in (Status.FINDINGS, Status.PASSED))
    reasons_for = tuple(f.claim for f in findings if f.severity is not Severity.INFO)
    harmless = [f.claim for f in findings if f.harmless][:1]
    reasons_against = tuple(dict.fromkeys([*harmless, *(o.why for o in passed if o.why)]))
    known = [f.probability for f in findings if f.severity is not Severity.INFO]
    known += [min(o.probability, OPEN) for o in passed if o.probability is not None]
    open_questions: list[Finding | Outcome] = [*findings, *passed, *skipped]
    settle = tuple(dict.fromkeys(asked.settle for asked in open_questions if asked.settle))
    if not known:
        why = tuple(dict.fromkeys(o.why for o in skipped if o.why))
        return Verdict(cause, Level.NOT_EXAMINED, None, (), why, settle or (SETTLES[cause],), codes)
    probability = max(known)
    decided = level_of(probability) in (Level.CONFIRMED, Level.RULED_OUT)
    return Verdict(
        cause, level_of(probability), probability, reasons_for, reasons_against,
        () if decided else settle, codes,
    )  # fmt: skip


FIRST_REPAIRED = (
    Cause.TRAINING_PROGRAM, Cause.EVALUATION, Cause.LEAKAGE, Cause.LEARNING_RATE, Cause.LABEL_ERRORS, Cause.OVERFITTING,
    Cause.INSTABILITY, Cause.UNDERFITTING, Cause.COVARIATE_SHIFT, Cause.LABEL_SHIFT, Cause.CONCEPT_SHIFT,
    Cause.FREEZING, Cause.REGULARIZATION, Cause.BATCH_SIZE, Cause.UNDERTRAINING,
)  # fmt: skip
"""Equally grave causes in the order of repair: a fault in the program or the evaluation makes every other number
doubtful; overfitting is only claimed beyond the noise, so it stands although the run is rough; more epochs are for a
steady run."""


def main_cause(verdicts: Mapping[Cause, Verdict], findings: Sequence[Finding]) -> str:
    """Return the cause to act on first: of those more likely than not, the gravest, then the first to repair.

    A symptom gives way to the fault that was named and explains it.

    Returns
    -------
    str
        A cause's id; ``"healthy"`` where overfitting was examined, or the inputs of two data sets were compared, and
        nothing was found; ``"cannot_tell"`` where neither was, or where something was found that the evidence can't
        decide.
    """
    grave = {severity: rank for rank, severity in enumerate((Severity.INFO, Severity.WARNING, Severity.ERROR))}
    grave_findings = [f for f in findings if f.severity is not Severity.INFO]
    candidates = [f for f in grave_findings if f.probability >= LIKELY and not _roots(f.code, findings)]
    if candidates:
        return max(candidates, key=lambda f: (grave[f.severity], -FIRST_REPAIRED.index(f.cause))).cause.value
    return "healthy" if (_has_curves(verdicts) or _has_data(verdicts)) and not grave_findings else "cannot_tell"


def _has_curves(verdicts: Mapping[Cause, Verdict]) -> bool:
    """Whether curves could be examined: whatever else a log shows, it is read for overfitting first."""
    verdict = verdicts[Cause.OVERFITTING]
    is_examined = verdict.level is not Level.NOT_EXAMINED
    return is_examined and any(not code.startswith(DATA_CODES) for code in verdict.codes)


def _has_data(verdicts: Mapping[Cause, Verdict]) -> bool:
    """Whether the inputs of two data sets could be compared."""
    verdict = verdicts[Cause.COVARIATE_SHIFT]
    return verdict.level is not Level.NOT_EXAMINED and any(code.startswith(DATA_CODES) for code in verdict.codes)


def sentence(
    main: str, verdicts: Mapping[Cause, Verdict], findings: Sequence[Finding], *, is_without_log: bool = False
) -> str:
    """Return what a person reads first; ``is_without_log`` where data alone were given."""
    if main == "cannot_tell":
        return _undecided(verdicts, findings, is_without_log=is_without_log)
    if main == "healthy":
        examined = [v for v in verdicts.values() if v.level is not Level.NOT_EXAMINED]
        open_causes = len(verdicts) - len(examined)
        what = " and ".join(
            word for word, there in (("curves", _has_curves(verdicts)), ("data", _has_data(verdicts))) if there
        )
        shift = f"a shift of the inputs is {HARMLESS}; " if any(f.harmless for f in findings) else ""
        count = "1 cause" if len(examined) == 1 else f"{len(examined)} causes"
        return f"No fault found in these {what}; {shift}{count} examined, {open_causes} not."
    verdict = verdicts[Cause(main)]
    spoken = [f for f in findings if f.cause.value == main and f.severity is not Severity.INFO]
    claim = spoken[0].claim
    costs = [f.claim.partition(";")[0] for f in spoken[1:] if f.code == "COV118"]
    if costs:  # how large a shift is, is half of what matters
        claim += f"; {costs[0]}"
    strength = "is confirmed" if verdict.level is Level.CONFIRMED else "is likely"
    return f"{verdict.cause.words.capitalize()} {strength} ({_percent(verdict.probability or 0.0)}): {claim}."


def _undecided(verdicts: Mapping[Cause, Verdict], findings: Sequence[Finding], *, is_without_log: bool) -> str:
    """Say what was found that the evidence can't decide, or else what is missing."""
    undecided = next((f for f in findings if f.severity is not Severity.INFO), None)
    if undecided is not None:
        settle = f" To settle it, {undecided.settle}." if undecided.settle else ""
        what = "data" if is_without_log or undecided.code.startswith(DATA_CODES) else "curves"
        return f"Cannot tell from these {what}: {undecided.claim}.{settle}"
    cause = Cause.COVARIATE_SHIFT if is_without_log else Cause.OVERFITTING
    what, lack = (
        ("these data", "there is nothing to compare") if is_without_log else ("this log", "too little was logged")
    )
    why = "; ".join(verdicts[cause].reasons_against) or lack
    settle = next(iter(verdicts[cause].would_settle), SETTLES[cause])
    return f"Cannot tell from {what}: {why}. To settle it, {settle}."


def _percent(probability: float) -> str:
    """Never 100 %: no verdict is that sure."""
    return ">99%" if probability > 0.99 else f"{probability:.0%}"
