"""Diagnoses as an audit would make them, for the tests of the reports: nothing here computes a conclusion."""

# ruff: noqa: E501 - sentences stay whole

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from diagnose.finding import (
    Basis,
    Cause,
    Diagnosis,
    Figure,
    Finding,
    Level,
    Mark,
    Measured,
    Outcome,
    PlottedCurve,
    ReadColumn,
    Remedy,
    RunSummary,
    Severity,
    Status,
    Verdict,
    Where,
)
from diagnose.gated import Change, Gate, Judged, Problem, Ruling, fingerprint

DATA_WISH = "give the validation and training data: --train train.csv --val val.csv"
DATA_CAUSES = (Cause.COVARIATE_SHIFT, Cause.LABEL_SHIFT, Cause.CONCEPT_SHIFT, Cause.LEAKAGE, Cause.LABEL_ERRORS)


@dataclass(frozen=True)
class Page:
    """Documentation of a code, as the registry of analyzers gives it."""

    title: str
    detects: str
    matters: str
    evidence: str
    remedy: str
    references: str


EXPLAIN = {
    "OVF101": Page(
        title="Validation loss turns up while training loss falls",
        detects="The share of the validation gain that is lost again after the `turning point`.\n\nUnitless, and unchanged "
        "by the scale of the loss.",
        matters="From there on the model fits its sample, not the population.",
        evidence="The best *unimodal* fit against the best monotone fit, with a bootstrap interval:\n\n    rise / gain > limit",
        remedy="- stop at the turning point\n- regularise\n- give more data",
        references="- Prechelt (1998), Early Stopping — But When? https://doi.org/10.1007/3-540-49430-8_3",
    )
}


def curve(
    name: str, split: str, quantity: str, values, better: str = "lower", steps=None, derived: str = ""
) -> PlottedCurve:
    values = tuple(None if v is None or not math.isfinite(v) else float(v) for v in values)
    steps = tuple(float(s) for s in steps) if steps is not None else tuple(float(s) for s in range(len(values)))
    return PlottedCurve(name, split, quantity, better, steps, values, len(values), derived)


def verdicts(**given: Verdict) -> dict[str, Verdict]:
    found = {}
    for cause in Cause:
        if cause in given:
            found[str(cause)] = given[cause]
        elif cause in DATA_CAUSES:
            found[str(cause)] = Verdict(cause, Level.NOT_EXAMINED, would_settle=(DATA_WISH,))
        elif cause is Cause.FREEZING:
            found[str(cause)] = Verdict(
                cause, Level.NOT_EXAMINED, would_settle=("give the model: --model model.keras",)
            )
        else:
            found[str(cause)] = Verdict(
                cause, Level.UNLIKELY, 0.04, reasons_against=("the curves show no sign of it",), codes=("X000",)
            )
    return found


def bowl(n: int, best: int, rng: random.Random, *, floor: float = 0.52, rise: float = 0.011) -> list[float]:
    falling = [floor + 1.7 * math.exp(-i / 5.5) for i in range(n)]
    return [v + rise * max(0, i - best) ** 1.05 + rng.gauss(0, 0.012) for i, v in enumerate(falling)]


def overfitting(name: str = "runs/resnet18-cifar10/training.csv", seed: int = 1) -> Diagnosis:
    """Make a run with a turning point at epoch 23 of 60, with interval, remedies, several curves and phases."""
    rng = random.Random(seed)
    n = 60
    train = [0.03 + 2.1 * math.exp(-i / 9) + rng.gauss(0, 0.008) for i in range(n)]
    val = bowl(n, 23, rng)
    accuracy = [0.995 - 0.8 * math.exp(-i / 8) for i in range(n)]
    val_accuracy = [0.842 - 0.62 * math.exp(-i / 6) - 0.0009 * max(0, i - 25) + rng.gauss(0, 0.006) for i in range(n)]
    rate = [1e-3 if i < 30 else 1e-4 for i in range(n)]
    marks = (
        Mark("line", "validation loss turns up at epoch 23 (21 to 26)", 23, x_end=None, y=val[23]),
        Mark("span", "interval of the turning point, epochs 21 to 26", 21, x_end=26),
    )
    turn = Finding(
        "OVF101",
        Cause.OVERFITTING,
        Severity.ERROR,
        0.97,
        "validation loss rose by 0.48 after epoch 23 (21 to 26) and gave back 28% of its gain, while training loss fell from 0.19 to 0.03",
        evidence=(
            Measured("turning point", 23, "epoch", 21, 26),
            Measured(
                "gain given back",
                0.283,
                "share",
                0.249,
                0.312,
                0.10,
                "above",
                "calibrated: 1% false alarms on clean runs",
            ),
            Measured(
                "gap at the end",
                0.93,
                "nats",
                0.89,
                0.98,
                0.12,
                "above",
                "sampling noise of 5,000 validation samples, 99%",
            ),
        ),
        where=(Where("epochs", 23, 59), Where("curves", names=("val_loss", "loss"))),
        figure=Figure(
            "curves", ("loss", "val_loss"), marks, caption="Validation loss turns while training loss keeps falling."
        ),
    )
    kept = Finding(
        "OVF104",
        Cause.OVERFITTING,
        Severity.WARNING,
        0.88,
        "the last weights were kept, 36 epochs after the best: validation loss 1.01 instead of 0.55",
        evidence=(
            Measured("epochs after the best", 36, "epochs", None, None, 5, "above", "patience in the configuration"),
        ),
        where=(Where("epochs", 23, 59),),
    )
    return Diagnosis(
        sentence="Overfitting, confirmed: validation loss turned up at epoch 23 (21 to 26) of 60 while training loss kept falling.",
        main="overfitting",
        run=RunSummary(
            name=name,
            unit="epoch",
            n_points=n,
            last_step=59.0,
            sources=({"where": name, "format": "Keras CSVLogger"},),
            columns=(
                ReadColumn("epoch", "step", "epoch number, from 0"),
                ReadColumn("loss", "curve", "training loss, lower is better"),
                ReadColumn("val_loss", "curve", "validation loss, lower is better"),
                ReadColumn("accuracy", "curve", "training accuracy, divided by 100"),
                ReadColumn("val_accuracy", "curve", "validation accuracy, divided by 100"),
                ReadColumn("lr", "learning rate", "learning rate"),
                ReadColumn("wall_time", "ignored", "not a quantity that this version examines"),
            ),
            unread=(
                {
                    "where": "training.csv, line 61",
                    "why": "4 cells where the header has 7; the run may have been cut off",
                },
            ),
            notes=("accuracy was given in percent and was divided by 100",),
            context={
                "n_train": 45000,
                "n_val": 5000,
                "batch_size": 128,
                "learning_rate": 1e-3,
                "weight_decay": 0.0,
                "patience": None,
            },
            context_origins={
                "n_train": "--context",
                "n_val": "--context",
                "batch_size": "hparams.yaml",
                "learning_rate": "column lr",
            },
            phases=(
                {"start": 0.0, "end": 29.0, "because": "", "learning_rate": 1e-3},
                {"start": 30.0, "end": 59.0, "because": "learning rate 0.001 → 0.0001", "learning_rate": 1e-4},
            ),
            curves=(
                curve("loss", "train", "loss", train),
                curve("val_loss", "val", "loss", val),
                curve("accuracy", "train", "accuracy", accuracy, "higher"),
                curve("val_accuracy", "val", "accuracy", val_accuracy, "higher"),
            ),
            learning_rate=curve("lr", "train", "learning_rate", rate),
            final={"loss": train[-1], "val_loss": val[-1], "accuracy": accuracy[-1], "val_accuracy": val_accuracy[-1]},
            best={
                "val_loss": {"value": min(val), "step": 23.0},
                "val_accuracy": {"value": max(val_accuracy), "step": 27.0},
            },
        ),
        verdicts=verdicts(
            overfitting=Verdict(
                Cause.OVERFITTING,
                Level.CONFIRMED,
                0.97,
                ("validation loss gave back 28% (25 to 31) of its gain after epoch 23", "the last weights were kept"),
                (),
                ("a test split from the validation distribution would tell overfitting from shift",),
                ("OVF101", "OVF104"),
            ),
            regularization=Verdict(
                Cause.REGULARIZATION,
                Level.LIKELY,
                0.71,
                ("weight decay is 0 and no augmentation is known",),
                codes=("REG101",),
            ),
            evaluation=Verdict(
                Cause.EVALUATION,
                Level.RULED_OUT,
                0.01,
                (),
                ("5,000 validation samples: the noise of accuracy is 0.5%",),
                codes=("EVA101",),
            ),
            underfitting=Verdict(
                Cause.UNDERFITTING, Level.RULED_OUT, 0.002, (), ("training accuracy ends at 99.5%",), codes=("UND101",)
            ),
            training_program=Verdict(
                Cause.TRAINING_PROGRAM, Level.NOT_EXAMINED, would_settle=("give the model: --model model.keras",)
            ),
        ),
        findings=(turn, kept),
        remedies=(
            Remedy(
                {"stop_at_epoch": 23, "restore_best_weights": True},
                "Stop at epoch 23 and keep the best weights",
                "validation loss is lowest there; everything after it fits the sample",
                (Cause.OVERFITTING,),
                Basis.ESTIMATED,
                code='keras.callbacks.EarlyStopping(\n    monitor="val_loss", patience=5, restore_best_weights=True\n)',
                framework="keras",
                effect=Measured("validation loss", -0.46, "nats", -0.49, -0.42),
                cost="none; saves 36 epochs",
            ),
            Remedy(
                {"weight_decay": 0.0005},
                "Weight decay 0 → 5e-4",
                "nothing holds the 11.2 M parameters back",
                (Cause.OVERFITTING, Cause.REGULARIZATION),
                Basis.RULE_OF_THUMB,
                source="Loshchilov & Hutter (2019)",
                code="optimizer = keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=5e-4)",
                framework="keras",
                cost="one more training run",
            ),
            Remedy(
                {"augmentation": ["flip", "crop"]},
                "Augment: random flips and crops",
                "45,000 images for 11.2 M parameters",
                (Cause.OVERFITTING,),
                Basis.RULE_OF_THUMB,
                source="Shorten & Khoshgoftaar (2019)",
                cost="10 to 30% longer epochs",
            ),
            Remedy(
                {"dropout": 0.2},
                "Dropout 0 → 0.2 before the last layer",
                "as above",
                (Cause.OVERFITTING,),
                Basis.RULE_OF_THUMB,
            ),
        ),
        outcomes=(
            Outcome("OVF101", Cause.OVERFITTING, Status.FINDINGS, "see the finding"),
            Outcome("OVF104", Cause.OVERFITTING, Status.FINDINGS, "see the finding"),
            Outcome(
                "UND101",
                Cause.UNDERFITTING,
                Status.PASSED,
                "training accuracy 0.995 is above the majority rate 0.1",
                0.002,
            ),
            Outcome(
                "BAT101",
                Cause.BATCH_SIZE,
                Status.SKIPPED,
                "no gradient noise was recorded",
                settle="train with the diagnose callback",
            ),
            Outcome("FRZ101", Cause.FREEZING, Status.NOT_APPLICABLE, "no pretrained weights are known of"),
        ),
        limits={"OVF101": {"max_giveback": 0.10, "alpha": 0.01}, "OVF104": {"max_epochs_after_best": 5}},
        versions={"diagnose": "0.1.0", "numpy": "2.4.6", "python": "3.11.7"},
    )


def healthy(name: str = "healthy.jsonl", seed: int = 2) -> Diagnosis:
    rng = random.Random(seed)
    train = [0.2 + 1.9 * math.exp(-i / 12) for i in range(80)]
    val = [0.26 + 1.85 * math.exp(-i / 12) + rng.gauss(0, 0.01) for i in range(80)]
    return Diagnosis(
        sentence="Healthy as far as the log can tell: validation follows training, and both have levelled off.",
        main="healthy",
        run=RunSummary(
            name,
            "epoch",
            80,
            79.0,
            sources=({"where": name, "format": "JSON lines"},),
            curves=(curve("train_loss", "train", "loss", train), curve("val_loss", "val", "loss", val)),
            final={"train_loss": train[-1], "val_loss": val[-1]},
            best={"val_loss": {"value": min(val), "step": 76.0}},
            context={"learning_rate": 3e-4, "batch_size": 64},
        ),
        verdicts=verdicts(),
        outcomes=(Outcome("OVF101", Cause.OVERFITTING, Status.PASSED, "no turning point beyond noise", 0.02),),
        versions={"diagnose": "0.1.0"},
    )


def many_causes() -> Diagnosis:
    """Spikes of 1e6, NaN stretches, three splits, a learning rate over decades, findings of several causes."""
    rng = random.Random(3)
    n = 200
    train = [0.4 + 1.5 * math.exp(-i / 40) + rng.gauss(0, 0.05) for i in range(n)]
    val = [0.7 + 1.2 * math.exp(-i / 30) + rng.gauss(0, 0.08) for i in range(n)]
    test = [0.9 + 1.1 * math.exp(-i / 30) + rng.gauss(0, 0.03) for i in range(n)]
    for spike, size in ((41, 310.0), (42, 2.4e6), (97, 55.0), (150, 1.2e4), (171, 88.0)):
        train[spike] = size
    for hole in (*range(120, 131), 160):
        val[hole] = math.nan
    rate = [1e-1 * 0.96**i for i in range(n)]
    spikes = Finding(
        "INS102",
        Cause.INSTABILITY,
        Severity.ERROR,
        0.93,
        "training loss spiked 5 times, up to 2.4e6 at epoch 42",
        evidence=(Measured("largest spike", 1.2e7, "noise widths", None, None, 12, "above", "1 in 10,000 clean runs"),),
        where=(Where("epochs", 41, 171),),
        figure=Figure(
            "curves",
            ("train_loss",),
            tuple(Mark("point", f"spike {i}", x, y=train[x]) for i, x in enumerate((42, 97, 150), 1)),
        ),
    )
    high = Finding(
        "LRN101",
        Cause.LEARNING_RATE,
        Severity.WARNING,
        0.81,
        "the learning rate of 0.1 is about 30 times too high at the start",
        evidence=(Measured("oscillation", 0.34, "share", 0.3, 0.41, 0.2),),
        figure=Figure("curves", ("train_loss", "lr"), (Mark("span", "oscillates, epochs 0 to 60", 0, 60),)),
    )
    missing = Finding(
        "EVA103",
        Cause.EVALUATION,
        Severity.INFO,
        0.99,
        "12 of 200 validation losses are NaN",
        where=(Where("epochs", 120, 160),),
    )
    quantities = ("loss", "accuracy", "f1", "auc", "map50", "precision", "recall", "box_loss")
    curves = [
        curve("train_loss", "train", "loss", train),
        curve("val_loss", "val", "loss", val),
        curve("test_loss", "test", "loss", test),
        *(
            curve(f"val_{q}", "val", q, [0.9 - 0.7 * math.exp(-i / 30) for i in range(n)], "higher")
            for q in quantities[1:]
        ),
    ]
    return Diagnosis(
        sentence="Instability, confirmed, from a learning rate that is likely about 30 times too high.",
        main="instability",
        run=RunSummary(
            "experiment 7",
            "epoch",
            n,
            n - 1.0,
            sources=({"where": "metrics.csv", "format": "Lightning CSVLogger"},),
            curves=tuple(curves),
            learning_rate=curve("lr", "train", "learning_rate", rate),
            final={c.name: c.values[-1] for c in curves},
            best={"val_loss": {"value": 0.6, "step": 188.0}},
            siblings=("fold 1", "fold 2"),
            context={"learning_rate": 0.1},
        ),
        verdicts=verdicts(
            instability=Verdict(
                Cause.INSTABILITY, Level.CONFIRMED, 0.993, ("training loss spiked 5 times",), codes=("INS102",)
            ),
            learning_rate=Verdict(
                Cause.LEARNING_RATE,
                Level.LIKELY,
                0.81,
                ("the loss oscillates with the learning rate",),
                ("it recovers",),
                codes=("LRN101",),
            ),
            evaluation=Verdict(
                Cause.EVALUATION, Level.LIKELY, 0.55, ("12 validation losses are NaN",), codes=("EVA103",)
            ),
        ),
        findings=(missing, high, spikes),
        remedies=(
            Remedy(
                {"learning_rate": 3e-3},
                "Learning rate 0.1 → 3e-3",
                "oscillation",
                (Cause.LEARNING_RATE,),
                Basis.ESTIMATED,
                code="torch.optim.SGD(model.parameters(), lr=3e-3)",
                framework="torch",
            ),
        ),
        outcomes=(Outcome("INS102", Cause.INSTABILITY, Status.FINDINGS),),
        versions={"diagnose": "0.1.0"},
    )


def nothing_examined() -> Diagnosis:
    empty = {str(c): Verdict(c, Level.NOT_EXAMINED, would_settle=("log val_loss every epoch",)) for c in Cause}
    return Diagnosis(
        "Cannot tell: the log holds two points of one curve.",
        "cannot_tell",
        RunSummary("short.csv", "epoch", 2, 1.0, curves=(curve("loss", "train", "loss", (1.0, 0.9)),)),
        empty,
        outcomes=(
            Outcome(
                "OVF101", Cause.OVERFITTING, Status.SKIPPED, "no validation loss", settle="log val_loss every epoch"
            ),
        ),
    )


def broken_analyzer() -> Diagnosis:
    crash = Outcome("PLG101", Cause.LEAKAGE, Status.BROKEN, "ZeroDivisionError: division by zero (check, line 31)")
    sound = overfitting()
    return replace(sound, outcomes=(*sound.outcomes, crash))


HOSTILE = "<script>alert('x')</script>"
RTL = "\u202egnol\u202c שלום مرحبا"
LONG = "val/" + "x" * 10_000


def hostile() -> Diagnosis:
    """Names that would act if a report let them."""
    rng = random.Random(5)
    names = (
        HOSTILE,
        f'"><img src=x onerror=alert(1)> {RTL}',
        LONG,
        "\x1b[31mred\x1b[0m [bold]x[/bold] {{ 7*7 }} {% x %}",
    )
    curves = tuple(
        curve(name, split, quantity, [rng.random() for _ in range(9)])
        for name, split, quantity in zip(
            names, ("train", "val", "test", "val"), ("loss", "loss", "loss", HOSTILE), strict=True
        )
    )
    finding = Finding(
        HOSTILE,
        Cause.OVERFITTING,
        Severity.ERROR,
        0.5,
        f"{HOSTILE} {LONG}",
        evidence=(Measured(HOSTILE, 1.0, "</td><script>", limit_reason=LONG),),
        where=(Where("columns", names=names), Where("samples", names=tuple(f"s{i}" for i in range(5000)))),
        figure=Figure("curves", names[:2], (Mark("line", LONG, 3.0), Mark("line", RTL, 4.0)), caption=HOSTILE),
    )
    return Diagnosis(
        f"{HOSTILE} | **bold** @everyone [link](javascript:alert(1)) {RTL}",
        HOSTILE,
        RunSummary(
            LONG,
            HOSTILE,
            9,
            8.0,
            sources=({"where": "\udcff" + HOSTILE, "format": RTL},),
            columns=tuple(ReadColumn(n, "curve", HOSTILE) for n in names),
            unread=({"where": LONG, "why": HOSTILE},),
            notes=(HOSTILE, names[3]),
            context={HOSTILE: {"a": [HOSTILE]}, "path": LONG},
            context_origins={HOSTILE: HOSTILE},
            curves=curves,
            final=dict.fromkeys(names, 0.5),
            phases=({"start": 0}, {"start": 2, "because": HOSTILE}),
        ),
        verdicts(
            overfitting=Verdict(Cause.OVERFITTING, Level.LIKELY, 0.5, (f"{HOSTILE} | `x` ```", LONG), codes=(HOSTILE,))
        ),
        findings=(finding,),
        remedies=(
            Remedy(
                {HOSTILE: 1},
                HOSTILE,
                LONG,
                (Cause.OVERFITTING,),
                Basis.ESTIMATED,
                code=f"```\n{HOSTILE}\n\x1b[2J",
                framework=HOSTILE,
            ),
        ),
        outcomes=(Outcome(HOSTILE, Cause.LEAKAGE, Status.BROKEN, HOSTILE),),
        limits={HOSTILE: {HOSTILE: HOSTILE}},
        versions={HOSTILE: HOSTILE},
    )


def nan_everywhere() -> Diagnosis:
    """Not one finite number where there could be one."""
    nan = math.nan
    nans = tuple(
        PlottedCurve(n, s, "loss", "lower", (0.0, 1.0, 2.0), v, 3)
        for n, s, v in (("loss", "train", (None,) * 3), ("val_loss", "val", (nan, math.inf, None)))
    )
    finding = Finding(
        "INS101",
        Cause.INSTABILITY,
        Severity.ERROR,
        1.0,
        "the loss is NaN from the start",
        evidence=(Measured("loss", nan, "", nan, math.inf, nan), Measured("none", None)),
        where=(Where("epochs", 0, None),),
        figure=Figure("curves", ("loss",), (Mark("point", "here", 1.0, nan, nan),)),
    )
    return Diagnosis(
        "Instability, confirmed: the loss is NaN from the first epoch.",
        "instability",
        RunSummary(
            "nan.csv",
            "epoch",
            3,
            2.0,
            curves=nans,
            learning_rate=replace(nans[0], name="lr"),
            final={"loss": nan, "val_loss": None},
            best={"val_loss": {"value": nan, "step": None}},
            context={"learning_rate": nan},
        ),
        verdicts(instability=Verdict(Cause.INSTABILITY, Level.CONFIRMED, 1.0, ("NaN",))),
        findings=(finding,),
        remedies=(
            Remedy(
                {"lr": nan},
                "Lower the learning rate",
                "NaN",
                (Cause.INSTABILITY,),
                Basis.ESTIMATED,
                effect=Measured("loss", nan),
            ),
        ),
    )


EXAMPLES = {
    "overfitting": overfitting,
    "healthy": healthy,
    "many_causes": many_causes,
    "nothing_examined": nothing_examined,
    "broken_analyzer": broken_analyzer,
    "hostile": hostile,
    "nan_everywhere": nan_everywhere,
}


POLICY = (
    ("fail on", "severity warning or worse, probability 0.5 or more, level likely"),
    ("require", "overfitting, n_val"),
    ("suppress", "OVF104 until 2027-03-31"),
)


def _ruling(diagnosis: Diagnosis, i: int, ruling: Ruling, why: str, change: Change | None = None, reason: str = ""):
    finding = diagnosis.findings[i]
    names = sorted({name for where in finding.where for name in where.names})
    return Judged(ruling, why, fingerprint(diagnosis.run.name, finding.code, names), change, reason)


def gated_failing(name: str = "runs/resnet18-cifar10/training.csv") -> Diagnosis:
    """Make a run that fails: one finding is worse than in the baseline, one is new, a score fell, evidence is missing."""
    run = overfitting(name)
    judged = (
        _ruling(run, 0, Ruling.FAILS, "worse than in the baseline: gain given back 28.3%, was 12%", Change.WORSE),
        _ruling(run, 1, Ruling.FAILS, "new: the baseline does not hold it", Change.NEW),
    )
    problems = (
        Problem(
            "regression",
            "accuracy of validation fell from 0.861 to 0.842, by more than the 0.01 that is accepted",
            "compare the settings with those of the previous run",
        ),
        Problem(
            "required",
            "freezing is required and could not be examined: no model was given",
            "give the model: --model model.keras",
        ),
    )
    gate = Gate(
        passed=False,
        sentence="Failed: 2 findings are new or worse, 1 score fell, and required evidence is missing.",
        judged=judged,
        problems=problems,
        notes=("the suppression of BAT701 matches no finding; remove it",),
        policy=POLICY,
        reference="diagnose-baseline.json",
    )
    return replace(run, gate=gate)


def gated_passing(name: str = "experiment 7") -> Diagnosis:
    """Make a run that passes though it has findings: one is known, one suppressed, one tolerated."""
    run = many_causes()
    run = replace(run, run=replace(run.run, name=name))
    judged = (
        _ruling(run, 0, Ruling.TOLERATED, "severity info is below warning", Change.NEW),
        _ruling(
            run,
            1,
            Ruling.SUPPRESSED,
            "suppressed until 2027-03-31",
            Change.UNCHANGED,
            "the old model is retired in March",
        ),
        _ruling(run, 2, Ruling.KNOWN, "the baseline holds it, and it is not worse", Change.UNCHANGED),
    )
    gate = Gate(
        passed=True,
        sentence="Passed: nothing is new or worse; 1 finding is known, 1 suppressed, 1 tolerated.",
        judged=judged,
        policy=POLICY,
        reference="diagnose-baseline.json",
    )
    return replace(run, gate=gate)


def gated_ignoring() -> Diagnosis:
    """Make a run that fails although its one finding is ignored: its score fell."""
    run = overfitting()
    run = replace(run, findings=run.findings[:1])
    judged = (_ruling(run, 0, Ruling.IGNORED, "OVF101 is ignored"),)
    fell = Problem("regression", "accuracy of validation fell by 0.02", "compare with the previous run")
    return replace(run, gate=Gate(False, "Failed: 1 score fell.", judged, (fell,), reference="main.json"))


def gated_hostile() -> Diagnosis:
    """Let the gate hold what would act if a report let it."""
    run = hostile()
    why = f"{HOSTILE} {RTL} \x1b[31m]]> &amp; ::error::x %0A"
    judged = (_ruling(run, 0, Ruling.FAILS, why, Change.NEW, LONG),)
    problems = tuple(Problem(kind, f"{HOSTILE}\n::warning::{LONG}", RTL) for kind in ("regression", HOSTILE))
    gate = Gate(False, f"Failed: {HOSTILE} {RTL}", judged, problems, (HOSTILE, LONG), ((HOSTILE, LONG),), HOSTILE)
    return replace(run, gate=gate)


GATED_EXAMPLES = {
    "gated_failing": gated_failing,
    "gated_passing": gated_passing,
    "gated_ignoring": gated_ignoring,
    "gated_hostile": gated_hostile,
}


def many_runs(count: int) -> list[Diagnosis]:
    """Make a sweep: overfitting and healthy runs in turn, with hyperparameters that differ."""
    overfit, fine = overfitting(), healthy()
    runs = []
    for i in range(count):
        one = overfit if i % 3 == 0 else fine
        context = {
            "learning_rate": 10 ** -(1 + i % 4),
            "batch_size": 32 * (1 + i % 2),
            "optimizer": "adam",
            "n_train": 45000,
        }
        runs.append(replace(one, run=replace(one.run, name=f"sweep/run-{i:04d}", context=context)))
    return runs
