"""Which framework wrote a log, where the log does not say."""

from __future__ import annotations

from collections.abc import Sequence

_BY_FORMAT = (
    ("keras", "keras"), ("lightning", "lightning"), ("hugging face", "transformers"), ("ultralytics", "ultralytics"), ("yolo", "ultralytics"),
    ("catboost", "catboost"), ("xgboost", "xgboost"), ("lightgbm", "lightgbm"), ("scikit-learn", "sklearn"), ("fastai", "torch"), ("timm", "torch"),
    ("detectron2", "torch"), ("mmengine", "torch"), ("skorch", "torch"),
)  # fmt: skip


def guess_framework(format_name: str, columns: Sequence[str]) -> tuple[str | None, str]:
    """The framework and what it is guessed from.

    Examples
    --------
    >>> guess_framework("CSV", ["loss", "val_loss"])
    ('keras', 'guessed from column names')
    """
    lowered = format_name.lower()
    for word, framework in _BY_FORMAT:
        if word in lowered:
            return framework, f"the format: {format_name}"
    names = {name.strip().lower() for name in columns}
    if "loss" in names and "val_loss" in names and not any(name.startswith("train") for name in names):
        return "keras", "guessed from column names"
    if any(name.startswith(("train_", "train/", "training_")) for name in names):
        return "torch", "guessed from column names"
    return None, ""
