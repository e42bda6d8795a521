"""What of a model is trained in a phase: which layers hold the weights that move."""

from __future__ import annotations

from dataclasses import dataclass

from diagnose.model_card import LayerCard, ModelCard, Role

WEIGHTS = frozenset({Role.DENSE, Role.CONVOLUTION, Role.RECURRENT, Role.ATTENTION, Role.EMBEDDING})
LOW_RANK = ("lora", "adapter", "prefix", "prompt", "ia3")
"""What layers of parameter-efficient tuning are called."""


@dataclass(frozen=True)
class Stretch:
    """Neighbouring layers that are all trained or all frozen; layers without weights count to what is before them."""

    is_trained: bool
    layers: tuple[LayerCard, ...]

    @property
    def words(self) -> str:
        """From its first to its last layer."""
        first, last = self.layers[0].name, self.layers[-1].name
        return repr(first) if first == last else f"{first!r} to {last!r}"


@dataclass(frozen=True)
class Counted:
    """The last layers as the user's code counts them, all flagged as trainable, with a frozen one in front.

    ``holding`` are those of them that hold weights.
    """

    names: tuple[str, ...]
    holding: tuple[str, ...]
    weightless_of_backbone: tuple[str, ...]


@dataclass(frozen=True)
class TrainedPart:
    """What is trained.

    Attributes
    ----------
    stretches
        Of the layers with weights, in order.
    trained, frozen
        Layers with weights that are trained, wholly or in part; and the others.
    values, whole
        Trainable values, and all.
    counted
        The tail that the flags name; None where nothing in front of it is frozen.
    random
        Frozen layers whose weights look freshly initialised.
    is_efficient
        Whether small layers within a frozen model are trained: low-rank adapters and their like.
    only_normalisation
        Whether normalisation layers alone are trained, beside a head.
    """

    stretches: tuple[Stretch, ...]
    trained: tuple[LayerCard, ...]
    frozen: tuple[LayerCard, ...]
    values: int
    whole: int
    counted: Counted | None
    random: tuple[LayerCard, ...]
    is_efficient: bool
    only_normalisation: bool

    @property
    def last(self) -> LayerCard | None:
        """The last layer with weights, which makes the outputs."""
        return self.stretches[-1].layers[-1] if self.stretches else None

    @property
    def is_head_only(self) -> bool:
        """Whether all in front is frozen and the trained layers at the end are dense: feature extraction."""
        ends = len(self.stretches) == 2 and not self.stretches[0].is_trained
        return ends and all(
            layer.role in {Role.DENSE, Role.BATCH_NORMALISATION, Role.NORMALISATION} for layer in self.trained
        )


def trained_part(card: ModelCard, began: ModelCard) -> TrainedPart:
    """Return what is trained of a model; ``began`` is its card at the start, which tells how weights began."""
    held = card.with_weights()
    trained = tuple(layer for layer in held if layer.trainable_parameters)
    frozen = tuple(layer for layer in held if not layer.trainable_parameters)
    initial = {layer.name: layer.is_initial for layer in began.layers}
    body = tuple(layer for layer in trained if layer.role in WEIGHTS)
    return TrainedPart(
        _stretches(held),
        trained,
        frozen,
        card.trainable_parameters,
        card.parameters,
        _counted(card),
        tuple(layer for layer in frozen if layer.role in WEIGHTS and initial.get(layer.name, layer.is_initial)),
        bool(trained) and any(word in layer.name.lower() for layer in trained for word in LOW_RANK),
        bool(trained) and len(body) <= 1 and len(trained) > 2,
    )


def _stretches(held: tuple[LayerCard, ...]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for layer in held:
        is_trained = layer.trainable_parameters > 0
        if found and found[-1].is_trained == is_trained:
            found[-1] = Stretch(is_trained, (*found[-1].layers, layer))
        else:
            found.append(Stretch(is_trained, (layer,)))
    return tuple(found)


def _counted(card: ModelCard) -> Counted | None:
    """Return the tail of the top level that is flagged as trainable throughout, where a layer in front of it is not."""
    tail: list[str] = []
    for name in reversed(card.top_level):
        inside = _inside(card, name)
        if not inside or not all(layer.is_trainable for layer in inside):
            break
        tail.insert(0, name)
    if not tail or len(tail) == len(card.top_level):
        return None
    flags = {layer.name: layer for layer in card.layers}
    holding = tuple(name for name in tail if _parameters(card, name))
    # a pooling of which others of its kind are frozen is the backbone's own; one that a head brings has none
    kinds = {layer.kind for layer in card.layers if layer.role is Role.POOLING and not layer.is_trainable}
    weightless = tuple(
        name for name in tail
        if name in flags and flags[name].role is Role.POOLING and flags[name].kind in kinds
    )  # fmt: skip
    return Counted(tuple(tail), holding, weightless)


def _parameters(card: ModelCard, name: str) -> int:
    return sum(layer.trainable_parameters for layer in _inside(card, name))


def _inside(card: ModelCard, name: str) -> list[LayerCard]:
    parts = (f"{name}/", f"{name}.")
    return [layer for layer in card.layers if layer.name == name or layer.name.startswith(parts)]
