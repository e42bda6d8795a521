"""The schedule of the learning rate: decay and warm-up."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Proposal
from diagnose.remedies.symptoms import NEVER_DECAYED, NO_WARMUP
from diagnose.remedies.wording import short, snippet

COSINE = {
    "keras": """\
schedule = keras.optimizers.schedules.CosineDecay($rate, decay_steps=epochs * steps_per_epoch)
optimizer = type(model.optimizer)(learning_rate=schedule)""",
    "torch": """\
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
for epoch in range(epochs):
    train_one_epoch(model, train_loader)
    scheduler.step()""",
    "lightning": """\
def configure_optimizers(self):
    optimizer = torch.optim.$optimizer(self.parameters(), lr=$rate)
    return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=self.trainer.max_epochs)]""",
    "transformers": 'args.lr_scheduler_type = "cosine"  # args: your TrainingArguments',
    "ultralytics": "model.train(data=data, cos_lr=True)",
    "sklearn": 'model.set_params(solver="sgd", learning_rate="adaptive")',
}
WARMUP = {
    "keras": """\
schedule = keras.optimizers.schedules.CosineDecay(
    0.0, decay_steps=epochs * steps_per_epoch, warmup_target=$rate, warmup_steps=5 * steps_per_epoch
)
optimizer = type(model.optimizer)(learning_rate=schedule)""",
    "torch": """\
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=5 * len(train_loader))
for batch in train_loader:
    train_one_step(model, batch)
    warmup.step()""",
    "lightning": """\
def configure_optimizers(self):
    optimizer = torch.optim.$optimizer(self.parameters(), lr=$rate)
    warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=5)
    return [optimizer], [warmup]""",
    "transformers": "args.warmup_ratio = 0.06  # args: your TrainingArguments",
    "ultralytics": "model.train(data=data, warmup_epochs=5)",
}


def schedule(case: Case) -> Iterator[Proposal]:
    """Propose a decay where the rate never fell, a warm-up where the first steps hurt."""
    if case.is_boosted:
        return
    if case.shows(NEVER_DECAYED):
        yield _decay(case)
    if case.shows(NO_WARMUP):
        yield _warm_up(case)


def _decay(case: Case) -> Proposal:
    finding = case.found(NEVER_DECAYED)
    return Proposal(
        Remedy(
            {"learning_rate_schedule": "cosine"},
            "Let the learning rate decay to zero along a cosine"
            + ("" if case.learning_rate is None else f", from {short(case.learning_rate)}"),
            finding.claim if finding is not None else "the loss stays on a noisy plateau at a constant rate",
            (Cause.LEARNING_RATE,),
            Basis.RULE_OF_THUMB,
            source="Loshchilov & Hutter (2017), SGDR, arXiv 1608.03983",
            code=snippet(COSINE, case.dialect, rate=case.learning_rate or 1e-3, optimizer=case.optimizer_class),
            framework=case.framework or "",
            cost="one more run of the same length",
        ),
        "schedule",
    )


def _warm_up(case: Case) -> Proposal:
    finding = case.found(NO_WARMUP)
    return Proposal(
        Remedy(
            {"warmup_epochs": 5} if case.framework != "transformers" else {"warmup_ratio": 0.06},
            "Warm the learning rate up over the first 5 epochs"
            if case.framework != "transformers"
            else "Warm the learning rate up over the first 6 % of the steps",
            finding.claim if finding is not None else "the first steps at the full rate threw the weights off",
            (Cause.LEARNING_RATE,),
            Basis.RULE_OF_THUMB,
            source="Goyal et al. (2017), Accurate, Large Minibatch SGD, arXiv 1706.02677, §2.2"
            if case.framework != "transformers"
            else "Liu et al. (2019), RoBERTa, arXiv 1907.11692, table 10",
            code=snippet(WARMUP, case.dialect, rate=case.learning_rate or 1e-3, optimizer=case.optimizer_class),
            framework=case.framework or "",
            cost="one more run",
        ),
        "warmup",
    )
