"""LKG145: one column alone tells the label almost perfectly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, EXPLAINED, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Series, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.single_predictors import Predictor, SinglePredictors

SHOWN = 10


@dataclass(frozen=True)
class LabelInAColumn:
    """One column alone tells the label almost perfectly.

    ## What it detects
    A column from which the label can be read, on training rows and on held-out rows alike, where all other columns
    together come nowhere near; and one that tells the label in training but not in the held-out data.

    ## Why it matters
    Such a column is often made from the label, or after it: a discharge code, a status that is set once the outcome is
    known, a target encoding that was fitted with the rows it encodes. In use it will be missing or mean something else,
    and the model has learnt little besides.

    ## The evidence
    For each column, the share of what guessing gets wrong that it gets right alone, on rows that it was not fitted to
    (of the variance, for numbers); and the same of all other columns together, by a cross-validated model. A strong
    honest feature looks the same, so this is a suspicion: stronger where the column is a renaming of the label or makes
    no error, weaker else. Where the others do nearly as well, nothing is said.

    ## What to do
    Find out when and from what the column is filled. If after the outcome: drop it. If from the label (target
    encoding): fit it out of fold. If it is honest: keep it, and ask whether a model is needed.

    ## References
    - Kaufman et al. (2012), Leakage in Data Mining: Formulation, Detection, and Avoidance
    - Kapoor & Narayanan (2023), Leakage and the Reproducibility Crisis in Machine-Learning-Based Science
    """

    code: ClassVar[str] = "LKG145"
    cause: ClassVar[Cause] = Cause.LEAKAGE

    least_skill: float = 0.95
    """Of a class: one of twenty errors of guessing left. The best single column of scikit-learn's bundled data has 0.9
    (iris, where the others have as much)."""
    least_r2: float = 0.99
    """Of a number: a tenth of its standard deviation left."""
    errors_of_others: float = 4.0
    """Times the errors (the variance) that all other columns together leave: less, and the label is simply easy."""
    others_at_most: float = 0.9
    """Skill of the others, above which the label is simply easy."""
    gone_held_out: float = 0.5
    """Part of its skill that a column which tells the label in training must keep in the held-out data."""
    renaming: float = 0.9
    """Each value stands for one class, in hundreds of rows: an input that is the label by another name."""
    without_error: float = 0.75
    """It makes no error in a hundred: a rule of the domain (income in another currency) may do so as well."""
    suspicious: float = 0.6
    """It makes few errors: a good feature may. More likely than not, as the others come nowhere near."""
    training_only: float = 0.85
    """Chance is excluded by the rows; a column that broke in the held-out data remains."""

    def check(self, single_predictors: SinglePredictors) -> Iterator[Finding | Passed]:
        """Compare each column's skill with the limit, and with what the other columns do together."""
        least = self.least_skill if single_predictors.classes else self.least_r2
        strong = [p for p in single_predictors.columns if p.within >= least]
        lost = [p for p in strong if p.held is not None and p.held < self.gone_held_out * p.within]
        both = [p for p in strong if p.held is None or p.held >= least]
        others = single_predictors.others
        if lost:
            yield self._lost(single_predictors, lost, least)
        is_easy = others is None or others > self.others_at_most
        is_easy = is_easy or any(1 - others < self.errors_of_others * (1 - _worse(p)) for p in both)  # type: ignore[operator]
        if both and not is_easy:
            yield self._told(single_predictors, both, least)
        elif not lost:
            yield self._quiet(single_predictors, both, least)

    def _told(self, all_of: SinglePredictors, both: list[Predictor], least: float) -> Finding:
        best = both[0]
        name = "of guessing's errors" if all_of.classes else "of the variance"
        if best.renames:
            probability, how = self.renaming, "is the label by another name: each value stands for one class"
        else:
            exact = 0.999 if not all_of.classes else 0.995
            probability = self.without_error if _worse(best) >= exact else self.suspicious
            how = (
                f"alone avoids {_worse(best):.1%} {name}"
                if all_of.classes
                else f"alone explains {_worse(best):.1%} {name}"
            )
        more = f" (and {len(both) - 1} more)" if len(both) > 1 else ""
        assert all_of.others is not None
        return Finding(
            self.code, self.cause, Severity.ERROR if best.renames else Severity.WARNING, probability,
            f"suspicious: {best.name!r}{more} {how}; all other columns together reach {max(all_of.others, 0):.0%}",
            self._evidence(all_of, best, least),
            (Where("columns", names=tuple(p.name for p in both)),),
            _figure(all_of, least),
            settle=f"say when and from what {best.name!r} is filled: before the label is known?",
        )  # fmt: skip

    def _lost(self, all_of: SinglePredictors, lost: list[Predictor], least: float) -> Finding:
        best = lost[0]
        words = SPLITS[all_of.split] if all_of.split else "held-out"
        return Finding(
            self.code, self.cause, Severity.ERROR, self.training_only,
            f"{best.name!r} alone tells the label in training ({best.within:.0%} better than guessing) and not in the "
            f"{words} data ({max(best.held or 0, 0):.0%}): it was made with the label of the training rows",
            self._evidence(all_of, best, least),
            (Where("columns", names=tuple(p.name for p in lost)),),
            _figure(all_of, least),
        )  # fmt: skip

    def _evidence(self, all_of: SinglePredictors, best: Predictor, least: float) -> tuple[Measured, ...]:
        reason = "one of twenty errors of guessing left" if all_of.classes else "a tenth of its deviation left"
        found = [Measured(f"skill of {best.name!r} alone, in training", best.within, "share", limit=least,
                          limit_reason=reason, effect=True)]  # fmt: skip
        if best.held is not None:
            found.append(Measured(f"skill of {best.name!r} alone, held out", best.held, "share", limit=least,
                                  limit_reason=reason))  # fmt: skip
        if all_of.others is not None:
            found.append(
                Measured("skill of all other columns together", all_of.others, "share", limit=self.others_at_most,
                         limit_reason="the label is simply easy")
            )  # fmt: skip
        return tuple(found)

    def _quiet(self, all_of: SinglePredictors, both: list[Predictor], least: float) -> Passed:
        best = all_of.columns[0]
        if both and all_of.others is None:
            return Passed(
                f"{best.name!r} tells the label, and there are no other columns to compare it with", EXPLAINED
            )
        if both:
            return Passed(
                f"{best.name!r} alone tells the label ({best.within:.0%} better than guessing), and so do the others "
                "together",
                EXPLAINED,
            )
        return Passed(
            f"the best single column, {best.name!r}, does {max(best.within, 0):.0%} better than guessing; {least:.0%} "
            "would be suspicious",
            CONTRADICTED if best.within < least - 0.1 else ABSENT,
        )


def _worse(one: Predictor) -> float:
    return one.within if one.held is None else min(one.within, one.held)


def _figure(all_of: SinglePredictors, least: float) -> Figure:
    shown = all_of.columns[:SHOWN]
    names = tuple(p.name for p in shown)
    series = [Series("in training", tuple(max(p.within, 0.0) for p in shown), names, split="train")]
    if all_of.split is not None:
        held = tuple(None if p.held is None else max(p.held, 0.0) for p in shown)
        series.append(Series(SPLITS[all_of.split], held, names, split=all_of.split))
    return Figure(
        "bars", title="What each column alone tells of the label", series=tuple(series),
        y_label="better than guessing", y_unit="share", reference=least,
    )  # fmt: skip
