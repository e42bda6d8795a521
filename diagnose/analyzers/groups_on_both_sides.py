"""LKG143: rows of one group stand in training and in held-out data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, EXPLAINED, Passed
from diagnose.data import Split
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.chance import wilson
from diagnose.measures.row_names import row_names
from diagnose.measures.shared_groups import SharedGroups
from diagnose.measures.time_order import TimeOrder


@dataclass(frozen=True)
class GroupsOnBothSides:
    """Rows of one group stand on both sides of the split.

    ## What it detects
    Held-out rows whose group (patient, user, video, machine) also has training rows: by the column that you name as the
    group, or by any identifier among the columns.

    ## Why it matters
    Rows of one group resemble each other. A model that knows a patient's other images recognises the patient; it will
    not know the next one. The score is that of old patients.

    ## The evidence
    The share of held-out rows whose group stands in training, and, where there are labels, how much two rows of one
    group agree beyond chance. A column that you name is believed. An identifier that was found is one only by its name
    or its values: the claim then rests on the labels' agreement. Numbers that both splits count from 0 or 1 by
    themselves may mean different groups, and a split by time repeats its groups on purpose: both are quiet.

    ## What to do
    Split by group (GroupKFold, StratifiedGroupKFold) and report that score; drop the held-out rows listed where the
    training data must stay as they are.

    ## References
    - Kapoor & Narayanan (2023), Leakage and the Reproducibility Crisis in Machine-Learning-Based Science
    - Saeb et al. (2017), The Need to Approximate the Use-Case in Clinical Machine Learning
    """

    code: ClassVar[str] = "LKG143"
    cause: ClassVar[Cause] = Cause.LEAKAGE

    least_share: float = 0.001
    """Of the held-out rows: fewer can change a score by a tenth of a point at most."""
    grave_share: float = 0.05
    """Of the held-out rows, from which a score may be off by points."""
    agreement: float = 0.1
    """Lower bound of the labels' agreement beyond chance: above, the group tells of the label."""
    certainty: float = 0.95
    """The user names the groups and they are counted; that rows of one differ as others do is left."""
    by_agreement: float = 0.85
    """An identifier that was found, whose rows agree in their labels: another column may explain that."""
    unknown: float = 0.4
    """An identifier that was found and tells nothing of the label, or has none: below an even chance."""

    def check(
        self, held_out: tuple[Split, ...], shared_groups: tuple[SharedGroups, ...],
        time_order: tuple[TimeOrder, ...] | None = None,
    ) -> Iterator[Finding | Passed]:  # fmt: skip
        """Compare the share of rows in shared groups with the least that matters."""
        forward = {order.split for order in time_order or () if order.given and order.is_forward}
        quiet, probabilities = [], []
        found = False
        for groups in shared_groups:
            split = next(s for s in held_out if s.name == groups.split)
            why, probability = self._excuse(groups, is_forward=groups.split in forward)
            if why:
                quiet.append(why)
                probabilities.append(probability)
            else:
                found = True
                yield self._finding(split, groups)
        if not found:
            yield Passed("; ".join(dict.fromkeys(quiet)), max(probabilities))

    def _excuse(self, groups: SharedGroups, *, is_forward: bool) -> tuple[str, float]:
        words = SPLITS[groups.split]
        if groups.share < self.least_share:
            return f"no {groups.name!r} of {groups.groups:,} in the {words} data stands in training", (
                CONTRADICTED if groups.given else ABSENT
            )
        if is_forward:
            return f"{groups.name!r} stands on both sides of a split by time, as a forecast meets it", EXPLAINED
        if groups.counts_anew and not groups.given:
            return f"{groups.name!r} counts from the start in the training and in the {words} data", EXPLAINED
        return "", 0.0

    def _finding(self, split: Split, groups: SharedGroups) -> Finding:
        words = SPLITS[groups.split]
        low, high = wilson(groups.share, groups.n)
        agree = groups.agreement
        tells = agree is not None and agree.low > self.agreement
        probability = self.certainty if groups.given else self.by_agreement if tells else self.unknown
        severity = Severity.ERROR if groups.given and groups.share >= self.grave_share else Severity.WARNING
        if not groups.given and not tells and agree is not None:
            severity = Severity.INFO
        evidence = [
            Measured(f"share of the {words} rows whose group is in training", groups.share, "share", low, high,
                     self.least_share, limit_reason="a tenth of a point of a score", effect=True),
            Measured("rows of a group in training, on average", groups.rows_a_group, "rows"),
        ]  # fmt: skip
        said = (
            f"{len(groups.rows):,} of {groups.n:,} {words} rows ({groups.share:.1%}) are of a {groups.name!r} that "
            f"training knows ({groups.shared:,} of {groups.groups:,})"
        )
        if agree is not None:
            evidence.append(
                Measured("agreement of labels within a group, beyond chance", agree.value, "share", agree.low,
                         agree.high, self.agreement, limit_reason="the group tells of the label")
            )  # fmt: skip
            said += f"; labels within one agree {agree.value:.0%} beyond chance"
        return Finding(
            self.code, self.cause, severity, probability, said, tuple(evidence),
            (Where("samples", names=row_names(split, groups.rows)), Where("columns", names=(groups.name,))),
            settle="" if groups.given else f"say whether rows of one {groups.name!r} belong together: --group "
            f"{groups.name}",
        )  # fmt: skip
