"""What several analyzers of layers say in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnose.finding import Figure, Series

NAMED = 3
"""So many layers are named in a claim; all of them stand in what the finding points at."""


def named(layers: Sequence[str], most: int = NAMED) -> str:
    """Name the first of some layers.

    Examples
    --------
    >>> named(["a"]), named(["a", "b"]), named(["a", "b", "c", "d", "e"])
    ("'a'", "'a' and 'b'", "'a', 'b', 'c' and 2 more")
    """
    shown = [f"'{layer}'" for layer in layers[:most]]
    left = len(layers) - len(shown)
    if left:
        return f"{', '.join(shown)} and {left} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "no layer"


def by_layer(
    layers: Sequence[str], values: Iterable[float], *, label: str, caption: str, unit: str = "", log: bool = False,
    reference: float | None = None,
) -> Figure:  # fmt: skip
    """Draw one value a layer, from the input to the output: bars, or a line where only its powers of ten matter."""
    series = (Series(label, tuple(values), tuple(layers)),)
    return Figure("lines" if log else "bars", log_y=log, caption=caption, series=series, x_label="layer",
                  y_label=label, y_unit=unit, reference=None if log else reference)  # fmt: skip


def by_step(steps: Iterable[float], values: Iterable[float], *, label: str, caption: str, unit: str = "") -> Figure:
    """Draw one value over the steps of training, on a logarithmic axis."""
    series = (Series(label, tuple(values), tuple(steps)),)
    return Figure("lines", log_y=True, caption=caption, series=series, x_label="step", y_label=label, y_unit=unit)
