"""What sees a PyTorch model train: hooks on the model, its optimizers and the functions of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnose.hooks.session import Advice, Session


class TorchProbe:
    """Looks at one model while it trains and tells a session; the program's own loop stays as it is.

    Parameters
    ----------
    session
        Where everything is told.
    model
        The module; of a wrapper (``DistributedDataParallel``, a compiled module) the one inside.
    optimizers
        One, several, or None: whichever steps and holds weights of the model is found.
    loss
        The criterion, for the model card.
    """

    def __init__(self, session: Session, model: Any, optimizers: Any = None, *, loss: Any = None) -> None:
        self.session, self.model, self.loss = session, model, loss
        self.epoch, self.step = session.epochs_done, session.steps_done
        self.watch_optimizers(optimizers)

    def attach(self) -> None:
        """Put the hooks on."""

    def detach(self) -> None:
        """Take all of them off; nothing is left behind."""

    def epoch_begins(self, steps: int | None = None) -> None:
        """Tell that an epoch begins, where the program knows it; from here on epochs are no longer guessed.

        Parameters
        ----------
        steps
            Optimizer steps that it will have.
        """

    def epoch_ended(self, values: Mapping[str, Any] | None = None) -> Advice:
        """Tell that an epoch has ended, and with what; values that were seen here are added where they are missing."""
        self.epoch += 1
        return self.session.epoch_ended(self.epoch, self.step, values or {})

    def watch_optimizers(self, optimizers: Any) -> None:
        """Name the optimizers, in addition to those that were named before."""
