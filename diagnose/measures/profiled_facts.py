"""What is plainly different between the columns of two profiles: what `column_facts` is where a split has no rows."""

from __future__ import annotations

from collections.abc import Mapping

from diagnose.data import Kind, SplitName
from diagnose.measures.column_facts import APART, ColumnFacts, OutOfRange, outermost, unit_of
from diagnose.measures.column_shift import ColumnShifts
from diagnose.measures.profiled import pair
from diagnose.profiles.columns import ColumnProfile
from diagnose.profiles.profile import Profile
from diagnose.stats.dyadic_shift import spread_out
from diagnose.stats.rescaled import Rescaled, rescaled


def column_facts(profiles: Mapping[SplitName, Profile], column_shift: ColumnShifts | None = None) -> ColumnFacts:
    """Compare names, kinds, units and ranges of the inputs, and find those that say nothing.

    Copies of columns can't be told without rows. Of what lies beyond the training data's range the cells are counted
    that lie beyond it wholly: never more rows than there are.
    """
    train, held = pair(profiles)
    names = {column.name: column for column in train.columns}
    pairs = [
        (names[other.name], other, split)
        for split, profile in held.items()
        for other in profile.columns
        if other.name in names
    ]
    alike = [(one, other, split) for one, other, split in pairs if one.kind is other.kind]
    numbers = [triple for triple in alike if triple[0].kind is Kind.NUMBER]
    ranges = {(r.name, r.split): r for r in (_out_of_range(*triple) for triple in numbers) if r is not None}
    constant = {column.name for column in train.columns if _is_constant(column, train)}
    apart = {(c.name, c.split) for c in column_shift.columns if c.distance >= APART} if column_shift else set()
    units = [(one.name, split, unit_of(one.made_of, _rescaled(one, other)))
             for one, other, split in numbers if (one.name, split) in apart]  # fmt: skip
    return ColumnFacts(
        tuple((c.name, split) for split, profile in held.items() for c in train.columns if not profile.column(c.name)),
        tuple((c.name, split) for split, profile in held.items() for c in profile.columns if c.name not in names),
        tuple((one.name, one.kind, split, other.kind) for one, other, split in pairs if one.kind is not other.kind),
        tuple((name, split, unit) for name, split, unit in units if unit is not None),
        tuple(ranges.values()),
        tuple(c.name for c in train.columns if c.name in constant and not c.made_of),
        tuple((one.name, split) for one, other, split in alike
              if one.name not in constant and _is_constant(other, held[split])),
        None,
        len(pairs),
    )  # fmt: skip


def _rescaled(one: ColumnProfile, other: ColumnProfile) -> Rescaled | None:
    return rescaled(spread_out(one.cells), spread_out(other.cells), (one.known, other.known))


def _is_constant(column: ColumnProfile, profile: Profile) -> bool:
    """Whether all rows have one and the same value; a gap is a value too. Unknown, and False, of texts."""
    if not profile.n:
        return False
    if not column.known:
        return True
    return column.known == profile.n and column.is_exact and len(column.cells.cells) == 1


def _out_of_range(column: ColumnProfile, other: ColumnProfile, split: SplitName) -> OutOfRange | None:
    if not min(column.known, other.known):
        return None
    below = int(other.cells.counts[other.cells.upper < column.low].sum())
    above = int(other.cells.counts[other.cells.lower > column.high].sum())
    if not below + above:
        return None
    odds = outermost(column.known, other.known, max(below, above))
    return OutOfRange(column.name, split, column.low, column.high, below, above, other.known, odds)
