"""Training functions made of what people have: a model of their framework and data.

Each starts every training from the same place, carries out what a configuration says, and leaves the model and the data
that it was given as they were. ``understands`` of each lists the keys that it can carry out.
"""

from __future__ import annotations

from diagnose.trials.adapters.estimator import of_estimator as of_estimator
from diagnose.trials.adapters.keras_fit import of_keras as of_keras
from diagnose.trials.adapters.lightning_fit import of_lightning as of_lightning
from diagnose.trials.adapters.torch_loop import of_torch as of_torch
from diagnose.trials.adapters.trainer import of_trainer as of_trainer
