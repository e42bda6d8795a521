"""What a model card says of its first layers and of pretrained parts within it."""

from __future__ import annotations

from dataclasses import dataclass

from diagnose.measures.programme import Programme
from diagnose.model_card import LayerCard, ModelCard, Role
from diagnose.run import Context

NORMALISING = frozenset({Role.RESCALING, Role.NORMALISATION, Role.BATCH_NORMALISATION})
WEIGHTED = frozenset({Role.DENSE, Role.CONVOLUTION, Role.RECURRENT, Role.ATTENTION})
LEAST_SHARE = 0.5
"""Of a part's weights that decide how it began: norms and heads within it may be new."""


@dataclass(frozen=True)
class Backbone:
    """A recognised architecture within the model.

    Attributes
    ----------
    path
        The part's name, empty for the model itself.
    architecture
        Canonical.
    layers
        Its layers.
    is_pretrained
        None where that can't be told.
    """

    path: str
    architecture: str
    layers: tuple[LayerCard, ...]
    is_pretrained: bool | None

    @property
    def is_frozen(self) -> bool:
        """Whether none of its weights is trained."""
        return not any(layer.trainable_parameters for layer in self.layers)

    @property
    def words(self) -> str:
        """What a sentence calls it."""
        named = bool(self.path) and self.path.replace("_", "") != self.architecture.replace("_", "")
        return f"{self.architecture} ({self.path!r})" if named else self.architecture


def backbones(card: ModelCard, programme: Programme, context: Context) -> tuple[Backbone, ...]:
    """Return the architectures within a model, and whether they began pretrained, as far as that can be told."""
    return tuple(
        Backbone(path, architecture, layers, _is_pretrained(layers, path, programme, context))
        for path, architecture in card.backbones.items()
        if (layers := tuple(layer for layer in card.layers if layer.backbone == path))
    )


def loaded_part(programme: Programme) -> Backbone | None:
    """Return the layers that began with statistics of their own, whatever their architecture; None without a hook."""
    first = programme.phases[0]
    layers = tuple(layer for layer in first.card.layers if layer.is_initial is False)
    if not programme.is_recorded or first.start > 0 or not layers:
        return None
    return Backbone("", "part", layers, is_pretrained=True)


def _is_pretrained(layers: tuple[LayerCard, ...], path: str, programme: Programme, context: Context) -> bool | None:
    """Tell from the weights: before training they are what they were loaded as; frozen ones are so ever after."""
    first = programme.phases[0]
    if programme.is_recorded and first.start == 0:
        before = tuple(layer for layer in first.card.layers if layer.backbone == path)
        told = _began(before or layers)
    else:
        told = _began(tuple(layer for layer in layers if not layer.trainable_parameters))
    return context.pretrained if told is None else told


def _began(layers: tuple[LayerCard, ...]) -> bool | None:
    known = [(layer.is_initial, layer.parameters) for layer in layers
             if layer.parameters and layer.is_initial is not None]  # fmt: skip
    whole = sum(size for _, size in known)
    if not whole:
        return None
    loaded = sum(size for is_initial, size in known if not is_initial)
    return loaded >= LEAST_SHARE * whole


def normalises_inputs(card: ModelCard) -> LayerCard | None:
    """Return the layer that brings inputs to scale before the first one with weights of its own; None without one.

    A normalisation right behind the first weights scales what they give as well as inputs would be: it counts too
    where nothing else stands between.
    """
    seen = 0
    for layer in card.layers:
        if layer.role in NORMALISING and not _is_identity(layer):
            return layer
        if layer.role in WEIGHTED or layer.role is Role.EMBEDDING:
            seen += 1
            if seen > 1 or layer.activation not in {"", "linear"}:
                return None
        elif layer.role is Role.ACTIVATION:
            return None
    return None


def _is_identity(layer: LayerCard) -> bool:
    """Whether it is a layer for the data's own mean and variance that was never adapted to them, or is not used."""
    known = layer.settings
    is_plain = known.get("mean") == 0 and known.get("variance") == 1
    return layer.kind == "Normalization" and (is_plain or known.get("is_adapted") is False)


def begins_with_embedding(card: ModelCard) -> bool:
    """Whether whole numbers of the input are looked up."""
    first = next((layer for layer in card.layers if layer.role in WEIGHTED or layer.role is Role.EMBEDDING), None)
    return any(layer.role is Role.EMBEDDING for layer in card.layers) and first is not None and (
        first.role is Role.EMBEDDING
    )  # fmt: skip
