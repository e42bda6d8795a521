"""Pairs of data sets with a known difference: what the benchmarks of shift are measured on.

Every scenario gives a training and a validation side of the same columns. The distributions that constants were chosen
on (family ``"chosen"``) are not those that results are reported on (``"reported"``), nor are the seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

SEEDS = {"chosen": 1_000_000, "reported": 0}
"""Seeds of both families are this plus the draw's number: they never meet."""
CATEGORIES = 3
SCENARIOS = (
    "none",
    "mean 0.1 sd, one column",
    "mean 0.25 sd, one column",
    "mean 0.5 sd, one column",
    "mean 0.1 sd, half the columns",
    "mean 0.25 sd, half the columns",
    "mean 0.5 sd, half the columns",
    "variance × 1.25, one column",
    "variance × 1.25, half the columns",
    "tail, one column",
    "category frequency",
    "new category",
    "missingness",
    "correlation only",
    "2 % subpopulation dropped",
)


@dataclass(frozen=True)
class Table:
    """Columns by name: numbers float32 with NaN where missing, categories integer codes."""

    numbers: dict[str, npt.NDArray[np.float32]]
    categories: dict[str, npt.NDArray[np.int64]]

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return all, categories as text: what a library is given."""
        text = {name: np.char.add("level ", codes.astype(str)) for name, codes in self.categories.items()}
        return {**self.numbers, **text}


def draw(  # noqa: PLR0913  all but the scenario and its size have a default
    scenario: str, n: int, columns: int = 20, *, number: int = 0, family: str = "reported", rows: int | None = None
) -> tuple[Table, Table]:
    """Draw both sides of a scenario.

    Parameters
    ----------
    scenario
        One of `SCENARIOS`.
    n, rows
        Rows of the training side, and of the validation side (as many where None).
    columns
        Number columns; three categories come on top.
    number
        Of the draw: another number, other rows.
    family
        ``"reported"``: correlated normal, log-normal, t, count and rounded columns in turn. ``"chosen"``: independent
        normal, gamma and uniform ones.
    """
    code = SCENARIOS.index(scenario)
    rng = np.random.default_rng([SEEDS[family] + number, code, n, columns])
    size = n, n if rows is None else rows
    latent = [_latent(rng, k, columns, family) for k in size]
    held_out = latent[1]
    name, _, where = scenario.partition(", ")
    moved = columns // 2 if where.startswith("half") else 1
    kind, _, amount = name.partition(" ")
    if kind == "mean":
        held_out[:, :moved] += float(amount.split()[0])
    elif kind == "variance":
        held_out[:, :moved] *= np.sqrt(1.25)
    elif kind == "tail":
        # one row in fifty comes from a population three times as wide
        held_out[:, 0] *= np.where(rng.random(size[1]) < 0.02, 3, 1)
    elif kind == "correlation":
        # the same marginal laws; the first two columns go together on one side only
        held_out[:, 1] = 0.5 * held_out[:, 0] + np.sqrt(0.75) * held_out[:, 1]
    if kind == "2":
        for side, present in zip(latent, (True, False), strict=True):
            grouped = rng.random(len(side)) < (0.02 if present else 0.0)
            side[grouped, :4] += (2.0, -2.0, 2.0, 2.0)
    tables = [_table(rng, side, family) for side in latent]
    return tables[0], _changed(rng, tables[1], kind)


def _changed(rng: np.random.Generator, table: Table, kind: str) -> Table:
    numbers, categories = dict(table.numbers), dict(table.categories)
    if kind == "category":
        # five points of share from the commonest category to the second
        codes = categories["c0"].copy()
        codes[(codes == 0) & (rng.random(len(codes)) < 0.05 / 0.4)] = 1
        categories["c0"] = codes
    elif kind == "new":
        codes = categories["c1"].copy()
        codes[rng.random(len(codes)) < 0.02] = 99
        categories["c1"] = codes
    elif kind == "missingness":
        column = numbers["x0"].copy()
        column[rng.random(len(column)) < 0.05] = np.nan
        numbers["x0"] = column
    return Table(numbers, categories)


def _latent(rng: np.random.Generator, n: int, columns: int, family: str) -> npt.NDArray[np.float64]:
    """Draw standard normal columns; the reported ones share a factor, but the first two and none with the rest."""
    values = rng.normal(size=(n, columns))
    if family == "reported":
        factor = rng.normal(size=(n, 1))
        values[:, 2:] = np.sqrt(0.3) * factor + np.sqrt(0.7) * values[:, 2:]
    return values


def _table(rng: np.random.Generator, latent: npt.NDArray[np.float64], family: str) -> Table:
    """Give each column its law by a monotone function of the normal: a shift stays one, in its own unit."""
    shapes = _REPORTED if family == "reported" else _CHOSEN
    numbers = {f"x{i}": shapes[i % len(shapes)](latent[:, i]).astype(np.float32) for i in range(latent.shape[1])}
    n = len(latent)
    shares = ((0.4, 0.3, 0.2, 0.1), tuple(np.full(12, 1 / 12)), _zipf(40))
    categories = {f"c{i}": rng.choice(len(p), n, p=p).astype(np.int64) for i, p in enumerate(shares[:CATEGORIES])}
    return Table(numbers, categories)


def _zipf(levels: int) -> tuple[float, ...]:
    weights = 1 / np.arange(1, levels + 1)
    return tuple(weights / weights.sum())


_REPORTED = (
    lambda z: z,
    lambda z: 50 + 12 * z,
    np.exp,
    lambda z: z * np.sqrt(1 + z * z / 4),  # long tails
    lambda z: np.floor(np.exp(1 + 0.7 * z)),  # counts
    lambda z: np.round(20 + 5 * z, 1),
)
_CHOSEN = (
    lambda z: z,
    lambda z: np.maximum(z, -2.5) ** 2 * np.sign(z),
    lambda z: 1 / (1 + np.exp(-1.7 * z)),
)
