"""JSON and JSON-lines logs: saved histories, metric dumps, evals_result, detectron2, mmengine, hand-written rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.json_text import parse_json, parse_lines
from diagnose.readers.names import parse_name
from diagnose.readers.places import configs_beside, run_name
from diagnose.readers.protocol import Log, RawLog
from diagnose.readers.table import has_keras_names
from diagnose.readers.tree import rows_to_columns, runs_in
from diagnose.run import Unread

_KEY = re.compile(r"""["']([^"'\\\n]{1,120})["']\s*:\s*(\[|\{|-?[\d.]|NaN|nan|-?inf|-?Infinity|array|tensor|np\.)""")
_MEANINGFUL = frozenset({"loss", "score"})
_MAX_REPORTED = 20


def opening(log: Log) -> str:
    """Return the decoded head without byte-order mark and white space, or "" where it is no text."""
    text = log.head_text if log.head else ""
    return "" if "\x00" in text[:4096] else text.lstrip("\ufeff \r\n\t")


class JsonReader:
    """A JSON text with series of losses or scores in it, wherever they stand."""

    format: ClassVar[str] = "JSON"

    def recognises(self, log: Log) -> bool:
        """Whether the head is JSON with a loss or score that is a list, or with rows that hold one."""
        text = opening(log)
        if text[:1] not in {"{", "["}:
            return False
        keys = [(parse_name(name), mark) for name, mark in _KEY.findall(text)]
        curves = [(key, mark) for key, mark in keys if key.kind in _MEANINGFUL]
        if any(mark in {"[", "array", "tensor", "np."} for _, mark in curves):
            return True
        if any(mark == "{" for _, mark in curves) and any(key.split and mark == "[" for key, mark in keys):
            return True  # {"loss": {"train": […], "val": […]}}
        is_log = any(key.kind == "loss" or (key.kind in _MEANINGFUL and key.split) for key, _ in keys)
        is_log |= any(key.kind == "step" for key, _ in keys)
        return is_log and len(curves) > len({key for key, _ in curves})

    def read(self, log: Log) -> list[RawLog]:
        """Read every run in the text.

        Raises
        ------
        UnreadableInput
            No series of numbers is complete in it.
        """
        text = log.text.lstrip("\ufeff")
        runs = _read_lines(log, text) if is_json_lines(opening(log)) else _read_tree(log, text)
        beside = configs_beside(log.path)
        return [_with_configs(run, beside.hyperparameters, beside.origins, tuple(beside.unread)) for run in runs]


def is_json_lines(head: str) -> bool:
    """Whether a text holds one JSON object a line."""
    lines = [line.strip() for line in head.splitlines()[:3] if line.strip()]
    return len(lines) > 1 and lines[0].endswith("}") and lines[0].startswith("{") and lines[1].startswith("{")


def _read_lines(log: Log, text: str) -> list[RawLog]:
    values, broken = parse_lines(text)
    rows = [value for value in values if isinstance(value, Mapping)]
    unread = [Unread(f"{log.path}, line {number}", why) for number, why in broken[:_MAX_REPORTED]]
    if len(broken) > _MAX_REPORTED:
        unread.append(Unread(str(log.path), f"{len(broken) - _MAX_REPORTED} more broken lines"))
    if not rows:
        raise UnreadableInput(f"{log.path}: expected one JSON object a line, found none that is complete")
    config, rows = _header_row(rows)
    columns = rows_to_columns(rows)
    if any(isinstance(value, (list, tuple)) for value in rows[0].values()) and not any(
        parse_name(c).kind in _MEANINGFUL for c in columns
    ):
        runs = runs_in(rows, name=run_name(log.path), format_name="JSON lines", where=str(log.path))
        return [_with_configs(run, {}, {}, tuple(unread)) for run in runs]
    format_name = _lines_format(columns)
    return [
        RawLog(
            run_name(log.path),
            format_name,
            str(log.path),
            columns,
            hyperparameters=config,
            origins=dict.fromkeys(config, "first line"),
            unread=tuple(unread),
        )
    ]


def _header_row(rows: list[Mapping[str, Any]]) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """Set a first line of settings apart (mmcv's ``env_info``): it has neither a step nor a loss or score."""
    first = rows[0]
    is_settings = len(rows) > 1 and not any(parse_name(str(k)).kind in {*_MEANINGFUL, "step"} for k in first)
    return (dict(first), rows[1:]) if is_settings else ({}, rows)


def _lines_format(columns: Mapping[str, object]) -> str:
    names = set(columns)
    if {"iteration", "total_loss", "data_time"} <= names or {"iteration", "eta_seconds"} <= names:
        return "detectron2 metrics"
    if {"data_time", "step"} <= names or {"mode", "iter", "epoch"} <= names:
        return "mmengine scalars"
    return "JSON lines"


def _read_tree(log: Log, text: str) -> list[RawLog]:
    parsed = parse_json(text)
    unread = []
    if parsed.problem:
        kept = (
            "what was complete before it was read" if parsed.problem == "cut off" else "what stood before it was read"
        )
        unread.append(Unread(f"{log.path}, line {parsed.line}", f"{parsed.problem}: {kept}"))
    runs = runs_in(
        parsed.value,
        name=run_name(log.path),
        format_name=_tree_format(parsed.value),
        where=str(log.path),
        cut=bool(parsed.problem),
    )
    if not runs:
        why = f" ({parsed.problem} at line {parsed.line})" if parsed.problem else ""
        raise UnreadableInput(
            f"{log.path}: JSON without a series of numbers{why}; "
            'expected lists such as {"loss": [...], "val_loss": [...]} or a list of rows'
        )
    return [_with_configs(run, {}, {}, tuple(unread)) for run in runs]


def _tree_format(value: Any) -> str:
    keys = set(value) if isinstance(value, Mapping) else set()
    if keys and keys <= {"validation_0", "validation_1", "validation_2"}:
        return "XGBoost evals_result"
    if (
        keys
        and keys <= {"training", "valid_0", "valid_1", "valid_2"}
        and all(isinstance(v, Mapping) for v in value.values())
    ):
        return "LightGBM evals_result"
    if has_keras_names(str(key) for key in keys if isinstance(value[key], list)):
        return "Keras history"
    return "JSON"


def _with_configs(
    run: RawLog, values: Mapping[str, Any], origins: Mapping[str, str], unread: tuple[Unread, ...]
) -> RawLog:
    return RawLog(
        run.name, run.format, run.where, run.columns, run.splits,
        {**values, **run.hyperparameters}, {**origins, **run.origins}, (*run.unread, *unread), run.notes,
    )  # fmt: skip
