"""A training program's console output, line by line: which run, epoch and split each value belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diagnose.readers.text_line import Line, parse_line
from diagnose.readers.text_settings import settings_of
from diagnose.readers.text_table import Header, header_of, row_of, ultralytics_val
from diagnose.readers.text_words import is_metric

_START = re.compile(
    r"\btraining (?:for \d{1,7} epochs )?(?:is )?start(?:ed|ing)?\b|\btrain on \d{1,12} samples"
    r"|\b(?:start(?:ing|ed)?|begin(?:ning)?) (?:the )?training\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r"[-=*#\s]{0,80}(?:training|fold|run|trial|seed|experiment)\b[^.]{1,60}$", re.IGNORECASE)
_OVER = re.compile(r"\b(?:finished|completed?|done|ended|early stopp(?:ing|ed))\b", re.IGNORECASE)
_ASIDE = re.compile(
    r"\b(?:best|load(?:ed|ing)|restor\w{1,5}|resum\w{1,5}|checkpoint|improv\w{1,6}|sav(?:ed|ing))\b", re.IGNORECASE
)
_HEADING = re.compile(
    r"^\W{0,12}(train|val|test|eval)(?:ing|id|idation|uation)?\b[\w ]{0,24}:?\W{0,12}$", re.IGNORECASE
)
_FRAGMENTS = (
    "ep", "loss", "acc", "train", "val", "test", "step", "iter", "batch", "err", "score", "auc", "iou", "learn", "lr",
    "mse", "mae", "f1", "map", "wer", "cer", "dice", "prec", "rec", "perp", "ppl", "bleu", "rate", "fold", "run",
    "seed", "trial", "samples", "images", "class", "param", "optimi", "decay", "dropout", "patience", "finish", "done",
    "started", "complete", "ended", "examples", "kl", "elbo", "nll", "objective", "cost", "r2", "psnr", "ssim", "fid",
    "kappa",
)  # fmt: skip
"""A line with none of these says nothing of training; looking for them is cheaper than reading the line."""
_PARTIAL_BAR = re.compile(r"\s{0,8}(\d{1,9})\s{0,3}/\s{0,3}(\d{1,9}|Unknown) (?:\[[=>.\s]|[^\w\s(:|,;\[-])")
_CLOSES = re.compile(r"\b(?:finish|complet|done|took|end|time|duration)\w{0,4}\b", re.IGNORECASE)
_MOST_EPOCHS = 5000
"""A bare ``k/N`` at the head of lines counts epochs up to this N, batches above."""
_EPOCH_LEADS = re.compile(r"\W{0,30}(?:train\w{0,3}\W{1,3})?ep", re.IGNORECASE)
_HEADS_EPOCH = re.compile(r"\W{0,30}(?:start(?:ing)?\s|train(?:ing)?\W{1,3})?ep", re.IGNORECASE)
_STEP_LEADS = re.compile(
    r"\W{0,30}(?:train\w{0,3}\W{1,3}|global[ _])?(?:step|iter|it\b|batch|update|round|tree)", re.IGNORECASE
)
_RUN_MEAN = frozenset({"train_runtime", "train_samples_per_second"})

Batch = tuple[int, int | None, dict[str, float]]
"""Step, steps of the epoch where printed, values."""


@dataclass(slots=True)
class Point:
    """What was logged at one position."""

    at: float | None
    stated: dict[str, float] = field(default_factory=dict)
    bar: dict[str, float] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    bar_total: int | None = None
    bar_done: bool = False


@dataclass
class TextRun:
    """One run: its points in order, and what stood beside them."""

    label: str = ""
    axis: str = ""
    points: list[Point] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    percent: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    over: bool = False

    @property
    def has_values(self) -> bool:
        """Whether any value was logged."""
        return any(point.stated or point.bar or point.batches for point in self.points)


class Transcript:
    """Reads lines in order and keeps the runs found so far."""

    def __init__(self) -> None:
        self.runs: list[TextRun] = [TextRun()]
        self.settings: dict[str, Any] = {}
        self.banner = ""
        self.unused: list[str] = []
        self.heading = ""
        self.header: Header | None = None
        self.counted = False
        self.closed = False
        self.split_of_batches = ""

    def feed(self, text: str) -> None:
        """Take in one line."""
        if self.header is not None and self._is_table_row(text):
            return
        lowered = text.lower()
        if not any(fragment in lowered for fragment in _FRAGMENTS) or _is_partial_bar(text):
            return
        line = parse_line(text)
        if line.pairs:
            self._add(line)
        elif line.epoch is not None:
            self.heading = ""
            self._note_epochs(line)
            self._open(line.epoch, line.body)
        else:
            self._prose(text, line.body)

    def _is_table_row(self, text: str) -> bool:
        assert self.header is not None
        row = row_of(text, self.header)
        scores = ultralytics_val(text) if row is None else None
        if row is not None:
            at, total, values, percent = row
            self._add(Line(text, epoch=at, epochs=total, pairs=values, percent=percent))
        elif scores is not None and self.runs[-1].points:
            self._add(Line(text, pairs=scores))
        return row is not None or scores is not None

    def _prose(self, text: str, whole: str) -> None:
        """Read a line without values: a table's header, a banner, a setting, a heading for the next lines."""
        header = header_of(text)
        if header is not None:
            self.header = header
            return
        body = whole[:200].strip()
        over = bool(_OVER.search(body))
        if _START.search(body) or (_TITLE.match(body) and not over):
            if self.banner and _without_digits(self.banner) == _without_digits(body):
                self.unused.append(self.banner)
            self.banner = body
        elif over:
            self.runs[-1].over = True
        heading = _HEADING.match(body)
        if heading:
            self.heading = {"eval": "val"}.get(heading.group(1).lower(), heading.group(1).lower())
        found = settings_of(body)
        if found:
            if "learning_rate" in found and self.runs[-1].axis == "epoch" and not self.banner:
                self.runs[-1].points[-1].stated.setdefault("lr", float(found["learning_rate"]))
            self.settings |= found
            if not self.banner:
                run = self.runs[-1]
                run.settings = {**found, **run.settings}

    def _note_epochs(self, line: Line) -> None:
        if line.epochs is not None:
            self.settings["epochs"] = line.epochs

    def _open(self, epoch: float, body: str) -> None:
        """Open an epoch at its heading: the lines that follow belong to it; it is forgotten when none do."""
        if not _HEADS_EPOCH.match(body):
            return
        run = self.runs[-1]
        last = run.points[-1] if run.points else None
        if last is not None and last.at is None and last.stated and _CLOSES.search(body) and not self.banner:
            last.at, run.axis, self.closed = epoch, "epoch", True  # "Epoch 3 finished" below the values of epoch 3
        elif not (last is not None and last.at == epoch and run.axis == "epoch" and not self.banner):
            self._move(epoch, "epoch", {})

    def _add(self, line: Line) -> None:
        """Put a line's values where they belong."""
        if line.epoch is not None and not _begins_with_epoch(line.body) and _ASIDE.search(line.text):
            return  # "loaded the best model of epoch 17, val_loss: 0.3" is no point of epoch 17
        if _RUN_MEAN & line.pairs.keys():
            self.runs[-1].notes.append("the trainer's closing summary is a mean over the run and no point of the curve")
            return
        if self.heading and line.epoch is None:
            line.pairs = {
                f"{self.heading}_{k}" if is_metric(k) and "_" not in k else k: v for k, v in line.pairs.items()
            }
            line.percent = {f"{self.heading}_{k}" if "_" not in k else k for k in line.percent}
        if line.bar == "count":
            self._count(line)
        elif line.body.lstrip().startswith("* ") and self.split_of_batches:
            line.pairs = {f"{self.split_of_batches}_{k}" if is_metric(k) else k: v for k, v in line.pairs.items()}
        self._note_epochs(line)
        self._go_to(line)
        self._place(line)
        run = self.runs[-1]
        run.notes += [note for note in line.notes if note not in run.notes]

    def _go_to(self, line: Line) -> None:
        """Go to the position that a line states; a line without one belongs to the current position."""
        run = self.runs[-1]
        if line.epoch is not None:
            self._move(line.epoch, "epoch", line.pairs, again=line.logged)
        elif line.boosting and line.step is not None:
            self._move(float(line.step), "iteration", line.pairs)
        elif line.step is not None and not line.bar and run.axis in {"", "step"} and _is_step_line(line):
            self._move(float(line.step), "step", line.pairs)
        elif not run.points or (run.axis == "" and line.pairs.keys() & run.points[-1].stated.keys()):
            self._move(None, "", line.pairs)
        elif self.closed and line.pairs.keys() & run.points[-1].stated.keys():
            run.points.append(Point(None))

    def _count(self, line: Line) -> None:
        """Decide what a bare ``k/N`` counts: epochs where nothing else does, else batches."""
        line.bar = ""
        fresh = not self.runs[-1].points or bool(self.banner)
        if line.steps is not None and line.steps <= _MOST_EPOCHS and (self.counted or fresh):
            self.counted = True
            line.epoch, line.epochs, line.step, line.steps = float(line.step or 0), line.steps, None, None

    def _move(self, at: float | None, axis: str, pairs: Mapping[str, float], *, again: bool = False) -> None:
        """Go to a position: the current point, a new one, or the first of a new run."""
        run = self.runs[-1]
        last = run.points[-1] if run.points else None
        if last is not None and axis != run.axis:
            if not self._turns_into_epochs(axis):
                run = self._new_run()
            last = run.points[-1] if run.points else None
        elif last is not None and at is not None and last.at is not None:
            before = run.points[-2] if len(run.points) > 1 else None
            if before is not None and before.at == at and not (pairs.keys() & before.stated.keys()) and pairs:
                run.points[-1], run.points[-2] = before, last  # printed late: after the next epoch's heading
                return
            if at < last.at or (at == last.at and self.banner and last.stated):
                run, last = self._new_run(), None
        elif last is not None and self.banner and last.stated:
            run, last = self._new_run(), None
        if last is not None and last.at == at and at is not None and not (again and pairs.keys() & last.stated.keys()):
            return
        if self.banner or not run.points:
            self._begin(run)
        if last is not None and not (last.stated or last.bar or last.batches):
            run.points.pop()
        run.axis = axis
        run.points.append(Point(at))

    def _turns_into_epochs(self, axis: str) -> bool:
        """Give steps printed before the first mention of an epoch to it; a lone value before it is no point."""
        run = self.runs[-1]
        if run.axis == "" and len(run.points) == 1:
            if run.points[0].stated:
                run.notes.append(
                    f"before the first {axis}, and no point of the curve: {', '.join(run.points[0].stated)}"
                )
            run.points = []
            return True
        if axis != "epoch" or run.axis != "step" or self.banner:
            return False
        batches: list[Batch] = [(int(point.at or 0), None, point.stated) for point in run.points]
        run.points = [Point(None, batches=batches)]
        return True

    def _begin(self, run: TextRun) -> None:
        run.label = run.label or self.banner
        self.banner = ""
        run.settings = {**self.settings, **run.settings} if not run.points else run.settings

    def _new_run(self) -> TextRun:
        if self.runs[-1].has_values:
            self.runs.append(TextRun())
        else:
            self.runs[-1] = TextRun()
        self.heading = ""
        return self.runs[-1]

    def _place(self, line: Line) -> None:
        run = self.runs[-1]
        point = run.points[-1]
        run.percent |= line.percent
        if line.epochs is not None:
            run.settings["epochs"] = line.epochs
        if line.bar == "keras":
            run.settings.setdefault("framework", "keras")
            _place_keras_bar(point, line)
        elif line.bar or (line.step is not None and line.step == line.steps and "(val)" in line.text):
            if line.step == line.steps:
                point.bar |= line.pairs
        elif line.step is not None and run.axis == "epoch" and not line.logged and _is_step_line(line):
            point.batches.append((line.step, line.steps, line.pairs))
            self.split_of_batches = next(
                (s for s in ("val", "test") if any(k.startswith(f"{s}_") for k in line.pairs)), ""
            )
        elif (run.over or point.bar_done) and line.epoch is None:
            point.stated = {**line.pairs, **point.stated}  # a closing evaluation does not replace the last point
        else:
            point.stated |= line.pairs


def _is_partial_bar(text: str) -> bool:
    """Whether the line is a redraw of an unfinished progress bar, whose values the finished one replaces."""
    if "%|" in text:
        return "100%|" not in text and "{" not in text
    match = _PARTIAL_BAR.match(text)
    return match is not None and match.group(1) != match.group(2)


def _without_digits(text: str) -> str:
    return re.sub(r"\d+", "0", text)


def _begins_with_epoch(body: str) -> bool:
    return bool(_EPOCH_LEADS.match(body))


def _is_step_line(line: Line) -> bool:
    """Whether the step is the line's position, not a count that it mentions after its values ("in 12 steps")."""
    return (
        line.steps is not None
        or line.step_marked
        or line.epoch is not None
        or not line.pairs
        or bool(_STEP_LEADS.match(line.body))
    )


def _place_keras_bar(point: Point, line: Line) -> None:
    """Take the values of a complete bar; a bar of another length is an evaluation of something else."""
    if point.bar_done and line.steps != point.bar_total:
        return
    point.bar_total = line.steps
    if line.step != line.steps:
        return
    validated = any(name.startswith("val_") for name in point.stated)
    if not point.bar_done or not validated or any(name.startswith("val_") for name in line.pairs):
        point.stated |= line.pairs
    point.bar_done = True
