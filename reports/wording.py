"""The words and symbols that every report shows alike, and what makes text from a log safe to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from diagnose.finding import Basis, Cause, Level, Severity, Status

CAUSE_TITLES: Mapping[str, str] = {
    **{cause: cause.words.capitalize() for cause in Cause},
    "healthy": "Healthy",
    "cannot_tell": "Cannot tell",
}

CAUSE_MEANINGS: Mapping[Cause, str] = {
    Cause.OVERFITTING: "the model fits its training sample better than the population it was drawn from",
    Cause.UNDERFITTING: "training itself ends poor: too little capacity, signal or optimisation",
    Cause.UNDERTRAINING: "training stopped while it was still improving",
    Cause.INSTABILITY: "the loss jumps, oscillates, explodes or becomes NaN",
    Cause.LEARNING_RATE: "the learning rate or its schedule is too high, too low or never decayed",
    Cause.BATCH_SIZE: "the batch size makes gradients too noisy, or steps too few",
    Cause.REGULARIZATION: "too little or too much weight decay, dropout or augmentation",
    Cause.FREEZING: "too many or too few pretrained layers are trainable",
    Cause.COVARIATE_SHIFT: "inputs of validation are distributed differently from those of training",
    Cause.LABEL_SHIFT: "classes are in different proportions, or some are missing in training",
    Cause.CONCEPT_SHIFT: "the same input means another label in validation",
    Cause.LEAKAGE: "information about validation reached training, so that its score is too good",
    Cause.LABEL_ERRORS: "labels are wrong often enough to matter",
    Cause.TRAINING_PROGRAM: "a bug in the training code",
    Cause.EVALUATION: "the validation data or the metric cannot carry the conclusion",
}


@dataclass(frozen=True)
class Wording:
    """How a state is written: a symbol that is legible without colour, the same in ASCII, and a word."""

    symbol: str
    ascii: str
    word: str


LEVELS: Mapping[Level, Wording] = {
    Level.CONFIRMED: Wording("●", "[X]", "confirmed"),
    Level.LIKELY: Wording("◐", "[x]", "likely"),
    Level.UNLIKELY: Wording("○", "[ ]", "unlikely"),
    Level.RULED_OUT: Wording("✓", "[-]", "ruled out"),
    Level.NOT_EXAMINED: Wording("?", "[?]", "not examined"),
}
SEVERITIES: Mapping[Severity, Wording] = {
    Severity.ERROR: Wording("■", "E", "error"),
    Severity.WARNING: Wording("▲", "W", "warning"),
    Severity.INFO: Wording("i", "I", "info"),
}
STATUSES: Mapping[Status, Wording] = {
    Status.BROKEN: Wording("✕", "x", "broken"),
    Status.FINDINGS: Wording("●", "*", "found something"),
    Status.PASSED: Wording("✓", "+", "passed"),
    Status.SKIPPED: Wording("?", "?", "skipped"),
    Status.NOT_APPLICABLE: Wording("–", "-", "not applicable"),
}
BASES: Mapping[Basis, str] = {
    Basis.MEASURED: "measured",
    Basis.ESTIMATED: "estimated from this run",
    Basis.RULE_OF_THUMB: "rule of thumb",
}
QUANTITIES: Mapping[str, str] = {
    "auc": "AUC", "bleu": "BLEU", "cer": "CER", "f1": "F1", "iou": "IoU", "mae": "MAE", "map": "mAP",
    "map50": "mAP at 0.5", "map50_95": "mAP at 0.5 to 0.95", "mape": "MAPE", "mse": "MSE", "psnr": "PSNR", "r2": "R²",
    "rmse": "RMSE", "rouge": "ROUGE", "ssim": "SSIM", "wer": "WER",
}  # fmt: skip
"""Quantities whose names are not plain words."""
SPLITS: Mapping[str, str] = {"train": "training", "val": "validation", "test": "test"}
TERMS: Mapping[str, str] = {
    "usual gain": "how far the best level of validation is from its median over the run. More than 100% of it given "
    "back means that the end is worse than the typical epoch",
}
"""Terms of the findings' sentences that a learner can't know, and what they mean."""
MAX_TEXT = 800
"""Characters of one sentence from an input that a report shows; the whole of it stays in the JSON."""
MAX_NAME = 60
"""Characters of a name from an input that a report shows in running text."""


def cause_title(cause: str) -> str:
    """Name a cause, ``"healthy"`` or ``"cannot_tell"`` for people; unknown ids are shown as they are."""
    return CAUSE_TITLES.get(cause, cause)


def quantity_title(name: str) -> str:
    """Name a quantity for people: ``"box_loss"`` becomes "Box loss", ``"f1"`` becomes "F1"."""
    text = one_line(name.replace("_", " "), 48)
    return QUANTITIES.get(name, text[:1].upper() + text[1:])


def clean(text: str) -> str:
    """Make control, bidirectional-override and unpaired surrogate characters visible instead of active.

    Names come from logs: an escape sequence must not reach a terminal, nor an override turn a line around.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    if (
        unicodedata.category(character) in {"Cc", "Cs"}
        or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ):
        return f"\\u{ord(character):04x}"
    return character


def opening(text: str) -> str:
    """Begin a claim with a capital, unless its first word is a name from a log.

    Examples
    --------
    >>> opening("validation loss rose"), opening("val_loss rose"), opening("mAP fell")
    ('Validation loss rose', 'val_loss rose', 'mAP fell')
    """
    word = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if word.isascii() and word.isalpha() and word.islower() else text


def short(text: str, limit: int = MAX_NAME) -> str:
    """Cut a text to ``limit`` characters, with an ellipsis; between words where there is a space near the end.

    Examples
    --------
    >>> short("the gap grew after the turn", 20), short("metrics/mAP50-95(B)", 10)
    ('the gap grew after…', 'metrics/m…')
    """
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    words = kept if text[limit - 1].isspace() else kept[: kept.rfind(" ") + 1]
    return (words.rstrip() if len(words) > limit // 2 else kept) + "…"


def one_line(text: str, limit: int = MAX_NAME) -> str:
    """Clean a text for a place where one short line fits."""
    return short(clean(" ".join(text.split())), limit)
