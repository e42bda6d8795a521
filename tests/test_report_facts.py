"""The tables below the findings: what is known is there with its origin, what is not is left out."""

from __future__ import annotations

import shlex
from dataclasses import replace

from diagnose.commands.arguments import context_from
from diagnose.reports import facts
from report_examples import nothing_examined, overfitting


def test_known_values_have_their_origin_and_unknown_ones_are_left_out():
    known = {entry.name: (entry.value, entry.origin) for entry in facts.of(overfitting()).known}
    assert known["batch_size"] == ("128", "hparams.yaml")
    assert known["weight_decay"] == ("0", "")
    assert "patience" not in known


def test_phases_are_told_in_words():
    first, second = facts.of(overfitting()).phases
    assert (first.span, first.because, first.settings) == ("0 to 29", "", "learning rate 0.001")
    assert second.because == "learning rate 0.001 → 0.0001"


def test_limits_stand_by_code_and_counts_in_words():
    found = facts.of(overfitting())
    assert ("OVF101", "max_giveback", "0.1") in found.limits
    assert found.counts == "2 found something, 1 passed, 1 skipped, 1 not applicable"


def test_command_can_be_pasted_into_a_shell():
    run = replace(overfitting().run, sources=({"where": "a b/$x.csv", "format": "CSV"},))
    assert facts.of(replace(overfitting(), run=run)).command == "diagnose audit 'a b/$x.csv' --output report.html"
    assert facts.of(nothing_examined()).command == "diagnose audit RUN --output report.html"


def given(**context):
    run = replace(
        overfitting().run,
        sources=({"where": "log.csv", "format": "CSV"},),
        context={**context, "patience": 3, "other": {"depth": 18}},
        context_origins={**dict.fromkeys(context, "given by you"), "patience": "args.yaml: patience", "other": "x"},
    )
    return replace(overfitting(), run=run)


def test_command_repeats_what_the_user_said_and_nothing_else():
    said = {
        "n_train": 800,
        "learning_rate": 1e-3,
        "epochs_planned": 80.0,
        "augmentation": True,
        "frozen": "the first two",
    }
    command = facts.of(given(**said)).command
    assert command == (
        "diagnose audit log.csv -c augmentation=true -c epochs_planned=80 -c 'frozen=the first two' "
        "-c learning_rate=0.001 -c n_train=800 "
        "--output report.html"
    )
    words = [word for word in shlex.split(command) if "=" in word]
    assert context_from(words, None) == said


def test_command_keeps_a_seed_of_the_users():
    assert "--seed 7" in facts.of(replace(given(), seed=7)).command
    assert "--seed" not in facts.of(replace(given(), seed=0)).command


def test_what_no_command_line_can_name_is_called_in_python():
    run = replace(given(n_train=8).run, sources=({"where": "mapping in memory", "format": "a mapping"},))
    command = facts.of(replace(given(n_train=8), run=run)).command
    assert command == "diagnose.audit(history=…, context={'n_train': 8}).save(\"report.html\")"
    piped = replace(run, sources=({"where": "standard input", "format": "CSV"},))
    assert facts.of(replace(overfitting(), run=piped)).command.startswith("diagnose audit - -c n_train=8 ")


def test_settings_without_a_field_of_their_own_have_a_line_each():
    context = {"n_train": 8, "other": {"depth": 18}}
    run = replace(overfitting().run, context=context, context_origins={"n_train": "told"})
    known = facts.of(replace(overfitting(), run=run)).known
    assert [(k.name, k.value, k.origin) for k in known] == [("depth", "18", ""), ("n_train", "8", "told")]
