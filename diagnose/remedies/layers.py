"""The network's own layers: activations that die or saturate, gradients lost in its depth, weights that begin badly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnose.finding import Basis, Cause, Finding, Remedy
from diagnose.model_card import Role
from diagnose.remedies.case import Case
from diagnose.remedies.program import CLIPPING, PASCANU
from diagnose.remedies.proposal import Effort, Proposal
from diagnose.remedies.symptoms import (
    DEAD_UNITS,
    EXPLODING,
    POOR_START,
    SATURATED_UNITS,
    STALLED,
    VANISHING,
)
from diagnose.remedies.wording import Verbatim, one_digit, short, snippet

FLAT = ("sigmoid", "tanh", "hard_sigmoid", "softsign")
"""Activations whose slope is below one nearly everywhere."""
GELU = {"keras": "keras.activations.gelu", "torch": "torch.nn.GELU()"}
HE = "He et al. (2015), Delving Deep into Rectifiers, arXiv 1502.01852"
RESIDUAL = "He et al. (2016), Deep Residual Learning, arXiv 1512.03385; Ioffe & Szegedy (2015), arXiv 1502.03167"
LEAKY = "Maas, Hannun & Ng (2013), Rectifier Nonlinearities; Lu et al. (2020), Dying ReLU, arXiv 1903.06733"
GLOROT = "Glorot & Bengio (2010), Understanding the Difficulty of Training Deep Feedforward Neural Networks"
UMLAUT = "Humbatova et al. (2020), Taxonomy of Real Faults in Deep Learning Systems"

REPLACE = {
    "keras": """\
for name in $names:
    model.get_layer(name).activation = $new
model.compile(optimizer, loss, metrics)  # again, as before""",
    "torch": """\
for name in $names:
    parent, _, child = name.rpartition(".")
    setattr(model.get_submodule(parent), child, $new)""",
    "lightning": """\
for name in $names:  # in __init__
    parent, _, child = name.rpartition(".")
    setattr(self.get_submodule(parent), child, $new)""",
}
NORMALISE = {
    "keras": """\
x = keras.layers.Dense(units, use_bias=False, kernel_initializer="he_normal")(x)
x = keras.layers.BatchNormalization()(x)
x = keras.layers.Activation("relu")(x)
outputs = keras.layers.add([inputs, x])  # where the shapes agree: a residual connection""",
    "torch": """\
class Block(torch.nn.Module):  # in place of a layer and its activation
    def __init__(self, width):
        super().__init__()
        self.norm, self.layer = torch.nn.LayerNorm(width), torch.nn.Linear(width, width)

    def forward(self, x):
        return x + torch.nn.functional.gelu(self.layer(self.norm(x)))""",
}
NORMALISE["lightning"] = NORMALISE["transformers"] = NORMALISE["torch"]
BEGIN = {
    "keras": """\
for layer in model.layers:  # or kernel_initializer="$keras" where the layers are made
    if hasattr(layer, "kernel"):
        layer.kernel.assign(keras.initializers.get("$keras")(layer.kernel.shape))
    if getattr(layer, "bias", None) is not None:
        layer.bias.assign(keras.ops.zeros_like(layer.bias))""",
    "torch": """\
for module in model.modules():  # before the optimizer is made
    if isinstance(module, (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)):
        $begin
        if module.bias is not None:
            torch.nn.init.zeros_(module.bias)""",
}
BEGIN["lightning"] = BEGIN["torch"]
TRACE = {
    "keras": """\
with tf.GradientTape() as tape:  # with the TensorFlow backend
    loss = loss_fn(y, model(x, training=True))
for weight, gradient in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights)):
    print(weight.path, gradient is None)  # look at: $names""",
    "torch": """\
known = {id(p) for group in optimizer.param_groups if group["lr"] > 0 for p in group["params"]}
for name, p in model.named_parameters():  # after loss.backward()
    if name.startswith($names):
        print(name, p.requires_grad, "in the optimizer:", id(p) in known, "gradient:", p.grad is not None)""",
    "lightning": """\
def on_after_backward(self):
    for name, p in self.named_parameters():
        if name.startswith($names):
            print(name, p.requires_grad, "gradient:", p.grad is not None)""",
}


def layers(case: Case) -> Iterator[Proposal]:
    """Propose what the recorded layers point to."""
    if (stalled := case.found(STALLED)) is not None and case.shows(STALLED):
        yield _traced(case, stalled)
    if (start := case.found(POOR_START)) is not None and case.shows(POOR_START):
        yield _begun(case, start)
    if (vanishing := case.found(VANISHING)) is not None and case.shows(VANISHING):
        yield from _deep(case, vanishing)
    for code in (DEAD_UNITS, SATURATED_UNITS):
        if (units := case.found(code)) is not None and case.shows(code):
            yield from _replaced(case, units, is_dead=code == DEAD_UNITS)
    if (exploding := case.found(EXPLODING)) is not None and case.shows(EXPLODING):
        yield _clipped(case, exploding)


def _pointed(finding: Finding) -> tuple[str, ...]:
    return next((where.names for where in finding.where if where.kind == "layers"), ())


def _literal(names: tuple[str, ...]) -> Verbatim:
    """Write names as a tuple of quoted texts, so that they can't become code."""
    return Verbatim(repr(tuple(names)))


def _replaced(case: Case, finding: Finding, *, is_dead: bool) -> Iterator[Proposal]:
    names = _pointed(finding)
    new = "LeakyReLU" if is_dead else "GELU"
    in_keras = "keras.activations.leaky_relu" if is_dead else GELU["keras"]
    made = in_keras if case.dialect == "keras" else "torch.nn.LeakyReLU(0.01)" if is_dead else GELU["torch"]
    listed = ", ".join(f"'{n}'" for n in names[:3]) + ("" if len(names) <= 3 else f" and {len(names) - 3} more")
    yield Proposal(
        Remedy(
            {"activation": new, "layers": list(names)},
            f"{new} in place of {'ReLU' if is_dead else 'the activation'} in {listed}",
            f"{finding.claim}; it has a slope everywhere, so no unit is lost for good",
            (finding.cause,),
            Basis.RULE_OF_THUMB,
            source=LEAKY if is_dead else GLOROT,
            code=snippet(REPLACE, case.dialect, names=_literal(names), new=Verbatim(made)),
            framework=case.framework or "",
            cost="one more run",
        ),
        "activation",
    )  # fmt: skip


def _deep(case: Case, finding: Finding) -> Iterator[Proposal]:
    model = case.measure("model")
    flat = tuple(c.name for c in (model.layers if model is not None else ()) if c.activation in FLAT)[:-1]
    gelu = GELU["keras" if case.dialect == "keras" else "torch"]
    if flat:
        yield Proposal(
            Remedy(
                {"activation": "GELU", "layers": list(flat)},
                f"GELU in place of the sigmoid or tanh of {len(flat)} hidden layers, with He initialisation",
                f"{finding.claim}; a sigmoid passes a quarter of a gradient at most, once a layer",
                (finding.cause,),
                Basis.RULE_OF_THUMB,
                source=GLOROT,
                code=snippet(REPLACE, case.dialect, names=_literal(flat), new=Verbatim(gelu)),
                framework=case.framework or "",
                cost="one more run",
            ),
            "activation",
        )  # fmt: skip
    has_norm = model is not None and any(c.role in (Role.NORMALISATION, Role.BATCH_NORMALISATION) for c in model.layers)
    yield Proposal(
        Remedy(
            {"add": "residual connections" if has_norm else "normalisation and residual connections"},
            f"{'Residual' if has_norm else 'Normalisation and residual'} connections around the layers from "
            f"'{_pointed(finding)[0]}' on",
            f"{finding.claim}; the sum passes the gradient unchanged",
            (finding.cause,),
            Basis.RULE_OF_THUMB,
            source=RESIDUAL,
            code=snippet(NORMALISE, case.dialect),
            framework=case.framework or "",
            cost="a change of the model, and one more run",
        ),
        "residual",
        (),
        Effort.WORK,
    )


def _begun(case: Case, finding: Finding) -> Proposal:
    model = case.measure("model")
    flat = model is not None and any(c.activation in FLAT for c in model.layers[:-1])
    name = "Glorot" if flat else "He"
    begin = (
        "torch.nn.init.xavier_uniform_(module.weight)"
        if flat
        else 'torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")'
    )
    return Proposal(
        Remedy(
            {"initialisation": name.lower()},
            f"{name} initialisation, biases at zero: the framework's default will do as well",
            finding.claim,
            (finding.cause,),
            Basis.RULE_OF_THUMB,
            source=GLOROT if flat else HE,
            code=snippet(BEGIN, case.dialect, keras=Verbatim("glorot_uniform" if flat else "he_normal"),
                         begin=Verbatim(begin)),
            framework=case.framework or "",
            cost="one more run",
        ),
        "initialisation",
        comes_first=True,
    )  # fmt: skip


def _traced(case: Case, finding: Finding) -> Proposal:
    names = _pointed(finding)
    listed = ", ".join(f"'{n}'" for n in names[:3]) + ("" if len(names) <= 3 else f" and {len(names) - 3} more")
    return Proposal(
        Remedy(
            {"check_gradients": list(names)},
            f"See why {listed} {'does' if len(names) == 1 else 'do'} not train as the program says",
            f"{finding.claim}; a detach, an argmax or a branch left out of the loss stops gradients, a rate of 0 or "
            "another model's parameters stop steps",
            (finding.cause,),
            Basis.RULE_OF_THUMB,
            source=UMLAUT,
            code=snippet(TRACE, case.dialect, names=_literal(names)),
            framework=case.framework or "",
            cost="minutes",
        ),
        "gradients",
        (),
        Effort.NOTHING,
        comes_first=True,
    )


def _clipped(case: Case, finding: Finding) -> Proposal:
    flow = case.measure("gradient_flow")
    early = np.array([]) if flow is None else flow.total[: max(1, len(flow.total) // 2)]
    known = early[np.isfinite(early) & (early > 0)]
    norm = one_digit(float(np.median(known))) if len(known) else 1.0
    return Proposal(
        Remedy(
            {"clip_gradient_norm": norm},
            f"Clip the gradient norm at {short(norm)}, its median in the first half",
            finding.claim,
            (Cause.INSTABILITY,),
            Basis.RULE_OF_THUMB,
            source=PASCANU,
            code=snippet(CLIPPING, case.dialect, norm=norm),
            framework=case.framework or "",
            cost="one more run",
        ),
        "clip",
    )
