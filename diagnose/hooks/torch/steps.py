"""One optimizer step after the other: which are looked at, and what the looks are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from diagnose.hooks.session import Session
from diagnose.hooks.torch.activations import Activations, Statistics
from diagnose.hooks.torch.due import Due
from diagnose.hooks.torch.noise import NoiseBurst
from diagnose.hooks.torch.old_gradients import OldGradients
from diagnose.hooks.torch.progress import Progress
from diagnose.hooks.torch.stages import Stages
from diagnose.hooks.torch.tensors import Drawn
from diagnose.hooks.torch.weights import Rows, Weights
from diagnose.journal.records import Layers, Noise
from diagnose.models.torch_layers import Leaf

BURST_AFTER = 3
"""Steps behind the first that a burst of gradients begins: the first of a training differ more than later ones."""
BURSTS = 2.0
"""Factor from one burst's step to the next one's."""


class Steps:
    """Looks at some steps, and counts all of them.

    Parameters
    ----------
    leaves
        The layers, in the order of their definition.
    can_watch_layers
        Whether hooks on single layers are seen: not where the model is compiled.
    """

    def __init__(
        self, session: Session, leaves: Sequence[Leaf], progress: Progress, stages: Stages, *, can_watch_layers: bool
    ) -> None:
        self._session, self._leaves, self.progress, self._stages = session, leaves, progress, stages
        self.due = Due(session.budget)
        self._can_watch_layers = can_watch_layers
        self._weights = Weights(leaves, Drawn())
        self._statistics = Statistics(leaves)
        self._old = OldGradients([w for leaf in leaves for _, w in leaf.weights])
        self._burst: NoiseBurst | None = None
        self._burst_at = float(BURST_AFTER)
        self._remembered = -1.0
        self._activations: Activations | None = None
        self._before_clipping: dict[str, Any] = {}
        self._rows: Rows = {}
        self._samples = 0
        self._has_passes = False
        self.scale = 1.0
        self.is_looking = False
        self.largest = ""

    def pass_begins(self, root: Any, given: tuple[Any, ...]) -> None:
        """Tell that a training pass begins: a look, where it is time for one."""
        guard = self._session.guard
        self._has_passes = True
        if not self.is_looking:
            first = self.progress.steps_in_epoch == 0
            self.is_looking = self.due.is_due(self.progress.step + 1, self.progress.began, is_first_of_epoch=first)
        if self.is_looking and self._activations is None and self._can_watch_layers:
            with guard("look at layers"), self.due.spending("layers"):
                self._activations = Activations(self._leaves, guard)
                self._activations.begin(root, given)

    def pass_ended(self, output: Any) -> Activations | None:
        """Tell that it is over; return what was seen of it, where it was looked at."""
        if self._activations is None or self._activations.is_over:
            return None
        with self._session.guard("look at layers"), self.due.spending("layers"):
            self._activations.end(output)
        return self._activations

    def backward_begins(self, samples: int) -> None:
        """Tell that a backward pass of some samples begins."""
        self._samples += samples
        with self._session.guard("tell old gradients"):
            self._old.look()

    def backward_ended(self) -> None:
        """Tell that it is over: gradients are as they are before any clipping."""
        if self.is_looking or self._burst is not None:
            with self._session.guard("look at gradients"), self.due.spending("layers"):
                self._before_clipping = self._weights.gradients()

    def step_begins(self) -> None:
        """Tell that the weights are about to change."""
        progress = self.progress
        if not self.is_looking and not self._has_passes:
            first = progress.steps_in_epoch == 1
            self.is_looking = self.due.is_due(progress.step, progress.began, is_first_of_epoch=first)
        if self.is_looking and self._remembered != progress.step:
            self._remembered = progress.step
            with self._session.guard("look at weights"), self.due.spending("layers"):
                self._weights.remember()

    def step_ended(self) -> None:
        """Tell that the weights have changed."""
        with self._session.guard("tell old gradients"):
            if self._old.stepped():
                self.progress.count("steps_on_old_gradients")
        with self._session.guard("tell gradients' noise"):
            self._noise()
        if self.is_looking:
            with self._session.guard("look at a step"), self.due.spending("layers"):
                self._looked()
            self.due.looked("layers")
        self.forget()

    def forget(self) -> None:
        """Give up the look that is going on: the step was skipped, or is over."""
        if self._activations is not None:
            self._activations.end()
        self._activations, self._before_clipping, self._rows = None, {}, {}
        self.is_looking, self._samples, self.scale = False, 0, 1.0

    def _looked(self) -> None:
        step, epoch = self.progress.place()
        gradients = self._before_clipping or self._weights.gradients()
        self._weights.norms(gradients, self.scale if self._before_clipping else 1.0, self._rows)
        self._weights.compared(self._stages.groups(), self._rows)
        self._statistics.moved(self._rows)
        if self._activations is not None:
            self._activations.rows(self._rows)
        names = tuple(leaf.name for leaf in self._leaves if leaf.name in self._rows)
        quantities = dict.fromkeys(quantity for name in names for quantity in self._rows[name])
        values = {q: [self._rows[name].get(q, math.nan) for name in names] for q in quantities}
        self._session.write(Layers(step, epoch, names, values))
        self.largest = _largest(self._rows, step)

    def _noise(self) -> None:
        if self._burst is None:
            own = self.progress.step - self.progress.began
            if own >= self._burst_at and self.due.affords("layers"):
                self._burst = NoiseBurst()
            return
        gradients = self._before_clipping or self._weights.gradients()
        if self.scale not in (0.0, 1.0) and self._before_clipping:
            gradients = {name: value / self.scale for name, value in gradients.items()}
        with self.due.spending("noise"):
            if not self._burst.add(gradients, self._samples):
                return
            found = self._burst.noise(*self.progress.place())
        self.due.looked("noise")
        self._burst, self._burst_at = None, (self.progress.step - self.progress.began) * BURSTS
        if found is not None:
            self._session.write(Noise(found))


def _largest(rows: Rows, step: float) -> str:
    """Describe the largest gradient of a look, for the case that the next one is no number any more."""
    known = {name: row["gradient"] for name, row in rows.items() if math.isfinite(row.get("gradient", math.nan))}
    if not known:
        return ""
    name = max(known, key=lambda layer: known[layer])
    return f"largest gradient norm {known[name]:.3g} in {name} at step {step:g}"
