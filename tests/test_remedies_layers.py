from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np
import pytest

from diagnose.auditing import diagnose_run
from diagnose.finding import Where
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.remedies.case import Case
from diagnose.remedies.layers import layers
from diagnose.remedies.proposal import Effort
from diagnose.run import Run
from layer_recordings import EXPLODES, LAYERS, LEARNS, LOST, STANDS, card_of, run_of_layers
from remedy_cases import finding, verdicts_of

FRAMEWORKS = ("torch", "keras", "lightning")


def case_of(run: Run, *codes: str, framework: str = "torch", names: tuple[str, ...] = ("fc1", "fc2")) -> Case:
    run = replace(run, context=replace(run.context, framework=framework))
    found = [replace(finding(code), where=(Where("layers", names=names),)) for code in codes]
    return Case(verdicts_of({f.cause: 0.9 for f in found}), found, Measurements(run, MEASURES))


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(("code", "new"), [("UNF304", "LeakyReLU"), ("UNF305", "GELU")])
def test_other_activations_in_the_users_own_layers(code: str, new: str, framework: str) -> None:
    (replaced,) = layers(case_of(run_of_layers(losses=STANDS), code, framework=framework))
    assert replaced.remedy.action == {"activation": new, "layers": ["fc1", "fc2"]}
    assert "('fc1', 'fc2')" in replaced.remedy.code
    assert ast.parse(replaced.remedy.code).body


def test_sigmoids_are_replaced_before_the_network_is_rebuilt() -> None:
    run = run_of_layers(losses=STANDS, card=card_of(activation="sigmoid"))
    activation, residual = layers(case_of(run, "UNF303"))
    assert activation.remedy.action["layers"] == list(LAYERS[:-1])
    assert residual.effort is Effort.WORK
    assert "'fc1' on" in residual.remedy.title


def test_relu_networks_get_normalisation_and_sums() -> None:
    (residual,) = layers(case_of(run_of_layers(losses=STANDS), "UNF303"))
    assert residual.remedy.action == {"add": "normalisation and residual connections"}


@pytest.mark.parametrize(("activation", "name"), [("relu", "he"), ("tanh", "glorot")])
def test_the_initialisation_fits_the_activation(activation: str, name: str) -> None:
    case = case_of(run_of_layers(losses=STANDS, card=card_of(activation=activation)), "PRG913")
    (begun,) = layers(case)
    assert begun.remedy.action == {"initialisation": name}
    assert begun.comes_first
    assert ast.parse(begun.remedy.code).body


def test_the_clip_is_the_recorded_norm() -> None:
    (clip,) = layers(case_of(run_of_layers(losses=EXPLODES, gradient=np.geomspace(0.1, 1e5, 12)), "INS504"))
    early = np.geomspace(0.1, 1e5, 12)[:6] * np.sqrt(6)
    assert clip.remedy.action["clip_gradient_norm"] == pytest.approx(np.median(early), rel=0.3)
    assert "clip_grad_norm_" in clip.remedy.code


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_stalled_layers_are_looked_at_by_name(framework: str) -> None:
    (look,) = layers(case_of(run_of_layers(), "PRG914", framework=framework))
    assert look.remedy.action == {"check_gradients": ["fc1", "fc2"]}
    assert look.effort is Effort.NOTHING
    assert ast.parse(look.remedy.code).body


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_names_of_layers_cannot_become_code(framework: str) -> None:
    nasty = ('a"\nimport os  # ', "b'")
    for code in ("UNF304", "UNF305", "PRG914"):
        case = case_of(run_of_layers(losses=STANDS), code, framework=framework, names=nasty)
        for proposal in layers(case):
            assert not any(isinstance(node, ast.Import) for node in ast.walk(ast.parse(proposal.remedy.code)))


@pytest.mark.parametrize("codes", [(), ("OVF101",), ("LRN601",), ("BAT701",)])
def test_quiet_for_other_findings(codes: tuple[str, ...]) -> None:
    assert list(layers(case_of(run_of_layers(losses=LEARNS), *codes))) == []


BROKEN = {
    "vanishing": run_of_layers(losses=STANDS, gradient=np.geomspace(1e-9, 0.1, 6)),
    "dead": run_of_layers(losses=STANDS, dead_share={"fc2": 1.0}),
    "too large": run_of_layers(losses=STANDS, update_ratio=2.0),
    "too small": run_of_layers(losses=STANDS, update_ratio=1e-6, distance=1e-4),
    "decay": run_of_layers(losses=STANDS, card=card_of(decay=1.0), decay_ratio=0.97, update_ratio=0.05,
                           weight=np.geomspace(8, 0.01, 12)),
    "zeros": run_of_layers(losses=STANDS, weight={"fc2": 0.0, "fc3": 0.0}),
    "exploding": run_of_layers(losses=EXPLODES, gradient=np.geomspace(1e-2, 1e4, 12)),
    "lost": run_of_layers(losses=LOST),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_whole_diagnosis_contradicts_itself_nowhere(name: str) -> None:
    diagnosis = diagnose_run(BROKEN[name])
    assert not diagnosis.is_broken, [o.why for o in diagnosis.outcomes if o.status.value == "broken"]
    rates = [r.action["learning_rate"] for r in diagnosis.remedies if "learning_rate" in r.action]
    assert len(rates) <= 1


def test_a_broken_network_is_not_made_larger_or_less_regularised() -> None:
    for name in ("vanishing", "dead", "zeros", "too small"):
        actions = [key for remedy in diagnose_run(BROKEN[name]).remedies for key in remedy.action]
        assert not {"capacity", "dropout", "weight_decay", "regularisation_factor"} & set(actions), name
