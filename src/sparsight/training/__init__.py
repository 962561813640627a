"""Training: one network under one mask."""

from sparsight.training.augmentation import augmentation_words
from sparsight.training.batches import DrawKey, steps_per_epoch, training_batches
from sparsight.training.device import one_thread, resolve_device
from sparsight.training.fit import SCORES_AN_EPOCH, Fitted, TrainingDivergedError, fit
from sparsight.training.progress import Best, Checkpoint, Epoch, Optimiser, State, Within
from sparsight.training.rule import FREEZE_BELOW, RIGHT, Rule
from sparsight.training.schedules import learning_rate
from sparsight.training.settings import TrainingSettings

__all__ = [
    "FREEZE_BELOW",
    "RIGHT",
    "SCORES_AN_EPOCH",
    "Best",
    "Checkpoint",
    "DrawKey",
    "Epoch",
    "Fitted",
    "Optimiser",
    "Rule",
    "State",
    "TrainingDivergedError",
    "TrainingSettings",
    "Within",
    "augmentation_words",
    "fit",
    "learning_rate",
    "one_thread",
    "resolve_device",
    "steps_per_epoch",
    "training_batches",
]
