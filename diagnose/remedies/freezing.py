"""Which pretrained layers are trained, and how fast."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import FROZEN, UNFROZEN, Axis, Direction, Proposal
from diagnose.remedies.symptoms import FORGETTING, MANY_TRAINABLE
from diagnose.remedies.wording import counted, one_digit, short, snippet

THAWED = frozenset({"", "none", "no", "false", "nothing", "0"})
"""What ``frozen`` says where nothing is frozen."""
TRANSFER = (
    "Yosinski et al. (2014), How transferable are features, arXiv 1411.1792; Kumar et al. (2022), arXiv 2202.10054"
)
ULMFIT = "Howard & Ruder (2018), ULMFiT, arXiv 1801.06146, §3.2"
SLOWER = 10
"""Pretrained layers move a tenth as fast as a new head."""

FREEZE = {
    "keras": """\
backbone.trainable = False
outputs = head(backbone(inputs, training=False))  # BatchNorm stays in inference mode
model.compile(optimizer, loss)  # a change of trainable acts after compile only""",
    "torch": """\
for parameter in model.backbone.parameters():
    parameter.requires_grad = False
model.backbone.eval()  # or its BatchNorm statistics still move
optimizer = torch.optim.AdamW(p for p in model.parameters() if p.requires_grad)""",
    "lightning": """\
self.backbone.requires_grad_(False)
self.backbone.eval()  # or its BatchNorm statistics still move""",
    "transformers": "model.base_model.requires_grad_(False)",
    "ultralytics": "model.train(data=data, freeze=10)  # the ten blocks of the backbone",
}
UNFREEZE = {
    "keras": """\
for layer in backbone.layers[-20:]:
    layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
model.compile(keras.optimizers.Adam($rate), loss)""",
    "torch": """\
last = list(model.backbone.children())[-1]
last.requires_grad_(True)
optimizer.add_param_group({"params": list(last.parameters()), "lr": $rate})""",
    "transformers": "model.base_model.encoder.layer[-1].requires_grad_(True)",
    "ultralytics": "model.train(data=data, freeze=5)",
}
SLOW_BACKBONE = {
    "keras": "model.compile(keras.optimizers.Adam($rate), loss)  # after unfreezing, before fit",
    "torch": """\
optimizer = torch.optim.AdamW([
    {"params": model.backbone.parameters(), "lr": $rate},
    {"params": model.head.parameters(), "lr": $head},
])""",
    "lightning": """\
def configure_optimizers(self):
    return torch.optim.AdamW([
        {"params": self.backbone.parameters(), "lr": $rate},
        {"params": self.head.parameters(), "lr": $head},
    ])""",
    "transformers": """\
optimizer = torch.optim.AdamW([
    {"params": model.base_model.parameters(), "lr": $rate},
    {"params": model.classifier.parameters(), "lr": $head},
])
trainer = transformers.Trainer(model, args, optimizers=(optimizer, None))""",
}


def freezing(case: Case) -> Iterator[Proposal]:
    """Freeze a backbone that overfits, thaw one that underfits, slow one that forgets."""
    if case.is_boosted:
        return
    is_frozen = (case.context.frozen or "").strip().lower() not in THAWED
    pretrained = bool(case.context.pretrained) or is_frozen
    if case.shows(FORGETTING):
        yield _slower(case)
    if case.acts_on(Cause.UNDERFITTING) and is_frozen:
        yield _thaw(case)
    overfits = case.acts_on(Cause.OVERFITTING) and pretrained and not case.is_overconfident
    if not is_frozen and case.context.pretrained is not False and (overfits or case.shows(MANY_TRAINABLE)):
        causes = ((Cause.OVERFITTING,) if overfits else ()) + ((Cause.FREEZING,) if case.shows(MANY_TRAINABLE) else ())
        yield _freeze(case, causes)


def _freeze(case: Case, causes: tuple[Cause, ...]) -> Proposal:
    what = "the backbone" if case.context.pretrained else "the pretrained layers, if there are any"
    trainable, n_train = case.context.trainable_parameters or case.context.parameters, case.context.n_train
    sizes = "" if trainable is None else f": {counted(trainable)} trainable parameters"
    sizes += "" if trainable is None or n_train is None else f" for {counted(n_train)} samples"
    return Proposal(
        Remedy(
            {"freeze": "backbone"},
            f"Freeze {what}{sizes}",
            "a pretrained backbone that is trained on few samples unlearns what it brought and memorises them",
            causes,
            Basis.RULE_OF_THUMB,
            source=TRANSFER,
            code=snippet(FREEZE, case.dialect),
            framework=case.framework or "",
            cost="one more run, faster; where the new domain is far, thaw the last block",
        ),
        "frozen",
        FROZEN,
    )


def _thaw(case: Case) -> Proposal:
    rate = one_digit((case.learning_rate or 1e-3) / SLOWER)
    return Proposal(
        Remedy(
            {"unfreeze": "last block", "pretrained_learning_rate": rate},
            f"Thaw the last block of the backbone, at learning rate {short(rate)}",
            f"training ends poor with {case.context.frozen!r} frozen: its features don't serve these data",
            (Cause.UNDERFITTING,),
            Basis.RULE_OF_THUMB,
            source=TRANSFER,
            code=snippet(UNFREEZE, case.dialect, rate=rate),
            framework=case.framework or "",
            cost="one more run, slower",
        ),
        "frozen",
        UNFROZEN,
    )


def _slower(case: Case) -> Proposal:
    finding = case.found(FORGETTING)
    head = case.learning_rate
    rate = None if head is None else one_digit(head / SLOWER)
    title = "Learning rate of the pretrained layers a tenth of the head's" + (
        "" if head is None or rate is None else f": {short(head)} → {short(rate)}"
    )
    code = "" if rate is None else snippet(SLOW_BACKBONE, case.dialect, rate=rate, head=head)
    return Proposal(
        Remedy(
            {"pretrained_learning_rate_factor": 1 / SLOWER} if rate is None else {"pretrained_learning_rate": rate},
            title,
            finding.claim if finding is not None else "unfrozen layers lose what they brought when they move fast",
            (Cause.FREEZING,),
            Basis.RULE_OF_THUMB,
            source=ULMFIT,
            code=code,
            framework=case.framework or "",
            cost="one more run",
        ),
        "pretrained_learning_rate",
        ((Axis.LEARNING_RATE, Direction.LESS),),
    )
