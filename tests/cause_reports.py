"""One small diagnosis for each cause as the main one: finding with numbers and figure, verdict, remedies."""

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
    Remedy,
    Severity,
    Status,
    Verdict,
    Where,
)
from report_examples import curve, overfitting, verdicts

N = 40


@dataclass(frozen=True)
class Told:
    """What is said about one cause, and the level at which its two losses end."""

    code: str
    claim: str
    evidence: tuple[Measured, ...]
    remedies: tuple[str, ...]
    ends: tuple[float, float]
    """Training and validation loss at the end; both begin at 2."""
    where: tuple[Where, ...] = ()
    marks: tuple[Mark, ...] = ()
    level: Level = Level.LIKELY
    rising: float = 0.0
    noise: float = 0.01


TOLD = {
    Cause.OVERFITTING: Told(
        "OVF101",
        "validation loss rose by 0.31 after epoch 14 (12 to 17) while training loss kept falling",
        (Measured("gain given back", 0.28, "share", 0.25, 0.31, 0.10, "above", "1% false alarms on clean runs"),),
        ("Stop at epoch 14 and keep the best weights", "Weight decay 0 → 5e-4"),
        (0.05, 0.60),
        (Where("epochs", 14, 39),),
        (Mark("line", "validation loss turns up at epoch 14", 14, y=0.7), Mark("span", "its interval", 12, 17)),
        Level.CONFIRMED,
        0.02,
    ),
    Cause.UNDERFITTING: Told(
        "UND102",
        "training accuracy ended at 0.41, where the majority class alone gives 0.38",
        (Measured("training accuracy above chance", 0.03, "share", 0.01, 0.05, 0.1, "below", "rule of the field"),),
        ("Make the network wider", "Remove the dropout of 0.6"),
        (1.62, 1.66),
    ),
    Cause.UNDERTRAINING: Told(
        "UND101",
        "validation loss was still falling by 0.8% an epoch when training ended",
        (
            Measured(
                "fall per epoch at the end", 0.008, "share", 0.006, 0.010, 0.002, "above", "noise of 5,000 samples"
            ),
        ),
        ("Train 40 epochs more",),
        (0.7, 0.8),
        marks=(Mark("span", "still falling", 28, 39),),
    ),
    Cause.INSTABILITY: Told(
        "INS102",
        "training loss spiked 4 times, up to 3.1 at epoch 22",
        (Measured("largest spike", 41.0, "noise widths", None, None, 12.0, "above", "1 in 10,000 clean runs"),),
        ("Clip the gradient's norm at 1",),
        (0.4, 0.6),
        (Where("epochs", 9, 31),),
        tuple(Mark("point", f"spike {i}", x, y=1.2) for i, x in enumerate((9.0, 17.0, 22.0, 31.0), 1)),
        Level.CONFIRMED,
        noise=0.15,
    ),
    Cause.LEARNING_RATE: Told(
        "LRN101",
        "the learning rate of 0.1 is about 30 times too high in the first 12 epochs",
        (Measured("oscillation", 0.34, "share", 0.30, 0.41, 0.20, "above", "99th percentile of clean runs"),),
        ("Learning rate 0.1 → 3e-3", "Warm up over 500 steps"),
        (0.5, 0.55),
        marks=(Mark("span", "oscillates, epochs 0 to 12", 0, 12),),
        noise=0.08,
    ),
    Cause.BATCH_SIZE: Told(
        "BAT101",
        "batches of 4 leave gradient noise 9 times its signal",
        (Measured("noise over signal", 9.1, "", 6.2, 13.0, 3.0, "above", "McCandlish et al. (2018)"),),
        ("Batch size 4 → 32, learning rate 1e-4 → 8e-4",),
        (0.45, 0.5),
        noise=0.06,
    ),
    Cause.REGULARIZATION: Told(
        "REG201",
        "validation loss lies 0.22 below training loss: dropout of 0.7 holds training back",
        (Measured("gap", -0.22, "nats", -0.25, -0.19, -0.05, "below", "noise of 5,000 samples, 99%"),),
        ("Dropout 0.7 → 0.3",),
        (0.92, 0.7),
    ),
    Cause.FREEZING: Told(
        "FRZ101",
        "after unfreezing at epoch 20 the validation loss lost 61% of what the head had gained",
        (Measured("loss of gain", 0.61, "share", 0.5, 0.7, 0.1, "above", "calibrated"),),
        ("Freeze up to block4_pool", "Unfreeze with a tenth of the learning rate"),
        (0.4, 0.9),
        (Where("layers", names=("block1_conv1", "block5_conv3")),),
        (Mark("line", "unfrozen", 20),),
    ),
    Cause.COVARIATE_SHIFT: Told(
        "SHF101",
        "3 of 40 columns are distributed differently in validation, `income` most",
        (
            Measured("distance of income", 0.31, "Wasserstein", 0.27, 0.36, 0.08, "above", "permutation, 1% over 40"),
            Measured("distance of age", 0.12, "Wasserstein", 0.09, 0.14, 0.08, "above", "permutation, 1% over 40"),
        ),
        ("Split at random within months", "Weight training rows by density ratio"),
        (0.3, 0.75),
        (Where("columns", names=("income", "age", "postcode")),),
        level=Level.CONFIRMED,
    ),
    Cause.LABEL_SHIFT: Told(
        "SHF201",
        "class `defect` makes up 2% of training and 11% of validation",
        (Measured("largest change of a class", 0.09, "share", 0.07, 0.11, 0.02, "above", "χ², 1%"),),
        ("Stratify the split by class",),
        (0.3, 0.6),
    ),
    Cause.CONCEPT_SHIFT: Told(
        "SHF301",
        "at equal features, labels differ between the splits in 14% of pairs",
        (Measured("disagreement", 0.14, "share", 0.11, 0.17, 0.05, "above", "bootstrap, 1%"),),
        ("Label both splits by the same guideline",),
        (0.3, 0.8),
    ),
    Cause.LEAKAGE: Told(
        "LEK101",
        "412 of 5,000 validation rows stand in the training set too",
        (Measured("rows in both", 0.082, "share", 0.082, 0.082, 0.001, "above", "no duplicate is expected"),),
        ("Split by patient",),
        (0.1, 0.11),
        (Where("samples", names=tuple(f"row {i}" for i in range(412))),),
        level=Level.CONFIRMED,
    ),
    Cause.LABEL_ERRORS: Told(
        "LAB101",
        "about 3.1% of the training labels are wrong, `cat` for `lynx` most often",
        (Measured("wrong labels", 0.031, "share", 0.024, 0.040, 0.01, "above", "Northcutt et al. (2021)"),),
        ("Look at the 120 samples listed first",),
        (0.25, 0.5),
    ),
    Cause.TRAINING_PROGRAM: Told(
        "PRG101",
        "loss stayed at ln 10 = 2.303 for all 40 epochs: nothing was learnt",
        (Measured("loss minus that of guessing", 0.0002, "nats", -0.001, 0.001, 0.01, "below", "noise of the loss"),),
        ("Check that the optimiser got the model's parameters", "Try to fit one batch first"),
        (2.0, 2.0),
        level=Level.CONFIRMED,
    ),
    Cause.EVALUATION: Told(
        "EVA101",
        "40 validation samples cannot tell 0.80 from 0.90",
        (Measured("half width of the score", 0.11, "share", None, None, 0.02, "above", "Wilson, 95%"),),
        ("Give 2,000 samples to validation",),
        (0.5, 0.55),
        noise=0.1,
    ),
}


def with_main(cause: Cause) -> Diagnosis:
    """Make a diagnosis with this cause as the main one."""
    told = TOLD[cause]
    losses = _losses(told, random.Random(cause))
    base = overfitting()
    finding = Finding(
        told.code, cause, Severity.ERROR if told.level is Level.CONFIRMED else Severity.WARNING,
        0.96 if told.level is Level.CONFIRMED else 0.7, told.claim, told.evidence, told.where,
        Figure("curves", ("loss", "val_loss"), told.marks, caption=f"What {told.code} points at."),
    )  # fmt: skip
    verdict = Verdict(cause, told.level, finding.probability, (told.claim,), codes=(told.code,))
    curves = (curve("loss", "train", "loss", losses[0]), curve("val_loss", "val", "loss", losses[1]))
    run = replace(
        base.run, name=f"runs/{cause}/training.csv", n_points=N, last_step=N - 1.0, curves=curves, learning_rate=None,
        phases=(), unread=(), final={c.name: c.values[-1] for c in curves}, best={},
    )  # fmt: skip
    return replace(
        base,
        sentence=f"{str(cause).replace('_', ' ').capitalize()}, {told.level}: {told.claim}.",
        main=str(cause),
        run=run,
        verdicts=verdicts(**{str(cause): verdict}),
        findings=(finding,),
        remedies=tuple(
            Remedy({"do": title}, title, told.claim, (cause,), Basis.RULE_OF_THUMB, source="the field's habit")
            for title in told.remedies
        ),
        outcomes=(Outcome(told.code, cause, Status.FINDINGS, "see the finding"),),
        limits={told.code: {"limit": told.evidence[0].limit}},
    )


def _losses(told: Told, rng: random.Random) -> tuple[list[float], list[float]]:
    train, val = (
        [end + (2 - end) * math.exp(-i / 6) + rng.gauss(0, told.noise) for i in range(N)] for end in told.ends
    )
    return train, [value + told.rising * max(0, i - 14) for i, value in enumerate(val)]
