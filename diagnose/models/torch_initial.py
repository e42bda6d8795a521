"""Do a PyTorch layer's weights look freshly initialised? Judged by the range that its default draws from."""

from __future__ import annotations

import math
import sys
from typing import Any

from diagnose.model_card import Role
from diagnose.models.torch_layers import role_of

MOST_VALUES = 4096
HEAVY = 6.0
"""Kurtosis beyond which a kernel is trained: a uniform draw has 1.8, a normal one 3 with a standard error of 0.08 at
4,096 values, one cut at two deviations 2.4."""
ENOUGH = 512
"""Values from which a kurtosis says something: its standard error is then 0.22 for a normal draw."""


def looks_initial(module: Any, weights: tuple[tuple[str, Any], ...]) -> bool | None:
    """Return whether a layer's weights look freshly initialised; None where that can't be told."""
    if not weights:
        return None
    role = role_of(module)
    if role is Role.BATCH_NORMALISATION:
        return _is_fresh_batch_norm(module)
    if any(weight.is_meta or _is_lazy(weight) for _, weight in weights):
        return None
    if role is Role.NORMALISATION:
        return True if all(_is_constant(weight, (0.0, 1.0)) for _, weight in weights) else None
    if role not in (Role.DENSE, Role.CONVOLUTION):
        return None
    return _of_kernel(module, dict(weights))


def _of_kernel(module: Any, weights: dict[str, Any]) -> bool | None:
    kernel, bias = weights.get("weight"), weights.get("bias")
    if kernel is None or not kernel.is_floating_point() or kernel.ndim < 2:
        return None
    values = sample(kernel)
    if not all(map(math.isfinite, (float(values.min()), float(values.max())))):
        return None
    if values.numel() >= ENOUGH and _kurtosis(values) > HEAVY:
        return False
    bound = 1 / math.sqrt(math.prod(kernel.shape[1:]))  # the default, uniform in ± 1 / sqrt(fan in)
    is_plain = not getattr(module, "transposed", False)
    spread = float(values.square().mean().sqrt()) / (bound / math.sqrt(3))
    inside = float(values.abs().max()) <= bound * 1.0001
    fresh_bias = bias is None or _is_constant(bias, (0.0,)) or float(sample(bias).abs().max()) <= bound * 1.0001
    error = 6 / math.sqrt(2 * values.numel())  # six standard errors: 2e-9 of fresh weights differ by more
    return True if is_plain and inside and fresh_bias and abs(spread - 1) <= max(error, 1e-3) else None


def _is_fresh_batch_norm(module: Any) -> bool | None:
    mean, variance = getattr(module, "running_mean", None), getattr(module, "running_var", None)
    if mean is None or variance is None or mean.is_meta or _is_lazy(mean):
        return None
    return _is_constant(mean, (0.0,)) and _is_constant(variance, (1.0,))


def _is_constant(tensor: Any, values: tuple[float, ...]) -> bool:
    return any(bool((tensor.detach() == value).all()) for value in values)


def _is_lazy(tensor: Any) -> bool:
    torch: Any = sys.modules["torch"]
    return isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin)


def _kurtosis(values: Any) -> float:
    centred = values - values.mean()
    variance = float(centred.square().mean())
    return float((centred**4).mean()) / variance**2 if variance > 0 else 0.0


def sample(tensor: Any) -> Any:
    """Return some of a tensor's values as 32-bit floats, shape ``(n,)``, at places that no axis repeats at."""
    flat = tensor.detach().reshape(-1)
    if flat.numel() > MOST_VALUES:
        stride = flat.numel() // MOST_VALUES
        flat = flat[:: stride + 1 - stride % 2]  # odd: sizes of axes are mostly powers of two
    return flat.float()
