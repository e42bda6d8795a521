"""The learning rate and its direction: down, up, or searched for where the direction is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Axis, Direction, Effort, Proposal
from diagnose.remedies.symptoms import (
    FAST_PRETRAINED,
    LOSS_STANDS,
    NEVER_DECAYED,
    NO_WARMUP,
    RATE_TOO_HIGH,
    RATE_TOO_LOW,
    STEPS_TOO_LARGE,
    STEPS_TOO_SMALL,
)
from diagnose.remedies.wording import one_digit, short, snippet

STEP = 3.0
"""Half a decade: the step in which Bengio (2012) searches."""
CLOSE = 0.15
"""A factor this close to three may be called three."""
TINY = 1e-6
"""A rate below moves weights by less than single precision resolves in many steps."""
USUAL = {"sgd": 1e-2}
"""The usual start; 1e-3 for Adam and its kin."""
BENGIO = "Bengio (2012), Practical Recommendations for Gradient-Based Training, §3.1.1"

SET_RATE = {
    "keras": "model.optimizer.learning_rate = $rate  # was $before",
    "torch": """\
for group in optimizer.param_groups:
    group["lr"] = $rate  # was $before""",
    "lightning": """\
def configure_optimizers(self):
    return torch.optim.$optimizer(self.parameters(), lr=$rate)  # was $before""",
    "transformers": "args.learning_rate = $rate  # args: your TrainingArguments; was $before",
    "ultralytics": 'model.train(data=data, optimizer="$optimizer", lr0=$rate)  # optimizer="auto" would ignore lr0',
    "sklearn": "model.set_params(learning_rate_init=$rate)  # was $before",
    "sklearn_hist": "model.set_params(learning_rate=$rate)  # was $before",
    "sklearn_boosting": "model.set_params(learning_rate=$rate)  # was $before",
    "xgboost": 'params["eta"] = $rate  # was $before',
    "lightgbm": 'params["learning_rate"] = $rate  # was $before',
    "catboost": "model.set_params(learning_rate=$rate)  # was $before",
}
RANGE_TEST = {
    "keras": "keras.callbacks.LearningRateScheduler(lambda epoch: 1e-6 * 10 ** (epoch / 4))",
    "torch": """\
for step, batch in enumerate(train_loader):
    for group in optimizer.param_groups:
        group["lr"] = 1e-6 * 10 ** (step / 50)
    print(step, group["lr"], train_one_step(model, batch))""",
    "lightning": "lightning.pytorch.tuner.Tuner(trainer).lr_find(model, datamodule=data)",
}


def learning_rate(case: Case) -> Iterator[Proposal]:
    """Propose what the findings point to; without a direction, a search."""
    directed = False
    too_high = case.shows(RATE_TOO_HIGH) or (case.acts_on(Cause.INSTABILITY) and not case.only_validation_is_rough)
    if too_high and not case.hardly_moves and not case.has_broken_data:
        directed = True
        yield _lower(case)
    if case.stands_still and case.shows(RATE_TOO_LOW):
        # the same loss at every point: three times nothing is nothing
        rate = case.learning_rate
        if rate is not None and rate < TINY:
            yield _usual(case, rate)
            return
    elif case.shows(RATE_TOO_LOW) or (case.acts_on(Cause.UNDERTRAINING) and case.mentions(RATE_TOO_LOW)):
        directed = True
        yield _raise(case)
    measured = (STEPS_TOO_LARGE, STEPS_TOO_SMALL, FAST_PRETRAINED, NEVER_DECAYED, NO_WARMUP)
    directed = directed or any(case.shows(code) for code in measured)
    if not directed and not case.is_boosted and (case.acts_on(Cause.LEARNING_RATE) or case.acts_on(Cause.UNDERFITTING)):
        yield _search(case)


def _lower(case: Case) -> Proposal:
    causes = tuple(c for c in (Cause.LEARNING_RATE, Cause.INSTABILITY) if case.acts_on(c))
    finding = case.found(RATE_TOO_HIGH)
    why = (
        finding.claim if finding is not None else "a loss that jumps or diverges is most often a step that is too long"
    )
    return _scaled(case, 1 / STEP, causes, f"{why}; about three times lower is the usual next try", Direction.LESS)


def _raise(case: Case) -> Proposal:
    finding = case.mentions(RATE_TOO_LOW)
    why = finding.claim if finding is not None else "the loss falls slowly and straight"
    raised = _scaled(
        case,
        STEP,
        tuple(c for c in (Cause.LEARNING_RATE, Cause.UNDERTRAINING) if case.acts_on(c)),
        f"{why}; a straight line is slow rather than unfinished, so a higher rate gains more than more epochs, and the "
        "best rate is usually close to the largest that does not diverge",
        Direction.MORE,
    )
    return replace(raised, comes_first=True)


def _usual(case: Case, rate: float) -> Proposal:
    usual = USUAL.get(case.optimizer, 1e-3)
    return Proposal(
        Remedy(
            {"learning_rate": usual},
            f"Learning rate {short(rate)} → {short(usual)}, the usual start",
            f"at {short(rate)} no update is large enough to change the loss's digits",
            (Cause.LEARNING_RATE,),
            Basis.RULE_OF_THUMB,
            source=BENGIO,
            code=snippet(SET_RATE, case.dialect, rate=usual, before=rate, optimizer=case.optimizer_class),
            framework=case.framework or "",
            cost="one more run",
        ),
        "learning_rate",
        ((Axis.LEARNING_RATE, Direction.MORE),),
        comes_first=True,
    )


def _scaled(case: Case, factor: float, causes: tuple[Cause, ...], why: str, direction: Direction) -> Proposal:
    rate = case.learning_rate
    if rate is None:
        title = f"{'Divide' if factor < 1 else 'Multiply'} the learning rate that you use by {STEP:g}"
        action: dict[str, float] = {"learning_rate_factor": round(factor, 3)}
        code = ""
    else:
        new = _rounded(rate, factor)
        title = f"Learning rate {short(rate)} → {short(new)}"
        action = {"learning_rate": new}
        code = snippet(SET_RATE, case.dialect, rate=new, before=rate, optimizer=case.optimizer_class)
    return Proposal(
        Remedy(
            action,
            title,
            why,
            causes,
            Basis.RULE_OF_THUMB,
            source=BENGIO,
            code=code,
            framework=case.framework or "",
            cost="one more run; more epochs if the rate falls" if factor < 1 else "one more run",
        ),
        "learning_rate",
        ((Axis.LEARNING_RATE, direction),),
    )


def _rounded(rate: float, factor: float) -> float:
    """Round to what a person would type, as long as the factor stays what the words say.

    Examples
    --------
    >>> _rounded(1e-3, 1 / 3), _rounded(0.5, 1 / 3), _rounded(1e-4, 3)
    (0.0003, 0.17, 0.0003)
    """
    exact = rate * factor
    near = one_digit(exact)
    return near if abs(near - exact) <= CLOSE * abs(exact) else float(f"{exact:.1e}")


def _search(case: Case) -> Proposal:
    causes = tuple(c for c in (Cause.LEARNING_RATE, Cause.UNDERFITTING) if case.acts_on(c))
    told = case.stands_still or case.mentions(RATE_TOO_LOW, LOSS_STANDS)
    doubt = "" if told else "these curves don't say in which direction the learning rate is off; "
    return Proposal(
        Remedy(
            {"learning_rate_range_test": [1e-6, 1.0]},
            "Find the learning rate by a range test before the next run",
            f"{doubt}a rate that grows over a few hundred steps shows which one works: take a third of where the loss "
            "begins to rise",
            causes,
            Basis.RULE_OF_THUMB,
            source="Smith (2017), Cyclical Learning Rates, arXiv 1506.01186, §3.3",
            code=snippet(RANGE_TEST, case.dialect),
            framework=case.framework or "",
            cost="minutes: a few hundred steps",
        ),
        "range_test",
        (),
        Effort.LOOK,
    )
