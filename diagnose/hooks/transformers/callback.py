"""The callback of a Hugging Face Trainer."""

from __future__ import annotations

from os import PathLike
from typing import Any

from diagnose.extras import require
from diagnose.finding import Diagnosis
from diagnose.hooks.options import Options
from diagnose.hooks.session import Advice, Session
from diagnose.hooks.settings import tell_settings
from diagnose.hooks.torch.best import BestWeights
from diagnose.hooks.torch.probe import TorchProbe
from diagnose.hooks.transformers.settings import loss_name, numbers, settings, settings_known_later
from diagnose.journal.records import Epoch
from diagnose.readers.context import given_context

transformers = require("transformers", extra="huggingface", what="recording what a Hugging Face Trainer trains")
FRAMEWORK = "transformers"


class DiagnoseCallback(transformers.TrainerCallback):  # type: ignore[misc,name-defined]
    """Keeps what a ``Trainer`` logs and what its model does in a run directory, judges it, and reports at the end.

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
        self._directory, self._options = directory, Options(**options)
        given_context(self._options.context or None)
        self.session: Session | None = None
        self._probe: TorchProbe | None = None
        self._pending: dict[str, float] = {}
        self._rate: float | None = None
        self._offset, self._step_offset = 0.0, 0.0
        self._is_over = False
        self._why = ""
        self._later: set[str] = set()
        self._names: set[str] = set()
        self._best: BestWeights | None = None

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis of the whole run; None before its end, and where judging failed."""
        return None if self.session is None else self.session.diagnosis

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **more: Any) -> None:  # noqa: ARG002
        """Called by the trainer."""  # noqa: D401
        self._detach()
        if not state.is_world_process_zero:
            return
        versions = {name: str(require(name, extra="huggingface", what="").__version__) for name in ("torch",)}
        versions[FRAMEWORK] = str(transformers.__version__)
        self.session = session = Session.of(self._directory, model, FRAMEWORK, self._options, versions)
        self._offset = max(session.epochs_done - float(state.epoch or 0.0), 0.0)
        self._step_offset = max(session.steps_done - state.global_step, 0)
        self._pending, self._is_over, self._why, self._best = {}, False, "", None
        with session.guard("read the trainer's settings"):
            tell_settings(session, FRAMEWORK, settings(args, more.get("train_dataloader")))
        with session.guard("watch the model"):
            optimizer = more.get("optimizer")
            self._probe = TorchProbe(session, model, getattr(optimizer, "optimizer", optimizer), loss=loss_name(model))
            self._probe.attach()
            keeps = self._options.keeps_best and not args.load_best_model_at_end
            self._best = BestWeights(model, session) if keeps else None

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Called by the trainer."""  # noqa: D401
        if self.session is None or self._probe is None:
            return
        self._is_over = False
        with self.session.guard("watch the epoch"):
            self._probe.epoch_begins(None)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **more: Any) -> Any:
        """Called by the trainer before it logs and evaluates what ends the epoch."""  # noqa: D401
        self._is_over = True
        self._know_more(more)
        return control if control.should_log or control.should_evaluate else self._told(args, state, control)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> Any:
        """Called by the trainer with training losses, with an evaluation's, and with a summary at the end."""  # noqa: D401
        if self._probe is None or not logs or "train_runtime" in logs or "loss" not in logs:
            return control
        self._pending |= numbers(logs)
        self._rate = logs.get("learning_rate", self._rate)
        return control if control.should_evaluate else self._told(args, state, control)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **more: Any) -> Any:
        """Called by the trainer."""  # noqa: D401
        if self._probe is None:
            return control  # an evaluation after training
        self._pending |= numbers(metrics or {})
        self._know_more(more)
        return self._told(args, state, control)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the trainer."""  # noqa: D401
        if self.session is None or self._probe is None:
            return
        if self._pending:
            self._is_over = True
            self._told(args, state, control)
        self._detach()
        if self._best is not None:
            self._best.put_back()
        self.session.finish(f"stopped by diagnose: {self._why}" if self._why else "finished")

    def _told(self, args: Any, state: Any, control: Any) -> Any:
        """Tell the values since the last time; an epoch, or an evaluation within one, is judged."""
        session, probe = self.session, self._probe
        epoch, step = self._offset + float(state.epoch or 0.0), self._step_offset + state.global_step
        if session is None or probe is None or (epoch.is_integer() and not self._is_over):
            return control  # the last step of an epoch: its end will be told in a moment
        values, self._pending = self._pending, {}
        self._names |= values.keys()
        advice = Advice()
        if self._is_over:
            self._is_over = False
            advice = probe.epoch_ended(dict.fromkeys(self._names) | values)  # of what is logged, nothing is added
        elif any(name.startswith("eval_") for name in values):
            advice = session.epoch_ended(epoch, step, values, learning_rate=self._rate)
        elif values:
            session.write(Epoch(epoch, step, values, self._rate))
        if advice.is_best and self._best is not None:
            self._best.keep()
        if advice.stop and getattr(args, "world_size", 1) == 1:  # the other processes would wait for this one
            control.should_training_stop, self._why = True, advice.why
        return control

    def _know_more(self, more: Any) -> None:
        if self.session is None or self._probe is None:
            return
        with self.session.guard("read the model's settings"):
            later = settings_known_later(more.get("model"), more.get("eval_dataloader"))
            if later.keys() - self._later:
                self._later |= later.keys()
                tell_settings(self.session, FRAMEWORK, later)

    def _detach(self) -> None:
        if self._probe is not None and self.session is not None:
            with self.session.guard("let go of the model"):
                self._probe.detach()
        self._probe = None
