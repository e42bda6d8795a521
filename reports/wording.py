"""The words, symbols and numbers that every report shows alike."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diagnose.finding import Basis, Cause, Level, Measured, Severity, Status

CAUSE_TITLES: Mapping[str, str] = {
    Cause.OVERFITTING: "Overfitting",
    Cause.UNDERFITTING: "Underfitting",
    Cause.UNDERTRAINING: "Undertraining",
    Cause.INSTABILITY: "Instability",
    Cause.LEARNING_RATE: "Learning rate",
    Cause.BATCH_SIZE: "Batch size",
    Cause.REGULARIZATION: "Regularisation",
    Cause.FREEZING: "Freezing",
    Cause.COVARIATE_SHIFT: "Covariate shift",
    Cause.LABEL_SHIFT: "Label shift",
    Cause.CONCEPT_SHIFT: "Concept shift",
    Cause.LEAKAGE: "Leakage",
    Cause.LABEL_ERRORS: "Label errors",
    Cause.TRAINING_PROGRAM: "Training program",
    Cause.EVALUATION: "Evaluation",
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
SPLITS: Mapping[str, str] = {"train": "training", "val": "validation", "test": "test"}
SHARES = frozenset({"share", "fraction", "probability", "of gain"})
"""Units whose values read best in percent."""
MOMENTS = frozenset({"epoch", "step", "iteration"})
"""Units whose values are moments, not amounts."""

MISSING = "–"
MAX_TEXT = 800
"""Characters of one sentence from an input that a report shows; the whole of it stays in the JSON."""
MAX_NAME = 60
"""Characters of a name from an input that a report shows in running text."""


def cause_title(cause: str) -> str:
    """Name a cause, ``"healthy"`` or ``"cannot_tell"`` for people; unknown ids are shown as they are."""
    return CAUSE_TITLES.get(cause, cause)


def number(value: object) -> str:
    """Write a number with four significant digits, thousands apart; what is not finite becomes a dash.

    Examples
    --------
    >>> [number(v) for v in (0.123456, 23.0, 14714688, 3e-4, 1e-5, float("nan"), None)]
    ['0.1235', '23', '14,714,688', '0.0003', '1e-5', '–', '–']
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return MISSING
    if isinstance(value, float) and not math.isfinite(value):
        return MISSING
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    if 1000 <= abs(value) < 1e15:
        return f"{value:,.1f}".replace("-", "−")
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−", 1 if value < 0 else 0)


def percent(value: float | None) -> str:
    """Write a probability or share, never rounding a doubt away.

    Examples
    --------
    >>> [percent(v) for v in (0.874, 0.9991, 0.002, 0.0, 1.0, None)]
    ['87%', '>99%', '<1%', '0%', '100%', '–']
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if 0.99 < value < 1:
        return ">99%"
    if 0 < value < 0.01:
        return "<1%"
    return f"{value:.0%}"


def quantity(value: float | None, unit: str) -> str:
    """Write a value with its unit; shares in percent, moments as "epoch 23"."""
    if value is None or not math.isfinite(value):
        return MISSING
    if unit in SHARES:
        return f"{number(float(f'{value * 100:.3g}'))}%"
    if unit in MOMENTS:
        return f"{unit} {number(value)}"
    return f"{number(value)} {unit}".rstrip()


def interval(measured: Measured) -> str:
    """Write the interval of a measured value, or nothing where it has none."""
    unit = measured.unit if measured.unit in SHARES else ""
    ends = [quantity(end, unit) for end in (measured.low, measured.high)]
    return "" if ends == [MISSING, MISSING] else " to ".join(ends)


def limit(measured: Measured) -> str:
    """Write the limit beside a measured value, or nothing where it has none."""
    written = quantity(measured.limit, measured.unit)
    return "" if written == MISSING else f"{measured.exceeds} {written}"


def measured(value: Measured) -> str:
    """Write a measured value with unit and interval in one line."""
    ends = interval(value)
    return quantity(value.value, value.unit) + (f" ({ends})" if ends else "")


def plain(value: Any) -> str:
    """Write any value of a context, a limit or an action for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        return ", ".join(
            f"{key}: {plain(inner)}" for key, inner in sorted(value.items(), key=lambda item: str(item[0]))
        )
    if isinstance(value, list | tuple):
        return ", ".join(plain(inner) for inner in value)
    return MISSING if value is None else str(value)


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
    """Cut a text to ``limit`` characters, with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(text: str, limit: int = MAX_NAME) -> str:
    """Clean a text for a place where one short line fits."""
    return short(clean(" ".join(text.split())), limit)
