"""The layers of a PyTorch model: found in order, and told in words that hold for every framework."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from diagnose.model_card import Role, Setting

_ROLES: tuple[tuple[str, Role], ...] = (
    (r"(Lazy)?Conv(Transpose)?\dd|Conv\dd?.*|.*Conv2dSame", Role.CONVOLUTION),
    (r"Conv1D|(Lazy|NonDynamicallyQuantizable|Tensor|Quant)?Linear.*|Bilinear|NoisyLinear", Role.DENSE),
    (r"(LSTM|GRU|RNN)(Cell)?", Role.RECURRENT),
    (r".*(Multi[hH]ead|Self|Scaled).*Attention.*", Role.ATTENTION),
    (r"Embedding(Bag)?", Role.EMBEDDING),
    (r".*BatchNorm.*", Role.BATCH_NORMALISATION),
    (r".*(Layer|Group|Instance|RMS|Local|Cross|Response)\w*Norm.*", Role.NORMALISATION),
    (r".*Drop(out|Path|Block).*|StochasticDepth", Role.DROPOUT),
    (r".*Pool.*", Role.POOLING),
    (r"Flatten|Unflatten|Fold|Unfold|Pixel(Un)?[sS]huffle|ChannelShuffle|Upsample.*|ZeroPad.*|.*Pad\dd", Role.RESHAPE),
    (r"Normalize|Rescaling", Role.RESCALING),
    (r"Random[A-Z].*|ColorJitter|AutoAugment|TrivialAugment.*|RandAugment", Role.AUGMENTATION),
)
ROLES = tuple((re.compile(pattern), role) for pattern, role in _ROLES)
ACTIVATIONS: Mapping[str, str] = MappingProxyType({
    "ReLU": "relu", "ReLU6": "relu6", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "RReLU": "rrelu", "ELU": "elu",
    "SELU": "selu", "CELU": "celu", "GELU": "gelu", "SiLU": "silu", "Mish": "mish", "Hardswish": "hard_swish",
    "Hardsigmoid": "hard_sigmoid", "Hardtanh": "hard_tanh", "Sigmoid": "sigmoid", "LogSigmoid": "log_sigmoid",
    "Tanh": "tanh", "Softmax": "softmax", "Softmax2d": "softmax", "LogSoftmax": "log_softmax", "Softmin": "softmin",
    "Softplus": "softplus", "Softsign": "softsign", "Softshrink": "softshrink", "GLU": "glu", "Threshold": "threshold",
    "GELUActivation": "gelu", "NewGELUActivation": "gelu", "FastGELUActivation": "gelu", "QuickGELUActivation": "gelu",
    "SiLUActivation": "silu", "MishActivation": "mish", "LinearActivation": "linear", "PytorchGELUTanh": "gelu",
})  # fmt: skip
"""Classes to canonical names."""
_BACKBONES: tuple[tuple[str, str], ...] = (
    (r"MobileNet_?V2", "mobilenetv2"), (r"MobileNet_?V3", "mobilenetv3"), (r"EfficientNet", "efficientnet"),
    (r"VisionTransformer|ViT(Model|For.*)?", "vit"), (r"DenseNet", "densenet"), (r"ConvNe[xX]t", "convnext"),
    (r"Inception_?[vV]?3", "inceptionv3"), (r"SwinTransformer|Swin(Model|For.*)", "swin"), (r"AlexNet", "alexnet"),
    (r"VGG", "vgg"), (r"ResNet(Model|For.*)?", "resnet"), (r"DistilBert\w+", "distilbert"), (r"Roberta\w+", "roberta"),
    (r"Bert(Model|For\w+)", "bert"), (r"GPT2\w+", "gpt2"),
)  # fmt: skip
BACKBONES = tuple((re.compile(pattern), name) for pattern, name in _BACKBONES)


class Leaf(NamedTuple):
    """A layer without children, or the weights that a block holds itself, by their own names."""

    name: str
    module: Any
    weights: tuple[tuple[str, Any], ...]


def inner(model: Any) -> Any:
    """Return the model within wrappers: of data-parallel training, of averaging, of the compiler."""
    while True:
        wrapped = getattr(model, "_orig_mod", None)
        if wrapped is None and type(model).__name__ in (
            "DistributedDataParallel",
            "DataParallel",
            "FullyShardedDataParallel",
        ):
            wrapped = model.module
        if wrapped is None:
            return model
        model = wrapped


def leaves(model: Any) -> list[Leaf]:
    """Return the layers in the order of their definition; shared layers and tied weights are told once."""
    modules: set[int] = set()
    weights: set[int] = set()
    return list(_within(model, "", modules, weights))


def _within(module: Any, path: str, modules: set[int], weights: set[int]) -> Iterator[Leaf]:
    if id(module) in modules or _is_loss(module):
        return
    modules.add(id(module))
    children = [(name, child) for name, child in module.named_children() if name != "parametrizations"]
    own = _own_weights(module, weights)
    if not children:
        if own or not _is_container(module):
            yield Leaf(path or type(module).__name__, module, own)
        return
    if own and path:
        yield Leaf(path, module, own)
    elif own:
        yield from (Leaf(name, module, ((name, weight),)) for name, weight in own)
    for name, child in children:
        yield from _within(child, f"{path}.{name}" if path else name, modules, weights)


def _own_weights(module: Any, seen: set[int]) -> tuple[tuple[str, Any], ...]:
    found = list(module.named_parameters(recurse=False))
    if "parametrizations" in module._modules:  # noqa: SLF001  the library's own place
        found += list(module.parametrizations.named_parameters())
    fresh = [(name, weight) for name, weight in found if id(weight) not in seen]
    seen.update(id(weight) for _, weight in fresh)
    return tuple(fresh)


def _is_container(module: Any) -> bool:
    return type(module).__name__ in ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")


def _is_loss(module: Any) -> bool:
    torch: Any = sys.modules["torch"]
    return isinstance(module, torch.nn.modules.loss._Loss)  # noqa: SLF001  the class of all losses


def role_of(module: Any) -> Role:
    """Return what a layer is for, by its class or that of its ancestors."""
    for kind in type(module).__mro__:
        name = kind.__name__
        if name in ACTIVATIONS:
            return Role.ACTIVATION
        for pattern, role in ROLES:
            if pattern.fullmatch(name):
                return role
        if name == "Module":
            break
    return Role.OTHER


def activation_of(module: Any) -> str:
    """Return the activation that a layer is, or has built in; empty where there is none."""
    known = next((ACTIVATIONS[kind.__name__] for kind in type(module).__mro__ if kind.__name__ in ACTIVATIONS), "")
    if known:
        return known
    if role_of(module) is Role.RECURRENT:
        return str(getattr(module, "nonlinearity", "tanh"))
    return ""


def width_of(module: Any) -> int | None:
    """Return the number of features or channels that a layer gives; None where it does not say."""
    for name in ("out_features", "out_channels", "embedding_dim", "num_features", "nf"):
        value = getattr(module, name, None)
        if isinstance(value, int) and value > 0:
            return value
    hidden = getattr(module, "hidden_size", None)
    if role_of(module) is Role.RECURRENT and isinstance(hidden, int):
        return hidden * (2 if getattr(module, "bidirectional", False) else 1)
    return None


def settings_of(module: Any) -> dict[str, Setting]:
    """Return what matters of a layer's configuration."""
    found: dict[str, Setting] = {}
    names = {"p": "rate", "drop_prob": "rate", "momentum": "momentum", "eps": "epsilon"}
    for name, said in names.items():
        value = getattr(module, name, None)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[said] = float(value)
    track = getattr(module, "track_running_stats", None)
    if isinstance(track, bool):
        found["track_running_stats"] = track
    return found


def architecture(module: Any, names: Collection[str]) -> str:
    """Return the canonical name of an architecture, by its class or the names of its parts; empty where it is none."""
    torch: Any = sys.modules["torch"]
    for kind in type(module).__mro__:
        if kind is torch.nn.Module:
            break
        for pattern, known in BACKBONES:
            if pattern.fullmatch(kind.__name__):
                return _sized(known, module)
    if all(part in names for part in ("layer1.0.conv1", "layer4", "bn1", "conv1")):
        return _sized("resnet", module)
    return "bert" if "encoder.layer.0.attention.self.query" in names and "embeddings.word_embeddings" in names else ""


def _sized(known: str, module: Any) -> str:
    """Tell ResNets and VGGs apart by the number of their blocks and convolutions."""
    if known == "resnet" and hasattr(module, "layer1") and hasattr(module, "layer4"):
        stages: list[Any] = [getattr(module, f"layer{at}", ()) for at in (1, 2, 3, 4)]
        blocks = tuple(len(stage) if hasattr(stage, "__len__") else 0 for stage in stages)
        first: Any = stages[0]
        deep = bool(blocks[0]) and hasattr(first[0], "conv3")
        sizes: dict[tuple[tuple[int, ...], bool], int] = {
            ((2, 2, 2, 2), False): 18,
            ((3, 4, 6, 3), False): 34,
            ((3, 4, 6, 3), True): 50,
            ((3, 4, 23, 3), True): 101,
            ((3, 8, 36, 3), True): 152,
        }
        return f"resnet{sizes[blocks, deep]}" if (blocks, deep) in sizes else known
    if known == "vgg":
        convolutions = sum(role_of(part) is Role.CONVOLUTION for part in module.modules())
        return {8: "vgg11", 10: "vgg13", 13: "vgg16", 16: "vgg19"}.get(convolutions, known)
    return known
