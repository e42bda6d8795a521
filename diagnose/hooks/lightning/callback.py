"""The callback of Lightning."""

from __future__ import annotations

import sys
from os import PathLike
from typing import Any

from diagnose.extras import require
from diagnose.finding import Diagnosis
from diagnose.hooks.lightning.metrics import Logged
from diagnose.hooks.lightning.settings import settings
from diagnose.hooks.lightning.tops import Tops
from diagnose.hooks.options import Options
from diagnose.hooks.session import Advice, Session
from diagnose.hooks.settings import tell_settings
from diagnose.hooks.torch.best import BestWeights
from diagnose.hooks.torch.probe import TorchProbe
from diagnose.journal.records import Epoch
from diagnose.readers.context import given_context

FRAMEWORK = "lightning"
_old_name = "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules
pytorch = require("pytorch_lightning" if _old_name else "lightning.pytorch", extra="lightning",
                  what="recording what Lightning trains")  # fmt: skip


class DiagnoseCallback(pytorch.Callback):  # type: ignore[misc,name-defined]
    """Keeps what a module logs and what it does in a run directory, judges it, and reports at the end.

    Parameters
    ----------
    directory
        The run directory.
    options
        Those of `diagnose.hooks.options.Options`: ``on_finding="stop"``, ``stop_early=True`` …

    Raises
    ------
    InputError
        An option, or the context, can't be used.
    """

    def __init__(self, directory: str | PathLike[str], **options: Any) -> None:
        super().__init__()
        self._directory, self._options = directory, Options(**options)
        given_context(self._options.context or None)
        self.session: Session | None = None
        self._probe: TorchProbe | None = None
        self._logged = Logged()
        self._best: BestWeights | None = None
        self._tops: Tops | None = None
        self._begun = 0.0
        self._why = ""

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis of the whole run; None before its end, and where judging failed."""
        return None if self.session is None else self.session.diagnosis

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Called by Lightning, behind its check of the validation code."""  # noqa: D401
        self._detach()
        if not trainer.is_global_zero:
            return
        versions = {"torch": str(require("torch", extra="torch", what="").__version__), FRAMEWORK: pytorch.__version__}
        self.session = session = Session.of(self._directory, pl_module, FRAMEWORK, self._options, versions)
        self._begun, self._why = session.epochs_done, ""
        self._logged.forget_all(trainer.callback_metrics)
        with session.guard("read the trainer's settings"):
            tell_settings(session, FRAMEWORK, settings(trainer, pl_module))
        with session.guard("watch the model"):
            self._probe = TorchProbe(session, pl_module, trainer.optimizers)
            self._probe.attach()
            self._best = BestWeights(pl_module, session) if self._options.keeps_best else None

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Called by Lightning; the first batch comes behind whatever callbacks do to the model between epochs."""  # noqa: D401
        if batch_idx or self.session is None or self._probe is None:
            return
        self._told_late(trainer)
        if self.session.epochs_done == self._begun:
            with self.session.guard("find the module's parts"):
                self._tops = Tops(pl_module)
        with self.session.guard("watch the epoch"):
            self._probe.watch_optimizers(trainer.optimizers)
            self._probe.epoch_begins(None)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Called by Lightning; the first batch has shown which parts of the module are called."""  # noqa: D401
        if self.session is None or self._probe is None or self._tops is None:
            return
        with self.session.guard("find the module's parts"):
            self._tops.close()
            self._tops.connect(self._probe)
        self._tops = None

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:  # noqa: ARG002
        """Called by Lightning within the optimizer's step, whose closure has run the module: gradients are there."""  # noqa: D401
        if self.session is None or self._probe is None:
            return
        with self.session.guard("look at a step"):
            self._probe.looks.gradients()
            self._probe.steps.step_begins()

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Called by Lightning; a validation within an epoch is told here, that at its end with the epoch."""  # noqa: D401
        session, probe = self.session, self._probe
        if session is None or probe is None or trainer.sanity_checking:
            return
        batches = trainer.num_training_batches
        done = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        if done < batches and batches != float("inf"):
            values: dict[str, float] = {}
            with session.guard("read what was logged"):
                values = self._logged.new(trainer.callback_metrics)
            self._act(trainer, session.epoch_ended(probe.progress.epoch + done / batches, probe.progress.step, values))

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Called by Lightning."""  # noqa: D401
        if self.session is None or self._probe is None:
            return
        values: dict[str, float] = {}
        with self.session.guard("read what was logged"):
            values = self._logged.of_epoch(trainer)
        # of what the module logs, nothing is added
        self._act(trainer, self._probe.epoch_ended(dict.fromkeys(self._logged.names) | values))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Called by Lightning."""  # noqa: D401
        if self.session is None or self._probe is None:
            return
        self._told_late(trainer)
        self._detach()
        if self._best is not None:
            self._best.put_back()
        self.session.finish(f"stopped by diagnose: {self._why}" if self._why else "finished")

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002
        """Called by Lightning where training fails, or is interrupted."""  # noqa: D401
        if self.session is None or self._probe is None:
            return
        self._detach()
        self.session.finish(f"failed: {type(exception).__name__}: {exception}"[:300])

    def _told_late(self, trainer: Any) -> None:
        """Tell what the module logged in hooks that come after ours."""
        session = self.session
        if session is None or self._probe is None:
            return
        with session.guard("read what was logged"):
            late = self._logged.late(trainer.callback_metrics)
            if late and session.epochs_done > self._begun:
                session.write(Epoch(session.epochs_done, session.steps_done, late))

    def _act(self, trainer: Any, advice: Advice) -> None:
        if advice.is_best and self._best is not None:
            self._best.keep()
        if advice.stop and trainer.world_size == 1:  # the other processes would wait for this one
            trainer.should_stop, self._why = True, advice.why

    def _detach(self) -> None:
        if self._tops is not None:
            self._tops.close()
            self._tops = None
        if self._probe is not None and self.session is not None:
            with self.session.guard("let go of the model"):
                self._probe.detach()
        self._probe = None
