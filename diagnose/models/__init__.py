"""What a model says of the rows of each split: outputs, losses and features, computed once.

A framework's way of asking a model lies in a file of its own (`inspectors`), which imports the framework only when such
a model is there. The model is asked, never changed.
"""

from diagnose.models.asking import with_model
from diagnose.models.cards import card_of
from diagnose.models.loading import load_model

__all__ = ["card_of", "load_model", "with_model"]
