"""Profiles of all splits where one is given as a profile: they stand for the rows that it does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diagnose.data import Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measurements import SPLITS
from diagnose.profiles.profile import Profile
from diagnose.run import Run


def profiles(run: Run) -> Mapping[SplitName, Profile]:
    """Return the given profiles, and those of the splits that are given with their rows."""
    found = {name: run.profiles.get(name) or Profile.of(run.splits[name]) for name in SPLITS if _is_given(run, name)}
    return MappingProxyType(found)


def _is_given(run: Run, name: SplitName) -> bool:
    return name in run.profiles or name in run.splits


def held_out(run: Run, val_split: Split | None = None, test_split: Split | None = None) -> tuple[Split, ...]:
    """Return the held-out splits that have rows."""
    found = tuple(split for split in (val_split, test_split) if split is not None)
    if not found:
        name: SplitName = "val" if "val" in run.profiles else "test"
        if name not in run.profiles:
            raise NotEnoughEvidence("no validation data were given", "give the validation data: --val DATA")
        raise without_rows(name)
    return found


def without_rows(name: SplitName) -> NotEnoughEvidence:
    """Return the error that a measure of rows ends with where there is only a profile."""
    words = SPLITS[name]
    return NotEnoughEvidence(f"the {words} profile holds no rows", f"give the {words} data: --{name} DATA")


def pair(profiles: Mapping[SplitName, Profile]) -> tuple[Profile, dict[SplitName, Profile]]:
    """Return the training profile and the held-out ones.

    Raises
    ------
    NotEnoughEvidence
        There is no training data, or none held out.
    """
    held: dict[SplitName, Profile] = {name: profile for name, profile in profiles.items() if name != "train"}
    if "train" not in profiles:
        raise NotEnoughEvidence("no training data were given", "give the training data: --train DATA")
    if not held:
        raise NotEnoughEvidence("no validation data were given", "give the validation data: --val DATA")
    return profiles["train"], held
