"""Which framework wrote a log, where the log does not say."""

from __future__ import annotations

from collections.abc import Sequence

from diagnose.readers.vocabulary import phrases

_BY_FORMAT = phrases("""
keras: keras
lightning: lightning
transformers: hugging
ultralytics: ultralytics yolo
catboost: catboost
xgboost: xgboost
lightgbm: lightgbm
sklearn: scikit-learn
torch: fastai timm detectron2 mmengine skorch
""")
"""Word in the name of a format to framework."""


def guess_framework(format_name: str, columns: Sequence[str]) -> tuple[str | None, str]:
    """Return the framework and what it is guessed from.

    Examples
    --------
    >>> guess_framework("Keras CSVLogger", ["loss", "val_loss"]), guess_framework("CSV", ["loss", "val_loss"])
    (('keras', 'the format: Keras CSVLogger'), (None, ''))
    """
    lowered = format_name.lower()
    for word, framework in _BY_FORMAT.items():
        if word in lowered:
            return framework, f"the format: {format_name}"
    names = {name.strip().lower() for name in columns}
    if "hp_metric" in names:
        return "lightning", "its own tag hp_metric"
    if any(name.startswith(("train_", "train/", "training_")) for name in names):
        return "torch", "guessed from column names"
    return None, ""
