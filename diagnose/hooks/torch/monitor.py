"""The monitor of a plain PyTorch loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from types import TracebackType
from typing import Any, Self

from diagnose.finding import Diagnosis
from diagnose.hooks.options import Options
from diagnose.hooks.session import Advice, Session
from diagnose.hooks.torch.best import BestWeights
from diagnose.hooks.torch.probe import TorchProbe
from diagnose.hooks.torch.tensors import torch
from diagnose.models.torch_layers import inner

FRAMEWORK = "torch"


class _Stop(Exception):  # noqa: N818  no error: it leaves the block that the monitor surrounds
    """Training ends here, as the policy says."""


class DiagnoseMonitor:
    """Records a model's training into a run directory, judges it as it goes, and reports at its end.

    The loop stays as it is. Epochs are seen by themselves, where a data loader begins anew; a program that tells them
    with `epoch` or `epochs` tells them all.

    Parameters
    ----------
    model
        The module. Of a process of distributed training whose rank is not 0 nothing is recorded.
    optimizer
        One, several, or None: found when it steps.
    directory
        The run directory.
    loss
        The criterion: of one that is no loss of PyTorch's, a module is seen when it is called.
    options
        Those of `diagnose.hooks.options.Options`: ``on_finding="stop"``, ``stop_early=True``, ``train=loader`` …

    Raises
    ------
    InputError
        An option, or the context, can't be used.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any = None,
        directory: str | PathLike[str] = "runs/diagnose",
        *,
        loss: Any = None,
        **options: Any,
    ) -> None:
        self.options = Options(**options)
        self.session: Session | None = None
        self.stopped_because = ""
        self._given = model, optimizer, directory, loss
        self._probe: TorchProbe | None = None
        self._best: BestWeights | None = None
        self._is_in_block = self._is_closed = False

    def start(self) -> Self:
        """Begin to record; ``with`` does."""
        if self._probe is not None or _rank() != 0:
            return self
        model, optimizer, directory, loss = self._given
        session = Session.of(directory, inner(model), FRAMEWORK, self.options, _environment())
        self.session, self._is_closed = session, False
        self._probe = TorchProbe(session, model, optimizer, loss=loss)
        self._probe.advised = self._advised
        self._best = BestWeights(inner(model), session) if self.options.keeps_best else None
        self._probe.attach()
        return self

    def close(self, how: str = "") -> Diagnosis | None:
        """End the recording, put the best weights back where they are wanted, and write the report."""
        if self._probe is None or self.session is None or self._is_closed:
            return self.diagnosis
        self._is_closed = True
        try:
            self._probe.close()
        finally:
            self._probe.detach()
            self._probe = None
            if self._best is not None:
                self._best.put_back()
            why = f"stopped by diagnose: {self.stopped_because}" if self.stopped_because else "finished"
            self.session.finish(how or why)
        return self.diagnosis

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis of the whole run; None before it is closed, and where judging failed."""
        return None if self.session is None else self.session.diagnosis

    def epoch(self, **values: Any) -> bool:
        """Tell that an epoch has ended; return whether training should stop: ``if monitor.epoch(): break``.

        In distributed training with ``stop_early`` or another policy than to log, every process has to call it: all of
        them are told what the first one was.

        Parameters
        ----------
        values
            What it ended with: ``val_loss=0.3, val_accuracy=0.9``. Losses and accuracies that were seen are added.

        Raises
        ------
        Unhealthy
            Something was found, and ``on_finding`` is ``"raise"``.
        """
        advice = Advice()
        if self._probe is not None:
            advice = self._probe.epoch_ended(values)
            self._take(advice)
        return _agreed(advice.stop) if self._may_stop() else advice.stop

    def epochs(self, epochs: Iterable[Any]) -> Iterator[Any]:
        """Give the epochs of a loop; each ends when the next one is asked for, and all of them where training should.

        Raises
        ------
        Unhealthy
            Something was found, and ``on_finding`` is ``"raise"``.
        """
        self.start()
        for one in epochs:
            if self._probe is not None:
                self._probe.epoch_begins()
            yield one
            if self.epoch():
                return

    def __enter__(self) -> Self:
        self._is_in_block = True
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._is_in_block = False
        was_stopped = isinstance(error, _Stop)
        self.close(f"failed: {type(error).__name__}: {error}"[:500] if error is not None and not was_stopped else "")
        return was_stopped

    def _may_stop(self) -> bool:
        return (
            self.options.stop_early or self.options.on_finding in ("raise", "stop") or callable(self.options.on_finding)
        )

    def _advised(self, advice: Advice) -> None:
        """Act on the advice of an epoch that the program did not tell: there is no answer that it could look at."""
        self._take(advice)
        if advice.stop and self._is_in_block:
            raise _Stop(advice.why)

    def _take(self, advice: Advice) -> None:
        if advice.is_best and self._best is not None:
            self._best.keep()
        if advice.stop:
            self.stopped_because = advice.why


def _rank() -> int:
    is_parallel = torch.distributed.is_available() and torch.distributed.is_initialized()
    return int(torch.distributed.get_rank()) if is_parallel else 0


def _agreed(stop: bool) -> bool:
    """Return what the first process of distributed training decided."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return stop
    said = [stop]
    torch.distributed.broadcast_object_list(said, src=0)
    return bool(said[0])


def _environment() -> dict[str, str]:
    found = {"torch": str(torch.__version__), "threads": str(torch.get_num_threads())}
    if torch.cuda.is_available():
        found["device"] = str(torch.cuda.get_device_name())
    return found
