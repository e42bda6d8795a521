"""Against overconfidence: smoothed labels and a temperature, which leave the decisions and the capacity alone."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import MORE_REGULARISED, Axis, Direction, Effort, Proposal
from diagnose.remedies.wording import short, snippet

SMOOTHING = 0.1
SZEGEDY = "Szegedy et al. (2016), arXiv 1512.00567, §7; Müller, Kornblith & Hinton (2019), arXiv 1906.02629"
GUO = "Guo et al. (2017), On Calibration of Modern Neural Networks, arXiv 1706.04599, §4.2"

SMOOTH = {
    "keras": "loss = keras.losses.CategoricalCrossentropy(label_smoothing=$smoothing)  # one-hot labels",
    "torch": "criterion = torch.nn.CrossEntropyLoss(label_smoothing=$smoothing)",
    "lightning": "self.criterion = torch.nn.CrossEntropyLoss(label_smoothing=$smoothing)",
    "transformers": "args.label_smoothing_factor = $smoothing  # args: your TrainingArguments",
}
TEMPERATURE = {
    "torch": """\
log_temperature = torch.zeros(1, requires_grad=True)
fit = torch.optim.LBFGS([log_temperature], max_iter=50)
def closure():
    fit.zero_grad()
    loss = torch.nn.functional.cross_entropy(val_logits / log_temperature.exp(), val_labels)
    loss.backward()
    return loss
fit.step(closure)
temperature = log_temperature.exp().item()  # softmax(logits / temperature)""",
    "generic": """\
def nll(temperature):
    scaled = val_logits / temperature
    return np.mean(np.log(np.exp(scaled - scaled.max(1, keepdims=True)).sum(1)) + scaled.max(1)
                   - scaled[np.arange(len(val_labels)), val_labels])
found = scipy.optimize.minimize_scalar(nll, bounds=(0.05, 20), method="bounded")
temperature = found.x  # softmax(logits / temperature)""",
}


def calibration_of_probabilities(case: Case) -> Iterator[Proposal]:
    """Propose a temperature, and smoothed labels where they are not smoothed yet."""
    if not case.acts_on(Cause.OVERFITTING) or not case.is_overconfident:
        return
    score = case.measure("val_score")
    name = "the decisions" if score is None else f"validation {score.quantity}"
    moves = ((Axis.CONFIDENCE, Direction.LESS),)
    dialect = "torch" if case.framework in ("torch", "lightning", "transformers") else "generic"
    yield Proposal(
        Remedy(
            {"temperature_scaling": "fit on validation"},
            "Scale the logits by one temperature, fitted on the validation data",
            f"the loss rose while {name} held: the probabilities are too sure, the classes are not worse",
            (Cause.OVERFITTING,),
            Basis.RULE_OF_THUMB,
            source=GUO,
            code=snippet(TEMPERATURE, dialect),
            framework=(case.framework or "python"),
            cost="seconds, no training; the classes stay as they are",
        ),
        "temperature",
        moves,
        Effort.NOTHING,
    )
    before = case.context.label_smoothing
    if before or case.is_boosted or case.framework == "sklearn":
        return
    yield Proposal(
        Remedy(
            {"label_smoothing": SMOOTHING},
            f"Label smoothing {'' if before is None else '0 → '}{short(SMOOTHING)}",
            f"{name} held while the loss rose: targets of exactly 0 and 1 reward ever larger logits",
            (Cause.OVERFITTING,),
            Basis.RULE_OF_THUMB,
            source=SZEGEDY,
            code=snippet(SMOOTH, case.dialect, smoothing=SMOOTHING),
            framework=case.framework or "",
            cost="one more run",
        ),
        "label_smoothing",
        (*moves, *MORE_REGULARISED),
    )
