"""Fit one network under one mask: the only training loop."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from sparsight.data import ConceptDataset, normalise
from sparsight.errors import InputError
from sparsight.models import broken_weights, placed
from sparsight.pruning import hold_at_zero
from sparsight.training.batches import DrawKey, steps_per_epoch, training_batches
from sparsight.training.loss import class_weights
from sparsight.training.noise import noise_state, seeded_noise
from sparsight.training.progress import (
    Best,
    Checkpoint,
    Epoch,
    Optimiser,
    State,
    Within,
    read_optimiser,
    restore_optimiser,
    snapshot,
)
from sparsight.training.rule import RIGHT, Rule
from sparsight.training.schedules import learning_rate
from sparsight.training.settings import TrainingSettings
from sparsight.training.step import held, training_step

SCORES_AN_EPOCH = 8
"""How often a training that stops at an accuracy is scored on validation in an epoch."""


class TrainingDivergedError(InputError):
    """The loss, a weight or a norm's statistic is no longer a number."""


@dataclass(frozen=True)
class Fitted:
    """What a training leaves.

    Attributes:
        selected: the state that was chosen (the last epoch's, or the best on validation).
        end: the state after the last epoch; the same object as ``selected`` where that was chosen.
        selected_epoch: how many epochs of training ``selected`` has had, the one it was stopped in counted whole.
        optimiser: what the optimiser remembers at the end.
        log: one entry an epoch.
    """

    selected: State
    end: State
    selected_epoch: int
    optimiser: Optimiser
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
    optimiser: Optimiser | None = None,
    epochs: range | None = None,
    stop_at: float | None = None,
    resume: Checkpoint | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    at_batch: Callable[[Callable[[], Checkpoint]], None] | None = None,
    device: torch.device,
    where: str = "training",
    on_epoch: Callable[[], None] = lambda: None,
) -> Fitted:
    """Train ``model`` in place; weights outside ``mask`` get no gradient, and are zero from the first step on.

    Args:
        model: holds the state to start from.
        mask: for each prunable parameter, true where it is kept.
        data: the ``train`` split is trained on; ``validation`` chooses an epoch where one is to be chosen.
        settings: the budget.
        key: what order and augmentation are drawn from.
        rule: departures of the released code that change a training.
        mask_each_step: whether weights outside the mask are held at zero. False (the switch ``mask_once``) changes
            nothing where they start at zero and the optimiser fresh, as they have no gradient; with ``optimiser`` stale
            momentum moves them away from zero.
        optimiser: what the optimiser remembers of an earlier training (``keep_optimizer``); fresh if None.
        epochs: which epochs of the budget to train, all by default: a later start takes up the schedule and the data
            order there (rewinding to an epoch), an earlier end leaves them unfinished.
        stop_at: stop as soon as validation accuracy, scored before the first step and eight times an epoch, is so high.
        resume: go on from here; it must come from a call with the same arguments.
        on_checkpoint: called with a checkpoint after every epoch but the last.
        at_batch: called before every step with what makes a checkpoint there; it may end the training by an error.
        device: where to train.
        where: named in errors.
        on_epoch: called after every epoch.

    Raises:
        TrainingDivergedError: naming ``where``, the epoch and the step.
    """
    budget = range(settings.epochs) if epochs is None else epochs
    if resume is not None:
        model.load_state_dict(resume.state)
    elif mask_each_step:
        hold_at_zero(model, mask)
    placed(model, device)
    still = held(model, mask, rule, again=mask_each_step and optimiser is not None)
    sgd = torch.optim.SGD(
        model.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
    )
    by_class = class_weights(data, settings)
    weights = None if by_class is None else by_class.to(device)
    steps = steps_per_epoch(data, settings)
    before = 0 if optimiser is None else optimiser.steps
    remembered = optimiser if resume is None else resume.optimiser
    if remembered is not None:
        restore_optimiser(sgd, model, remembered)
    scored = rule.score_before_epoch or settings.selection == "best"
    best = None if resume is None else resume.best
    log = [] if resume is None else list(resume.log)
    stopped = stop_at is not None and resume is None and _accuracy(model, data, settings, device) >= stop_at

    for epoch in budget if resume is None else range(resume.epoch, budget.stop):
        if stopped:
            break
        within = resume.within if resume is not None and epoch == resume.epoch else None
        started = time.perf_counter() - (0.0 if within is None else within.seconds)
        validation = None if within is None else within.validation
        if rule.score_before_epoch and within is None:
            best, validation = _better(best, model, data, settings, device, epoch)
        model.train()
        first = 0 if within is None else within.step
        losses = torch.zeros(steps, device=device) if within is None else within.losses.to(device)
        correct = torch.tensor(0 if within is None else within.correct, dtype=torch.int64, device=device)
        seen = 0 if within is None else within.seen
        with seeded_noise(key, epoch, device, None if within is None else within.noise):
            batches = training_batches(data, settings, key, epoch, device, first)
            for step, (images, labels) in enumerate(batches, first):
                if at_batch is not None:
                    done = before + epoch * steps + step
                    inside = partial(_within, step, losses, correct, seen, validation, started, device)
                    at_batch(partial(_stands, model, sgd, done, epoch, best, log, inside))
                rate = learning_rate(settings, before + epoch * steps + step, steps)
                for group in sgd.param_groups:
                    group["lr"] = rate
                losses[step], logits = training_step(model, sgd, images, labels, still, settings, weights)
                correct += (logits.argmax(1) == labels).sum()
                seen += len(labels)
                if stop_at is not None and (step + 1) % max(1, steps // SCORES_AN_EPOCH) == 0:
                    validation = _accuracy(model, data, settings, device)
                    model.train()
                    if validation >= stop_at:
                        stopped = True
                        break
        _check_finite(losses, model, f"{where}, epoch {epoch}")
        if scored and not rule.score_before_epoch:
            best, validation = _better(best, model, data, settings, device, epoch + 1)
        loss_mean = float(losses[: step + 1].mean())
        log.append(Epoch(epoch, rate, loss_mean, float(correct) / seen, validation, time.perf_counter() - started))
        if on_checkpoint is not None and not stopped and epoch + 1 < budget.stop:
            on_checkpoint(_stands(model, sgd, before + (epoch + 1) * steps, epoch + 1, best, log))
        on_epoch()

    end = snapshot(model)
    memory = read_optimiser(sgd, model, before + budget.stop * steps)
    trained = log[-1].epoch + 1 if stopped and log else 0 if stopped else budget.stop
    if best is None or best.epoch == budget.stop:
        return Fitted(end, end, trained, memory, tuple(log))
    return Fitted(best.state, end, best.epoch, memory, tuple(log))


def _stands(
    model: nn.Module,
    sgd: torch.optim.SGD,
    done: int,
    epoch: int,
    best: Best | None,
    log: Sequence[Epoch],
    within: Callable[[], Within | None] = lambda: None,
) -> Checkpoint:
    """Where a training stands before its next step, when ``done`` have been made."""
    return Checkpoint(epoch, snapshot(model), read_optimiser(sgd, model, done), best, tuple(log), within())


def _within(
    step: int,
    losses: Tensor,
    correct: Tensor,
    seen: int,
    validation: float | None,
    started: float,
    device: torch.device,
) -> Within | None:
    """Where in an epoch it stands; None before the first step."""
    seconds, noise = time.perf_counter() - started, noise_state(device)
    return Within(step, losses.cpu(), int(correct), seen, validation, seconds, noise) if step else None


def _better(
    best: Best | None,
    model: nn.Module,
    data: ConceptDataset,
    settings: TrainingSettings,
    device: torch.device,
    epoch: int,
) -> tuple[Best, float]:
    """The better of the best so far and the model as it is, which has been trained for ``epoch`` epochs."""
    accuracy = _accuracy(model, data, settings, device)
    better = best is None or accuracy > best.accuracy
    return (Best(snapshot(model), epoch, accuracy) if best is None or better else best), accuracy


@torch.no_grad()
def _accuracy(model: nn.Module, data: ConceptDataset, settings: TrainingSettings, device: torch.device) -> float:
    """Validation accuracy; the model is left in evaluation mode."""
    model.eval()
    indices = data.splits["validation"]
    correct = 0
    for chosen in indices.split(4 * settings.batch_size):
        predicted = model(normalise(data.images[chosen], data, device)).argmax(1).cpu()
        correct += int((predicted == data.labels[chosen]).sum())
    return correct / len(indices)


def _check_finite(losses: Tensor, model: nn.Module, where: str) -> None:
    wrong = (~torch.isfinite(losses)).nonzero()
    broken = broken_weights(model)
    if not len(wrong) and not broken:
        return
    what = f", step {int(wrong[0])}: the loss is not a finite number" if len(wrong) else ""
    weights = f"{', and at the end of the epoch' if what else ''}: not finite numbers: {broken}" if broken else ""
    raise TrainingDivergedError(
        f"{where}{what}{weights}; lower training.learning_rate (a study needs another --out then)"
    )
