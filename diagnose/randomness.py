"""Random states are put back after a look at a model or its data: the program draws what it would have drawn anyway."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def kept_random_states() -> Iterator[None]:
    """Put the global random states of Python, NumPy and PyTorch back after a block.

    An iterator over a PyTorch data loader draws from the global generator when it is made; scikit-learn does where a
    program's own plug-in forgets to seed it.
    """
    own, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global state is what matters here
    torch: Any = sys.modules.get("torch")
    torchs = torch.get_rng_state() if hasattr(torch, "get_rng_state") else None
    try:
        yield
    finally:
        random.setstate(own)
        np.random.set_state(numpys)  # noqa: NPY002
        if torchs is not None:
            torch.set_rng_state(torchs)
