"""PRG912: training data come sorted, or in the same order every epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.data import SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.recording import InputFacts, LabelFacts, OrderFacts, Recording


@dataclass(frozen=True)
class UnshuffledTraining:
    """Training data come sorted, or in the same order every epoch.

    ## What it detects

    Labels that stand in blocks while batches are drawn in that order; and, as information, an order that is the same
    every epoch.

    ## Why it matters

    Batches of one class pull the model towards that class, one after the other: it forgets the first while it learns
    the last. The same random order each epoch costs little.

    ## The evidence

    Neighbours with different labels against what a random order has on average, as a hook saw them, and whether the
    order repeats. Sampling that groups samples anew each epoch (several of each class for metric learning, sequences of
    like length) is right. Sequences of time steps and tokens are read in order.

    ## What to do

    `shuffle=True` of the loader, or a shuffle before batching whose buffer holds all rows.

    ## References

    - Bengio (2012), Practical Recommendations for Gradient-Based Training of Deep Architectures, arXiv 1206.5533, §3.1
    - Bottou (2009), Curiously Fast Convergence of some Stochastic Gradient Descent Algorithms
    """

    code: ClassVar[str] = "PRG912"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    most_changes: float = 0.5
    """Share of the expected changes of label below which labels stand in blocks: runs are
    twice as long as at random."""
    sigmas: float = 6.0
    """Standard deviations by which they must lie below the expectation: 1e-9 of random orders do."""
    certainty: float = 0.95
    """That sorted labels in a fixed order hurt; a learning rate so small that one epoch is one
    long step is the rest."""
    largest_block: float = 0.2
    """Share of the expected changes below which an order is sorted even where nothing else is known of it."""

    def check(
        self,
        recording: Recording,
        input_facts: Mapping[SplitName, tuple[InputFacts, ...]] | None = None,
        label_facts: Mapping[SplitName, LabelFacts] | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Look at every epoch's order."""
        if any(order.is_shuffled for order in recording.orders):
            yield Passed("the programme shuffles its samples", CONTRADICTED)
            return
        orders = [order for order in recording.orders if order.n > 1]
        if not orders:
            raise NotEnoughEvidence("the order of the training samples was not seen", "train with a hook")
        inputs = (input_facts or {}).get("train", ())
        if any(facts.kind == "tokens" for facts in inputs) and (label_facts or {}).get("train") is None:
            yield NotApplicable("tokens without labels of their own are read in order")
            return
        digests = [order.digest for order in orders if order.digest]
        is_fixed = len(set(digests)) == 1 and len(digests) > 1
        is_shuffled = len(digests) > 1 and len(set(digests)) == len(digests)
        sorted_ones = [order for order in orders if self._is_sorted(order)]
        if sorted_ones and not is_shuffled and self._is_meant(orders, is_fixed):
            yield self._sorted(sorted_ones, orders)
        elif is_fixed and len(orders) >= 3 and not sorted_ones:
            yield Finding(
                self.code, self.cause, Severity.INFO, self.certainty,
                f"samples come in the same order in all {len(orders)} epochs that were looked at",
                (Measured("different orders", 1.0, "orders", limit=float(len(orders)), exceeds="below",
                          limit_reason="one an epoch"),),
                (Where("epochs", orders[0].epoch, orders[-1].epoch),),
            )  # fmt: skip
        else:
            yield Passed(self._why(orders, is_shuffled=is_shuffled), CONTRADICTED)

    def _is_sorted(self, order: OrderFacts) -> bool:
        changes, expected = order.label_changes, order.expected_changes
        if changes is None or expected is None or expected <= 0:
            return False
        share = min(expected / (order.n - 1), 1.0)
        # neighbouring pairs are nearly independent; the variance of their number is at most twice the binomial one
        sigma = sqrt(2 * (order.n - 1) * max(share * (1 - share), 1 / order.n))
        return changes < self.most_changes * expected and expected - changes > self.sigmas * sigma

    def _is_meant(self, orders: list[OrderFacts], is_fixed: bool) -> bool:
        """Whether the order is known to be one and the same: by repetition, by the program, or as it is all blocks."""
        first = orders[0]
        known = is_fixed or first.is_shuffled is False
        changes, expected = first.label_changes or 0, first.expected_changes or 1.0
        return known or changes < self.largest_block * expected

    def _sorted(self, found: list[OrderFacts], orders: list[OrderFacts]) -> Finding:
        worst = min(found, key=lambda order: (order.label_changes or 0) / (order.expected_changes or 1.0))
        changes, expected = worst.label_changes or 0, worst.expected_changes or 1.0
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty,
            f"training samples come sorted by label: it changes {changes:,} times in {worst.n:,} samples, a random "
            f"order has {expected:,.0f} changes",
            (
                Measured("changes of label against a random order", changes / expected, "share",
                         limit=self.most_changes, exceeds="below", limit_reason="blocks of twice the length",
                         effect=True),
            ),
            (Where("epochs", orders[0].epoch, orders[-1].epoch),),
        )  # fmt: skip

    @staticmethod
    def _why(orders: list[OrderFacts], *, is_shuffled: bool) -> str:
        return "samples come in another order each epoch" if is_shuffled else (
            f"labels are mixed in the {len(orders)} epochs that were looked at")  # fmt: skip
