"""The model card of a scikit-learn estimator: the layers of a network, one linear layer, or nothing but its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from diagnose.model_card import GroupCard, LayerCard, LossCard, ModelCard, OptimizerCard, Role, Wants

FRAMEWORK = "sklearn"
LINEAR = ("SGD", "Perceptron", "PassiveAggressive", "LogisticRegression")
ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}
LOSSES = {"hinge": "hinge", "squared_error": "mean_squared_error", "huber": "huber", "perceptron": "perceptron"}


def last_step(model: Any) -> Any:
    """Return the estimator at the end of a pipeline, or the model itself."""
    steps = getattr(model, "steps", None)
    return steps[-1][1] if steps else model


def is_network(estimator: Any) -> bool:
    """Whether it is a multi-layer network, fitted or not."""
    return hasattr(estimator, "hidden_layer_sizes")


def is_scale_sensitive(estimator: Any) -> bool:
    """Whether it descends a gradient, so that columns of very different scale are its trouble."""
    return is_network(estimator) or type(estimator).__name__.startswith(LINEAR)


def settings(model: Any) -> dict[str, Any]:
    """Return the hyperparameters of an estimator by its own names, a network's by common ones where these differ."""
    estimator = last_step(model)
    found = dict(estimator.get_params(deep=False))
    if is_network(estimator):
        renamed = {"learning_rate_init": "learning_rate", "learning_rate": "schedule", "alpha": "weight_decay"}
        found = {renamed.get(name, name): value for name, value in found.items()}
        if found.get("batch_size") == "auto":
            del found["batch_size"]
    sizes = found.get("hidden_layer_sizes")
    if sizes is not None:
        found["hidden_layer_sizes"] = str(sizes)
    return {**found, "framework": FRAMEWORK, "estimator": type(estimator).__name__}


def card(model: Any) -> ModelCard | None:
    """Return the card of a fitted estimator; None of one that has no layers, as trees have none."""
    estimator = last_step(model)
    name = type(estimator).__name__
    if name.startswith(LINEAR) and hasattr(estimator, "coef_"):
        size = int(np.size(estimator.coef_) + np.size(estimator.intercept_))
        return ModelCard(name, FRAMEWORK, (LayerCard("coef_", name, Role.DENSE, size, size, activation="linear"),))
    if not is_network(estimator) or not hasattr(estimator, "coefs_"):
        return None
    layers = tuple(_layers(estimator))
    return ModelCard(
        name,
        FRAMEWORK,
        layers,
        top_level=tuple(layer.name for layer in layers),
        input_shapes=((estimator.coefs_[0].shape[0],),),
        output_width=int(estimator.n_outputs_),
        output_activation=layers[-1].activation,
        loss=_loss(estimator),
        optimizer=_optimizer(estimator, layers),
    )


def layer_names(estimator: Any) -> tuple[str, ...]:
    """Return the names of a network's layers: where their weights stand."""
    return tuple(f"coefs_[{i}]" for i in range(len(estimator.coefs_)))


def _layers(estimator: Any) -> Iterator[LayerCard]:
    activations = [estimator.activation] * (len(estimator.coefs_) - 1) + [estimator.out_activation_]
    for name, weights, offsets, activation in zip(
        layer_names(estimator), estimator.coefs_, estimator.intercepts_, activations, strict=True
    ):
        size = int(weights.size + offsets.size)
        yield LayerCard(
            name,
            "output layer" if weights is estimator.coefs_[-1] else "hidden layer",
            Role.DENSE,
            size,
            size,
            size,
            activation=ACTIVATIONS.get(activation, activation),
            output_shape=(int(weights.shape[1]),),
            dtype=str(np.asarray(weights).dtype),
            settings={"alpha": float(estimator.alpha)},
        )


def _loss(estimator: Any) -> LossCard:
    names: Mapping[str, str] = {"softmax": "categorical_crossentropy", "logistic": "binary_crossentropy"}
    name = names.get(estimator.out_activation_)
    if name is not None:
        return LossCard(name, Wants.PROBABILITIES, spelt=f"{type(estimator).__name__}'s own")
    spelt = str(getattr(estimator, "loss", "squared_error"))
    return LossCard(LOSSES.get(spelt, "mean_squared_error"), Wants.VALUES, spelt=spelt)


def _optimizer(estimator: Any, layers: tuple[LayerCard, ...]) -> OptimizerCard | None:
    names = {"adam": "Adam", "sgd": "SGD"}
    if estimator.solver not in names:
        return OptimizerCard(str(estimator.solver))
    is_sgd = estimator.solver == "sgd"
    group = GroupCard(
        float(estimator.learning_rate_init),
        momentum=float(estimator.momentum) if is_sgd else None,
        parameters=sum(layer.parameters for layer in layers),
        layers=tuple(layer.name for layer in layers),
    )
    return OptimizerCard(
        names[estimator.solver],
        (group,),
        schedule=estimator.learning_rate if is_sgd and estimator.learning_rate != "constant" else "",
    )


def rate(model: Any) -> float | None:
    """Return the learning rate of now, where the estimator has one that is a number."""
    estimator = last_step(model)
    own = getattr(getattr(estimator, "_optimizer", None), "learning_rate", None)
    if own is None and getattr(estimator, "learning_rate", "") == "constant":
        own = getattr(estimator, "eta0", None)
    return None if own is None else float(own)
