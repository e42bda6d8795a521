"""Pairs of samples of vectors with a known difference: what the benchmarks of embedding shift are measured on.

Two worlds. *normal*: independent normal coordinates, standard deviations from 0.5 to 1.5; no method knows better there
than a kernel of all coordinates. *features*: what a rectified layer of a network gives: ten classes in 64 directions of
falling strength, mixed into all coordinates, some noise, negative values cut off.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]

WORLDS = ("normal", "features")
SCENARIOS = ("none", "mean", "rotation", "subpopulation", "tight group")
STRENGTHS = {
    "normal": {"mean": 0.0175, "rotation": 15.0, "subpopulation": 0.035, "tight group": 0.05},
    "features": {"mean": 0.03, "rotation": 10.0, "subpopulation": 0.03, "tight group": 0.02},
}
"""Mean: standard deviations that every coordinate moves. Rotation: degrees, in planes of a strong and a weak coordinate
each. Subpopulation: share of the rows that moves by half of √d standard deviations in one direction (in one as far as a
random row lies from the middle, halved). Tight group: share of the rows that shrinks to 0.3 of its distance from one of
them, a camera that films one thing. Chosen so that a kernel test of 2 × 1,000 rows of the world *normal* finds about
three in four of the means, and of the subpopulations six in ten."""


def draw(scenario: str, world: str, n: int, d: int = 512, *, number: int = 0) -> tuple[Singles, Singles]:
    """Draw both sides.

    Parameters
    ----------
    scenario, world
        Of `SCENARIOS` and `WORLDS`.
    n, d
        Rows of each side, and coordinates.
    number
        Of the draw: another number, other rows.
    """
    rng = np.random.default_rng([number, n, d, SCENARIOS.index(scenario), WORLDS.index(world)])
    first, second = _rows(world, n, d, rng), _rows(world, n, d, rng)
    if scenario == "none":
        return first, second
    spread, middle = first.std(0), first.mean(0)
    amount = STRENGTHS[world][scenario]
    moved = round(amount * n)
    if scenario == "mean":
        second += np.float32(amount) * spread
    elif scenario == "rotation":
        second = middle + _turned(second - middle, np.argsort(spread), np.deg2rad(amount))
    elif scenario == "subpopulation":
        direction = np.random.default_rng(3).normal(size=d)
        second[:moved] += (direction / np.linalg.norm(direction) * spread * np.sqrt(d) / 2).astype(np.float32)
    else:
        second[:moved] = second[0] + np.float32(0.3) * (second[:moved] - second[0])
    return first, np.asarray(second, np.float32)


def _rows(world: str, n: int, d: int, rng: np.random.Generator) -> Singles:
    if world == "normal":
        return rng.standard_normal((n, d), dtype=np.float32) * np.linspace(0.5, 1.5, d, dtype=np.float32)
    layer = np.random.default_rng(7)
    weights = layer.standard_normal((64, d)).astype(np.float32) / 8
    centres = layer.standard_normal((10, 64)).astype(np.float32) * 1.2
    strengths = 2 * np.arange(1, 65, dtype=np.float32) ** -0.5
    hidden = (centres[rng.integers(0, 10, n)] + rng.standard_normal((n, 64), dtype=np.float32)) * strengths
    noise = rng.standard_normal((n, d), dtype=np.float32) / 2
    return np.maximum(hidden @ weights + noise + np.float32(0.2), 0)


def _turned(centred: Singles, order: npt.NDArray[np.intp], angle: float) -> Singles:
    half = len(order) // 2
    weak, strong = order[:half], order[::-1][:half]
    turned = centred.copy()
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    turned[:, weak] = cosine * centred[:, weak] - sine * centred[:, strong]
    turned[:, strong] = sine * centred[:, weak] + cosine * centred[:, strong]
    return turned
