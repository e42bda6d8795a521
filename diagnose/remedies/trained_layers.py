"""Which layers to train, where a phase cannot do what it is for; and vectors without weight decay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diagnose.finding import Basis, Cause, Finding, Remedy
from diagnose.measures.trained_part import WEIGHTS
from diagnose.model_card import LayerCard, ModelCard
from diagnose.remedies.case import Case
from diagnose.remedies.faulty_card import card_of, repair
from diagnose.remedies.proposal import UNFROZEN, Effort, Proposal
from diagnose.remedies.symptoms import UNDER_REGULARISED
from diagnose.remedies.wording import Verbatim, one_digit, short, snippet

TRAINED, VECTORS = "FRZ803", "REG205"
YOSINSKI = "Yosinski et al. (2014), How transferable are features, arXiv 1411.1792"
BAG = "He et al. (2019), Bag of Tricks, arXiv 1812.01187, §3.1"
SLOWER = 30.0
"""As many times slower than a head's usual Adam rate (1e-3) are the rates that tune pretrained layers (3e-5)."""

FROM = {
    "keras": """\
names = [layer.name for layer in model.layers]
for layer in model.layers[names.index($first) :]:
    layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
model.compile(keras.optimizers.$optimizer($rate), loss, metrics=metrics)  # trainable acts after compile only""",
    "torch": """\
model.get_submodule($first).requires_grad_(True)
optimizer = torch.optim.$optimizer([p for p in model.parameters() if p.requires_grad], lr=$rate)""",
    "lightning": """\
self.get_submodule($first).requires_grad_(True)  # in __init__, before the optimizer is made; its rate: $rate""",
}
THAW_ALL = {
    "keras": """\
for layer in model.layers:
    layer.trainable = True
model.compile(optimizer, loss, metrics=metrics)  # trainable acts after compile only""",
    "torch": "model.requires_grad_(True)  # before the optimizer is made",
    "lightning": "self.requires_grad_(True)  # in __init__",
    "transformers": "model.requires_grad_(True)  # before the Trainer is made",
}
NO_DECAY = {
    "torch": """\
vectors = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
matrices = [p for p in model.parameters() if p.requires_grad and p.ndim >= 2]
optimizer = torch.optim.AdamW([{"params": matrices}, {"params": vectors, "weight_decay": 0.0}], lr=$rate)""",
    "keras": 'optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])  # before fit',
}


def trained_layers(case: Case) -> Iterator[Proposal]:
    """Propose what to unfreeze."""
    finding = case.found(TRAINED)
    if finding is not None and case.shows(TRAINED):
        card = card_of(case, finding)
        if "random weights" in finding.claim or "nothing is trained" in finding.claim:
            yield _thaw(case, finding)
        elif card is not None:
            yield from _convolutions(case, finding, card)
    remark = case.mentions(VECTORS)
    if remark is not None and case.acts_on(Cause.REGULARIZATION) and case.found(UNDER_REGULARISED) is not None:
        yield _vectors(case, remark)


def _thaw(case: Case, finding: Finding) -> Proposal:
    made = repair("frozen", finding, "Train the layers that were never trained, or load pretrained weights into them",
                  {"unfreeze": "all"}, snippet(THAW_ALL, case.dialect), YOSINSKI, case, cause=Cause.FREEZING,
                  cost="one more run, slower")  # fmt: skip
    return replace(made, moves=UNFROZEN, effort=Effort.RUN)


def _convolutions(case: Case, finding: Finding, card: ModelCard) -> Iterator[Proposal]:
    first = _last_block(card)
    if first is None:
        return
    rate = one_digit((case.learning_rate or 1e-3) / SLOWER)
    code = snippet(FROM, case.dialect, first=first.name, rate=rate, optimizer=case.optimizer_class)
    made = repair(
        "frozen", finding, f"To tune features, unfreeze from {first.name!r} on, at learning rate {short(rate)}",
        {"unfreeze_from": first.name, "learning_rate": rate}, code, YOSINSKI, case, cause=Cause.FREEZING,
        cost="one more run, slower; where validation does not gain by it, the head alone is right",
    )  # fmt: skip
    yield replace(made, moves=UNFROZEN, effort=Effort.RUN)


def _last_block(card: ModelCard) -> LayerCard | None:
    """Return the first layer of the last frozen block, which its names tell: ``block5_``, ``layer4``."""
    frozen = [layer for layer in card.layers if layer.role in WEIGHTS and layer.parameters
              and not layer.trainable_parameters]  # fmt: skip
    if not frozen:
        return None
    block = _block(frozen[-1].name)
    return next(layer for layer in frozen if _block(layer.name) == block)


def _block(name: str) -> str:
    place, _, own = name.rpartition("/")
    head = own.partition("_")[0] if "_" in own else own.partition(".")[0]
    return f"{place}/{head}"


def _vectors(case: Case, remark: Finding) -> Proposal:
    code = snippet(NO_DECAY, case.dialect, rate=Verbatim(short(case.learning_rate or 1e-3)))
    return Proposal(
        Remedy(
            {"weight_decay_of_vectors": 0.0},
            "Leave biases and normalisation layers out of weight decay",
            remark.claim,
            (Cause.REGULARIZATION,),
            Basis.RULE_OF_THUMB,
            source=BAG,
            code=code,
            framework=case.framework or "" if code else "",
            cost="one more run; a little at best",
        ),
        "decay_of_vectors",
        comes_last=True,
    )
