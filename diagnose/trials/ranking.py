"""From what was measured to the remedies of the new diagnosis: what helped first, what did not last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diagnose.finding import Basis, Diagnosis, Measured, Remedy
from diagnose.trials.candidates import Candidate, Untried
from diagnose.trials.effects import Effect
from diagnose.trials.race import Race
from diagnose.trials.tried import Ending, Tried, TriedRemedy

_PLACE = {
    Ending.HELPED: 0, Ending.NOT_TRIED: 1, Ending.OPEN: 2, Ending.NOT_UNDERSTOOD: 3, Ending.FAILED: 4,
    Ending.NO_HELP: 5, Ending.DROPPED: 6,
}  # fmt: skip


def judged(  # noqa: PLR0913  everything that is known of one remedy
    race: Race, candidate: Candidate, family: int, *, helped: bool, stand_in: Effect | None, joined: bool
) -> TriedRemedy:
    """Say how a remedy came out, and write it into the remedy itself."""
    effect = race.effect(candidate)
    ending, why = _ending(race, candidate, effect, helped=helped)
    found = TriedRemedy(candidate.remedy, ending, why, effect, race.cost(candidate), stand_in, joined)
    return replace(found, remedy=_written(found, candidate, race, family))


def _ending(race: Race, candidate: Candidate, effect: Effect | None, *, helped: bool) -> tuple[Ending, str]:
    key = candidate.key
    if key in race.not_understood:
        return Ending.NOT_UNDERSTOOD, race.not_understood[key]
    if key in race.left:
        is_failure = race.left[key].startswith("its training failed")
        return (Ending.FAILED if is_failure else Ending.DROPPED), race.left[key]
    if effect is None:
        why = "the trainings logged no score there" if candidate.stop_at is not None else "the time was up"
        return Ending.NOT_TRIED, why
    return (Ending.HELPED, "") if helped else _without_help(race, candidate, effect)


def _without_help(race: Race, candidate: Candidate, effect: Effect) -> tuple[Ending, str]:
    if candidate.stop_at is None and race.changes_nothing(candidate):
        return Ending.NO_HELP, "every score is the same to the last digit: does train use what it read?"
    if effect.value <= 0:
        return Ending.NO_HELP, ""
    if effect.seeds < len(race.seeds):
        return Ending.OPEN, f"the time was up after {effect.seeds} of {len(race.seeds)} seeds"
    if effect.low > 0:
        return Ending.OPEN, "not beyond what the best of so many would show by chance (Holm)"
    return Ending.OPEN, "the interval includes zero: more seeds would tell"


def _written(tried: TriedRemedy, candidate: Candidate, race: Race, family: int) -> Remedy:
    remedy, effect = tried.remedy, tried.effect
    if tried.ending is Ending.NOT_UNDERSTOOD or tried.ending is Ending.FAILED or effect is None:
        said = "" if tried.ending is Ending.NOT_TRIED and not tried.why else f"{tried.ending.value}: {tried.why}; "
        return _stood_in(replace(remedy, why=f"{said}{remedy.why}"), tried.stand_in)
    statement = {
        Ending.HELPED: "tried: it helps",
        Ending.NO_HELP: "tried: it does not help",
        Ending.DROPPED: "tried: it does not help",
        Ending.OPEN: "tried: whether it helps can't be told",
    }[tried.ending]
    why = f" ({tried.why})" if tried.why else ""
    return replace(
        remedy,
        basis=Basis.MEASURED,
        why=f"{statement}{why}; {remedy.why}",
        effect=_measured(effect, candidate, race),
        source=_source(effect, candidate, family),
        cost=_cost(remedy, tried.cost),
    )


def _measured(effect: Effect, candidate: Candidate, race: Race) -> Measured:
    """Return the effect in the score's own direction: of a loss, a gain is negative."""
    sign, metric = race.metric.sign, race.metric
    ends = sorted((sign * effect.low, sign * effect.high))
    has_interval = effect.seeds > 1
    where = "against the end of the run" if candidate.stop_at is not None else "at the best epoch"
    return Measured(
        f"change of the {metric.words} {where}",
        sign * effect.value,
        low=ends[0] if has_interval else None,
        high=ends[1] if has_interval else None,
    )


def _source(effect: Effect, candidate: Candidate, family: int) -> str:
    if effect.seeds < 2:
        return "one seed, so that no interval can be given"
    what = f"{effect.seeds} runs as they are" if candidate.stop_at is not None else f"{effect.seeds} paired seeds"
    among = "" if family < 2 else f"; over all {family} tried, 5 % error by Holm's procedure"
    return f"{what}, 95 % t interval{among}"


def _cost(remedy: Remedy, factor: float | None) -> str:
    if factor is None:
        return remedy.cost
    length = "as long as without it" if 0.9 <= factor <= 1.1 else f"{factor:.2g} times as long as without it"
    return f"a training takes {length}" + (f"; {remedy.cost}" if remedy.cost else "")


def _stood_in(remedy: Remedy, effect: Effect | None) -> Remedy:
    if effect is None:
        return remedy
    return replace(
        remedy,
        basis=Basis.ESTIMATED,
        effect=Measured(
            "change of the validation accuracy of a new last layer", effect.value, low=effect.low, high=effect.high
        ),
        source=f"a stand-in: the last layer alone, refitted {effect.seeds} times on the model's features",
    )


def ranked(found: Sequence[TriedRemedy]) -> tuple[TriedRemedy, ...]:
    """Rank: what helped by its effect, then what is open, then what did not help."""

    def rank(item: tuple[int, TriedRemedy]) -> tuple[float, ...]:
        at, one = item
        value = one.effect.value if one.effect is not None and one.ending is Ending.HELPED else 0.0
        return _PLACE[one.ending], -value, at

    return tuple(one for _, one in sorted(enumerate(found), key=rank))


def with_results(
    diagnosis: Diagnosis, race: Race, found: Sequence[TriedRemedy], untried: Sequence[Untried], notes: Sequence[str]
) -> Tried:
    """Put everything together."""
    others = [TriedRemedy(one.remedy, Ending.NOT_TRIED, one.why) for one in untried]
    order = ranked([*found, *others])
    baseline = {s: t.outcome.score for s, t in sorted(race.trials.get("", {}).items()) if t.outcome is not None}
    said = sentence(order, race, baseline)
    run = replace(diagnosis.run, notes=(*diagnosis.run.notes, said, *notes))
    new = replace(
        diagnosis,
        sentence=f"{diagnosis.sentence} {_short(order, race)}",
        remedies=tuple(one.remedy for one in order),
        run=run,
    )
    return Tried(new, order, race.metric, baseline, race.spent, race.resumed, (said, *notes))


def _short(order: Sequence[TriedRemedy], race: Race) -> str:
    tried = [one for one in order if one.effect is not None]
    winners = [one for one in tried if one.ending is Ending.HELPED]
    if not tried:
        return "No remedy could be tried."
    if not winners:
        return f"{len(tried)} {'remedy was' if len(tried) == 1 else 'remedies were'} tried: no remedy helped."
    best = winners[0]
    assert best.effect is not None
    change = race.metric.sign * best.effect.value
    return f"Tried: {best.remedy.title} helps most, {race.metric.words} {change:+.3g}."


def sentence(order: Sequence[TriedRemedy], race: Race, baseline: dict[int, float]) -> str:
    """Say what was run, by which score, and with which errors."""
    tried = sum(one.effect is not None for one in order)
    helped = sum(one.ending is Ending.HELPED for one in order)
    mean = sum(baseline.values()) / max(len(baseline), 1)
    verdict = "no remedy helped" if not helped else f"{helped} helped"
    return (
        f"{tried} of {len(order)} remedies were tried with paired seeds, {len(baseline)} for the run as it is, whose "
        f"{race.metric.words} at the best epoch is {mean:.4g} on average: {verdict}. Intervals are of differences "
        "between runs of the same seed: they say what another seed would change, not what other validation rows would"
    )
