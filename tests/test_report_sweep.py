"""Many runs side by side: only what differs has a column."""

from __future__ import annotations

from dataclasses import replace

from diagnose.reports import sweep
from report_examples import EXAMPLES, healthy, many_runs, overfitting


def with_contexts(*contexts):
    return [replace(healthy(), run=replace(healthy().run, context=context)) for context in contexts]


def test_only_what_differs_has_a_column_and_the_rest_is_said_once():
    table = sweep.of(with_contexts({"lr": 0.1, "batch": 8, "opt": None}, {"lr": 0.2, "batch": 8, "opt": None}))
    assert table.differing == ("lr",)
    assert [row.hyperparameters for row in table.rows] == [("0.1",), ("0.2",)]
    assert table.equal == (("batch", "8"),)


def test_equal_runs_have_no_columns():
    assert sweep.of(with_contexts({"lr": 0.1}, {"lr": 0.1})).differing == ()


def test_columns_are_few_and_those_most_runs_know():
    contexts = [{f"k{j}": i for j in range(9) if j <= i} for i in range(9)]
    table = sweep.of(with_contexts(*contexts))
    assert table.differing == ("k0", "k1", "k2", "k3", "k4")
    assert len(table.also_differing) == 4


def test_runs_are_counted_by_cause_and_kept_or_counted():
    table = sweep.of(many_runs(1600))
    assert table.counts == (("Healthy", 1066), ("Overfitting", 534))
    assert (table.total, len(table.rows), table.left_out) == (1600, sweep.MAX_RUNS, 100)


def test_each_row_is_small_and_has_its_sketch():
    for row in sweep.of([make() for make in EXAMPLES.values()]).rows:
        assert len(row.sentence) <= sweep.MAX_TEXT
        assert len(row.causes) <= sweep.MAX_REASONS
        assert row.spark
        assert all(len(path) < 800 for _, path in row.spark)


def test_no_runs_are_a_table_without_rows():
    assert sweep.of([]).rows == ()


def test_settings_without_a_field_of_their_own_are_compared_too():
    table = sweep.of(with_contexts({"other": {"depth": 18, "seed": 1}}, {"other": {"depth": 50, "seed": 1}}, {}))
    assert table.differing == ("depth", "seed")
    assert [row.hyperparameters for row in table.rows] == [("18", "1"), ("50", "1"), ("–", "–")]
    assert sweep.of(with_contexts({"other": {"seed": 1}}, {"other": {"seed": 1}})).equal == (("seed", "1"),)


def test_a_row_says_what_happened_without_its_cause_again():
    sick, fine = sweep.of([overfitting(), healthy()]).rows
    assert sick.sentence == "Validation loss gave back 28% (25 to 31) of its gain after epoch 23"
    assert fine.sentence == healthy().sentence


def test_a_link_follows_its_run_through_the_ranking():
    runs = [healthy("fine"), overfitting("sick")]
    assert [(row.name, row.link) for row in sweep.of(runs, ["fine.html", "sick.html"]).rows] == [
        ("sick", "sick.html"),
        ("fine", "fine.html"),
    ]
    assert {row.link for row in sweep.of(runs).rows} == {""}
