"""Ultralytics, YOLOv5 to the newest: ``results.csv`` with ``args.yaml`` (``opt.yaml``, ``hyp.yaml``) beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.protocol import Log, RawLog
from diagnose.readers.table import read_raw, table_dialect

_CONFIGS = ("args.yaml", "opt.yaml", "hyp.yaml")
_AUGMENTATIONS = (
    "hsv_h",
    "hsv_s",
    "hsv_v",
    "degrees",
    "translate",
    "scale",
    "shear",
    "perspective",
    "flipud",
    "fliplr",
    "mosaic",
    "mixup",
    "erasing",
)


class UltralyticsReader:
    """A table whose header has ``train/…_loss``, ``val/…_loss`` and ``metrics/…`` columns."""

    format: ClassVar[str] = "Ultralytics results.csv"

    def recognises(self, log: Log) -> bool:
        """Whether the header has both ``metrics/`` scores and ``train/`` losses."""
        dialect = table_dialect(log)
        names = dialect.header if dialect else ()
        return any(name.startswith("metrics/") for name in names) and any(name.startswith("train/") for name in names)

    def read(self, log: Log) -> list[RawLog]:
        """Read the table; ``metrics/…`` are validation scores."""
        dialect = table_dialect(log)
        if dialect is None:
            raise UnreadableInput(
                f"{log.path}: expected a results.csv with train/box_loss, val/box_loss and metrics/mAP50 columns"
            )
        raw = read_raw(log, dialect, self.format, _CONFIGS)
        values, origins = _readable(raw.hyperparameters, raw.origins)
        return [
            dataclasses.replace(
                raw,
                splits={name: "val" for name in raw.columns if name.startswith("metrics/")},
                hyperparameters=values,
                origins=origins,
            )
        ]


def _readable(values: Mapping[str, Any], origins: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Rename what these config files call otherwise: ``augment`` is about prediction, augmentation is in the gains."""
    found = {name: value for name, value in values.items() if name not in {"augment", "val", "split"}}
    where = dict(origins)
    gains = {name: found[name] for name in _AUGMENTATIONS if isinstance(found.get(name), (int, float))}
    if gains:
        used = [name for name, gain in gains.items() if gain > 0]
        found["augmentation"] = bool(used)
        where["augmentation"] = (
            f"{where.get(next(iter(gains)), 'args.yaml')}: {', '.join(used[:4]) or 'all gains are 0'}"
        )
    if found.get("cos_lr") is True:
        found["schedule"] = "cosine"
        where["schedule"] = where.get("cos_lr", "args.yaml")
    return found, where
