"""Features behind the blocks of a PyTorch model: one pass in evaluation mode, with hooks, and nothing left behind."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from diagnose.model_card import Role
from diagnose.models.block_parts import ModelBlock
from diagnose.models.block_statistics import ROWS_OF_STATISTICS, BatchNormShift, Moments
from diagnose.models.block_taps import Tap, order_of, structured, taps_of
from diagnose.models.feature_arrays import Passed, Pooled, mask_of
from diagnose.models.predictor import Array
from diagnose.models.torch_blocks import has_statistics, opened, torch_blocks
from diagnose.models.torch_layers import leaves, role_of, width_of
from diagnose.models.torch_listening import asked, events_of, first_tensor, is_leaf_module

TOKENS = ("cls_token", "class_token", "class_embedding")
Batches = Callable[[], Iterator[Any]]
Wanted = dict[tuple[str, int], tuple[str, Tap]]


def torch_features(model: Any, batches: Batches, some: Any, chosen: Sequence[str] | None, n: int) -> Passed:
    """Return the pooled features of a module's blocks.

    Parameters
    ----------
    model
        The module; it is asked in evaluation mode without gradients and left bit for bit as it was.
    batches
        Gives the inputs, batch by batch.
    some
        A batch of a few rows, by which the order of layers is found.
    chosen
        The user's own blocks, or None.
    n
        Rows in all.

    Raises
    ------
    InputError
        The model does not take the rows.
    """
    module = opened(model)
    with asked(module) as ask:
        events, few = events_of(module, ask, some)
        blocks = torch_blocks(module, chosen, order_of(events), structured(events))
        found = leaves(module)
        weighted = {leaf.name: width_of(leaf.module) for leaf in found if leaf.weights and is_leaf_module(leaf.module)}
        is_transformer = any(map(_is_attention, module.modules())) and _has_first_token(module)
        taps = taps_of(blocks, events, few, weighted, channels_last=False, is_transformer=is_transformer)
        return _passed(module, ask, batches, blocks, taps, max(1, n // ROWS_OF_STATISTICS))


def _passed(  # noqa: PLR0913, PLR0917
    module: Any,
    ask: Callable[[Any], Any],
    batches: Batches,
    blocks: tuple[ModelBlock, ...],
    taps: Mapping[str, Tap],
    every: int,
) -> Passed:
    pooled = Pooled()
    moments = {path: Moments(every) for path, part in module.named_modules() if has_statistics(part)}
    now: dict[str, Any] = {}
    seconds = 0.0
    with _hooked(module, taps, moments, now, pooled):
        for batch in batches():
            now["mask"] = mask_of(batch)
            started = time.perf_counter()
            ask(batch)
            seconds += time.perf_counter() - started
    parts = dict(module.named_modules())
    owner = {layer: block.name for block in blocks for layer in block.layers}
    shifts = tuple(
        BatchNormShift.of(
            name, owner.get(name, ""), seen, _array(parts[name].running_mean), _array(parts[name].running_var),
            float(getattr(parts[name], "eps", 0.0)),
        )
        for name, seen in moments.items()
    )  # fmt: skip
    return Passed(blocks, pooled.arrays(taps), pooled.words(taps), shifts, seconds)


@contextmanager
def _hooked(
    module: Any, taps: Mapping[str, Tap], moments: dict[str, Moments], now: dict[str, Any], pooled: Pooled
) -> Iterator[None]:
    parts = dict(module.named_modules())
    hooks = [module.register_forward_pre_hook(lambda *_: now.update(calls={}, given={}))]
    for path in dict.fromkeys(tap.path for tap in taps.values()):
        here: Wanted = {(tap.way, tap.call): (name, tap) for name, tap in taps.items() if tap.path == path}
        taker = _Taker(path, here, now, pooled)
        hooks.append(parts[path].register_forward_pre_hook(taker.before, with_kwargs=True))
        hooks.append(parts[path].register_forward_hook(taker.behind))
    hooks += [parts[path].register_forward_pre_hook(_watcher(seen)) for path, seen in moments.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class _Taker:
    """Takes what one module is given, or gives, at the calls that are wanted."""

    def __init__(self, path: str, wanted: Wanted, now: dict[str, Any], pooled: Pooled) -> None:
        self.path, self.wanted, self.now, self.pooled = path, wanted, now, pooled

    def before(self, part: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        del part
        self._take("in", self.now["given"], first_tensor((*args, *kwargs.values())))

    def behind(self, part: Any, args: tuple[Any, ...], said: Any) -> None:
        del part, args
        self._take("out", self.now["calls"], first_tensor(said))

    def _take(self, way: str, counted: dict[str, int], tensor: Any) -> None:
        call = counted.get(self.path, 0)
        counted[self.path] = call + 1
        name, tap = self.wanted.get((way, call), ("", None))
        if tap is not None and tensor is not None:
            self.pooled.add(name, _pooled(tensor, tap, self.now["mask"]))


def _pooled(tensor: Any, tap: Tap, mask: Array | None) -> Array:
    """Return a block's features of a batch, shape ``(b, d)``."""
    torch: Any = sys.modules["torch"]
    whole = tensor.detach()
    if tap.rows == 1:
        whole = whole.transpose(0, 1)
    axes = [axis for axis in range(1, whole.ndim) if axis != tap.channels]
    if not axes:
        return _array(whole)
    if whole.ndim == 3 and tap.channels == 2 and mask is not None and mask.shape == tuple(whole.shape[:2]):
        weights = torch.as_tensor(mask, device=whole.device, dtype=torch.float32)
        mean = (whole.float() * weights[:, :, None]).sum(1) / weights.sum(1, keepdim=True).clamp(min=1)
    else:
        mean = whole.mean(dim=axes, dtype=torch.float32)
    return _array(torch.cat([mean, whole[:, 0].float()], 1) if tap.takes_first else mean)


def _watcher(seen: Moments) -> Any:
    torch: Any = sys.modules["torch"]

    def watch(part: Any, args: tuple[Any, ...]) -> None:
        del part
        tensor = args[0].detach() if args and isinstance(args[0], torch.Tensor) else None
        if tensor is None or tensor.ndim < 2:
            return
        chosen = tensor[:: seen.every]
        axes = [axis for axis in range(tensor.ndim) if axis != 1]
        variance, mean = torch.var_mean(chosen.float(), dim=axes, correction=0)
        seen.add(chosen.numel() // chosen.shape[1], len(chosen), _array(mean), _array(variance))

    return watch


def _is_attention(part: Any) -> bool:
    return role_of(part) is Role.ATTENTION or "Attention" in type(part).__name__


def _has_first_token(module: Any) -> bool:
    """Whether sequences begin with a token that stands for the whole: of texts, or a weight of the model's own."""
    named = any(name.rpartition(".")[2] in TOKENS for name, _ in module.named_parameters())
    return named or any(role_of(part) is Role.EMBEDDING for part in module.modules())


def _array(tensor: Any) -> Array:
    found: Array = tensor.detach().float().cpu().numpy()
    return found
