"""Rounds whose training moves no weight, known before anything is trained: from the schedule and the arm alone.

A cosine that is not started again (``keep_optimizer``) has ended with round 0. A step schedule falls on from round to
round until no weight can move, and so may a rewinding that leaves only the last epochs of one. And where networks are
scored before each epoch, a training of one epoch has the untrained network for its only candidate.
"""

from typing import Literal

from sparsight.arms.arm import Arm
from sparsight.training import TrainingSettings, learning_rate

LEAST_SHARE = 1e-6
"""Share of ``training.learning_rate`` at and below which a round counts as untrained: single precision has 7 digits."""
LEAST_RATE = 1e-10
"""Learning rate at and below which no weight of a usual size moves in single precision."""

Why = Literal["rate", "selection"]


def budget_of(arm: Arm, training: TrainingSettings) -> TrainingSettings:
    """The settings by which the arm's rounds after the first train: ``finetune`` has a small constant rate."""
    if arm.start != "finetune":
        return training
    rate = training.finetune_rate or training.learning_rate / 10
    return training.model_copy(update={"learning_rate": rate, "schedule": "constant"})


def largest_rate(arm: Arm, training: TrainingSettings, round_: int) -> float:
    """The largest learning rate of a round. No schedule rises, so it is that of the first step."""
    settings = (budget_of(arm, training) if round_ else training).of_round(round_)
    first = 0
    if round_ and arm.rewind_epoch:
        first = arm.rewind_epoch
    elif round_ and arm.toggles.keep_optimizer:
        first = training.of_round(0).epochs + (round_ - 1) * settings.epochs
    return learning_rate(settings, first, 1)


def idle_rounds(arm: Arm, training: TrainingSettings, rounds: int) -> dict[int, Why]:
    """The rounds of an arm in which no weight moves, or none that has moved is kept, and why.

    Args:
        arm: how tickets are made.
        training: the study's.
        rounds: how many there are, round 0 counted.
    """
    found: dict[int, Why] = {}
    for round_ in range(rounds):
        rate = largest_rate(arm, training, round_)
        if rate <= LEAST_RATE or rate <= LEAST_SHARE * training.learning_rate:
            found[round_] = "rate"
        elif arm.toggles.score_before_epoch and training.of_round(round_).epochs == 1:
            found[round_] = "selection"
    return found
