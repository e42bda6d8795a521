"""PRG909 tells BatchNorm of a frozen part that moves."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose.analyzers.frozen_statistics_move import FrozenStatisticsMove
from diagnose.finding import Severity
from diagnose.model_card import ModelCard, Role
from programme_cards import card, fires, layer, quiet, recorded, run, table

RULE = FrozenStatisticsMove()


def net(*, frozen: bool = True, norm: bool | None = None) -> ModelCard:
    parts = [
        layer("layer1.conv", Role.CONVOLUTION, trained=not frozen),
        layer("layer1.bn1", Role.BATCH_NORMALISATION, 128, trained=not frozen if norm is None else norm),
        layer("layer2.bn1", Role.BATCH_NORMALISATION, 128, trained=not frozen if norm is None else norm),
        layer("fc"),
    ]
    return card("ce", "linear", layers=parts, framework="torch")


def moved(*values: float, epochs: Any = (0.5, 1, 2, 3)) -> Any:
    rows = [[value, 0.0] for value in values]
    return table(layers=["layer1.bn1", "layer2.bn1"], epochs=epochs[: len(values)], statistics_moved=rows)


def test_fires() -> None:
    made = run(recording=recorded(net(), layers=moved(0.1, 0.3, 0.5, 0.6)))
    found = fires(RULE, made, "1 of 2 frozen BatchNorm layers", "'layer1.bn1'", "0.6", severity=Severity.WARNING)
    assert found.probability > 0.95


def test_only_the_phase_in_which_it_is_frozen_counts() -> None:
    table_ = moved(0.3, 0.4, 0.5, 0.5, 0.5, epochs=(1, 2, 3, 4, 5))
    quiet(RULE, run(recording=recorded(net(frozen=False), net(), layers=table_)))
    later = moved(0.3, 0.4, 0.5, 0.9, 1.1, epochs=(1, 2, 3, 4, 5))
    fires(RULE, run(recording=recorded(net(frozen=False), net(), layers=later)), "in phase 2 of 2", "0.6")


def test_a_little_is_information() -> None:
    fires(RULE, run(recording=recorded(net(), layers=moved(0.002, 0.005))), severity=Severity.INFO)


@pytest.mark.parametrize(
    ("one", "values"),
    [
        (net(), (0.0, 0.0, 0.0)),
        (net(), (1e-6, 1e-5, 1e-4)),
        (net(), ()),
        (net(), (float("nan"), float("nan"))),
        (net(frozen=False), (0.4, 0.8)),
        (net(norm=True), (0.4, 0.8)),  # tuned on purpose
        (card(), (0.4, 0.8)),
    ],
)
def test_quiet(one: ModelCard, values: tuple[float, ...]) -> None:
    quiet(RULE, run(recording=recorded(one, layers=moved(*values) if values else None)))


def test_skips_without_a_hook() -> None:
    assert "hook" in quiet(RULE, run(net()))
