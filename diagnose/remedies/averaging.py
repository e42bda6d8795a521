"""Averaged weights, where validation jumps and training does not."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Proposal
from diagnose.remedies.wording import Verbatim, snippet

DECAY = 0.999
"""Averages over about the last thousand steps."""
SWA = "Izmailov et al. (2018), Averaging Weights Leads to Wider Optima, arXiv 1803.05407"

AVERAGE = {
    "keras": "optimizer = keras.optimizers.AdamW(learning_rate=$rate, use_ema=True, ema_momentum=$decay)",
    "torch": """\
ema = torch.optim.swa_utils.get_ema_multi_avg_fn($decay)
averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=ema)
for batch in train_loader:
    train_one_step(model, batch)
    averaged.update_parameters(model)
evaluate(averaged, val_loader)""",
    "lightning": """\
from lightning.pytorch.callbacks import StochasticWeightAveraging

trainer = lightning.Trainer(callbacks=[StochasticWeightAveraging(swa_lrs=$rate)])""",
}


def averaging(case: Case) -> Iterator[Proposal]:
    """Propose to evaluate an average of the weights."""
    if not case.acts_on(Cause.INSTABILITY) or not case.only_validation_is_rough or case.is_boosted:
        return
    yield Proposal(
        Remedy(
            {"weight_average_decay": DECAY},
            "Evaluate a running average of the weights",
            "validation jumps while training is calm: single weights, or few validation samples, are noisy",
            (Cause.INSTABILITY,),
            Basis.RULE_OF_THUMB,
            source=SWA,
            code=snippet(AVERAGE, case.dialect, rate=case.learning_rate or 1e-3, decay=Verbatim(str(DECAY))),
            framework=case.framework or "",
            cost="one more run, and memory for a second copy of the weights",
        ),
        "average",
    )
