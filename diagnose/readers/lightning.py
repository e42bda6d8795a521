"""Lightning's CSVLogger: ``metrics.csv`` with ``hparams.yaml`` beside it."""

from __future__ import annotations

from typing import ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.delimited import Dialect
from diagnose.readers.protocol import Log, RawLog
from diagnose.readers.table import is_training_log, read_raw, table_dialect

_CONFIGS = ("hparams.yaml", "config.yaml")


class LightningReader:
    """A sparse table with both an ``epoch`` and a ``step`` column."""

    format: ClassVar[str] = "Lightning CSVLogger"

    def recognises(self, log: Log) -> bool:
        """Whether the header has ``epoch`` and ``step`` and the first rows leave cells empty."""
        dialect = table_dialect(log)
        return (
            dialect is not None
            and self._is_header(dialect)
            and is_training_log(dialect.header)
            and _is_sparse(log, dialect)
        )

    def read(self, log: Log) -> list[RawLog]:
        """Read the table and the hyperparameters beside it."""
        dialect = table_dialect(log)
        if dialect is None:
            raise UnreadableInput(f"{log.path}: expected a metrics.csv with the columns epoch and step")
        return [read_raw(log, dialect, self.format, _CONFIGS)]

    @staticmethod
    def _is_header(dialect: Dialect) -> bool:
        return dialect.delimiter == "," and {"epoch", "step"} <= set(dialect.header)


def _is_sparse(log: Log, dialect: Dialect) -> bool:
    lines = log.head_text.splitlines()[dialect.header_line + 1 :][:50]
    return any(",," in line or line.endswith(",") or line.startswith(",") for line in lines)
