"""JSON as people have it: cut off, with NaN, with Python's quotes, or as one object a line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([\[\]{}(),:=])|([^\s\[\]{}(),:="']+))""", re.DOTALL
)
_WORDS: dict[str, Any] = {"null": None, "None": None, "true": True, "True": True, "false": False, "False": False}
_CLOSERS = {"]": "[", "}": "{", ")": "("}
_LONG_NUMBER = 300


@dataclass(frozen=True)
class Parsed:
    """A value, and what was wrong with the text it came from (empty when nothing was)."""

    value: Any
    problem: str = ""
    line: int = 0


def parse_json(text: str) -> Parsed:
    """Parse a JSON text; where it is damaged, keep what is complete and say where it broke."""
    try:
        return Parsed(json.loads(text, parse_int=_parse_int))
    except (ValueError, RecursionError):
        return _salvage(text)


def parse_lines(text: str) -> tuple[list[Any], list[tuple[int, str]]]:
    """Parse one JSON value a line; return the values and the numbers of the broken lines with what is wrong."""
    values, broken = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip().rstrip(",")
        if not stripped:
            continue
        try:
            values.append(json.loads(stripped, parse_int=_parse_int))
        except (ValueError, RecursionError) as error:
            broken.append((number, f"not valid JSON: {str(error)[:80]}"))
    return values, broken


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) < _LONG_NUMBER else float("-inf" if digits.startswith("-") else "inf")


class _Frame:
    """A container that is still open."""

    def __init__(self, opener: str) -> None:
        self.opener = opener
        self.items: list[Any] = []
        self.mapping: dict[str, Any] = {}
        self.key: Any = None
        self.has_key = False

    def put(self, value: Any) -> None:
        if self.opener == "{" and self.has_key:
            self.mapping[str(self.key)] = value
            self.has_key = False
        elif self.opener == "{":
            self.key = value
        else:
            self.items.append(value)

    def value(self) -> Any:
        if self.opener == "{":
            return self.mapping
        if self.opener == "(":  # array([…]), np.float32(0.5), defaultdict(list, {…}): what counts is inside
            inner = [item for item in self.items if isinstance(item, (list, dict))]
            return inner[-1] if inner else next((item for item in self.items if not isinstance(item, str)), None)
        return self.items


def _salvage(text: str) -> Parsed:
    stack = [_Frame("[")]
    position, problem = (1 if text.startswith("\ufeff") else 0), ""
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            problem = "cut off" if text[position:].strip() else ""
            break
        if match.end() == len(text) and match.group(3) and len(stack) > 1:
            problem = "cut off"  # the last number may have lost digits
            break
        if match.group(3) and text[match.end() : match.end() + 1] == "(":  # the name of a wrapper such as tensor(
            position = match.end()
            continue
        if not _take(stack, match):
            problem = "not valid JSON"
            break
        position = match.end()
    if len(stack) > 1:
        problem = problem or "cut off"
        _close_all(stack)
    line = text.count("\n", 0, position) + 1
    values = stack[0].items
    return Parsed(values[0] if len(values) == 1 else values, problem, line)


def _take(stack: list[_Frame], match: re.Match[str]) -> bool:
    string, mark, word = match.groups()
    top = stack[-1]
    if string is not None:
        top.put(string[1:-1])
    elif word is not None:
        top.put(_scalar(word))
    elif mark in "[{(":
        stack.append(_Frame(mark))
    elif mark in "]})":
        if len(stack) < 2 or top.opener != _CLOSERS[mark]:
            return False
        stack.pop()
        stack[-1].put(top.value())
    elif mark == ":" and top.opener == "{":
        top.has_key = True
    return True


def _close_all(stack: list[_Frame]) -> None:
    while len(stack) > 1:
        top = stack.pop()
        value = top.value()
        if value or value == 0:
            stack[-1].put(value)


def _scalar(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    try:
        return float(word)  # NaN and the infinities in any spelling, too
    except ValueError:
        return word
