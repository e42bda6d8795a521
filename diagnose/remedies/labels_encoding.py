"""Labels as the loss expects them, or the loss for these labels."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.model_card import Labels, LossCard, ModelCard
from diagnose.recording import LabelFacts
from diagnose.remedies.case import Case
from diagnose.remedies.faulty_card import card_of, repair, training_labels
from diagnose.remedies.proposal import Proposal
from diagnose.remedies.wording import Verbatim, snippet

ENCODING = "PRG904"
KERAS = "Keras documentation, Probabilistic losses; PyTorch documentation, torch.nn.CrossEntropyLoss"

LOSS_FOR_LABELS = {
    "keras": "model.compile(optimizer, loss=$loss, metrics=metrics)  # the loss for these labels",
    "torch": "criterion = $torch  # the loss for these labels",
    "lightning": "self.criterion = $torch  # in __init__; the loss for these labels",
}
SHIFTED = {
    "keras": "y_train, y_val = y_train - $first, y_val - $first  # classes count from 0",
    "torch": "loss = criterion(model(x), y - $first)  # classes count from 0",
    "lightning": "loss = self.criterion(self(x), y - $first)  # classes count from 0",
    "transformers": 'data = data.map(lambda row: {"labels": row["labels"] - $first})  # classes count from 0',
}
FROM_SIGNS = {
    "keras": "y_train, y_val = (y_train + 1) / 2, (y_val + 1) / 2  # -1 and 1 become 0 and 1",
    "torch": "loss = criterion(model(x), (y + 1) / 2)  # -1 and 1 become 0 and 1",
    "lightning": "loss = self.criterion(self(x), (y + 1) / 2)  # -1 and 1 become 0 and 1",
}
NUMBERED = dict.fromkeys(
    ("keras", "torch", "lightning", "transformers"),
    """\
names = sorted(set(y_train))
y_train, y_val = ([names.index(name) for name in y] for y in (y_train, y_val))""",
)
SCALED = {
    "keras": "y_train, y_val = y_train / $high, y_val / $high  # 0 to 1",
    "torch": "loss = criterion(model(x), y / $high)  # 0 to 1",
    "lightning": "loss = self.criterion(self(x), y / $high)  # 0 to 1",
}


def labels_encoding(case: Case) -> Iterator[Proposal]:
    """Propose the other loss, or other labels."""
    finding = case.found(ENCODING)
    labels = training_labels(case)
    if finding is None or labels is None or not case.shows(ENCODING):
        return
    card = card_of(case, finding)
    if card is None or card.loss is None:
        return
    title, action, code = _mended(case, card, card.loss, labels)
    yield repair("labels", finding, title, action, code, KERAS, case)


def _mended(case: Case, card: ModelCard, loss: LossCard, labels: LabelFacts) -> tuple[str, dict[str, object], str]:
    if labels.dtype == "text":
        return "Number the classes from 0", {"labels": "indices"}, snippet(NUMBERED, case.dialect)
    if labels.written is Labels.SIGNS:
        return "Write −1 and 1 as 0 and 1", {"labels": "binary"}, snippet(FROM_SIGNS, case.dialect)
    if labels.written is Labels.INDICES and labels.low >= 1 and labels.high == card.output_width:
        first = Verbatim(f"{labels.low:g}")
        return (f"Count the classes from 0: subtract {labels.low:g} from every label", {"subtract": labels.low},
                snippet(SHIFTED, case.dialect, first=first))  # fmt: skip
    keras, torch, words = _loss_for(loss, labels)
    if keras:
        name = torch if card.framework == "torch" else keras
        return (f"{name} is the loss for {words}", {"loss": name},
                snippet(LOSS_FOR_LABELS, case.dialect, loss=keras, torch=Verbatim(f"torch.nn.{torch}()")))  # fmt: skip
    high = Verbatim(f"{labels.high:g}")
    return "Scale the targets to 0 to 1", {"divide": labels.high}, snippet(SCALED, case.dialect, high=high)


def _loss_for(loss: LossCard, labels: LabelFacts) -> tuple[str, str, str]:
    if labels.written is Labels.ONE_HOT:
        return "categorical_crossentropy", "CrossEntropyLoss", "one-hot rows"
    if labels.written is Labels.MULTI_HOT:
        return "binary_crossentropy", "BCEWithLogitsLoss", "several classes at once"
    if labels.written in {Labels.INDICES, Labels.BINARY} and loss.name != "binary_crossentropy":
        return "sparse_categorical_crossentropy", "CrossEntropyLoss", "numbers of classes"
    if labels.written is Labels.VALUES and not labels.is_whole:
        return "mean_squared_error", "MSELoss", "numbers that are no classes"
    return "", "", ""
