"""The weights of the best epoch: kept while training goes on, and put back when it is over."""

from __future__ import annotations

from typing import Any

from diagnose.hooks.session import Session
from diagnose.hooks.torch.tensors import torch


class BestWeights:
    """A copy of what a model's state was after its best epoch."""

    def __init__(self, model: Any, session: Session) -> None:
        self._model, self._session = model, session
        self._state: dict[str, Any] = {}

    def keep(self) -> None:
        """Copy the state as it is now, over the one before."""
        with self._session.guard("keep the best weights"), torch.no_grad():
            self._state = {name: _copied(value) for name, value in self._model.state_dict().items()}

    def put_back(self) -> None:
        """Give the model the best state, if there was one."""
        if not self._state:
            return
        with self._session.guard("put the best weights back"):
            self._model.load_state_dict(self._state)


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value
