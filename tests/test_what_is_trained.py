"""FRZ803 says what each phase trains."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose import testing
from diagnose.analyzers.what_is_trained import WhatIsTrained
from diagnose.finding import Finding, Severity
from diagnose.model_card import LayerCard, ModelCard, Role
from programme_cards import GOOD, POOR, card, fires, labels, layer, plain, quiet, recorded, run

RULE = WhatIsTrained()
BLOCKS = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}


def vgg(first: int, *, initial: bool = False) -> ModelCard:
    """Return a VGG16 with a head whose layers from number ``first`` on are trainable, as a list's index counts them."""
    made: list[tuple[str, Role, int]] = [("input_layer", Role.INPUT, 0)]
    for block, count in BLOCKS.items():
        made += [(f"block{block}_conv{at + 1}", Role.CONVOLUTION, 1_000_000) for at in range(count)]
        made.append((f"block{block}_pool", Role.POOLING, 0))
    made += [("flatten", Role.RESHAPE, 0), ("dense", Role.DENSE, 6_000_000), ("dense_1", Role.DENSE, 2_570)]
    start = first % len(made)
    layers = [
        layer(name, role, size, trained=at >= start, is_initial=initial or name.startswith("dense"))
        for at, (name, role, size) in enumerate(made)
    ]
    return card(layers=layers, backbones={"": "vgg16"})


def claims(made: Any, severity: Severity) -> list[str]:
    return [f.claim for f in testing.examine(RULE, history=made).findings if f.severity is severity]


def only(made: Any) -> Finding:
    found, _ = testing.examine(RULE, history=made)
    assert len(found) == 1, [f.claim for f in found]
    return found[0]


def test_the_last_four_hold_the_head_only() -> None:
    made = run(vgg(-4), context={"n_train": 800})
    told = claims(made, Severity.INFO)[0]
    for words in ("feature extraction", "'dense', 'dense_1'", "for 800 training samples", "the last four layers",
                  "'block5_pool', 'flatten', 'dense', 'dense_1'", "no convolution is tuned"):  # fmt: skip
        assert words in told
    assert any("only 'dense' and 'dense_1' hold weights" in claim for claim in claims(made, Severity.WARNING))


def test_the_last_fifteen_begin_at_a_convolution() -> None:
    found = only(run(vgg(-15), context={"n_train": 800}))
    assert "the last fifteen layers begin at 'block3_conv1': 11 layers with weights" in found.claim
    assert found.severity is Severity.INFO


def test_both_phases_are_told() -> None:
    found, _ = testing.examine(RULE, history=run(recording=recorded(vgg(-4), vgg(-15))))
    told = [f.claim for f in found]
    assert any("phase 1 of 2" in claim and "feature extraction" in claim for claim in told)
    assert any("phase 2 of 2" in claim and "'block3_conv1'" in claim for claim in told)


def test_frozen_random_layers() -> None:
    found = fires(RULE, run(recording=recorded(vgg(-4, initial=True))), "random weights", severity=Severity.ERROR)
    assert found.probability == RULE.random_frozen


def test_layers_that_were_trained_before_they_were_frozen_are_not_random() -> None:
    quiet(RULE, run(recording=recorded(vgg(-15), vgg(-3))))


def test_nothing_is_trained() -> None:
    fires(RULE, run(card(layers=[layer("a", trained=False)])), "nothing is trained",
          severity=Severity.ERROR)  # fmt: skip


def resnet(*trained: str, framework: str = "torch") -> ModelCard:
    parts = [("conv1", Role.CONVOLUTION), ("bn1", Role.BATCH_NORMALISATION)]
    for at in (1, 2, 3, 4):
        parts += [(f"layer{at}.0.conv1", Role.CONVOLUTION), (f"layer{at}.0.bn1", Role.BATCH_NORMALISATION)]
    layers: list[LayerCard] = [
        layer(name, role, 1000, trained=any(name.startswith(one) for one in trained), is_initial=False)
        for name, role in parts
    ]
    layers += [layer("fc", size=20_490, trained="fc" in trained, is_initial=True)]
    return card("ce", "linear", layers=layers, framework=framework)


@pytest.mark.parametrize(
    ("trained", "words"),
    [
        (("fc",), "feature extraction: only 'fc' is trained"),
        (("layer4", "fc"), "begin at 'layer4.0.conv1': 3 layers"),
        (("conv1", "layer4", "fc"), "alternate: 'conv1' trained; 'bn1' to 'layer3.0.bn1' frozen"),
        (("layer1", "fc"), "alternate"),
        (("bn1", "layer1.0.bn", "layer2.0.bn", "layer3.0.bn", "layer4.0.bn", "fc"), "normalisation layers are trained"),
    ],
)
def test_describes_as_it_is(trained: tuple[str, ...], words: str) -> None:
    found = only(run(recording=recorded(resnet(*trained))))
    assert words in found.claim
    assert found.severity is Severity.INFO


def test_a_new_head_that_is_frozen() -> None:
    fires(RULE, run(recording=recorded(resnet("layer1"))), "1 frozen layer ('fc') holds random weights")


def test_a_small_head_that_is_frozen() -> None:
    layers = [layer("body", Role.CONVOLUTION, 9000), layer("head", size=99, trained=False, is_initial=True)]
    fires(RULE, run(recording=recorded(card("ce", "linear", layers=layers, framework="torch"))), "'head'")


def test_random_features_that_serve_are_information() -> None:
    fixed = [layer("embedding", Role.EMBEDDING, 9000, trained=False, is_initial=True), layer("out", is_initial=True)]
    made = run(recording=recorded(card("scce", layers=fixed)), facts=[labels("indices")], history=GOOD)
    quiet(RULE, made)
    fires(RULE, run(recording=recorded(card("scce", layers=fixed)), facts=[labels("indices")], history=POOR), "random")


def headed(pool: str, *, frozen: bool = True) -> ModelCard:
    """Return a frozen convolutional part whose head begins with a pooling of its own, flagged as everything new is."""
    body = [layer("conv", Role.CONVOLUTION, 9000, trained=not frozen, is_initial=False),
            plain("max_pool", Role.POOLING, kind="MaxPooling2D", flag=not frozen),
            layer("conv_1", Role.CONVOLUTION, 9000, trained=not frozen, is_initial=False)]  # fmt: skip
    head = [plain("pool", Role.POOLING, kind=pool), plain("drop", Role.DROPOUT), layer("out", is_initial=True)]
    return card(layers=[*body, *head])


@pytest.mark.parametrize("pool", ["GlobalAveragePooling2D", "GlobalMaxPooling2D", "AveragePooling2D"])
def test_a_pooling_of_the_head_counts_nothing(pool: str) -> None:
    quiet(RULE, run(recording=recorded(headed(pool))))


def lora() -> ModelCard:
    layers = [layer(f"block{at}.attention", Role.ATTENTION, 10_000, trained=False, is_initial=False) for at in range(4)]
    layers.insert(2, layer("block1.attention.lora_A", size=80, is_initial=True))
    return card("ce", "linear", layers=[*layers, layer("head", size=100)], framework="torch")


@pytest.mark.parametrize(
    "made",
    [
        run(card()), run(resnet("conv1", "bn1", "layer", "fc")), run(recording=recorded(resnet("fc"))),
        run(recording=recorded(resnet("layer4", "fc"))), run(recording=recorded(lora())), run(vgg(-3)), run(vgg(-15)),
        run(vgg(0)), run(recording=recorded(vgg(-3), vgg(-7))), run(recording=recorded(resnet("fc"), resnet("", "fc"))),
        run(card(layers=[layer("embedding", Role.EMBEDDING, 5000, trained=False, is_initial=False), layer("out")])),
        run(card(layers=[layer("position", Role.OTHER, 900, trained=False, is_initial=True), layer("out")])),
        run(card(layers=[layer("projection", size=20, trained=False, is_initial=True), layer("out", size=900)])),
        run(card(layers=[plain("flatten", Role.RESHAPE)])), run(),
    ],
)  # fmt: skip
def test_quiet(made: Any) -> None:
    quiet(RULE, made)


def test_adapters_are_known_as_such() -> None:
    assert "small layers within a frozen model" in only(run(recording=recorded(lora()))).claim
