"""``diagnose profile``: from data to what an audit needs of them without their rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from diagnose.cli import show_traceback
from diagnose.commands.arguments import RepeatedPairs
from diagnose.commands.data import SPLITS, options_of_columns, says_what_columns_are
from diagnose.commands.progress import progress
from diagnose.data import Kind, Split, SplitName
from diagnose.errors import InputError
from diagnose.profiles.columns import ColumnProfile
from diagnose.profiles.profile import Profile
from diagnose.profiling import given_profile, profile, read_profile, size_of, write_profile
from diagnose.readers.data import DataOptions
from diagnose.reports.wording import one_line

SHOWN = 20
"""Columns that the summary lists."""


@click.command(cls=RepeatedPairs, short_help="Keep of data what an audit needs, without their rows.")
@click.argument("data", nargs=-1, required=True, metavar="DATA…")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The profile.")
@click.option(
    "--split", type=click.Choice(list(SPLITS)), default="train", help="Which one, where DATA holds several splits."
)
@click.option("--like", type=click.Path(path_type=Path), metavar="PROFILE", help="Columns get the kinds of this one.")
@says_what_columns_are
@click.option("-q", "--quiet", is_flag=True, help="Print nothing.")
@show_traceback
def command(
    *, data: tuple[str, ...], output: Path, split: SplitName, like: Path | None, quiet: bool, **said_of_columns: Any
) -> None:
    """Profile DATA in one pass and bounded memory, and write what is known of every column to FILE.

    A profile stands for the data in `diagnose audit --train FILE`. It holds counts, categories, quantiles and hashes,
    and no row. Several DATA, profiles among them, are parts of one data set: profiles of parts merge into that of the
    whole.

    \b
      diagnose profile train.csv --label species -o train.profile
      diagnose profile january.profile february.profile -o winter.profile
      diagnose audit --train train.profile --val val.csv
    """  # noqa: D301 - click wants the character
    options = options_of_columns(said_of_columns)
    if output.suffix != ".profile":
        raise InputError(f"-o {output}: a profile's name ends in .profile, such as {output.with_suffix('.profile')}")
    known = read_profile(like) if like is not None else None
    whole = _profiled(data, split, options, known, quiet=quiet)
    write_profile(whole, output)
    if not quiet:
        click.echo("\n".join(_summary(whole)))
        click.echo(f"{output}: {output.stat().st_size:,} bytes", err=True)


def _profiled(
    data: tuple[str, ...], split: SplitName, options: DataOptions, like: Profile | None, *, quiet: bool
) -> Profile:
    whole = Profile()
    sizes: list[int] = []

    def expected() -> int:
        return max(1, sum(size_of(source, split) for source in data if given_profile(source) is None) >> 24)

    with progress("profiling", expected, quiet=quiet) as advance:

        def step(piece: Split) -> None:
            # the bar counts 16 MB a step, whatever a piece is
            sizes.append(8 * piece.n * (len(piece.columns) + 1))
            for _ in range((sum(sizes) >> 24) - (sum(sizes[:-1]) >> 24)):
                advance("profiling")

        for source in data:
            part = given_profile(source)
            if part is None:
                try:
                    part = profile(source, split, data=options, like=like, advance=step)
                except InputError as error:
                    raise type(error)(str(error).removeprefix(f"--{split} ")) from error
            like = like or part
            whole = whole.merge(part)
    return whole


def _summary(whole: Profile) -> Iterator[str]:
    yield f"{whole.n:,} rows of {one_line(whole.source, 80)}"
    columns = (*whole.columns, *((whole.label,) if whole.label is not None else ()))
    for column in columns[:SHOWN]:
        role = "label " if column is whole.label else ""
        yield f"  {role}{one_line(column.name, 40)} ({column.kind}): {', '.join(_facts(column, whole))}"
    if len(columns) > SHOWN:
        yield f"  and {len(columns) - SHOWN} more columns"
    worst = max(columns, key=lambda column: column.rank_error, default=None)
    if worst is not None and worst.rank_error:
        yield (
            f"Ranks are known to {worst.rank_error:.2%} of the rows or better ({one_line(worst.name, 40)}); of "
            f"{sum(column.is_exact for column in columns)} of {len(columns)} columns exactly."
        )
    for note in whole.notes[:SHOWN]:
        yield f"  {one_line(note, 200)}"


def _facts(column: ColumnProfile, whole: Profile) -> Iterator[str]:
    missing = whole.missing(column)
    if column.kind is Kind.CATEGORY:
        largest = max(column.by_name.items(), key=lambda pair: pair[1], default=None)
        yield f"{len(column.names):,} {'groups of ' if column.pooled else ''}categories"
        if largest is not None:
            yield f"most often {one_line(largest[0], 30)} ({largest[1] / column.known:.0%})"
    elif column.kind is Kind.NUMBER and column.known:
        mean, deviation = column.moments()
        yield f"{column.low:.4g} to {column.high:.4g}"
        yield f"median {column.quantile(0.5):.4g}"
        yield f"mean {mean:.4g} ± {deviation:.2g}"
    else:
        yield f"{column.known:,} values"
    if missing:
        yield f"{missing / whole.n:.2g} missing" if missing < whole.n else "all missing"
