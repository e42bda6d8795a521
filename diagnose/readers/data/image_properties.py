"""Simple physical properties of images, so that a shift between two sets of them can be named.

Each is in the images' own unit (0 to 255 of bytes, 0 to 1 where they were divided): a set that was scaled otherwise
differs in brightness, and should.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from diagnose.readers.data.image_pixels import Pixels, Singles, grey


def properties(images: Pixels) -> Mapping[str, Singles]:
    """Return properties by name, each of shape ``(n,)``.

    Parameters
    ----------
    images
        Shape ``(n, h, w)`` or ``(n, h, w, c)``, red first.

    Returns
    -------
    mapping
        ``brightness`` and ``contrast``, mean and standard deviation of grey; ``sharpness``, the standard deviation of
        its Laplacian [1]_, 0 where an image is below three pixels high or wide; of coloured images ``colourfulness``
        [2]_ and ``warmth``, how much redder than blue they are on average; ``width``, ``height`` and ``aspect``
        (width by height).

    References
    ----------
    .. [1] Pech-Pacheco et al. (2000), Diatom autofocusing in brightfield microscopy, ICPR: the variance of it.
    .. [2] Hasler & Süsstrunk (2003), Measuring colourfulness in natural images, SPIE 5007, eq. of M(3).

    Examples
    --------
    >>> flat = np.full((1, 4, 6), 7, np.uint8)
    >>> {name: float(values[0]) for name, values in properties(flat).items()}
    {'brightness': 7.0, 'contrast': 0.0, 'sharpness': 0.0, 'width': 6.0, 'height': 4.0, 'aspect': 1.5}
    """
    brightness = grey(images)
    n, height, width = brightness.shape
    found = {
        "brightness": brightness.mean(axis=(1, 2)),
        "contrast": brightness.std(axis=(1, 2)),
        "sharpness": _sharpness(brightness),
    }
    if images.ndim == 4:
        found |= _colours(images)
    size = {"width": width, "height": height, "aspect": width / height}
    return found | {name: np.full(n, value, np.float32) for name, value in size.items()}


def _sharpness(brightness: Singles) -> Singles:
    if min(brightness.shape[1:]) < 3:
        return np.zeros(len(brightness), np.float32)
    inner = brightness[:, 1:-1, 1:-1]
    laplacian = brightness[:, :-2, 1:-1] + brightness[:, 2:, 1:-1]
    laplacian += brightness[:, 1:-1, :-2]
    laplacian += brightness[:, 1:-1, 2:]
    laplacian -= 4 * inner
    return np.asarray(laplacian.std(axis=(1, 2)), np.float32)


def _colours(images: Pixels) -> dict[str, Singles]:
    red, green, blue = (images[..., at].astype(np.float32) for at in range(3))
    by_green = red - green
    by_blue = (red + green) / 2 - blue
    spread = np.hypot(by_green.std(axis=(1, 2)), by_blue.std(axis=(1, 2)))
    middle = np.hypot(by_green.mean(axis=(1, 2)), by_blue.mean(axis=(1, 2)))
    return {
        "colourfulness": np.asarray(spread + 0.3 * middle, np.float32),
        "warmth": red.mean(axis=(1, 2)) - blue.mean(axis=(1, 2)),
    }
