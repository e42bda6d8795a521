"""Tables in console output: fastai, skorch, Hugging Face notebooks, Markdown, and Ultralytics' two-line tables."""

from __future__ import annotations

import re

from diagnose.readers.text_words import column_name, is_metric

_POSITION = frozenset({"epoch", "epochs", "ep", "iter", "iteration", "step", "round"})
_LEFT_OUT = frozenset({"time", "dur", "duration", "elapsed", "instances", "size", "gpu_mem", "img_size", "labels"})
_FIRST_CELL = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(?:/(\d{1,9}))?$")
_NUMBER = re.compile(r"[-+]?(?:\d{1,20}(?:\.\d{0,20})?(?:e[-+]?\d{1,3})?|\.\d{1,20}|nan|inf)%?$", re.IGNORECASE)
_ULTRALYTICS_VAL = re.compile(r"\s{2,40}all\s{1,20}\d{1,9}\s{1,20}\d{1,9}((?:\s{1,20}[\d.e-]{1,12}){4,8})\s*$")
_ULTRALYTICS_NAMES = ("precision", "recall", "map50", "map50-95")

Header = tuple[str, ...]


def _cells(line: str) -> list[str]:
    body = line.strip()
    if "|" in body and "%|" not in body:
        return [cell.strip() for cell in body.strip("|").split("|")]
    wide = re.split(r"\s{2,}|\t", body)
    return wide if len(wide) > 1 else body.split()


def header_of(line: str) -> Header | None:
    """Return a table's column names if the line is its header: a position, then names of which one is a metric.

    >>> header_of("epoch     train_loss  valid_loss  time")
    ('epoch', 'train_loss', 'val_loss', 'time')
    """
    first = line.strip(" |\t")[:9].lower()
    if not any(first.startswith(word) for word in _POSITION) or len(line) > 600 or ":" in line or "=" in line:
        return None
    cells = _cells(line)
    if len(cells) < 2 or cells[0].lower() not in _POSITION or not all(re.search(r"[A-Za-z]", cell) for cell in cells):
        return None
    names = (cells[0].lower(), *(column_name(cell)[0] or cell for cell in cells[1:]))
    return names if any(is_metric(name) for name in names) else None


def row_of(line: str, header: Header) -> tuple[float, int | None, dict[str, float], set[str]] | None:
    """Return position, announced total, values and the percent columns if the line is a row of the table.

    >>> row_of("1/10   2.1G   1.25", ("epoch", "gpu_mem", "box_loss"))
    (1.0, 10, {'box_loss': 1.25}, set())
    """
    cells = _cells(line)
    if len(cells) != len(header):
        cells = line.replace("|", " ").split()
    first = _FIRST_CELL.match(cells[0]) if cells else None
    if first is None or len(cells) < len(header):
        return None
    values, percent = {}, set()
    for name, cell in zip(header[1:], cells[1:], strict=False):
        if name.lower() in _LEFT_OUT or not _NUMBER.match(cell):
            continue
        values[name] = float(cell.rstrip("%"))
        if cell.endswith("%"):
            percent.add(name)
    total = int(first.group(2)) if first.group(2) else None
    return (float(first.group(1)), total, values, percent) if values else None


def ultralytics_val(line: str) -> dict[str, float] | None:
    """Return the scores of Ultralytics' "all" row, which follows each epoch's row."""
    match = _ULTRALYTICS_VAL.match(line[:400])
    if match is None:
        return None
    try:
        values = [float(word) for word in match.group(1).split()]
    except ValueError:
        return None
    return {f"val_{name}": value for name, value in zip(_ULTRALYTICS_NAMES, values, strict=False)}
