"""How far a training has come: steps, epochs, counters."""

from __future__ import annotations

from diagnose.hooks.session import Session
from diagnose.journal.records import Counts

UNKNOWN = 50.0
"""Steps that an epoch is taken to have while nothing is known of its length: its samples stay within it."""


class Progress:
    """Counts on from where the session stands.

    Attributes
    ----------
    step, epoch
        Optimizer steps so far, and completed epochs.
    began
        The step at which this hook began.
    steps_in_epoch
        Of the epoch that is going on.
    expected
        Steps of an epoch; 0 while unknown.
    counts
        `diagnose.recording.COUNTERS`.
    """

    def __init__(self, session: Session) -> None:
        self.step, self.epoch = session.steps_done, session.epochs_done
        self.began, self._first = self.step, self.epoch
        self.steps_in_epoch = 0
        self.expected = 0.0
        self.counts: dict[str, int] = {}
        self._session = session

    def count(self, what: str, n: int = 1) -> None:
        """Add to a counter."""
        self.counts[what] = self.counts.get(what, 0) + n

    def stepped(self) -> None:
        """Tell that a step begins."""
        self.step += 1
        self.steps_in_epoch += 1
        self.count("steps")

    @property
    def is_first_epoch(self) -> bool:
        """Whether the first epoch of this hook is going on."""
        return self.epoch == self._first

    def place(self) -> tuple[float, float]:
        """Return the step and the epoch that a look belongs to."""
        done = self.steps_in_epoch
        share = done / self.expected if self.expected else done / (done + UNKNOWN)
        return self.step, self.epoch + min(1.0, share)

    def epoch_ended(self) -> None:
        """Tell that an epoch is over."""
        self.epoch += 1
        if self.steps_in_epoch:
            self.expected = float(self.steps_in_epoch)
        self.steps_in_epoch = 0
        self.tell()

    def tell(self) -> None:
        """Write the counters."""
        self._session.write(Counts(dict(self.counts)))
