"""PRG908: `trainable` was changed after the training step was compiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.analyzers.faults import SURE, Fault, findings, some
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.programme import Programme
from diagnose.model_card import LayerCard, ModelCard


@dataclass(frozen=True)
class StaleTrainable:
    """`trainable` was changed after the training step was compiled, so that it has no effect.

    ## What it detects

    Keras layers whose `trainable` differs from what the compiled training step does: unfrozen layers that stay as they
    are, frozen ones that go on moving.

    ## Why it matters

    `fit` runs the step that was made at the last `compile`. The second phase of a fine-tuning then tunes nothing more
    than the first, and its curves say so in vain.

    ## The evidence

    The variables that the compiled step updates against those that the layers' flags name. It is a fact where a hook
    saw training go on; of a model that was given after training, the flags may have been changed since.

    ## What to do

    `model.compile(…)` after every change of `trainable`, with the optimizer and rate for the new phase.

    ## References

    - Keras documentation, Transfer learning & fine-tuning: "Important note about compile() and trainable"

    """

    code: ClassVar[str] = "PRG908"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    afterwards: float = 0.6
    """Probability that flags differed while it trained, where the model was looked at afterwards. A judgement."""

    def check(self, programme: Programme) -> Iterator[Finding | Passed | NotApplicable]:
        """Look for stale layers, phase by phase."""
        if programme.last.framework != "keras":
            yield NotApplicable("only Keras compiles its training step")
            return

        def judge(card: ModelCard) -> Iterator[Fault]:
            stale = [layer for name in card.stale_layers for layer in _named(card, name) if layer.parameters]
            thawed = [layer for layer in stale if layer.is_trainable]
            frozen = [layer for layer in stale if not layer.is_trainable]
            probability = SURE if programme.is_recorded else self.afterwards
            if thawed:
                yield self._fault(thawed, "made trainable", "they are not trained", probability, Severity.ERROR)
            if frozen:
                yield self._fault(frozen, "frozen", "they are trained all the same", probability, Severity.WARNING)

        found = list(findings(self.code, self.cause, programme, judge))
        yield from found
        if not found:
            yield Passed("the compiled step trains what the layers' flags say", CONTRADICTED)

    @staticmethod
    def _fault(layers: list[LayerCard], what: str, result: str, probability: float, severity: Severity) -> Fault:
        values = sum(layer.parameters for layer in layers)
        return Fault(
            f"{some(repr(layer.name) for layer in layers)} {'was' if len(layers) == 1 else 'were'} {what} after "
            f"compile: {result} ({values:,} parameters)",
            severity,
            probability,
            (Measured("layers whose flag has no effect", float(len(layers)), "layers", limit=0.0,
                      limit_reason="compile reads the flags"),),
            tuple(layer.name for layer in layers),
        )  # fmt: skip


def _named(card: ModelCard, name: str) -> list[LayerCard]:
    """Return the layer of that name, or those of the part of that name."""
    return [layer for layer in card.layers if layer.name == name or layer.name.startswith(f"{name}/")]
