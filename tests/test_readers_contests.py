"""Adversarial and reinforcement learning: read, and said that the verdicts do not apply."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from diagnose import audit
from diagnose.readers import contests, read_runs

FALLS = [1 / (i + 1) for i in range(8)]


def test_the_examples_in_the_docstrings_print_what_they_say() -> None:
    assert doctest.testmod(contests).failed == 0


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (["d_loss", "g_loss"], contests.ADVERSARIAL_NOTE),
        (["disc_loss", "gen_loss"], contests.ADVERSARIAL_NOTE),
        (["Loss_D", "Loss_G"], contests.ADVERSARIAL_NOTE),
        (["train/generator_loss", "train/discriminator_loss", "val/fid"], contests.ADVERSARIAL_NOTE),
        (["errD", "errG"], contests.ADVERSARIAL_NOTE),
        (["policy_loss", "value_loss"], contests.REINFORCEMENT_NOTE),
        (["actor_loss", "critic_loss", "reward"], contests.REINFORCEMENT_NOTE),
        (["rollout/ep_rew_mean", "train/loss"], contests.REINFORCEMENT_NOTE),
        (["episode_reward", "loss"], contests.REINFORCEMENT_NOTE),
    ],
)
def test_losses_of_a_game_are_read_and_noted(names: list[str], note: str) -> None:
    columns = dict.fromkeys(names, FALLS)
    (run,) = read_runs(columns).runs
    assert {c.name for c in run.history.curves} == set(names)
    assert not any(c.derived for c in run.history.curves)
    assert note in run.notes
    assert note in audit(columns).run.notes


@pytest.mark.parametrize(
    "names",
    [
        ["loss", "val_loss"],
        ["box_loss", "cls_loss", "dfl_loss"],
        ["recon_loss", "kl_loss"],
        ["d_loss", "val_d_loss"],
        ["loss", "rewards/chosen", "rewards/rejected", "rewards/accuracies"],
        ["value_loss", "time_loss"],
        ["loss", "adv_acc"],
    ],
)
def test_other_losses_get_no_such_note(names: list[str]) -> None:
    (run,) = read_runs(dict.fromkeys(names, FALLS)).runs
    assert not {contests.ADVERSARIAL_NOTE, contests.REINFORCEMENT_NOTE} & set(run.notes)


def test_rewards_by_episode(tmp_path: Path) -> None:
    path = tmp_path / "agent.csv"
    path.write_text("episode,reward\n" + "".join(f"{i},{i * 2.5}\n" for i in range(8)))
    (run,) = read_runs(path).runs
    (reward,) = run.history.curves
    assert (run.history.unit, reward.split, reward.better) == ("iteration", "train", "higher")
