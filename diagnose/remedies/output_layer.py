"""The output layer, its activation and the loss, brought together."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Finding
from diagnose.model_card import Labels, LossCard, ModelCard, Role, Wants
from diagnose.recording import LabelFacts
from diagnose.remedies.case import Case
from diagnose.remedies.faulty_card import card_of, last_dense, repair, training_labels
from diagnose.remedies.proposal import Proposal
from diagnose.remedies.wording import Verbatim, snippet

OUTPUT, WIDTH = "PRG902", "PRG903"
TABLE = "Goodfellow, Bengio & Courville (2016), Deep Learning, §6.2.2"
KERAS_LOSSES = {
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
}
CLASSES = frozenset({*KERAS_LOSSES, "negative_log_likelihood", "multi_margin"})

LOSS = {
    "keras": "model.compile(optimizer, loss=$loss, metrics=metrics)",
    "torch": "criterion = $loss  # takes the raw outputs of the model",
    "lightning": "self.criterion = $loss  # in __init__; takes the raw outputs of the model",
}
LAYER = {
    "keras": """\
outputs = keras.layers.Dense($width, activation=$activation, name=$name)(x)  # x: what the last layer got
model.compile(optimizer, loss=$loss, metrics=metrics)""",
    "torch": """\
name, width = $name, $width
parent, _, child = name.rpartition(".")
old = model.get_submodule(name)
setattr(model.get_submodule(parent), child, torch.nn.Linear(old.in_features, width))  # before the optimizer is made""",
    "lightning": """\
name, width = $name, $width  # in __init__
parent, _, child = name.rpartition(".")
old = self.get_submodule(name)
setattr(self.get_submodule(parent), child, torch.nn.Linear(old.in_features, width))""",
}
UNWRAP = {
    "torch": """\
name = $name
parent, _, child = name.rpartition(".")
setattr(model.get_submodule(parent), child, torch.nn.Identity())  # or take $what out of forward()""",
    "lightning": """\
name = $name
parent, _, child = name.rpartition(".")
setattr(self.get_submodule(parent), child, torch.nn.Identity())  # or take $what out of forward()""",
}


def output_layer(case: Case) -> Iterator[Proposal]:
    """Propose the loss for this output, or the output for this loss."""
    for code, mend in ((OUTPUT, _activation), (WIDTH, _width)):
        finding = case.found(code)
        if finding is None or not case.shows(code):
            continue
        card = card_of(case, finding)
        if card is not None and card.loss is not None:
            yield mend(case, finding, card, card.loss, training_labels(case))


def _activation(case: Case, finding: Finding, card: ModelCard, loss: LossCard, labels: LabelFacts | None) -> Proposal:
    act = card.output_activation or "linear"
    if loss.name not in CLASSES or (card.output_width == 1 and act == "softmax"):
        return _layer(case, finding, card, loss, labels)
    if card.framework == "torch":
        return _torch(case, finding, card, loss, act)
    fits = {"softmax": "categorical", "sigmoid": "binary"}.get(act, "")
    if loss.wants is Wants.LOGITS and fits and fits in loss.name:
        return _loss(case, finding, loss, logits=False)
    if loss.wants is Wants.PROBABILITIES and act in {"linear", ""}:
        return _loss(case, finding, loss, logits=True)
    return _layer(case, finding, card, loss, labels)


def _loss(case: Case, finding: Finding, loss: LossCard, *, logits: bool) -> Proposal:
    name = KERAS_LOSSES.get(loss.name, "CategoricalCrossentropy")
    why = "raw outputs" if logits else "probabilities"
    return repair(
        "output", finding, f"Tell the loss that it gets {why}: {name}(from_logits={logits})",
        {"loss": name, "from_logits": logits},
        snippet(LOSS, case.dialect, loss=Verbatim(f"keras.losses.{name}(from_logits={logits})")), TABLE, case,
    )  # fmt: skip


def _torch(case: Case, finding: Finding, card: ModelCard, loss: LossCard, act: str) -> Proposal:
    if act in {"linear", ""}:
        name = "BCEWithLogitsLoss" if loss.name == "binary_crossentropy" else "CrossEntropyLoss"
        return repair("output", finding, f"{name} in place of {loss.spelt or loss.name}: it takes raw outputs",
                      {"loss": name}, snippet(LOSS, case.dialect, loss=_criterion(name)), TABLE, case)  # fmt: skip
    if loss.wants is Wants.LOG_PROBABILITIES:
        title = f"Take {act} out of the model and use CrossEntropyLoss, which applies log-softmax itself"
        after = snippet(LOSS, case.dialect, loss=_criterion("CrossEntropyLoss"))
    elif loss.wants is Wants.PROBABILITIES:
        title = f"Take {act} out of the model and use BCEWithLogitsLoss, which applies sigmoid itself"
        after = snippet(LOSS, case.dialect, loss=_criterion("BCEWithLogitsLoss"))
    else:
        title, after = f"Take {act} out of the model: {loss.spelt or loss.name} takes raw outputs", ""
    code = "\n".join(part for part in (_unwrapped(case, card, act), after) if part)
    return repair("output", finding, title, {"remove_activation": act}, code, TABLE, case)


def _unwrapped(case: Case, card: ModelCard, act: str) -> str:
    layers = [layer for layer in card.layers if layer.role is Role.ACTIVATION and layer.activation in {act, ""}]
    return snippet(UNWRAP, case.dialect, name=layers[-1].name, what=Verbatim(act)) if layers else ""


def _layer(case: Case, finding: Finding, card: ModelCard, loss: LossCard, labels: LabelFacts | None) -> Proposal:
    """Return the output layer for the labels: none for a regression, sigmoid for one or several classes at once."""
    name, activation, width, fit = _suited(card, loss, labels)
    words = f"activation {activation!r}" if activation else "no activation"
    outputs = f"{width} output{'' if width == 1 else 's'}"
    if card.framework == "torch":
        act = card.output_activation or "linear"
        code = _unwrapped(case, card, act) if loss.name not in CLASSES else _linear(case, card, width)
        return repair("output", finding, f"Give the model {outputs} with no activation", {"width": width}, code, TABLE,
                      case)  # fmt: skip
    code = snippet(LAYER, case.dialect, width=Verbatim(str(width)), activation=activation, name=name, loss=fit)
    return repair("output", finding, f"Give the output layer {outputs} and {words}, with {fit}",
                  {"width": width, "activation": activation, "loss": fit}, code, TABLE, case)  # fmt: skip


def _suited(card: ModelCard, loss: LossCard, labels: LabelFacts | None) -> tuple[str, str | None, int, str]:
    layer = last_dense(card)
    name = (layer.name if layer is not None else "output").rpartition("/")[2]
    written = labels.written if labels is not None else None
    width = card.output_width or 1
    if loss.name not in CLASSES:
        return name, None, width, loss.name
    if written is Labels.MULTI_HOT and labels is not None:
        return name, "sigmoid", labels.shape[-1], "binary_crossentropy"
    if written in {Labels.BINARY, Labels.SIGNS} or (labels is None and width == 1):
        return name, "sigmoid", 1, "binary_crossentropy"
    if labels is not None and written is Labels.ONE_HOT:
        return name, "softmax", labels.shape[-1], "categorical_crossentropy"
    if labels is not None and written is Labels.INDICES:
        return name, "softmax", int(labels.high) + 1, "sparse_categorical_crossentropy"
    return name, "softmax", width, loss.name


def _linear(case: Case, card: ModelCard, width: int) -> str:
    layer = last_dense(card)
    return "" if layer is None else snippet(LAYER, case.dialect, name=layer.name, width=Verbatim(str(width)))


def _criterion(name: str) -> Verbatim:
    return Verbatim(f"torch.nn.{name}()")


def _width(case: Case, finding: Finding, card: ModelCard, loss: LossCard, labels: LabelFacts | None) -> Proposal:
    if "all with all" in finding.claim:
        code = "loss = criterion(model(x).squeeze(-1), y)  # both of shape (n,)"
        return repair("shapes", finding, "Bring outputs and targets to one shape before the loss", {"squeeze": -1},
                      code, "PyTorch documentation, torch.nn.MSELoss", case)  # fmt: skip
    return _layer(case, finding, card, loss, labels)
