"""Small pictures laid over each other: shifted, stretched, brightened, until they differ least."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

STEPS = 5
"""Of Gauss and Newton: after four the differences of copies no longer fall."""
SHIFT, STRETCH = 0.12, 0.25
"""Of the side, and of the scale: a crop by a tenth at one side shifts by 0.05 and stretches by 0.1."""
DAMPING = 1e-3
"""Of the mean curvature: directions in which a picture is flat stay where they are."""
BLOCK = 400
"""Pairs at a time: a few arrays of them stay in the cache."""


def blurred(pictures: Singles) -> Singles:
    """Return pictures, shape ``(n, s, s)``, without what lies between pixels: weights 1, 2, 1 both ways."""
    wide = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    return np.asarray((rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4, np.float32)


def differences(first: Singles, second: Singles) -> Floats:
    """Return how far each picture of ``second`` is from that of ``first`` laid over it, shape ``(n,)``.

    The first is shifted and stretched both ways, and its brightness and contrast are fitted; what differs then is told
    in standard deviations of the second: 0 is a copy, 1 nothing alike. Where the first ends nothing is compared.

    Parameters
    ----------
    first, second
        Shape ``(n, s, s)``, smooth (`blurred`).

    References
    ----------
    Lucas & Kanade (1981), An Iterative Image Registration Technique.

    Examples
    --------
    >>> y, x = np.mgrid[:16, :16].astype(np.float32)
    >>> one, moved, other = np.sin(x / 3) * y, 3 * np.sin((x + 0.7) / 3) * y + 5, np.cos(y / 2 + x / 4)
    >>> differences(np.stack([one, one]), np.stack([moved, other])).round(1).tolist()
    [0.0, 1.0]
    """
    found = np.empty(len(first))
    for start in range(0, len(first), BLOCK):
        some = slice(start, start + BLOCK)
        found[some] = _block(first[some].astype(np.float32), second[some].astype(np.float32))
    return found


def _block(first: Singles, second: Singles) -> Floats:
    n, side, _ = first.shape
    along = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
    slopes = np.gradient(first, axis=(1, 2))
    layers = np.ascontiguousarray(np.stack([first, *slopes], axis=3).reshape(n * side * side, 3), np.float32)
    warp = np.zeros((n, 4), np.float32)  # shift and stretch downwards, then rightwards
    limit = np.array([SHIFT * side, STRETCH] * 2, np.float32)
    target = second.reshape(n, -1)
    least = np.full(n, np.inf)
    for step in range(STEPS + 1):
        laid, inside = _laid(layers, along, warp, side)
        weight = inside / inside.sum(axis=1, keepdims=True)
        value = laid[..., 0] - (weight * laid[..., 0]).sum(axis=1, keepdims=True)
        wanted = target - (weight * target).sum(axis=1, keepdims=True)
        own = np.maximum((weight * value * value).sum(axis=1), 1e-20)
        gain = (weight * value * wanted).sum(axis=1) / own
        rest = wanted - gain[:, None] * value
        spread = np.maximum((weight * wanted * wanted).sum(axis=1), 1e-20)
        least = np.minimum(least, np.sqrt((weight * rest * rest).sum(axis=1) / spread))
        if step < STEPS:
            step_by = _improvement(_slopes(laid, value, gain, along), rest, weight)
            warp = np.clip(warp + step_by, -limit, limit)
    return np.asarray(least, np.float64)


def _laid(layers: Singles, along: Singles, warp: Singles, side: int) -> tuple[Singles, Singles]:
    """Return the picture and its slopes where the warp takes each pixel, and which pixels lie on the picture."""
    n, last = len(warp), np.float32(side - 1)
    places = [along * (1 + warp[:, at + 1, None]) + warp[:, at, None] + last / 2 for at in (0, 2)]
    on = [(place >= -0.5) & (place <= last + 0.5) for place in places]
    held = [np.clip(place, 0, last - np.float32(1e-3)) for place in places]
    low = [place.astype(np.int64) for place in held]
    part = [(place - whole).astype(np.float32) for place, whole in zip(held, low, strict=True)]
    down, right = part[0][:, :, None, None], part[1][:, None, :, None]
    corner = np.arange(n)[:, None, None] * side * side + low[0][:, :, None] * side + low[1][:, None, :]
    upper = layers[corner] * (1 - right) + layers[corner + 1] * right
    lower = layers[corner + side] * (1 - right) + layers[corner + side + 1] * right
    laid = (upper * (1 - down) + lower * down).reshape(n, side * side, 3)
    inside = (on[0][:, :, None] & on[1][:, None, :]).reshape(n, -1).astype(np.float32)
    return laid, inside


def _improvement(slopes: Singles, rest: Singles, weight: Singles) -> Singles:
    """Return the step of each warp by the slopes of the picture by it, ``(n, s * s, 6)``, and by what is left."""
    weighed = (slopes * weight[..., None]).transpose(0, 2, 1)
    curvature = (weighed @ slopes).astype(np.float64)
    gradient = (weighed @ rest[..., None]).astype(np.float64)
    size = np.sqrt(np.maximum(np.einsum("nii->ni", curvature), 1e-20))
    scaled = curvature / size[:, :, None] / size[:, None, :] + DAMPING * np.eye(slopes.shape[2])
    step = np.linalg.solve(scaled, gradient / size[:, :, None])[..., 0] / size
    return np.asarray(step[:, :4], np.float32)


def _slopes(laid: Singles, value: Singles, gain: Singles, along: Singles) -> Singles:
    """Return how the laid picture changes with its shifts, stretches, contrast and brightness."""
    side = len(along)
    down, right = laid[..., 1] * gain[:, None], laid[..., 2] * gain[:, None]
    rows, columns = np.repeat(along, side), np.tile(along, side)
    return np.stack([down, down * rows, right, right * columns, value, np.ones_like(value)], axis=2)
