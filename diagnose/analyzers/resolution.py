"""EVA907: what differences the held-out rows can tell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measurements import SPLITS
from diagnose.measures.chance import NORMAL_95, wilson
from diagnose.measures.row_losses import RowLosses
from diagnose.measures.sampling import Sampling


@dataclass(frozen=True)
class _Read:
    """A score with its 95 % interval; ``n`` counts rows, or groups of rows, that stand for themselves."""

    words: str
    unit: str
    value: float
    low: float
    high: float
    resolves: float
    n: float
    rows: int


@dataclass(frozen=True)
class Resolution:
    """The validation score is known only roughly.

    ## What it detects
    A held-out score whose 95 % interval is so wide that models which differ visibly can't be told apart.

    ## Why it matters
    The best of many models, epochs or settings is chosen by differences of a point or two. Where the rows can't resolve
    them, the choice is a draw, and the score of the winner is too good.

    ## The evidence
    With predictions or losses of each row: the mean with its 95 % interval (Wilson's of an error rate), by groups of
    rows where rows belong together, since ten rows of one patient are not ten rows. Without, the last accuracy of the
    log and the number of validation samples. The difference that would be told: of two models that err independently,
    with 80 % power at 5 % error; models that err on the same rows are told apart by less. A set too small for any use
    is EVA901's; a coarse one is information.

    ## What to do
    Validate on more rows, or cross-validate and compare models row by row on the same rows (paired). Choose the
    simplest model within one standard error of the best.

    ## References
    - Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference
    - Card et al. (2020), With Little Power Comes Great Responsibility, arXiv 2010.06595
    - Bouthillier et al. (2021), Accounting for Variance in Machine Learning Benchmarks, arXiv 2103.03098
    """

    code: ClassVar[str] = "EVA907"
    cause: ClassVar[Cause] = Cause.EVALUATION

    coarse: float = 0.05
    """Half a 95 % interval in points: wider, and a model five points better may look worse. 385 rows near a half."""
    coarse_loss: float = 0.15
    """The same of another loss, as a share of it."""
    least_rows: int = 30
    """Fewer rows or groups that stand for themselves are a fault, as of EVA901."""
    certainty: float = 0.95
    """Of the interval."""

    def check(
        self, row_losses: tuple[RowLosses, ...] | None = None, sampling: Sampling | None = None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the interval of each held-out score with what is coarse."""
        read = [_of_rows(losses) for losses in row_losses or ()]
        if not read and sampling is not None and math.isfinite(sampling.low):
            if sampling.n < self.least_rows:
                yield NotApplicable("the validation set is too small for any score: EVA901 speaks of it")
                return
            read = [_of_log(sampling)]
        if not read:
            raise NotEnoughEvidence(
                "neither predictions of held-out rows nor their number beside a logged accuracy is known",
                "give the predictions: --prediction COLUMN; or the number of validation samples: --context n_val=1000",
            )
        coarse = [r for r in read if self._half(r) > (self.coarse if r.unit == "share" else self.coarse_loss * r.value)]
        yield from (self._finding(r) for r in coarse)
        if not coarse:
            yield Passed("; ".join(f"{_said(r)}; {_told(r)}" for r in read), CONTRADICTED)

    def _half(self, read: _Read) -> float:
        return (read.high - read.low) / 2

    def _finding(self, read: _Read) -> Finding:
        limit = self.coarse if read.unit == "share" else self.coarse_loss * read.value
        return Finding(
            self.code, self.cause, Severity.WARNING if read.n < self.least_rows else Severity.INFO, self.certainty,
            f"{_said(read)}: {_told(read)}",
            (
                Measured("half of the 95 % interval", self._half(read), read.unit, limit=limit,
                         limit_reason="a model five points better may look worse", effect=True),
                Measured(read.words, read.value, read.unit, read.low, read.high),
                Measured("difference told with 80 % power", read.resolves, read.unit),
                Measured("rows, or groups, that stand for themselves", read.n),
            ),
        )  # fmt: skip


TOLD = (NORMAL_95 + 0.8416) * math.sqrt(2)
"""Standard errors of one model's score by which two differ that are told apart: 5 % error, 80 % power."""


def _of_rows(losses: RowLosses) -> _Read:
    values, n = losses.values, len(losses.values)
    beyond = values - values.mean()
    summed = beyond if losses.groups is None else np.bincount(losses.groups, beyond)
    k = len(summed)
    error = float(np.sqrt((summed**2).sum() * k / max(k - 1, 1)) / n)
    value = float(values.mean())
    is_share = losses.unit == "error rate"
    stand = float(n)
    low, high = value - NORMAL_95 * error, value + NORMAL_95 * error
    if is_share:
        if losses.groups is not None:
            stand = min(float(n), value * (1 - value) / error**2) if error > 0 else float(k)
        low, high = wilson(value, stand)
    elif losses.groups is not None:
        stand = float(k)
    words = f"{losses.unit} on {SPLITS[losses.split]} rows"
    return _Read(words, "share" if is_share else losses.unit, value, low, high, TOLD * error, stand, n)


def _of_log(sampling: Sampling) -> _Read:
    error = math.sqrt(max(sampling.end * (1 - sampling.end), 0.0) / sampling.n)
    return _Read(
        f"last {sampling.score}", "share", sampling.end, sampling.low, sampling.high, TOLD * error, sampling.n,
        sampling.n,
    )  # fmt: skip


def _said(read: _Read) -> str:
    stand = "" if read.n >= 0.99 * read.rows else f", worth {read.n:.0f} that stand for themselves"
    return f"{read.words} is {read.value:.3g} ({read.low:.3g} to {read.high:.3g}; {read.rows:,} rows{stand})"


def _told(read: _Read) -> str:
    if read.resolves <= 0:
        return "no row was missed, so that no difference can be told"
    return f"two models are told apart from a difference of {read.resolves:.2g} on"
