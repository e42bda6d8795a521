"""Against overconfidence: smoothed labels and a temperature, which leave the decisions and the capacity alone."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import MORE_REGULARISED, Axis, Direction, Effort, Proposal
from diagnose.remedies.symptoms import OVERCONFIDENT
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
    overconfident = case.acts_on(Cause.OVERFITTING) and case.is_overconfident
    # in a run that jumps about, a rise of the loss says nothing of confidence
    if not overconfident and (not case.shows(OVERCONFIDENT) or case.acts_on(Cause.INSTABILITY)):
        return
    causes = ((Cause.OVERFITTING,) if overconfident else ()) + (
        (Cause.REGULARIZATION,) if case.shows(OVERCONFIDENT) else ()
    )
    score = case.measure("val_score")
    what = "the decisions" if score is None else f"validation {score.quantity}"
    why = f"the loss rose while {what} {'improved' if case.is_overconfident else 'held'}"
    yield _temperature(case, causes, why)
    if not case.context.label_smoothing and not case.is_boosted and case.framework != "sklearn":
        yield _smoothing(case, causes, why)


def _temperature(case: Case, causes: tuple[Cause, ...], why: str) -> Proposal:
    dialect = "torch" if case.framework in ("torch", "lightning", "transformers") else "generic"
    remedy = Remedy(
        {"temperature_scaling": "fit on validation"},
        "Scale the logits by one temperature, fitted on the validation data",
        f"{why}: the probabilities are too sure, the classes are not worse",
        causes,
        Basis.RULE_OF_THUMB,
        source=GUO,
        code=snippet(TEMPERATURE, dialect),
        framework=case.framework or "python",
        cost="seconds, no training; the classes stay as they are",
    )
    return Proposal(remedy, "temperature", ((Axis.CONFIDENCE, Direction.LESS),), Effort.NOTHING)


def _smoothing(case: Case, causes: tuple[Cause, ...], why: str) -> Proposal:
    before = case.context.label_smoothing
    remedy = Remedy(
        {"label_smoothing": SMOOTHING},
        f"Label smoothing {'' if before is None else '0 → '}{short(SMOOTHING)}",
        f"{why}: targets of exactly 0 and 1 reward ever larger logits",
        causes,
        Basis.RULE_OF_THUMB,
        source=SZEGEDY,
        code=snippet(SMOOTH, case.dialect, smoothing=SMOOTHING),
        framework=case.framework or "",
        cost="one more run",
    )
    return Proposal(remedy, "label_smoothing", ((Axis.CONFIDENCE, Direction.LESS), *MORE_REGULARISED))
