"""The batch: larger where gradients are too noisy, smaller where an epoch has too few steps."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Axis, Direction, Proposal
from diagnose.remedies.wording import counted, short, snippet

FACTOR = 4
"""Two doublings: the noise of the gradient halves (it falls with the square root)."""
FEW_STEPS = 20
"""An epoch of fewer steps hardly moves the weights: full-batch training but for the name."""
NOISE = "McCandlish et al. (2018), An Empirical Model of Large-Batch Training, arXiv 1812.06162"
LINEAR = "Goyal et al. (2017), Accurate, Large Minibatch SGD, arXiv 1706.02677, §2.1"

SET_BATCH = {
    "keras": "model.fit(x_train, y_train, batch_size=$batch)",
    "torch": "train_loader = torch.utils.data.DataLoader(train_data, batch_size=$batch, shuffle=True)",
    "lightning": "train_loader = torch.utils.data.DataLoader(train_data, batch_size=$batch, shuffle=True)",
    "transformers": "args.per_device_train_batch_size = $batch  # args: your TrainingArguments",
    "ultralytics": "model.train(data=data, batch=$batch)",
    "sklearn": "model.set_params(batch_size=$batch)",
}
ACCUMULATE = {
    "lightning": "trainer = lightning.Trainer(accumulate_grad_batches=4)",
    "transformers": "args.gradient_accumulation_steps = 4  # args: your TrainingArguments",
}


def batch_size(case: Case) -> Iterator[Proposal]:
    """Propose one direction, from how many steps an epoch has."""
    if not case.acts_on(Cause.BATCH_SIZE) or case.is_boosted:
        return
    batch, n_train = case.context.batch_size, case.context.n_train
    if batch is not None and n_train is not None and batch > FACTOR and n_train / batch < FEW_STEPS:
        yield _smaller(case, batch, n_train)
    else:
        yield _larger(case, batch)


def _larger(case: Case, batch: int | None) -> Proposal:
    finding = case.blames(Cause.BATCH_SIZE)
    if batch is None:
        title, code = f"A batch {FACTOR} times as large, at the same learning rate", snippet(ACCUMULATE, case.dialect)
        action: dict[str, float] = {"batch_size_factor": FACTOR}
    else:
        title = f"Batch size {batch} → {batch * FACTOR}, at the same learning rate"
        code, action = snippet(SET_BATCH, case.dialect, batch=batch * FACTOR), {"batch_size": batch * FACTOR}
    why = finding.claim if finding is not None else "the gradient of so small a batch is mostly noise"
    return Proposal(
        Remedy(
            action,
            title,
            f"{why}; four times the batch halves the noise of a step",
            (Cause.BATCH_SIZE,),
            Basis.RULE_OF_THUMB,
            source=NOISE,
            code=code,
            framework=case.framework or "",
            cost="one more run; more memory, or accumulated gradients",
        ),
        "batch_size",
        ((Axis.BATCH_SIZE, Direction.MORE),),
    )


def _smaller(case: Case, batch: int, n_train: int) -> Proposal:
    new, rate = batch // FACTOR, case.learning_rate
    scaled = rate / FACTOR if rate is not None and case.optimizer == "sgd" and not case.hardly_moves else None
    title = f"Batch size {batch} → {new}"
    action: dict[str, float] = {"batch_size": new}
    if scaled is not None and rate is not None:
        title += f", learning rate {short(rate)} → {short(scaled)} in proportion"
        action["learning_rate"] = scaled
    moves = ((Axis.BATCH_SIZE, Direction.LESS), *(() if scaled is None else ((Axis.LEARNING_RATE, Direction.LESS),)))
    return Proposal(
        Remedy(
            action,
            title,
            f"{counted(n_train)} samples in batches of {batch} are {max(round(n_train / batch), 1)} steps an epoch",
            (Cause.BATCH_SIZE,),
            Basis.RULE_OF_THUMB,
            source=LINEAR,
            code=snippet(SET_BATCH, case.dialect, batch=new),
            framework=case.framework or "",
            cost="one more run; epochs take longer",
        ),
        "batch_size",
        moves,
    )
