"""The learning rate, from the update ratios that were recorded: down, up, or lower for pretrained layers alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.learning_rate import SET_RATE
from diagnose.remedies.proposal import Axis, Direction, Proposal
from diagnose.remedies.symptoms import FAST_PRETRAINED, STEPS_TOO_LARGE, STEPS_TOO_SMALL
from diagnose.remedies.wording import Verbatim, one_digit, short, snippet

FIRST_STEP, LARGEST_STEP = 2e-2, 2e-3
"""Change of the weights by a step that a new rate aims at: Adam's first steps at its default on ordinary layers, and
twice the rule of thumb for the largest later ones (calibration/layers.py: runs that learn lie around both)."""
LEAST, MOST = 1e-3, 1e3
"""No change of a rate is larger at once."""
ROUND_TRIP = 3.0
"""A change of less is none that is worth a run."""
SLOWEST, FASTEST = 1e-5, 1e-4
"""Rates of Adam for pretrained layers (Keras guide; Devlin et al. 2019)."""
SGD_SLOWER = 10.0
RULE = "Karpathy et al., CS231n, Neural Networks 3: updates of about 1e-3 of the weights"
KERAS_GUIDE = "Keras guide, Transfer learning and fine-tuning; Howard & Ruder (2018), ULMFiT, arXiv 1801.06146, §3.2"

SLOW_LAYERS = {
    "keras": """\
optimizer = keras.optimizers.$optimizer($rate)  # was $before
model.compile(optimizer, loss, metrics)  # the loss and metrics as before; $named""",
    "torch": """\
brought = $names
slow = [p for n, p in model.named_parameters() if n.startswith(brought)]
fresh = [p for n, p in model.named_parameters() if not n.startswith(brought)]
optimizer = torch.optim.$optimizer([{"params": slow, "lr": $rate}, {"params": fresh, "lr": $before}])""",
    "lightning": """\
def configure_optimizers(self):
    brought = $names
    slow = [p for n, p in self.named_parameters() if n.startswith(brought)]
    fresh = [p for n, p in self.named_parameters() if not n.startswith(brought)]
    return torch.optim.$optimizer([{"params": slow, "lr": $rate}, {"params": fresh, "lr": $before}])""",
    "transformers": "args.learning_rate = $rate  # args: your TrainingArguments; was $before",
}


def updates(case: Case) -> Iterator[Proposal]:
    """Propose what the recorded steps point to."""
    pace = case.measure("update_pace")
    if case.shows(STEPS_TOO_LARGE) and pace is not None and not case.shows(STEPS_TOO_SMALL):
        yield _rated(case, STEPS_TOO_LARGE, float(np.clip(FIRST_STEP / pace.peak, LEAST, 1 / ROUND_TRIP)), pace.rate,
                     Direction.LESS)  # fmt: skip
    elif case.shows(STEPS_TOO_SMALL) and pace is not None and pace.largest > 0:
        yield _rated(case, STEPS_TOO_SMALL, float(np.clip(LARGEST_STEP / pace.largest, ROUND_TRIP, MOST)), pace.rate,
                     Direction.MORE)  # fmt: skip
    if case.shows(FAST_PRETRAINED):
        yield from _slow_layers(case)


def _rated(case: Case, code: str, factor: float, rate: float | None, direction: Direction) -> Proposal:
    finding = case.found(code)
    before = case.learning_rate or rate
    aim = "a first step then changes weights by about 2 %" if direction is Direction.LESS else (
        "the largest steps then change weights by about 0.2 %")  # fmt: skip
    if before is None:
        word = "Divide" if factor < 1 else "Multiply"
        title = f"{word} the learning rate that you use by {short(one_digit(max(factor, 1 / factor)))}: {aim}"
        action, lines = {"learning_rate_factor": float(f"{factor:.1g}")}, ""
    else:
        after = one_digit(before * factor)
        title = f"Learning rate {short(before)} → {short(after)}: {aim}"
        action = {"learning_rate": after}
        lines = snippet(SET_RATE, case.dialect, rate=after, before=before, optimizer=case.optimizer_class)
    causes = (Cause.LEARNING_RATE, Cause.INSTABILITY) if direction is Direction.LESS else (Cause.LEARNING_RATE,)
    return Proposal(
        Remedy(
            dict(action),
            title,
            finding.claim if finding is not None else "steps of another size than weights bear",
            tuple(c for c in causes if case.acts_on(c)) or (Cause.LEARNING_RATE,),
            Basis.RULE_OF_THUMB,
            source=RULE,
            code=lines,
            framework=case.framework or "",
            cost="one more run",
        ),
        "learning_rate",
        ((Axis.LEARNING_RATE, direction),),
        comes_first=True,
    )


def _slow_layers(case: Case) -> Iterator[Proposal]:
    tuned = [t for t in case.measure("pretrained_rates") or () if t.rate is not None]
    finding = case.found(FAST_PRETRAINED)
    if not tuned or finding is None:
        return
    last = max(tuned, key=lambda t: t.rate)
    adaptive = not last.optimizer.lower().startswith("sgd")
    after = one_digit(min(max(last.rate / 30, SLOWEST), FASTEST) if adaptive else last.rate / SGD_SLOWER)
    names = beginnings(last.layers, case)
    yield Proposal(
        Remedy(
            {"pretrained_learning_rate": after, "layers": list(last.layers)},
            f"Tune the {len(last.layers)} pretrained layers at {short(after)} instead of {short(last.rate)}, the new "
            "ones as before",
            finding.claim,
            (Cause.LEARNING_RATE,),
            Basis.RULE_OF_THUMB,
            source=KERAS_GUIDE,
            code=snippet(
                SLOW_LAYERS,
                case.dialect,
                rate=after,
                before=last.rate,
                names=Verbatim(repr(names)),
                named=Verbatim(repr(names)),
                optimizer=Verbatim(last.optimizer if last.optimizer.isidentifier() else "Adam"),
            ),
            framework=case.framework or "",
            cost="one more run",
        ),
        "pretrained_learning_rate",
        ((Axis.LEARNING_RATE, Direction.LESS),),
    )


def beginnings(layers: Sequence[str], case: Case, most: int = 8) -> tuple[str, ...]:
    """Return how the layers' names begin: the modules that hold no other layer with weights, as few as can be.

    A prefix ends before a dot, or is the layer's whole name: ``("backbone.",)``, ``("conv1.", "layer4.")``.
    """
    model = case.measure("model")
    others = {c.name for c in model.layers if c.parameters} - set(layers) if model is not None else set()
    found: list[str] = []
    for name in layers:
        parts = name.split(".")
        prefix = next(
            p for depth in range(1, len(parts) + 1)
            if not any(f"{o}.".startswith(p := ".".join(parts[:depth]) + ".") for o in others) or depth == len(parts)
        )  # fmt: skip
        if prefix not in found:
            found.append(prefix)
    return tuple(found[:most]) if len(found) <= most else tuple(dict.fromkeys(n.split(".")[0] + "." for n in layers))
