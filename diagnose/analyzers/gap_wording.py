"""What the analyzers of a gap's parts share: margins that matter, sentences, one figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diagnose.analyzer import Passed
from diagnose.finding import Figure, Finding, Measured, Series
from diagnose.measurements import SPLITS
from diagnose.measures.gap_shares import GapShares
from diagnose.stats.decomposition import Part

NAMES = {
    "fitting": "fitting to the sample",
    "covariate": "other inputs (covariate shift)",
    "concept": "other labels given inputs (concept shift)",
    "unexplained": "unexplained",
}
"""The parts, in the order in which they are told."""


def of_all(results: Iterable[Finding | Passed]) -> Iterator[Finding | Passed]:
    """Yield what was found on any split, or else one pass that is as sure as the least sure of them."""
    said = list(results)
    findings = [result for result in said if isinstance(result, Finding)]
    if findings:
        yield from findings
        return
    passed = [result for result in said if isinstance(result, Passed)]
    if len(passed) == 1:
        yield passed[0]
        return
    known = [p.probability for p in passed if p.probability is not None]
    settle = next((p.settle for p in passed if p.settle), "")
    harmless = "; ".join(p.harmless for p in passed) if all(p.harmless for p in passed) else ""
    yield Passed("; ".join(p.why for p in passed), max(known, default=None), settle, harmless)


def told_apart(shares: GapShares) -> str:
    """Say how well a classifier tells both splits apart, and of how many rows."""
    words, auc = SPLITS[shares.split], shares.parts.overlap.auc
    rows = f"{shares.n:,} and {shares.m:,}{' of the' if shares.drawn else ''} rows"
    if auc < UNTOLD:
        return f"a classifier does not tell {words} from training rows ({rows})"
    return f"a classifier tells {words} from training rows with AUC {auc:.2f} ({rows})"


UNTOLD = 0.51
"""An AUC below: one that learnt nothing has 0.5."""


def scaled(shares: GapShares, points: float) -> float:
    """Return a margin in the unit of the risk: points of an error rate; of another loss, five times that share of it.

    One point of error on twenty is a twentieth: both are the same there.
    """
    return points if shares.unit == "error rate" else 5 * points * abs(shares.parts.val_risk)


def amount(value: float, shares: GapShares) -> str:
    """Return a risk as people say it."""
    return f"{100 * value:.1f} points of error" if shares.unit == "error rate" else f"{value:.3g} of {shares.unit}"


def between(part: Part, shares: GapShares) -> str:
    """Return a part with its interval."""
    if shares.unit == "error rate":
        return f"{100 * part.value:.1f} points of error ({100 * part.low:.1f} to {100 * part.high:.1f})"
    return f"{part.value:.3g} of {shares.unit} ({part.low:.3g} to {part.high:.3g})"


def whose(shares: GapShares) -> str:
    """Return whose risk it is, in the claim's words."""
    if shares.is_of_model:
        return "the model"
    return f"a stand-in for the model ({shares.parts.probe}, fitted to the training data)"


def of_gap(part: Part) -> str:
    """Return a share of the gap in words; nothing where it has none worth the name."""
    if part.share is None or part.share_low is None or part.share_high is None:
        return ""
    return f", {part.share:.0%} of the gap ({part.share_low:.0%} to {part.share_high:.0%})"


def measured(shares: GapShares, name: str, limit: float, reason: str) -> tuple[Measured, ...]:
    """Return the parts as evidence; the one that is spoken of first, beside its limit."""
    rows = []
    for part_name in sorted(NAMES, key=lambda other: other != name):
        part: Part | None = getattr(shares.parts, part_name)
        if part is not None:
            spoken = part_name == name
            rows.append(
                Measured(NAMES[part_name], part.value, shares.unit, part.low, part.high, limit if spoken else None,
                         limit_reason=reason if spoken else "", effect=spoken)
            )  # fmt: skip
    gap = shares.parts.gap
    words = SPLITS[shares.split]
    return (
        *rows,
        Measured(f"{words} minus training", gap.value, shares.unit, gap.low, gap.high),
        Measured("training", shares.parts.train_risk, shares.unit),
        Measured(words, shares.parts.val_risk, shares.unit),
        Measured("share of both that lies in one place", shares.parts.overlap.shared, "share"),
    )


def parts_figure(shares: GapShares) -> Figure:
    """Draw the parts with their intervals."""
    parts: dict[str, Part] = {"the gap": shares.parts.gap}
    parts |= {NAMES[n]: getattr(shares.parts, n) for n in NAMES if getattr(shares.parts, n) is not None}
    return Figure(
        "intervals",
        title="The gap and its parts",
        series=(
            Series("90 % interval", tuple(p.value for p in parts.values()), tuple(parts),
                   tuple(p.low for p in parts.values()), tuple(p.high for p in parts.values())),
        ),
        y_label=shares.unit,
        reference=0.0,
        caption=f"What {SPLITS[shares.split]} costs {whose(shares)} more than training, and why; the parts sum to it.",
    )  # fmt: skip
