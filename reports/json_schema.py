"""The published JSON Schema of a diagnosis, generated from the dataclasses and their docstrings.

``python -m diagnose.reports.json_schema`` writes it to ``schema.json`` beside this file.
"""

from __future__ import annotations

import inspect
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from diagnose import finding
from diagnose.finding import SCHEMA_VERSION, Cause, Diagnosis
from diagnose.reports.files import write_atomically
from diagnose.reports.json_format import ManyRuns

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Generate the schema of both kinds of JSON report: of one run, and of many."""
    references, definitions = msgspec.json.schema_components([Diagnosis, ManyRuns], ref_template="#/$defs/{name}")
    for name, definition in definitions.items():
        _describe(definition, inspect.getdoc(getattr(finding, name, ManyRuns)) or "")
    definitions["Diagnosis"]["properties"]["verdicts"]["required"] = [str(cause) for cause in Cause]
    definitions["ManyRuns"]["required"] = ["diagnoses", "kind", "schema_version"]
    definitions["Diagnosis"]["required"] = sorted({*definitions["Diagnosis"]["required"], "schema_version"})
    schema = {
        "$schema": DIALECT,
        "$id": f"urn:diagnose-ml:diagnosis:{SCHEMA_VERSION}",
        "title": f"diagnose report, version {SCHEMA_VERSION}",
        "description": "The differential diagnosis of one training run or of many; null where no number is finite.",
        "oneOf": list(references),
        "$defs": dict(sorted(definitions.items())),
    }
    return msgspec.json.decode(msgspec.json.encode(schema), type=dict[str, Any])


def committed_schema() -> dict[str, Any]:
    """Read the schema that is shipped with the package."""
    read: dict[str, Any] = json.loads((resources.files("diagnose.reports") / "schema.json").read_text("utf-8"))
    return read


def _describe(definition: dict[str, Any], docstring: str) -> None:
    """Take descriptions of a type and its fields from a NumPy-style docstring."""
    prose, _, attributes = docstring.partition("\nAttributes\n")
    definition["description"] = " ".join(prose.split())
    for names, text in re.findall(r"^(\w[\w, ]*)\n((?:[ ]{4}.*\n?)+)", attributes, flags=re.MULTILINE):
        for name in names.split(", "):
            if name in definition.get("properties", {}):
                definition["properties"][name]["description"] = " ".join(text.split())


if __name__ == "__main__":
    write_atomically(Path(__file__).parent / "schema.json", (json.dumps(json_schema(), indent=2) + "\n").encode())
