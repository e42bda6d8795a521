"""JSON: valid whatever was measured, the same bytes each time, and read back to what was saved."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from diagnose import reports
from diagnose.errors import InputError
from diagnose.reports.json_format import from_json, many_json, to_json
from diagnose.reports.json_schema import committed_schema, json_schema
from report_examples import EXAMPLES, many_runs, overfitting


def strict(raw: bytes):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(raw, parse_constant=refuse)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_output_fits_the_published_schema(name):
    document = strict(to_json(EXAMPLES[name]()))
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    assert to_json(EXAMPLES[name]()) == to_json(EXAMPLES[name]())


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"nan_everywhere", "hostile"}))
def test_what_was_saved_is_read_back(name):
    diagnosis = EXAMPLES[name]()
    assert from_json(to_json(diagnosis), name) == (diagnosis,)


def test_many_runs_fit_the_schema_and_are_read_back():
    runs = many_runs(4)
    document = strict(many_json(runs))
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    assert document["kind"] == "many_runs"
    assert list(from_json(many_json(runs), "runs")) == runs


def test_schema_refuses_what_is_no_diagnosis():
    document = strict(to_json(overfitting()))
    validator = jsonschema.Draft202012Validator(json_schema())
    for key, value in (("verdicts", {}), ("main", 3), ("findings", [{"code": "X"}])):
        assert not validator.is_valid({**document, key: value})


def test_the_committed_schema_is_the_generated_one():
    assert committed_schema() == json_schema(), "run: python -m diagnose.reports.json_schema"
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_every_part_of_the_schema_is_described():
    definitions = json_schema()["$defs"]
    assert {"Diagnosis", "Finding", "Measured", "Remedy", "Verdict", "ManyRuns"} <= set(definitions)
    assert all(part.get("title") and part.get("description") for part in definitions.values())
    assert "one sentence" in definitions["Finding"]["properties"]["claim"]["description"].lower()


def test_numbers_that_are_not_finite_become_null():
    diagnosis = overfitting()
    run = replace(diagnosis.run, context={"a": math.nan, "b": [math.inf, 1.0]}, final={"loss": -math.inf})
    document = strict(to_json(replace(diagnosis, run=run)))
    assert document["run"]["context"] == {"a": None, "b": [None, 1.0]}
    assert document["run"]["final"] == {"loss": None}


def test_a_context_may_hold_numpy_numbers_and_paths():
    context = {
        "n": np.int64(3),
        "rate": np.float32(0.5),
        "shape": np.array([1, 2]),
        "nan": np.float64("nan"),
        "path": Path("a") / "b",
    }
    diagnosis = replace(overfitting(), run=replace(overfitting().run, context=context))
    read = strict(to_json(diagnosis))["run"]["context"]
    assert read == {"n": 3, "rate": 0.5, "shape": [1, 2], "nan": None, "path": str(Path("a") / "b")}


def test_undecodable_file_names_do_not_break_the_file():
    assert b"udcff" not in to_json(EXAMPLES["hostile"]())
    strict(to_json(EXAMPLES["hostile"]()))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not JSON"),
        (b'{"a": ', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[1, 2]", "no schema_version"),
        (b'{"loss": [1, 2]}', "no schema_version"),
        (b'{"schema_version": "2.0"}', "reads 1.2"),
        (b'{"schema_version": "1.0"}', "sentence"),
        (b'{"schema_version": "1.0", "kind": "many_runs"}', "diagnoses"),
    ],
)
def test_what_is_no_diagnosis_is_refused_with_a_reason(tmp_path, raw, said):
    path = tmp_path / "x.json"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=said) as caught:
        reports.load(path)
    assert "x.json" in str(caught.value)


def test_a_wrong_value_is_named_by_its_place(tmp_path):
    document = strict(to_json(overfitting()))
    document["verdicts"]["overfitting"]["level"] = "perhaps"
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"perhaps.*verdicts"):
        reports.load(path)


def test_newer_minor_versions_and_byte_order_marks_are_read():
    document = {**strict(to_json(overfitting())), "schema_version": "1.7", "added_later": 1}
    (read,) = from_json(b"\xef\xbb\xbf" + json.dumps(document).encode(), "x")
    assert read.sentence == overfitting().sentence


def test_a_file_of_many_runs_is_not_read_as_one(tmp_path):
    path = reports.save(many_runs(3), tmp_path / "many.json")
    with pytest.raises(InputError, match="load_many"):
        reports.load(path)
    assert len(reports.load_many(path)) == 3


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.json"):
        reports.load(tmp_path / "nowhere.json")
