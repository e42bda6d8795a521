"""EVA908: rows on which the model does worse than elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import Passed
from diagnose.analyzers.shown_rows import shown_rows
from diagnose.data import Split
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.segments import Segments
from diagnose.stats.segments import Segment

SHOWN = 10


@dataclass(frozen=True)
class WeakSegments:
    """The model fails on a segment of the rows.

    ## What it detects
    Held-out rows that have something in common, one or two conditions on their columns, and a loss far above that of
    the others.

    ## Why it matters
    A mean hides them. They show what to collect or to repair, and who is served worst.

    ## The evidence
    Conditions on single columns (levels of a category; parts of a number by its quartiles) and pairs of the worst are
    looked for in one half of the rows and tested in the other, and the reverse, so that looking costs nothing: of five
    segments handed over each way, ten p-values at most are corrected (Holm). Errors are compared exactly (Fisher). The
    difference is told from rows that had no part in the search. Every model has weaker segments, so that this is
    information, not a fault.

    ## What to do
    Look at rows of the segment: their labels first. Collect more of them, or weight them; report the score by segment.

    ## References
    - Chung, Kraska, Polyzotis, Tae & Whang (2019), Slice Finder: Automated Data Slicing for Model Validation
    - Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure
    """

    code: ClassVar[str] = "EVA908"
    cause: ClassVar[Cause] = Cause.EVALUATION

    alpha: float = 0.05
    """Chance of naming any segment where all are alike."""
    least: float = 0.03
    """Points of the error rate by which it is surely worse: less is hardly worth a look."""
    least_share: float = 0.15
    """The same of another loss, as a share of that elsewhere."""
    certainty: float = 0.95
    """One minus the error rate."""

    def check(self, segments: Segments, held_out: tuple[Split, ...]) -> Iterator[Finding | Passed]:
        """Compare p-values with the error rate and lower bounds with what is worth a look."""
        found = [s for s in segments.tested if s.p <= self.alpha and s.low > self._least(segments, s)]
        words = SPLITS[segments.split]
        if not found:
            yield Passed(
                f"no segment of the {segments.n:,} {words} rows is surely worse than the others "
                f"({segments.looked_at} conditions and their pairs looked at)"
            )
            return
        worst = found[0]
        split = next(s for s in held_out if s.name == segments.split)
        others = f", and {len(found) - 1} more" if len(found) > 1 else ""
        yield Finding(
            self.code, self.cause, Severity.INFO, self.certainty,
            f"{segments.unit} is {worst.inside:.3g} on {words} rows with {' and '.join(worst.names)}, "
            f"{worst.outside:.3g} on the others{others}",
            (
                Measured("difference", worst.inside - worst.outside, segments.unit, worst.low, None,
                         self._least(segments, worst), limit_reason="less is hardly worth a look", effect=True),
                Measured("p-value after Holm", worst.p, "", limit=self.alpha, exceeds="below",
                         limit_reason="chance of naming any segment where all are alike"),
                Measured("rows it was tested on", float(worst.n), "rows"),
            ),
            (Where("columns", names=tuple(dict.fromkeys(segments.columns[n] for s in found for n in s.names))),),
            Figure(
                "table",
                title="Segments with a higher loss",
                header=("rows with", "rows tested", segments.unit, "elsewhere", "p after Holm"),
                rows=tuple((" and ".join(s.names), f"{s.n:,}", f"{s.inside:.3g}", f"{s.outside:.3g}", f"{s.p:.1g}")
                           for s in found[:SHOWN]),
                caption=f"Rows with {' and '.join(worst.names)} on which the model does worst.",
                samples=shown_rows(split, segments.worst[worst.names],
                                   [_said(split, row) for row in segments.worst[worst.names].tolist()],
                                   {segments.columns[name] for name in worst.names}),
            ),
        )  # fmt: skip

    def _least(self, segments: Segments, segment: Segment) -> float:
        return self.least if segments.unit == "error rate" else self.least_share * abs(segment.outside)


def _said(split: Split, row: int) -> str:
    """Say what the model says of a row, else what it loses there."""
    outputs = split.outputs
    if outputs is None:
        return f"loss {split.losses[row]:.3g}" if split.losses is not None else ""
    if outputs.ndim == 1:
        return f"the model says {outputs[row]:.4g}"
    return f"the model says {split.classes[int(outputs[row].argmax())]}"
