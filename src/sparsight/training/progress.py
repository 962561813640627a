"""Where a training stands: what it needs to go on as if nothing had happened, and what it hands to the next round."""

from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor, nn

State = dict[str, Tensor]


@dataclass(frozen=True)
class Epoch:
    """One line of ``training.jsonl``. Loss and accuracy are over the epoch's batches, as they were met."""

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    validation_accuracy: float | None
    seconds: float

    def as_dict(self) -> dict[str, float | int | None]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Optimiser:
    """What stochastic gradient descent remembers: a momentum buffer a parameter, and how many steps it has made."""

    momentum: State = field(default_factory=dict)
    steps: int = 0


@dataclass(frozen=True)
class Best:
    """The first of the scored networks with the highest validation accuracy, and the epochs of training it has had."""

    state: State
    epoch: int
    accuracy: float


@dataclass(frozen=True)
class Within:
    """Where in an epoch a training stands.

    Attributes:
        step: the next step of the epoch, from 1.
        losses: of the steps so far, zeros for the others.
        correct: answers to them that were right.
        seen: images in them.
        validation: the last accuracy on validation, where one was taken in this epoch.
        seconds: that the epoch has taken.
        noise: the states of torch's generators, by device.
    """

    step: int
    losses: Tensor
    correct: int
    seen: int
    validation: float | None
    seconds: float
    noise: State


@dataclass(frozen=True)
class Checkpoint:
    """A training between two epochs, or between two steps of one.

    Attributes:
        epoch: the next epoch, from 0, or the one that has begun.
        state: parameters and buffers.
        optimiser: momentum and steps.
        best: the best network so far, where the training scores.
        log: the epochs so far.
        within: where in the epoch it stands; None before its first step.
    """

    epoch: int
    state: State
    optimiser: Optimiser
    best: Best | None
    log: tuple[Epoch, ...]
    within: Within | None = None


def snapshot(model: nn.Module) -> State:
    """A copy of the model's parameters and buffers on the CPU."""
    return {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()
    }


def read_optimiser(optimiser: torch.optim.SGD, model: nn.Module, steps: int) -> Optimiser:
    """A copy of what the optimiser remembers, by the names of the model's parameters."""
    buffers = {name: optimiser.state[weight].get("momentum_buffer") for name, weight in model.named_parameters()}
    copies = {
        name: buffer.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, buffer in buffers.items()
        if buffer is not None
    }
    return Optimiser(copies, steps)


def restore_optimiser(optimiser: torch.optim.SGD, model: nn.Module, remembered: Optimiser) -> None:
    """Make the optimiser remember what ``read_optimiser`` gave."""
    for name, weight in model.named_parameters():
        if name in remembered.momentum:
            buffer = torch.empty_like(weight)  # in the weight's memory format, as the optimiser would make it
            optimiser.state[weight]["momentum_buffer"] = buffer.copy_(remembered.momentum[name])
