"""The tables below the findings: what is known is there with its origin, what is not is left out."""

from __future__ import annotations

from dataclasses import replace

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


def test_settings_without_a_field_of_their_own_have_a_line_each():
    context = {"n_train": 8, "other": {"depth": 18}}
    run = replace(overfitting().run, context=context, context_origins={"n_train": "told"})
    known = facts.of(replace(overfitting(), run=run)).known
    assert [(k.name, k.value, k.origin) for k in known] == [("depth", "18", ""), ("n_train", "8", "told")]
