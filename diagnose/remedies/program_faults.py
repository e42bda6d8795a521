"""Faults of the training loop and of what the optimizer holds, mended in the user's own code."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Cause, Finding
from diagnose.remedies.case import Case
from diagnose.remedies.faulty_card import card_of, repair
from diagnose.remedies.proposal import Proposal
from diagnose.remedies.wording import Verbatim, snippet

ZEROED, HELD, STALE, STATISTICS, MODE, SHUFFLED, OVERLAP, METRIC = (
    "PRG910", "PRG907", "PRG908", "PRG909", "PRG911", "PRG912", "LKG147", "EVA909",
)  # fmt: skip
OPTIM = "PyTorch documentation, torch.optim: taking an optimization step"
GUIDE = "Keras documentation, Transfer learning & fine-tuning"
MODULE = "PyTorch documentation, Module.train and Module.eval"
BENGIO = "Bengio (2012), Practical Recommendations for Gradient-Based Training, arXiv 1206.5533, §3.1"
KAPOOR = "Kapoor & Narayanan (2023), Leakage and the reproducibility crisis, arXiv 2207.07048"
SAITO = "Saito & Rehmsmeier (2015), The Precision-Recall Plot Is More Informative than the ROC Plot"

ZERO = {
    "torch": """\
optimizer.zero_grad()  # before the first backward pass of every step
loss = criterion(model(x), y)
loss.backward()
optimizer.step()""",
    "lightning": """\
optimizer = self.optimizers()  # with manual optimization
optimizer.zero_grad()
self.manual_backward(loss)
optimizer.step()""",
}
ALL_ONCE = {
    "torch": """\
optimizer = torch.optim.$optimizer(  # made after the last change of the model
    [p for p in model.parameters() if p.requires_grad], lr=$rate
)""",
    "lightning": """\
def configure_optimizers(self):
    return torch.optim.$optimizer([p for p in self.parameters() if p.requires_grad], lr=$rate)""",
    "keras": "model.compile(keras.optimizers.$optimizer($rate), loss, metrics)  # after the last change of the model",
}
COMPILE = {
    "keras": """\
# after the last change of trainable, before fit
model.compile(keras.optimizers.$optimizer($rate), loss, metrics=metrics)""",
}
STILL = {
    "torch": """\
model.train()  # every epoch; then, of the frozen part:
for name, part in model.named_modules():
    if isinstance(part, torch.nn.modules.batchnorm._BatchNorm) and not part.weight.requires_grad:
        part.eval()""",
    "lightning": """\
def on_train_epoch_start(self):
    for part in self.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm) and not part.weight.requires_grad:
            part.eval()""",
    "keras": "x = backbone(inputs, training=False)  # its BatchNorm stays in inference mode",
}
MODES = {
    "torch": """\
for epoch in range(epochs):
    model.train()
    for x, y in train_loader:
        ...  # a training step
    model.eval()
    with torch.no_grad():
        ...  # validation""",
}
SHUFFLE = {
    "torch": "train_loader = torch.utils.data.DataLoader(train_data, batch_size=$batch, shuffle=True)",
    "lightning": "return torch.utils.data.DataLoader(self.train_data, batch_size=$batch, shuffle=True)",
    "keras": "train_data = train_data.unbatch().shuffle(n_train).batch($batch)  # n_train: all; or fit(shuffle=True)",
    "transformers": "data = data.shuffle(seed=0)  # before the Trainer, which samples at random by default",
}
SPLIT = dict.fromkeys(
    ("torch", "keras", "lightning", "transformers"),
    """\
order = np.random.default_rng(0).permutation(len(x))
val, train = order[: len(x) // 5], order[len(x) // 5 :]  # no row in both; rows of one group on one side
x_train, y_train, x_val, y_val = x[train], y[train], x[val], y[val]""",
)
BALANCED = {
    "keras": "model.compile(optimizer, loss, metrics=[keras.metrics.AUC(curve='PR'), keras.metrics.Recall()])",
    "torch": """\
from sklearn.metrics import average_precision_score, balanced_accuracy_score
print(balanced_accuracy_score(y_val, predicted), average_precision_score(y_val, scores))""",
    "lightning": "self.metric = torchmetrics.classification.BinaryAveragePrecision()",
    "transformers": """\
from sklearn.metrics import balanced_accuracy_score
def compute_metrics(said):
    return {"balanced_accuracy": balanced_accuracy_score(said.label_ids, said.predictions.argmax(-1))}""",
}


def program_faults(case: Case) -> Iterator[Proposal]:
    """Propose the corrected lines, what breaks most first."""
    rate = case.learning_rate or 1e-3
    for fault, mend in ((ZEROED, _zero), (HELD, _held), (STALE, _stale), (MODE, _modes), (SHUFFLED, _shuffle),
                       (STATISTICS, _still)):  # fmt: skip
        finding = case.found(fault)
        if finding is not None and case.shows(fault):
            yield mend(case, finding, rate)
    finding = case.found(OVERLAP)
    if finding is not None and case.shows(OVERLAP):
        code = snippet(SPLIT, case.dialect)
        yield repair("split", finding, "Split the rows once, before training, and train on one part only",
                     {"split": "disjoint"}, code, KAPOOR, case, cause=Cause.LEAKAGE)  # fmt: skip
    finding = case.found(METRIC)
    if finding is not None and case.shows(METRIC):
        yield repair("metric", finding, "Log balanced accuracy, or the area under the precision–recall curve",
                     {"metric": "balanced_accuracy"}, snippet(BALANCED, case.dialect), SAITO, case,
                     cause=Cause.EVALUATION, cost="minutes; compare runs by it from then on")  # fmt: skip


def _zero(case: Case, finding: Finding, rate: float) -> Proposal:
    del rate
    return repair("zero_grad", finding, "optimizer.zero_grad() once a step, before the backward pass",
                  {"zero_grad": "every step"}, snippet(ZERO, case.dialect), OPTIM, case)  # fmt: skip


def _held(case: Case, finding: Finding, rate: float) -> Proposal:
    card = card_of(case, finding)
    names = [name for place in finding.where if place.kind == "layers" for name in place.names]
    optimizer = card.optimizer.name if card is not None and card.optimizer is not None else "AdamW"
    code = snippet(ALL_ONCE, case.dialect, rate=rate,
                   optimizer=Verbatim(optimizer if optimizer.isidentifier() else "AdamW"))  # fmt: skip
    what = f", {names[0]!r} among them" if names else ""
    return repair("held", finding, f"Make the optimizer of all trainable weights, each once{what}",
                  {"optimizer_parameters": "all trainable", "layers": names}, code, OPTIM, case)  # fmt: skip


def _stale(case: Case, finding: Finding, rate: float) -> Proposal:
    code = snippet(COMPILE, case.dialect, rate=rate, optimizer=case.optimizer_class)
    return repair("compile", finding, "Compile again after the change of trainable", {"compile": True}, code, GUIDE,
                  case)  # fmt: skip


def _modes(case: Case, finding: Finding, rate: float) -> Proposal:
    del rate
    place = "model.eval() before every validation" if "evaluation passes" in finding.claim else (
        "model.train() at the beginning of every epoch")  # fmt: skip
    return repair("mode", finding, place, {"mode": place.partition(" ")[0]}, snippet(MODES, case.dialect), MODULE, case)


def _shuffle(case: Case, finding: Finding, rate: float) -> Proposal:
    del rate
    code = snippet(SHUFFLE, case.dialect, batch=Verbatim(str(case.context.batch_size or 32)))
    return repair("shuffle", finding, "Shuffle the training samples every epoch", {"shuffle": True}, code, BENGIO, case)


def _still(case: Case, finding: Finding, rate: float) -> Proposal:
    del rate
    return repair("frozen_statistics", finding, "Keep BatchNorm of the frozen part in evaluation mode",
                  {"frozen_batch_norm": "eval"}, snippet(STILL, case.dialect), GUIDE, case)  # fmt: skip
