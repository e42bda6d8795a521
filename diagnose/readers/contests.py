"""Adversarial and reinforcement learning: losses that do not say how good a model is."""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.readers.vocabulary import word_set

_GENERATOR = word_set("g gen generator netg lossg")
_DISCRIMINATOR = word_set("d disc discriminator critic netd dis lossd")
_POLICY = word_set("policy actor pg surrogate ppo")
_VALUE = word_set("value critic vf q qf q1 q2 entropy baseline")
_GAME_WORDS = _GENERATOR | _DISCRIMINATOR | _POLICY | word_set("adv value vf")
_REWARD = "reward"

ADVERSARIAL_NOTE = "adversarial losses do not fall as a model improves; these verdicts do not apply"
REINFORCEMENT_NOTE = (
    "losses of reinforcement learning do not fall as a policy improves; these verdicts do not apply: judge the reward"
)


def is_of_a_game(quantity: str) -> bool:
    """Whether a loss is one player's: its sum with the others' means nothing."""
    return bool(set(quantity.split("_")) & _GAME_WORDS)


def note_on_games(quantities: Iterable[str]) -> str:
    """Return the note that a log of adversarial or reinforcement learning needs; empty for any other.

    Examples
    --------
    >>> note_on_games(["d_loss", "g_loss"])
    'adversarial losses do not fall as a model improves; these verdicts do not apply'
    >>> note_on_games(["loss", "accuracy"])
    ''
    """
    named = set(quantities)
    words = [set(q.split("_")) for q in named if q.endswith(("loss", "error"))]

    def has(players: frozenset[str]) -> bool:
        return any(own & players for own in words)

    rewarded = any(q.split("_")[-1] == _REWARD for q in named)
    if rewarded or (has(_POLICY) and has(_VALUE)):
        return REINFORCEMENT_NOTE
    if has(_GENERATOR) and has(_DISCRIMINATOR):
        return ADVERSARIAL_NOTE
    return ""
