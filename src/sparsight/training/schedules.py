"""The learning rate by step."""

from math import cos, pi

from sparsight.training.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, step: int, steps_per_epoch: int) -> float:
    """The learning rate of optimiser step ``step`` (from 0) of a training with ``steps_per_epoch`` steps an epoch.

    A step beyond the training's end belongs to a schedule that was never started again (``Rule.keep_optimizer``): a
    step schedule drops on, a cosine stays where it ended, at 0.
    """
    if settings.schedule == "constant":
        return settings.learning_rate
    if settings.schedule == "step":
        drops = step // steps_per_epoch // settings.step_epochs
        return float(settings.learning_rate * settings.step_factor**drops)
    progress = min(1.0, step / (settings.epochs * steps_per_epoch))
    return settings.learning_rate * (1 + cos(pi * progress)) / 2
