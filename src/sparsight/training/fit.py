"""Fit one network under one mask: the only training loop."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from sparsight.data import ConceptDataset, normalise
from sparsight.errors import InputError
from sparsight.training.batches import DrawKey, steps_per_epoch, training_batches
from sparsight.training.rule import FREEZE_BELOW, RIGHT, Rule
from sparsight.training.schedules import learning_rate
from sparsight.training.settings import TrainingSettings

State = dict[str, Tensor]


class TrainingDivergedError(InputError):
    """The loss or a weight is no longer a number."""


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
class Fitted:
    """What a training leaves.

    Attributes:
        selected: the state that was chosen (the last epoch's, or the best on validation).
        end: the state after the last epoch; the same object as ``selected`` where that was chosen.
        selected_epoch: how many epochs of training ``selected`` has had.
        log: one entry an epoch.
    """

    selected: State
    end: State
    selected_epoch: int
    log: tuple[Epoch, ...]


def fit(
    model: nn.Module,
    mask: dict[str, Tensor],
    data: ConceptDataset,
    settings: TrainingSettings,
    key: DrawKey,
    *,
    rule: Rule = RIGHT,
    mask_each_step: bool = True,
    device: torch.device,
    where: str = "training",
    on_epoch: Callable[[], None] = lambda: None,
) -> Fitted:
    """Train ``model`` in place; weights outside ``mask`` get no gradient and are zero after every step.

    Args:
        model: holds the state to start from.
        mask: for each prunable parameter, true where it is kept.
        data: the ``train`` split is trained on; ``validation`` chooses an epoch where one is to be chosen.
        settings: the budget.
        key: what order and augmentation are drawn from.
        rule: departures of the released code that change a training.
        mask_each_step: whether the mask is applied to the weights again after every step. False (RELEASED_CODE.md,
            row 5) changes nothing while the optimiser starts fresh, as pruned weights have no gradient.
        device: where to train.
        where: named in errors.
        on_epoch: called after every epoch.

    Raises:
        TrainingDivergedError: naming ``where``, the epoch and the step.
    """
    model.to(device).to(memory_format=torch.channels_last)
    parameters = dict(model.named_parameters())
    kept = [(parameters[name], keep.to(device)) for name, keep in mask.items()]
    every_weight = [parameter for name, parameter in parameters.items() if name.rsplit(".", 1)[-1] == "weight"]
    optimiser = torch.optim.SGD(
        model.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
    )
    best = _Best() if rule.score_before_epoch or settings.selection == "best" else None
    steps = steps_per_epoch(data, settings)
    log: list[Epoch] = []

    for epoch in range(settings.epochs):
        started = time.perf_counter()
        validation = None
        if best and rule.score_before_epoch:
            validation = best.offer(model, data, settings, device, epoch)
        model.train()
        losses = torch.zeros(steps, device=device)
        correct = torch.zeros((), dtype=torch.int64, device=device)
        seen = 0
        for step, (images, labels) in enumerate(training_batches(data, settings, key, epoch, device)):
            rate = learning_rate(settings, epoch * steps + step, steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            logits = model(images)
            loss = nn.functional.cross_entropy(logits, labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            with torch.no_grad():
                _stop_gradients(kept, every_weight if rule.freeze_negative else [])
                optimiser.step()
                if mask_each_step:
                    for weight, keep in kept:
                        weight.mul_(keep)
            losses[step] = loss.detach()
            correct += (logits.argmax(1) == labels).sum()
            seen += len(labels)
        _check_finite(losses, model, f"{where}, epoch {epoch}")
        if best and not rule.score_before_epoch:
            validation = best.offer(model, data, settings, device, epoch + 1)
        log.append(
            Epoch(epoch, rate, float(losses.mean()), float(correct) / seen, validation, time.perf_counter() - started)
        )
        on_epoch()

    end = _snapshot(model)
    if best is None or best.epoch == settings.epochs:
        return Fitted(end, end, settings.epochs, tuple(log))
    return Fitted(best.state, end, best.epoch, tuple(log))


def _stop_gradients(kept: list[tuple[nn.Parameter, Tensor]], frozen_below: list[nn.Parameter]) -> None:
    """Zero the gradients of pruned weights, and of those that are below the released code's threshold."""
    for weight, keep in kept:
        if weight.grad is not None:
            weight.grad.mul_(keep)
    for weight in frozen_below:
        if weight.grad is not None:
            weight.grad.mul_(weight >= FREEZE_BELOW)


class _Best:
    """The first of the offered networks with the highest validation accuracy."""

    def __init__(self) -> None:
        self.state: State = {}
        self.epoch = 0
        self.accuracy = -1.0

    def offer(
        self, model: nn.Module, data: ConceptDataset, settings: TrainingSettings, device: torch.device, epoch: int
    ) -> float:
        accuracy = _accuracy(model, data, "validation", settings.batch_size, device)
        if accuracy > self.accuracy:
            self.state, self.epoch, self.accuracy = _snapshot(model), epoch, accuracy
        return accuracy


@torch.no_grad()
def _accuracy(model: nn.Module, data: ConceptDataset, split: str, batch_size: int, device: torch.device) -> float:
    model.eval()
    indices = data.splits[split]
    correct = 0
    for chosen in indices.split(4 * batch_size):
        predicted = model(normalise(data.images[chosen], data, device)).argmax(1).cpu()
        correct += int((predicted == data.labels[chosen]).sum())
    return correct / len(indices)


def _snapshot(model: nn.Module) -> State:
    return {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()
    }


def _check_finite(losses: Tensor, model: nn.Module, where: str) -> None:
    wrong = (~torch.isfinite(losses)).nonzero()
    remedy = "a study needs another --out then"
    if len(wrong):
        raise TrainingDivergedError(
            f"{where}, step {int(wrong[0])}: the loss is not a finite number; lower training.learning_rate ({remedy})"
        )
    if not all(bool(torch.isfinite(parameter).all()) for parameter in model.parameters()):
        raise TrainingDivergedError(
            f"{where}, step {len(losses) - 1}: a weight is not a finite number; lower training.learning_rate ({remedy})"
        )
