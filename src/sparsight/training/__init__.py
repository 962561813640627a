"""Training: one network under one mask."""

from sparsight.training.batches import DrawKey, steps_per_epoch, training_batches
from sparsight.training.device import resolve_device
from sparsight.training.fit import Epoch, Fitted, State, TrainingDivergedError, fit
from sparsight.training.rule import FREEZE_BELOW, Rule
from sparsight.training.schedules import learning_rate
from sparsight.training.settings import TrainingSettings

__all__ = [
    "FREEZE_BELOW",
    "DrawKey",
    "Epoch",
    "Fitted",
    "Rule",
    "State",
    "TrainingDivergedError",
    "TrainingSettings",
    "fit",
    "learning_rate",
    "resolve_device",
    "steps_per_epoch",
    "training_batches",
]
