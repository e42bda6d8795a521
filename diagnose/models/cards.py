"""What a model is, read off the object: dispatched by framework, which is imported already where such an object is."""

from __future__ import annotations

import sys
from typing import Any

from diagnose.model_card import ModelCard
from diagnose.models import keras_card, torch_card


def card_of(model: Any, loss: Any = None, optimizer: Any = None) -> ModelCard | None:
    """Return the card of a model; None of one that has no layers to tell of, as scikit-learn's estimators.

    Parameters
    ----------
    model
        A Keras model, compiled or not, or a PyTorch module. It is not changed.
    loss, optimizer
        Of a PyTorch module, where they are known; Keras has them in the model.
    """
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "Model") and isinstance(model, keras.Model):
        return keras_card.card_of(model)
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(model, torch.nn.Module):
        return None
    if isinstance(model, torch.jit.ScriptModule):  # its parts have lost their classes
        return None
    return torch_card.card_of(model, loss, optimizer)
