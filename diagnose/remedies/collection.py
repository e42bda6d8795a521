"""Rows are collected from where validation has them and training has not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diagnose.finding import Basis, Cause, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.importance_weights import importance_weights
from diagnose.measures.thin_regions import ThinRegion, thin_regions
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import TOWARDS_VALIDATION, Effort, Proposal
from diagnose.remedies.reweighting import is_thin
from diagnose.remedies.shift_cost import winnable
from diagnose.remedies.symptoms import INPUTS_MOVED, NEW_CATEGORIES
from diagnose.remedies.wording import counted

SOURCE = "Quiñonero-Candela et al. (2009), Dataset Shift in Machine Learning, ch. 1"
NAMED = 3
"""Regions in the reason; the action holds ten."""
LISTED = 10


def regions(case: Case) -> tuple[ThinRegion, ...]:
    """Return the regions to collect from; none where preparation is at fault."""
    moved = any(case.shows(code) for code in (*INPUTS_MOVED, NEW_CATEGORIES))
    if not moved or not case.data_are_at_hand or case.is_prepared_otherwise:
        return ()
    return case.computed(thin_regions) or ()


def collection(case: Case) -> Iterator[Proposal]:
    """Propose to collect rows of the regions in which training is thin."""
    found = regions(case)
    if not found:
        return
    words = SPLITS[found[0].split]
    effect = winnable(case)
    weights = case.computed(importance_weights)
    thin = weights is not None and is_thin(weights)
    first, *others = found
    also = f", and of {len(others)} other region{'s' if len(others) > 1 else ''}" if others else ""
    remedy = Remedy(
        {"collect": [_region(region) for region in found[:LISTED]]},
        f"Collect about {counted(_rounded(first.missing))} more training rows with {first.words}{also}",
        "; ".join(f"{r.words}: {r.held:.0%} of the {words} rows, {_share(r.train)} of training" for r in found[:NAMED])
        + ("; weights can't make up for it, too few training rows lie there" if thin else ""),
        (Cause.COVARIATE_SHIFT,),
        Basis.ESTIMATED if effect is not None else Basis.RULE_OF_THUMB,
        source=SOURCE,
        effect=effect,
        cost="collecting and labelling",
    )
    yield Proposal(remedy, "collect_covariate_shift", TOWARDS_VALIDATION, Effort.WORK)


def _share(value: float) -> str:
    return "none" if value == 0 else f"{value:.0%}" if value >= 0.01 else f"{value:.1%}"


def _rounded(rows: int) -> int:
    """Two significant digits: it is an estimate."""
    return int(float(f"{rows:.1e}"))


def _region(region: ThinRegion) -> dict[str, Any]:
    bounds = {"low": region.low, "high": region.high} if not region.levels else {"levels": list(region.levels[:LISTED])}
    shares = {"train": round(region.train, 4), region.split: round(region.held, 4)}
    return {"column": region.name, **bounds, "shares": shares, "rows": _rounded(region.missing)}
