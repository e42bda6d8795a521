"""The records that a running hook holds in memory: as many as the measures can use, however long the run is."""

from __future__ import annotations

from typing import TypeVar

from diagnose.journal.records import Counts, Input, Label, Layers, Losses, Noise, Order, Output, Record

MOST_VALUES = 500_000
"""Values of layers that are held: some 16 MB as Python's numbers, 160 samples of 200 layers and 15 quantities."""
MOST_LOSSES = 20_000
"""Losses of single batches that are held."""
MOST_FACTS = 2_000
"""Looks at outputs, gradients and orders, of each kind, that are held."""

Kind = TypeVar("Kind")


class Memory:
    """Records in their order; where there are too many of a kind, every second of them goes (the journal has all)."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._held: dict[type, int] = {}
        self._latest: dict[object, int] = {}

    def keep(self, record: Record) -> None:
        """Hold a record; of counters and looks at inputs and labels only the last one counts."""
        key = _replaces(record)
        if key is not None and key in self._latest:
            self.records[self._latest[key]] = record
            return
        if key is not None:
            self._latest[key] = len(self.records)
        self.records.append(record)
        kind = type(record)
        if kind in _MOST:
            self._held[kind] = self._held.get(kind, 0) + _size(record)
            if self._held[kind] > _MOST[kind]:
                self._thin(kind)

    def _thin(self, kind: type) -> None:
        own = [record for record in self.records if isinstance(record, kind)]
        if kind is Losses:
            kept: list[Record] = [_halved([record for record in own if isinstance(record, Losses)])]
        else:
            kept = [*own[:-1:2], own[-1]]
        wanted = {id(record) for record in kept}
        others = [record for record in self.records if not isinstance(record, kind) or id(record) in wanted]
        self.records[:] = [*others, *kept] if kind is Losses else others
        self._latest = {key: at for at, r in enumerate(self.records) if (key := _replaces(r)) is not None}
        self._held[kind] = sum(_size(record) for record in kept)


def _replaces(record: Record) -> object:
    if isinstance(record, Counts):
        return Counts
    if isinstance(record, Input):
        return Input, record.facts.split, record.facts.name
    return (Label, record.facts.split) if isinstance(record, Label) else None


def _size(record: Record) -> int:
    if isinstance(record, Layers):
        return sum(len(values) for values in record.values.values())
    return len(record.values) if isinstance(record, Losses) else 1


def _halved(lines: list[Losses]) -> Losses:
    whole = [line for line in lines if len(line.steps) == len(line.epochs) == len(line.values)]
    return Losses(
        [step for line in whole for step in line.steps][::2],
        [epoch for line in whole for epoch in line.epochs][::2],
        [value for line in whole for value in line.values][::2],
    )


_MOST: dict[type, int] = {
    Layers: MOST_VALUES, Losses: MOST_LOSSES, Noise: MOST_FACTS, Output: MOST_FACTS, Order: MOST_FACTS,
}  # fmt: skip
