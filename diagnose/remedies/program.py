"""The training code: tests that find its bugs, and a guard against exploding steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnose.finding import Basis, Cause, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import LOSS_STANDS, LOST_AT, NOT_FINITE, NOTHING_LEARNT, RATE_TOO_LOW
from diagnose.remedies.wording import one_digit, short, snippet

CLIP = 1.0
PASCANU = (
    "Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks, arXiv 1211.5063, §3.2"
)
KARPATHY = "Karpathy (2019), A Recipe for Training Neural Networks: overfit one batch"

CLIPPING = {
    "keras": "model.optimizer.global_clipnorm = $norm  # before fit",
    "torch": """\
loss.backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=$norm)
optimizer.step()""",
    "lightning": "trainer = lightning.Trainer(gradient_clip_val=$norm)",
    "transformers": "args.max_grad_norm = $norm  # args: your TrainingArguments",
}
ONE_BATCH = {
    "keras": """\
x, y = next(iter(train_data))
model.fit(x, y, epochs=200, verbose=2)  # the loss must go to nearly nothing""",
    "torch": """\
x, y = next(iter(train_loader))
for step in range(200):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
print(loss.item())  # must be nearly nothing""",
    "lightning": "lightning.Trainer(overfit_batches=1, max_epochs=200).fit(model, datamodule=data)",
    "sklearn": "print(model.fit(x_train[:32], y_train[:32]).score(x_train[:32], y_train[:32]))  # must be 1.0",
}


GRADIENTS = {
    "keras": """\
print([weight.path for weight in model.trainable_weights])  # empty or short: layers are frozen
before = [weight.numpy().copy() for weight in model.trainable_weights]
model.fit(x_train[:32], y_train[:32], epochs=1)
print([weight.path for old, weight in zip(before, model.trainable_weights) if (old == weight.numpy()).all()])""",
    "torch": """\
known = {id(p) for group in optimizer.param_groups for p in group["params"]}
for name, parameter in model.named_parameters():  # after loss.backward()
    print(name, parameter.requires_grad, id(parameter) in known, parameter.grad is not None)""",
    "lightning": """\
def on_after_backward(self):
    for name, parameter in self.named_parameters():
        print(name, parameter.requires_grad, parameter.grad is not None)""",
    "transformers": "print([name for name, parameter in model.named_parameters() if not parameter.requires_grad])",
}


FINITE = {
    "keras": """\
x, y = next(iter(train_data))
print(np.isfinite(x).all(), np.isfinite(y).all(), np.isfinite(model(x, training=False)).all())""",
    "torch": """\
x, y = next(iter(train_loader))
print(torch.isfinite(x).all(), torch.isfinite(y.float()).all(), torch.isfinite(model(x)).all())
torch.autograd.set_detect_anomaly(True)  # then train one step: names the operation that made the first NaN""",
    "lightning": "trainer = lightning.Trainer(detect_anomaly=True, overfit_batches=1, max_epochs=1)",
    "sklearn": "print(np.isfinite(x_train).all(), np.isfinite(y_train).all())",
}


def program(case: Case) -> Iterator[Proposal]:
    """Propose clipping for a run that explodes, and the one-batch test where the code itself is in doubt."""
    if case.is_boosted:
        return
    if (
        case.acts_on(Cause.INSTABILITY)
        and not case.only_validation_is_rough
        and not case.has_broken_data
        and case.framework not in ("sklearn", "ultralytics")
    ):
        yield _clip(case)
    if (case.shows(NOT_FINITE) and _never_finite(case)) or (case.shows(LOST_AT) and case.has_broken_data):
        yield _finite(case)
    if case.shows(NOTHING_LEARNT) or case.shows(LOSS_STANDS) or (case.stands_still and case.shows(RATE_TOO_LOW)):
        yield _gradients(case)
    if case.acts_on(Cause.TRAINING_PROGRAM) or case.acts_on(Cause.UNDERFITTING):
        yield _one_batch(case)


def _never_finite(case: Case) -> bool:
    divergence = case.measure("divergence")
    return divergence is not None and divergence.lost_after == 0


def _finite(case: Case) -> Proposal:
    return Proposal(
        Remedy(
            {"check_finite": ["inputs", "labels", "loss"]},
            "Look for NaN inputs, log(0) and division by zero: check np.isfinite of one batch",
            lost.claim
            if (lost := case.found(LOST_AT)) is not None
            else "the loss was never a number, so no step can have made it one that is not: the data or the loss did",
            tuple(c for c in (Cause.INSTABILITY, Cause.LEARNING_RATE) if case.acts_on(c)),
            Basis.RULE_OF_THUMB,
            source="Goodfellow, Bengio & Courville (2016), Deep Learning, §4.1",
            code=snippet(FINITE, case.dialect),
            framework=case.framework or "",
            cost="minutes",
        ),
        "finite",
        (),
        Effort.NOTHING,
        comes_first=True,
    )


def _clip(case: Case) -> Proposal:
    logged = next((c.finite for c in case.history.extra if "grad" in c.name.lower() and "norm" in c.name.lower()), None)
    known = logged is not None and len(logged) >= 10
    norm = one_digit(float(np.median(logged.values))) if logged is not None and known else CLIP
    why = (
        f"the logged gradient norm is {short(norm)} in the median and peaks at {float(np.max(logged.values)):.3g}"
        if logged is not None and known
        else "one exploding step undoes many good ones"
    )
    return Proposal(
        Remedy(
            {"clip_gradient_norm": norm},
            f"Clip the gradient norm at {short(norm)}",
            why,
            (Cause.INSTABILITY,),
            Basis.RULE_OF_THUMB,
            source=PASCANU,
            code=snippet(CLIPPING, case.dialect, norm=norm),
            framework=case.framework or "",
            cost="one more run",
        ),
        "clip",
    )


def _gradients(case: Case) -> Proposal:
    possible = (Cause.TRAINING_PROGRAM, Cause.UNDERFITTING, Cause.LEARNING_RATE)
    causes = tuple(c for c in possible if case.acts_on(c) and (c is not Cause.LEARNING_RATE or case.stands_still))
    finding = case.found(NOTHING_LEARNT) or case.found(LOSS_STANDS) or case.found(RATE_TOO_LOW)
    return Proposal(
        Remedy(
            {"check_gradients": True},
            "See whether gradients reach the weights",
            (f"{finding.claim}; " if finding is not None else "")
            + "layers that are all frozen, an optimizer that does not know the parameters, a learning rate of 0, "
            "a detach or an argmax before the loss all stop them",
            causes,
            Basis.RULE_OF_THUMB,
            source=KARPATHY,
            code=snippet(GRADIENTS, case.dialect),
            framework=case.framework or "",
            cost="minutes",
        ),
        "gradients",
        (),
        Effort.NOTHING,
        comes_first=True,
    )


def _one_batch(case: Case) -> Proposal:
    causes = tuple(c for c in (Cause.TRAINING_PROGRAM, Cause.UNDERFITTING) if case.acts_on(c))
    finding = case.blames(*causes)
    return Proposal(
        Remedy(
            {"overfit_one_batch": True},
            "Overfit one batch before anything else",
            (f"{finding.claim}; " if finding is not None else "")
            + "a sound program drives the loss of a single batch to nearly nothing; one with a wrong loss, label or "
            "output can't",
            causes,
            Basis.RULE_OF_THUMB,
            source=KARPATHY,
            code=snippet(ONE_BATCH, case.dialect),
            framework=case.framework or "",
            cost="minutes",
        ),
        "one_batch",
        (),
        Effort.LOOK,
    )
