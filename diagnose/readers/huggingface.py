"""Hugging Face ``trainer_state.json``, alone or in the checkpoint folders of an output directory."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.json_log import opening
from diagnose.readers.json_text import Parsed, parse_json
from diagnose.readers.places import configs_beside, run_name
from diagnose.readers.protocol import Log, RawLog
from diagnose.readers.tree import rows_to_columns
from diagnose.run import Unread

_STATE = "trainer_state.json"
_CONFIGS = ("training_args.json", "config.json", "adapter_config.json")


class HuggingFaceReader:
    """The state that ``transformers.Trainer`` saves."""

    format: ClassVar[str] = "Hugging Face trainer_state"

    def recognises(self, log: Log) -> bool:
        """Whether it is a JSON object with ``log_history``, or a folder with such files in it or its checkpoints."""
        if log.path.is_dir():
            return bool(_states(log.path))
        text = opening(log)
        return (
            text[:1] == "{"
            and '"log_history"' in text
            and ('"global_step"' in text or '"max_steps"' in text or '"epoch"' in text)
        )

    def read(self, log: Log) -> list[RawLog]:
        """Read the state; of checkpoints that continue one another only the last, which holds all before it."""
        if not log.path.is_dir():
            return [_read_state(log.path, log.text)]
        states = [(path, _read_state(path, Log(path).text)) for path in _states(log.path)]
        return _without_prefixes(states)


def _states(folder: Path) -> list[Path]:
    own = [folder / _STATE] if (folder / _STATE).is_file() else []
    return own + sorted(path for path in folder.glob(f"checkpoint-*/{_STATE}"))


def _without_prefixes(states: list[tuple[Path, RawLog]]) -> list[RawLog]:
    """Drop every state that is a prefix of a longer one."""
    states.sort(key=lambda item: (_length(item[1]), item[0].parent.name.startswith("checkpoint")), reverse=True)
    kept: list[tuple[RawLog, list[str]]] = []
    for path, state in states:
        longer = next((entry for entry in kept if _is_prefix(state, entry[0])), None)
        if longer is not None:
            longer[1].append(path.parent.name)
        else:
            kept.append((state, []))
    return [
        dataclasses.replace(
            state,
            notes=(
                *state.notes,
                f"{len(names)} other checkpoint(s) hold a prefix of this history: {', '.join(sorted(names)[:8])}",
            ),
        )
        if names
        else state
        for state, names in kept
    ]


def _length(state: RawLog) -> int:
    return max((len(cells) for cells in state.columns.values()), default=0)


def _is_prefix(short: RawLog, long: RawLog) -> bool:
    n = _length(short)
    for name, cells in short.columns.items():
        other = long.columns.get(name)
        if other is None:
            return name.startswith(("train_", "total_flos"))  # the summary row of a finished run
        if any(a != b and not (a != a and b != b) for a, b in zip(cells[: n - 1], other, strict=False)):  # noqa: PLR0124
            return False
    return True


def _read_state(path: Path, text: str) -> RawLog:
    parsed = parse_json(text)
    rows = parsed.value.get("log_history") if isinstance(parsed.value, Mapping) else None
    rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    if not rows:
        why = (
            f"{parsed.problem} at line {parsed.line} before its log_history"
            if parsed.problem
            else "its log_history is empty"
        )
        raise UnreadableInput(f'{path}: {why}; expected rows such as {{"loss": …, "step": …}} in a trainer_state.json')
    beside = configs_beside(path, _CONFIGS)
    facts, origins = _facts(parsed.value, rows)
    name = path.parent.parent / path.parent.name / path.name if path.parent.name.startswith("checkpoint-") else path
    return RawLog(
        name=run_name(name),
        format=HuggingFaceReader.format,
        where=str(path),
        columns=rows_to_columns(rows),
        hyperparameters={**facts, **{k: v for k, v in beside.hyperparameters.items() if k not in facts}},
        origins={**beside.origins, **origins},
        unread=(*_cut(path, parsed), *beside.unread),
    )


def _cut(path: Path, parsed: Parsed) -> tuple[Unread, ...]:
    return (
        (Unread(f"{path}, line {parsed.line}", f"{parsed.problem}: what was complete before it was read"),)
        if parsed.problem
        else ()
    )


def _facts(state: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Hyperparameters that the state holds or implies, with where each was found."""
    facts = {
        k: v for k, v in state.items() if k not in {"log_history", "epoch"} and isinstance(v, (str, int, float, bool))
    }
    origins = dict.fromkeys(facts, _STATE)
    planned = _ratio(state.get("epoch"), state.get("global_step"), state.get("max_steps"))
    if planned is not None:
        facts.pop("num_train_epochs", None)
        facts["epochs_planned"] = round(planned, 4)
        origins["epochs_planned"] = f"{_STATE}: epoch × max_steps / global_step"
    for name, seconds, rate, per in (
        ("n_val", "eval_runtime", "eval_samples_per_second", 1.0),
        ("n_train", "train_runtime", "train_samples_per_second", planned or 0.0),
    ):
        count = _samples(rows, seconds, rate, per)
        if count:
            facts[name] = count
            origins[name] = f"{_STATE}: {seconds} × {rate}" + (" / epochs" if name == "n_train" else "")
    return facts, origins


def _ratio(epoch: Any, step: Any, planned: Any) -> float | None:
    numbers = [
        value
        for value in (epoch, step, planned)
        if isinstance(value, (int, float)) and value > 0 and math.isfinite(value)
    ]
    return float(numbers[0]) * float(numbers[2]) / float(numbers[1]) if len(numbers) == 3 else None


def _samples(rows: list[Mapping[str, Any]], seconds: str, rate: str, per: float) -> int | None:
    """Return the number of samples from a duration and its rate: the median over all rows, as both are rounded."""
    counts = sorted(
        float(row[seconds]) * float(row[rate])
        for row in rows
        if isinstance(row.get(seconds), (int, float)) and isinstance(row.get(rate), (int, float))
    )
    if not counts or per <= 0:
        return None
    count = counts[len(counts) // 2] / per
    return round(count) if math.isfinite(count) and count >= 1 else None
