"""Weight decay and dropout: more against overfitting, less where training itself is held back."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import LESS_REGULARISED, MORE_REGULARISED, Proposal
from diagnose.remedies.symptoms import DECAY_DOMINATES, NOTHING_LEARNT, OVER_REGULARISED, UNDER_REGULARISED
from diagnose.remedies.wording import one_digit, short, snippet

ADAMW_DECAY, SGD_DECAY = 0.01, 5e-4
"""Where decay is decoupled from the gradient's scale, and where it is not."""
ADAMW_SOURCE = "Loshchilov & Hutter (2019), Decoupled Weight Decay Regularization, arXiv 1711.05101; PyTorch's default"
SGD_SOURCE = "Krizhevsky, Sutskever & Hinton (2012), ImageNet Classification with Deep CNNs, §5"
MOST_ADAMW_DECAY, MOST_SGD_DECAY = 0.1, 1e-2
"""The most that is proposed: published recipes for decoupled decay end at 0.1 (ViT: 0.1 to 0.3 with far more data), and
decay that the gradient's scale multiplies is seldom above 1e-3."""
DROPOUT, MOST_DROPOUT = 0.3, 0.5
DROPOUT_SOURCE = "Srivastava et al. (2014), Dropout, JMLR 15, §A.4: 0.2 to 0.5 dropped"

WEIGHT_DECAY = {
    "keras": "optimizer = keras.optimizers.AdamW(learning_rate=model.optimizer.learning_rate, weight_decay=$decay)",
    "torch": """\
matrices = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]  # biases and norms don't decay
optimizer = torch.optim.AdamW(matrices, lr=optimizer.param_groups[0]["lr"], weight_decay=$decay)
optimizer.add_param_group(
    {"params": [p for p in model.parameters() if p.requires_grad and p.ndim <= 1], "weight_decay": 0.0}
)""",
    "torch_sgd": """\
for group in optimizer.param_groups:
    group["weight_decay"] = $decay""",
    "lightning": """\
def configure_optimizers(self):
    return torch.optim.AdamW(self.parameters(), lr=self.hparams.lr, weight_decay=$decay)""",
    "transformers": "args.weight_decay = $decay  # args: your TrainingArguments",
    "ultralytics": "model.train(data=data, weight_decay=$decay)",
    "sklearn": "model.set_params(alpha=$decay)",
}
SET_DROPOUT = {
    "keras": "features = keras.layers.Dropout($rate)(features)  # before the output layer",
    "torch": "model.head = torch.nn.Sequential(torch.nn.Dropout($rate), model.head)  # head: your output layer",
    "lightning": "self.head = torch.nn.Sequential(torch.nn.Dropout($rate), self.head)  # head: your output layer",
    "transformers": "config = transformers.AutoConfig.from_pretrained(checkpoint, classifier_dropout=$rate)",
    "ultralytics": "model.train(data=data, dropout=$rate)  # classification models only",
}


def regularisation(case: Case) -> Iterator[Proposal]:
    """Propose one direction: less where the model is held back, more where it follows its sample too closely."""
    if case.is_boosted:
        return
    too_much = case.shows(OVER_REGULARISED) or case.shows(DECAY_DOMINATES)
    poor = case.acts_on(Cause.UNDERFITTING) and not case.shows(NOTHING_LEARNT) and not case.fails_in_layers
    if too_much or poor:
        yield from _less(case)
    if case.shows(UNDER_REGULARISED) or (case.acts_on(Cause.OVERFITTING) and not case.is_overconfident):
        yield from _more(case)


def _is_heavy(case: Case) -> bool:
    """Whether so much regularises already that the cause lies elsewhere."""
    return (case.context.dropout or 0.0) >= MOST_DROPOUT or (case.context.weight_decay or 0.0) >= MOST_ADAMW_DECAY


def _more(case: Case) -> Iterator[Proposal]:
    causes = tuple(c for c in (Cause.OVERFITTING, Cause.REGULARIZATION) if case.acts_on(c))
    if _is_heavy(case):
        return
    yield from _more_decay(case, causes)
    if case.framework == "sklearn":
        return
    before = case.context.dropout
    after = DROPOUT if not before else min(round(before + 0.2, 1), MOST_DROPOUT)
    title = (
        f"Dropout {short(before)} → {short(after)}"
        if before is not None
        else f"Dropout of {short(after)} before the output"
    )
    yield _proposal(
        case,
        "dropout",
        {"dropout": after},
        title,
        "units that can't rely on each other can't memorise together"
        if not before
        else f"a dropout of {short(before)} does not hold the model back enough",
        causes,
        DROPOUT_SOURCE,
        snippet(SET_DROPOUT, case.dialect, rate=after),
        more=True,
    )


def _more_decay(case: Case, causes: tuple[Cause, ...]) -> Iterator[Proposal]:
    before, is_sgd = case.context.weight_decay, case.optimizer == "sgd"
    is_coupled = is_sgd or case.framework in ("ultralytics", "sklearn")
    default = 1e-3 if case.framework == "sklearn" else SGD_DECAY if is_coupled else ADAMW_DECAY
    most = MOST_SGD_DECAY if is_coupled else MOST_ADAMW_DECAY
    after = min(max(one_digit(before * 3), default), most) if before else default
    if before is not None and after <= before:
        return
    dialect = "torch_sgd" if is_sgd and case.dialect == "torch" else case.dialect
    plain_adam = (
        ", with AdamW: in plain Adam it hardly acts" if case.optimizer == "adam" and case.framework != "sklearn" else ""
    )
    if before is not None:
        title = f"Weight decay {short(before)} → {short(after)}{plain_adam}"
        why = (
            "nothing pulls the weights back"
            if not before
            else f"a weight decay of {short(before)} does not hold the weights back enough"
        )
    else:
        title = (
            f"Weight decay of {short(default)}, or three times yours, up to {short(most)}, if it has one{plain_adam}"
        )
        why = "the log does not say whether anything pulls the weights back"
    yield _proposal(
        case,
        "weight_decay",
        {"weight_decay": after},
        title,
        _with_sizes(case, why),
        causes,
        SGD_SOURCE if is_sgd else ADAMW_SOURCE,
        snippet(WEIGHT_DECAY, dialect, decay=after),
        more=True,
    )


def _with_sizes(case: Case, why: str) -> str:
    parameters = case.context.trainable_parameters or case.context.parameters
    if parameters is None or case.context.n_train is None:
        return why
    return f"{why}; {parameters:,} trainable parameters stand against {case.context.n_train:,} samples"


def _less(case: Case) -> Iterator[Proposal]:
    causes = tuple(c for c in (Cause.REGULARIZATION, Cause.UNDERFITTING) if case.acts_on(c))
    finding = case.found(OVER_REGULARISED) or case.found(DECAY_DOMINATES)
    why = finding.claim if finding is not None else "training itself ends poor"
    dropout, decay = case.context.dropout, case.context.weight_decay
    if dropout:
        after = round(dropout / 2, 2) if dropout > 0.1 else 0.0
        yield _proposal(
            case,
            "dropout",
            {"dropout": after},
            f"Dropout {short(dropout)} → {short(after)}",
            f"{why}, under a dropout of {short(dropout)}",
            causes,
            DROPOUT_SOURCE,
            snippet(SET_DROPOUT, case.dialect, rate=after),
            more=False,
        )
    if decay:
        after = one_digit(decay / 10)
        yield _proposal(
            case,
            "weight_decay",
            {"weight_decay": after},
            f"Weight decay {short(decay)} → {short(after)}",
            f"{why}, under a weight decay of {short(decay)}",
            causes,
            SGD_SOURCE if case.optimizer == "sgd" else ADAMW_SOURCE,
            snippet(WEIGHT_DECAY, case.dialect, decay=after),
            more=False,
        )
    if not dropout and not decay and finding is not None:
        yield _proposal(
            case,
            "regularisation",
            {"regularisation_factor": 0.5},
            "Halve what regularises: dropout, weight decay, the strength of augmentation",
            f"{why}; the log does not say what regularises it",
            causes,
            "Goodfellow, Bengio & Courville (2016), Deep Learning, §11.4.1",
            "",
            more=False,
        )


def _proposal(  # noqa: PLR0913, PLR0917  what the settings differ in
    case: Case,
    key: str,
    action: dict[str, float],
    title: str,
    why: str,
    causes: tuple[Cause, ...],
    source: str,
    code: str,
    *,
    more: bool,
) -> Proposal:
    remedy = Remedy(
        dict(action),
        title,
        why,
        causes,
        Basis.RULE_OF_THUMB,
        source=source,
        code=code,
        framework=case.framework or "",
        cost="one more run; training loss will fall more slowly" if more else "one more run",
    )
    return Proposal(remedy, key, MORE_REGULARISED if more else LESS_REGULARISED)
