"""LKG144: the held-out rows are older than training rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, EXPLAINED, Passed
from diagnose.data import Split
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.chance import wilson
from diagnose.measures.row_names import row_names
from diagnose.measures.time_order import TimeOrder


@dataclass(frozen=True)
class TimeOrderBroken:
    """Held-out rows are older than training rows.

    ## What it detects
    Validation or test rows that were taken before, or among, the training rows, where their times are known.

    ## Why it matters
    A model in use meets the future. One that was trained on what came after its validation rows, or on the minutes
    before and after each of them, is examined on questions whose answers it has read.

    ## The evidence
    The share of held-out rows that are older than the newest training row, and how much each one's label agrees, beyond
    chance, with that of the training row nearest in time (the error by blocks of time). Mixed times whose neighbours
    tell nothing of each other leak nothing, and pass. A column of dates that nobody calls the time of the rows may be
    anything (a date of birth): it is information only.

    ## What to do
    Split by time: train on what came first, validate on what came next, with a gap as long as neighbours agree
    (TimeSeriesSplit with gap). If the model's use has no future (rows are labelled years later in any order), say so
    and keep the split.

    ## References
    - Kapoor & Narayanan (2023), Leakage and the Reproducibility Crisis in Machine-Learning-Based Science
    - Cerqueira, Torgo & Mozetič (2020), Evaluating Time Series Forecasting Models
    """

    code: ClassVar[str] = "LKG144"
    cause: ClassVar[Cause] = Cause.LEAKAGE

    agreement: float = 0.1
    """Lower bound of the agreement of labels with their neighbours in time, beyond chance: above, neighbours tell."""
    grave_agreement: float = 0.5
    """Above, a neighbour's label is a better answer than most models have."""
    backward: float = 0.99
    """Share of the training rows after the newest held-out row, from which the split runs backwards."""
    certainty: float = 0.9
    """Neighbours in time tell of the label at 95 %; whether the model will be asked of the future is the user's."""
    reversed_certainty: float = 0.8
    """Nothing but the times speaks: old data may be held out on purpose."""
    open: float = 0.4
    """Without labels, or with too few: below an even chance."""

    def check(self, held_out: tuple[Split, ...], time_order: tuple[TimeOrder, ...]) -> Iterator[Finding | Passed]:
        """Compare the order of the times, and what neighbours tell."""
        quiet, probabilities, found = [], [], False
        for order in time_order:
            words = SPLITS[order.split]
            agree = order.agreement
            if order.is_forward:
                quiet.append(f"the {words} rows follow the training rows in time ({order.name!r})")
                probabilities.append(CONTRADICTED)
            elif order.later < self.backward and agree is not None and agree.high <= 2 * self.agreement:
                quiet.append(
                    f"{words} and training rows are mixed in time, and neighbours tell nothing of each other's labels "
                    f"(agreement {agree.value:.0%} beyond chance; {agree.high:.0%} at most)"
                )
                probabilities.append(ABSENT)
            elif order.later < self.backward and agree is not None and agree.low <= self.agreement:
                quiet.append(f"{words} and training rows are mixed in time; whether neighbours tell is within chance")
                probabilities.append(EXPLAINED)
            else:
                found = True
                yield self._finding(next(s for s in held_out if s.name == order.split), order)
        if not found:
            yield Passed("; ".join(quiet), max(probabilities))

    def _finding(self, split: Split, order: TimeOrder) -> Finding:
        words, agree = SPLITS[order.split], order.agreement
        low, high = wilson(order.share, order.n)
        evidence = [
            Measured(f"share of the {words} rows older than the newest training row", order.share, "share", low, high,
                     0.01, limit_reason="rows at the border", effect=True),
        ]  # fmt: skip
        if order.later >= self.backward:
            probability = self.reversed_certainty
            said = (
                f"the {words} data are older than the training data: {_date(order.held[0])} to {_date(order.held[2])} "
                f"before {_date(order.train[0])} to {_date(order.train[2])}"
            )
        else:
            probability = self.open if agree is None else self.certainty
            said = f"{order.share:.0%} of the {words} rows lie among or before the training rows in time"
        if agree is not None:
            evidence.append(
                Measured("agreement of labels with the nearest in time, beyond chance", agree.value, "share", agree.low,
                         agree.high, self.agreement, limit_reason="neighbours tell of the label")
            )  # fmt: skip
            if order.later < self.backward:
                said += f", and the nearest one's label agrees {agree.value:.0%} beyond chance"
        grave = agree is not None and agree.low > self.grave_agreement and order.later < self.backward
        severity = Severity.INFO if not order.given else Severity.ERROR if grave else Severity.WARNING
        return Finding(
            self.code, self.cause, severity, probability if order.given else min(probability, self.open), said,
            tuple(evidence),
            (Where("samples", names=row_names(split, order.rows)), Where("columns", names=(order.name,))),
            Figure(
                "table",
                title="When the rows were taken",
                header=("data", "first", "median", "last"),
                rows=(("training", *map(_date, order.train)), (words, *map(_date, order.held))),
            ),
            settle="" if order.given and probability > 0.5 else f"say whether {order.name!r} is the time of the rows, "
            f"and whether the model will be asked of later ones: --time {order.name}",
        )  # fmt: skip


def _date(seconds: float) -> str:
    """Return the date, with the minute where it is not midnight; the number itself where it is no date."""
    if not -62_000_000_000 < seconds < 250_000_000_000:  # years 5 to 9892
        return f"{seconds:.6g}"
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when:%Y-%m-%d}" if seconds % 86_400 == 0 else f"{when:%Y-%m-%d %H:%M}"
