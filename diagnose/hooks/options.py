"""What every hook can be told: the same words for all frameworks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from diagnose.errors import InputError
from diagnose.finding import Finding

OnFinding = Literal["log", "warn", "raise", "stop"]
POLICIES: tuple[OnFinding, ...] = ("log", "warn", "raise", "stop")


@dataclass(frozen=True)
class Options:
    """What a hook is told.

    Attributes
    ----------
    on_finding
        What a new finding does while training goes on: ``"log"`` writes it to the journal and to Python's logging,
        ``"warn"`` warns, ``"stop"`` ends training after the epoch, ``"raise"`` raises `diagnose.Unhealthy`. Or a
        function of the `Finding`, whose answer may be one of these words: ``lambda f: "stop" if f.code == "INS501" else
        "log"``. What is found at the end only is warned of or handed to the function too; nothing is raised then.
    stop_early
        Whether training ends when the validation loss has turned up beyond its noise, or cannot gain any more than
        that: `diagnose.stats.stopping`.
    keep_best
        Whether the weights of the best epoch are kept and put back at the end. None: where ``stop_early`` is set.
    train, val, test
        Data for the report at the end, as for `diagnose.audit`.
    data
        What is to be known of them: `diagnose.readers.data.DataOptions` or a mapping.
    ask_model
        Whether the model is asked about these data for the report at the end: one more pass over them.
    context
        What is known beside the program: ``{"n_classes": 10}``.
    name
        Of the run; that of its directory where empty.
    report
        Whether ``report.html`` and ``diagnosis.json`` are written at the end.
    trackers
        Whether findings and the verdict go to MLflow, Weights & Biases or TensorBoard too, where the program uses them.
    share
        Most of the training's time that looking may take, from 0 to 1.
    resume
        Whether this goes on with the run that the directory holds.
    """

    on_finding: OnFinding | Callable[[Finding], Any] = "log"
    stop_early: bool = False
    keep_best: bool | None = None
    train: Any = None
    val: Any = None
    test: Any = None
    data: Any = None
    context: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    report: bool = True
    share: float = 0.01
    resume: bool = False
    ask_model: bool = False
    trackers: bool = True

    def __post_init__(self) -> None:
        if not callable(self.on_finding) and self.on_finding not in POLICIES:
            words = ", ".join(map(repr, POLICIES))
            raise InputError(f"on_finding={self.on_finding!r}: expected one of {words}, or a function of the finding")
        if not 0 <= self.share <= 1:
            raise InputError(f"share={self.share!r}: expected a number from 0 to 1, of the training's time")

    @property
    def keeps_best(self) -> bool:
        """Whether the best weights are kept and put back."""
        return self.stop_early if self.keep_best is None else self.keep_best
