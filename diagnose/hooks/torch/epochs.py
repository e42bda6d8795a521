"""Where epochs end, and which passes are validation, in a plain loop that tells neither."""

from __future__ import annotations

import weakref
from typing import Any, Literal

from diagnose.hooks.torch.tensors import torch

Swept = Literal["val", "train", "other"]
MOST_KEYS = 4096


class Flow:
    """Follows loaders and batches.

    An epoch ends where training goes on with a data loader that has begun anew; without loaders, where its first batch
    comes again, where a new order of more samples than a batch is drawn, or else behind an evaluation.

    Attributes
    ----------
    loader
        The training data's loader, where it is known: referred to weakly.
    """

    def __init__(self, train: Any = None, val: Any = None) -> None:
        self._given = {"train": _reference(_dataset(train)), "val": _reference(_dataset(val))}
        self.loader: Any = _reference(train) if hasattr(train, "dataset") else None
        self._current: Any = None
        self._is_fresh = self._has_drawn = False
        self._uses_loaders: bool | None = None
        self._own_signs = False
        self._first: tuple[Any, Any] | None = None
        self._evaluated = 0
        self._regions: dict[tuple[Any, ...], Any] = {}

    def loader_begins(self, loader: Any) -> None:
        """Tell that the program begins to go through a loader."""
        self._current = _reference(loader)
        self._is_fresh, self._evaluated = True, 0

    def dataset(self) -> Any:
        """Return the data set of the loader that the program goes through, or None."""
        return _dataset(None if self._current is None else self._current())

    def batches(self) -> float:
        """Return the number of batches that the training data's loader says it has; 0 where it says nothing."""
        loader: Any = None if self.loader is None else self.loader()
        try:
            return float(len(loader))
        except TypeError:
            return 0.0

    @property
    def uses_loaders(self) -> bool:
        """Whether the program trains from data loaders."""
        return bool(self._uses_loaders)

    @property
    def is_shuffled(self) -> bool | None:
        """What the training data's loader says of its order; None where it says nothing."""
        loader = None if self.loader is None else self.loader()
        sampler = getattr(loader, "sampler", None)
        kind = type(sampler).__name__
        if kind in ("RandomSampler", "WeightedRandomSampler", "SubsetRandomSampler"):
            return True
        if kind == "SequentialSampler":
            return False if type(getattr(loader, "batch_sampler", None)).__name__ == "BatchSampler" else None
        shuffle = getattr(sampler, "shuffle", None)
        return shuffle if isinstance(shuffle, bool) else None

    def drawn(self, n: int, batch: int) -> None:
        """Tell that a random order of some samples was drawn."""
        if n > batch > 0:
            self._has_drawn = self._own_signs = True

    def trains(self, tensor: Any, *, steps: int, was_open: bool = False) -> bool:
        """Tell that a training pass begins; return whether an epoch of that many steps has ended before it.

        Parameters
        ----------
        was_open
            Whether it was told as an evaluation pass before.
        """
        if was_open:
            self._evaluated = 0
        loader = None if self._current is None else self._current()
        if self._uses_loaders is None:
            self._uses_loaders = loader is not None
            if self._uses_loaders and self._given["train"] is None:
                self.loader, self._given["train"] = self._current, _reference(_dataset(loader))
        begins = self._is_fresh and self._evaluated == 0 if self._uses_loaders else self._begins(tensor)
        if begins and loader is not None and self._uses_loaders:
            self.loader = self._current
        self._is_fresh, self._has_drawn, self._evaluated = False, False, 0
        if begins or self._first is None:
            self._first = _identity(tensor)
        self._region(tensor)
        return begins and steps > 0

    def _begins(self, tensor: Any) -> bool:
        if self._has_drawn:
            return True
        identity = _identity(tensor)
        if self._first is not None and identity is not None:
            held, place = self._first
            if held() is not None and held() is identity[0]() and place == identity[1]:
                self._own_signs = True
                return True
        return not self._own_signs and self._evaluated > 0

    def evaluates(self, tensor: Any) -> Swept:
        """Tell that an evaluation pass begins; return what it goes through."""
        self._evaluated += 1
        return self.swept(tensor, self.dataset())

    def might_evaluate(self) -> None:
        """Tell that a pass begins that is an evaluation unless a backward pass follows."""
        self._evaluated += 1

    def swept(self, tensor: Any, dataset: Any) -> Swept:
        """Return what an evaluation of a data set goes through; None where there is no loader."""
        if dataset is None or self._uses_loaders is False:
            return "train" if self._was_trained_on(tensor) else "val"
        train, val = (None if ref is None else ref() for ref in self._given.values())
        if dataset is train:
            return "train"
        if val is None:
            self._given["val"] = _reference(dataset)
            return "val"
        return "val" if dataset is val else "other"

    def _region(self, tensor: Any) -> None:
        identity = _identity(tensor)
        if identity is not None and len(self._regions) < MOST_KEYS:
            self._regions[tensor.data_ptr(), tuple(tensor.shape)] = identity[0]

    def _was_trained_on(self, tensor: Any) -> bool:
        """Whether a tensor is one of the training batches, or what they are slices of."""
        identity = _identity(tensor)
        if identity is None:
            return False
        base = identity[0]()
        known = self._regions.get((tensor.data_ptr(), tuple(tensor.shape)))
        if known is not None and known() is base:
            return True
        return base is tensor and any(ref() is tensor for ref in self._regions.values())


def _dataset(loader: Any) -> Any:
    return getattr(loader, "dataset", None)


def _reference(it: Any) -> Any:
    """Return a weak reference; where there can be none, one that holds."""
    if it is None:
        return None
    try:
        return weakref.ref(it)
    except TypeError:
        return lambda: it


def _identity(tensor: Any) -> tuple[Any, Any] | None:
    """Return what a batch is a part of, weakly, and which part; None where there is no tensor."""
    if not isinstance(tensor, torch.Tensor):
        return None
    base = tensor._base if tensor._is_view() else tensor  # noqa: SLF001
    return weakref.ref(base if base is not None else tensor), (tensor.storage_offset(), tuple(tensor.shape))
