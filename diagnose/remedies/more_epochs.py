"""Train longer, where training ended while it was still improving."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Axis, Direction, Effort, Proposal
from diagnose.remedies.symptoms import FEW_EPOCHS
from diagnose.remedies.wording import moment, snippet, steps_of

ENOUGH = 10.0
"""Epochs from which a trend and its noise can be told apart on most curves."""
CUT_SHORT = 0.95
"""A run that ended before this share of its planned length was stopped, not finished."""

MORE_EPOCHS = {
    "keras": "model.fit(train_data, validation_data=val_data, initial_epoch=$last, epochs=$target)",
    "torch": """\
for epoch in range($last, $target):
    train_one_epoch(model, train_loader)
    evaluate(model, val_loader)""",
    "lightning": """\
trainer = lightning.Trainer(max_epochs=$target)
trainer.fit(model, datamodule=data, ckpt_path="last")""",
    "transformers": """\
args.num_train_epochs = $target  # args: your TrainingArguments; the schedule is stretched with it
trainer.train()""",
    "ultralytics": "model.train(data=data, epochs=$target)",
    "sklearn": "model.set_params(max_iter=$target, early_stopping=False)",
    "sklearn_hist": "model.set_params(max_iter=$target)",
    "sklearn_boosting": "model.set_params(n_estimators=$target)",
    "xgboost": "booster = xgboost.train(params, train_matrix, $more, evals=[(val_matrix, 'val')], xgb_model=booster)",
    "lightgbm": "booster = lightgbm.train(params, train_set, $more, valid_sets=[val_set], init_model=booster)",
    "catboost": "model.set_params(iterations=$target)",
}


FROM_THE_START = {
    "lightning": """\
trainer = lightning.Trainer(max_epochs=$target)
trainer.fit(model, datamodule=data)""",
}


def more_epochs(case: Case) -> Iterator[Proposal]:
    """Propose the planned length where the run was cut short, else as many steps again."""
    if not case.acts_on(Cause.UNDERTRAINING):
        return
    history, unit, planned = case.history, case.unit, case.context.epochs_planned
    first = min((float(c.steps[0]) for c in history.curves if len(c)), default=0.0)
    last = history.last_step
    cut_short = planned is not None and unit == "epoch" and last < CUT_SHORT * planned
    few = case.shows(FEW_EPOCHS) and unit == "epoch" and last < ENOUGH
    target = planned if planned is not None and cut_short else ENOUGH if few else last + _length(case, first, last)
    if case.is_boosted:
        target = round(target)
    gain = case.measure("more_training")
    # the estimate speaks of as much training again, so it stands beside that and nothing else
    effect = (
        None
        if gain is None or cut_short or few
        else Measured("change of the validation loss", 0.0 - gain.gain, "", 0.0 - gain.high, 0.0 - gain.low)
    )
    yield Proposal(
        Remedy(
            {"train_until": round(target, 2), "unit": unit},
            f"Train at least {ENOUGH:.0f} epochs, with early stopping"
            if few
            else _title(unit, last, target, cut_short=cut_short),
            _why(case, last, target, cut_short=cut_short),
            (Cause.UNDERTRAINING,),
            Basis.RULE_OF_THUMB if effect is None else Basis.ESTIMATED,
            source=""
            if effect is not None
            else "Viering & Loog (2021), The Shape of Learning Curves, arXiv 2103.10948",
            code=_code(case, last, target),
            framework=case.framework or "",
            effect=effect,
            cost=f"{steps_of(target - last, unit)} more"
            + (", from the start: the old schedule has run out" if case.has_decayed else ""),
        ),
        "epochs",
        ((Axis.EPOCHS, Direction.MORE),),
        Effort.RUN,
    )


def _length(case: Case, first: float, last: float) -> float:
    """As long again: the logged stretch, and the first step, which no point precedes."""
    longest = max(case.history.curves, key=len, default=None)
    interval = (last - first) / (len(longest) - 1) if longest is not None and len(longest) > 1 else 1.0
    return (
        max(last - first + interval, 1.0) if case.unit != "epoch" else max(float(round(last - first + interval)), 1.0)
    )


def _title(unit: str, last: float, target: float, *, cut_short: bool) -> str:
    if cut_short:
        return f"Let the run go on from {unit} {moment(last)} to the planned {moment(target)}"
    return f"Train twice as long: {moment(target - last)} more {unit}s, to {unit} {moment(target)}"


def _why(case: Case, last: float, target: float, *, cut_short: bool) -> str:
    why = f"training and validation were still improving when the run ended at {case.unit} {moment(last)}"
    if cut_short:
        why += f" of {moment(target)}"
        if case.context.patience is not None:
            why += f"; if early stopping ended it, its patience of {moment(case.context.patience)} is too short"
    if case.has_decayed:
        why += (
            ". The learning rate had all but run out: stretch its schedule over the new length instead of resuming: "
            "a rate near zero gains nothing more"
        )
    return why


def _code(case: Case, last: float, target: float) -> str:
    counted_from_zero = case.unit == "epoch" and min(float(c.steps[0]) for c in case.history.curves if len(c)) == 0
    done, goal = round(last) + counted_from_zero, max(round(target) + counted_from_zero, 1)
    if case.has_decayed and case.dialect in ("keras", "torch", "lightning"):
        done = 0  # the new schedule starts over
    templates = {**MORE_EPOCHS, **FROM_THE_START} if case.has_decayed else MORE_EPOCHS
    return snippet(templates, case.dialect, last=done, target=goal, more=max(goal - done, 1))
