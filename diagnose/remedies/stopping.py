"""Stop where validation turned or stalled, and keep the weights of that moment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measures.gap import Gap
from diagnose.measures.overfitting import TurningPoint
from diagnose.measures.trend import Trend
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Axis, Direction, Effort, Proposal
from diagnose.remedies.wording import Verbatim, moment, snippet, steps_of
from diagnose.run import Curve

LEAST_PATIENCE = 3
"""A wait of fewer evaluations can't tell a bad draw from a turn (Prechelt 1998, UP_3)."""
FRUITLESS = 0.02
"""Below this share of the usual gain lost or of the run saved, stopping earlier changes nothing that can be seen."""

EARLY_STOPPING = {
    "keras": """\
early = keras.callbacks.EarlyStopping(
    monitor=$monitor, mode=$mode, patience=$patience, restore_best_weights=True
)
model.fit(train_data, validation_data=val_data, epochs=$epochs, callbacks=[early])""",
    "torch": """\
best, waited = float("$worst"), 0
for epoch in range($epochs):
    train_one_epoch(model, train_loader)
    value = evaluate(model, val_loader)  # $name
    if value $better best:
        best, waited = value, 0
        torch.save(model.state_dict(), "best.pt")
    else:
        waited += 1
    if waited > $patience:
        break
model.load_state_dict(torch.load("best.pt"))""",
    "lightning": """\
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

best = ModelCheckpoint(monitor=$monitor, mode=$mode, save_top_k=1)
early = EarlyStopping(monitor=$monitor, mode=$mode, patience=$patience)
trainer = lightning.Trainer(max_epochs=$epochs, callbacks=[early, best])
trainer.fit(model, datamodule=data)
model = type(model).load_from_checkpoint(best.best_model_path)""",
    "transformers": """\
args.eval_strategy = args.save_strategy = "epoch"  # args: your TrainingArguments
args.load_best_model_at_end = True
args.metric_for_best_model = $monitor
args.greater_is_better = $greater
trainer.add_callback(transformers.EarlyStoppingCallback(early_stopping_patience=$patience))""",
    "ultralytics": "model.train(data=data, epochs=$epochs, patience=$patience)  # weights/best.pt is the one to keep",
    "sklearn": "model.set_params(early_stopping=True, n_iter_no_change=$patience, max_iter=$epochs)",
    "sklearn_hist": "model.set_params(max_iter=$stop)",
    "sklearn_boosting": "model.set_params(n_estimators=$stop)",
    "xgboost": """\
booster = xgboost.train(
    params, train_matrix, $epochs, evals=[(val_matrix, "val")], early_stopping_rounds=$patience
)
predictions = booster.predict(val_matrix, iteration_range=(0, booster.best_iteration + 1))""",
    "lightgbm": """\
booster = lightgbm.train(
    params, train_set, $epochs, valid_sets=[val_set], callbacks=[lightgbm.early_stopping($patience)]
)""",
    "catboost": """\
model.set_params(od_type="Iter", od_wait=$patience, use_best_model=True)
model.fit(train_pool, eval_set=val_pool)""",
}


def stopping(case: Case) -> Iterator[Proposal]:
    """Propose to stop after a turn, after a stall, or at the best score where only confidence suffered."""
    if not case.acts_on(Cause.OVERFITTING):
        return
    loss, turn, gap = case.measure("val_loss_trend"), case.measure("turning_point"), case.measure("gap")
    if case.is_overconfident:
        yield from _at_the_best_score(case)
    elif loss is not None and turn is not None and case.turned:
        yield from _at_the_turn(case, loss, turn)
    elif loss is not None and gap is not None:
        yield from _at_the_stall(case, loss, gap)


def _at_the_turn(case: Case, loss: Trend, turn: TurningPoint) -> Iterator[Proposal]:
    curve: Curve = case.measure("val_loss")
    if turn.step <= float(curve.steps[0]):
        return  # there is nothing before the first evaluation to go back to
    at = case.whole(turn.step, curve)
    unit, stop = case.unit, moment(at)
    error = _error(loss)
    kept = case.context.best_weights_kept is True
    saved = case.history.last_step - at
    effect = (
        Measured(f"{unit}s saved", round(saved, 2), f"{unit}s")
        if kept
        else Measured(
            "change of the validation loss against the end of the run",
            -loss.rise,
            "",
            -loss.rise - error,
            min(-loss.rise + error, 0.0),
        )
    )
    coarse = case.is_measured_coarsely and not kept
    between = (
        ""
        if coarse
        else f", 95 % between {moment(case.whole(turn.low, curve))} and {moment(case.whole(turn.high, curve))}"
        if turn.high > turn.low
        else ""
    )
    yield _proposal(
        case,
        curve,
        loss,
        at,
        f"Stop at {unit} {stop}: {_what(case)} are kept already"
        if kept
        else f"Stop at {unit} {stop} and keep {_what(case)}",
        f"validation loss was best at {unit} {stop}{between}, and its level rose from {loss.best:.4g} to "
        f"{loss.end:.4g} at the end",
        None if coarse else effect,
    )


def _at_the_stall(case: Case, loss: Trend, gap: Gap) -> Iterator[Proposal]:
    curve: Curve = case.measure("val_loss")
    at = case.whole(gap.stall_step, curve)
    saved = case.history.last_step - at
    length = case.history.last_step - float(curve.steps[0])
    if gap.stall_step <= float(curve.steps[0]) or saved < FRUITLESS * length:
        return
    stall = moment(at)
    yield _proposal(
        case,
        curve,
        loss,
        at,
        f"Stop at about {case.unit} {stall} and keep {_what(case)}",
        f"validation loss has not improved since {case.unit} {stall}; training alone went on",
        Measured(f"{case.unit}s saved", round(saved, 2), f"{case.unit}s"),
    )


def _at_the_best_score(case: Case) -> Iterator[Proposal]:
    curve: Curve | None = case.measure("val_score")
    trend: Trend | None = case.measure("val_score_trend")
    if curve is None or trend is None or trend.turn <= float(curve.steps[0]):
        return
    if case.context.best_weights_kept is True:
        return
    at = case.whole(trend.turn, curve)
    best, kept = moment(at), "the trees up to" if case.is_boosted else "the weights of"
    error = _error(trend)
    if trend.rise <= error:
        return  # the last weights are as good as the best within the noise
    name = f"change of the validation {curve.quantity} against the end of the run"
    sign = 1 if curve.better == "higher" else -1
    low, high = sorted((sign * (trend.rise - error), sign * (trend.rise + error)))
    yield _proposal(
        case,
        curve,
        trend,
        at,
        f"Keep {kept} {case.unit} {best}, the best by {curve.quantity}, not by loss",
        f"the loss turned earlier, but validation {curve.quantity} went on improving until {case.unit} {best}",
        None if case.is_measured_coarsely else Measured(name, sign * trend.rise, "", low, high),
    )


def _proposal(  # noqa: PLR0913, PLR0917  what the three kinds of stop differ in
    case: Case, curve: Curve, trend: Trend, step: float, title: str, why: str, effect: Measured | None
) -> Proposal:
    wait = patience(curve, trend)
    lower = curve.better == "lower"
    code = snippet(
        EARLY_STOPPING,
        case.dialect,
        monitor=curve.name,
        mode="min" if lower else "max",
        greater=not lower,
        name=curve.quantity,
        better=Verbatim("<" if lower else ">"),
        worst=Verbatim("inf" if lower else "-inf"),
        patience=wait,
        epochs=max(int(np.ceil(case.history.last_step)), 1),
        stop=max(round(step), 1),
    )
    remedy = Remedy(
        {"stop_at": _logged(curve, step), "unit": case.unit, "restore_best_weights": True, "patience": wait},
        title,
        why
        + (f"; {case.n_val} validation samples can't say how much that brings" if effect is None else "")
        + f". A patience of {wait} evaluations is longer than any wait for a new best before the best one",
        (Cause.OVERFITTING,),
        Basis.RULE_OF_THUMB if effect is None else Basis.ESTIMATED,
        source="Prechelt (1998), Early Stopping - But When?" if effect is None else "",
        code=code,
        framework=case.framework or "",
        effect=effect,
        cost=f"none; saves {steps_of(case.history.last_step - step, case.unit)}"
        + ("" if case.context.best_weights_kept else ", or one more run if no checkpoint was kept"),
    )
    return Proposal(remedy, "stop", ((Axis.EPOCHS, Direction.LESS),), Effort.NOTHING)


def _error(trend: Trend) -> float:
    """95 % error of the difference between the level at the end and the best one, from the noise of one point."""
    return float(1.96 * trend.sigma * np.sqrt(1 / max(1, round(trend.n / 20)) + 1))


def _logged(curve: Curve, step: float) -> float:
    """Return the logged step nearest to the middle of a block of thinned ones."""
    return float(curve.steps[int(np.argmin(np.abs(curve.steps - step)))])


def _what(case: Case) -> str:
    return "the trees up to it" if case.is_boosted else "its weights"


def patience(curve: Curve, trend: Trend) -> int:
    """How many evaluations without a new best to sit out: one more than any before the best level, three at least.

    A wait before the best level was followed by progress, so it was noise; the longest of them is what
    noise can do here. Counted in logged points.
    """
    before = trend.cost[: trend.shape.turn + 1]
    bests = np.flatnonzero(before <= np.minimum.accumulate(before))
    longest = int(np.diff(bests).max()) - 1 if len(bests) > 1 else 0
    block = max(1, round(len(curve) / trend.n))
    return max((longest + 1) * block, LEAST_PATIENCE)
