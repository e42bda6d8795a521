"""What the graph of a loss tells: does it come from the model, and through what did the outputs go before it?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from diagnose.hooks.torch.tensors import tensors_in

FARTHEST = 500
"""Nodes that are looked at before a loss is taken to come from the model."""
MOST_STEPS = 12
THROUGH = (
    "View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Select", "Slice", "Transpose", "Permute", "Clone",
    "TBackward", "ToCopy", "Expand", "Clamp", "Alias", "AsStrided", "Contiguous", "Index", "Split", "Unbind", "Movedim",
)  # fmt: skip
"""Operations that change the shape, or round values off, and are no activation."""
ENDS = {
    "SoftmaxBackward": "softmax", "LogSoftmaxBackward": "log_softmax", "SigmoidBackward": "sigmoid",
    "TanhBackward": "tanh", "ReluBackward": "relu", "LogSigmoidBackward": "log_sigmoid", "SoftplusBackward": "softplus",
    "GeluBackward": "gelu", "SiluBackward": "silu", "HardtanhBackward": "hard_tanh", "EluBackward": "elu",
    "LeakyReluBackward": "leaky_relu", "ExpBackward": "exp",
    **dict.fromkeys(("AddmmBackward", "MmBackward", "LinearBackward", "ConvolutionBackward", "BmmBackward",
                     "BaddbmmBackward", "AddBackward", "NativeBatchNormBackward", "MkldnnLinearBackward",
                     "NativeLayerNormBackward", "MeanBackward", "MkldnnConvolutionBackward"), "linear"),
}  # fmt: skip
"""Nodes to what the outputs went through last; of those that multiply and add: nothing."""


def nodes_of(output: Any) -> list[Any]:
    """Return the nodes of the graph that a model's outputs stand at."""
    return [tensor.grad_fn for _, tensor in tensors_in(output) if tensor.grad_fn is not None]


def comes_from(loss: Any, nodes: Iterable[Any]) -> bool:
    """Whether a loss was computed from outputs; where that would be long to tell, it was."""
    wanted = set(nodes)
    if not wanted or loss.grad_fn is None:
        return True
    looked = 0
    for node in _behind(loss):
        if node in wanted:
            return True
        looked += 1
    return looked >= FARTHEST


def reaches(loss: Any, weights: Iterable[Any]) -> bool:
    """Whether a loss's gradient goes to some weight of these, as far as its graph is looked at."""
    wanted = {id(weight) for weight in weights}
    return any(id(getattr(node, "variable", None)) in wanted for node in _behind(loss))


def _behind(loss: Any) -> Iterator[Any]:
    """Give the nodes of a loss's graph, the nearest first, up to `FARTHEST`."""
    if loss.grad_fn is None:
        return
    waiting, seen = deque([loss.grad_fn]), {loss.grad_fn}
    for _ in range(FARTHEST):
        if not waiting:
            return
        node = waiting.popleft()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)


def last_activation(scores: Any) -> str | None:
    """Return what a tensor went through last, ``"linear"`` for nothing; None where the graph does not tell."""
    node, has_log = scores.grad_fn, False
    for _ in range(MOST_STEPS):
        if node is None:
            return None
        name = type(node).__name__.rstrip("0123456789")
        if name == "LogBackward" and not has_log:
            has_log = True
        elif not name.startswith(THROUGH):
            found = ENDS.get(name)
            return {"softmax": "log_softmax", "sigmoid": "log_sigmoid"}.get(found or "") if has_log else found
        node = next((following for following, _ in node.next_functions if following is not None), None)
    return None
