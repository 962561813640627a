"""How an arm goes from the start to its dense network, and from one round to the next."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from sparsight.arms.arm import Arm
from sparsight.arms.idle import budget_of
from sparsight.arms.ticket import Ticket
from sparsight.data import ConceptDataset
from sparsight.draws import generator
from sparsight.pruning import (
    Mask,
    PruningSettings,
    full_mask,
    hold_at_zero,
    is_bias,
    is_norm_statistic,
    magnitude,
    masked,
    prunable,
    prune_by_layer,
    prune_globally,
    rewind,
)
from sparsight.training import (
    RIGHT,
    Checkpoint,
    DrawKey,
    Epoch,
    Fitted,
    Optimiser,
    Rule,
    State,
    TrainingSettings,
    fit,
)

Trained = tuple[Ticket, tuple[Epoch, ...]]


@dataclass(frozen=True)
class Workshop:
    """What every training of a study shares.

    Attributes:
        new_model: makes the network of a seed in its initial state; with a name after it, in another one.
        data: what is learned.
        training: the budget of every round.
        pruning: the schedule.
        device: where trainings run.
        on_epoch: called after every epoch.
        resume: where the training that is asked for was broken off, if it was.
        on_checkpoint: called between epochs with where the training stands.
        at_batch: called before every step with what makes a checkpoint there, or with None where none could be used; it
            may end the training by an error.
    """

    new_model: Callable[..., nn.Module]
    data: ConceptDataset
    training: TrainingSettings
    pruning: PruningSettings
    device: torch.device
    on_epoch: Callable[[], None] = lambda: None
    resume: Checkpoint | None = None
    on_checkpoint: Callable[[Checkpoint], None] | None = None
    at_batch: Callable[[Callable[[], Checkpoint] | None], None] | None = None


def train_dense(shop: Workshop, arm: Arm, seed: int, where: str) -> Trained:
    """Train the dense parent of an arm and seed."""
    model = _initial(shop, arm, seed)
    mask = full_mask(model.state_dict(), prunable(model))
    fitted = _fit(shop, model, mask, DrawKey(seed, 0, 0), where, rule=arm.rule)
    return _ticket(fitted, mask, arm.rule), fitted.log


def train_control(
    shop: Workshop, arm: Arm, seed: int, repeat: int, round_: int, previous: Ticket, where: str
) -> Trained:
    """Train a round of the arm's sequence with a mask of ones, in a data order of its own: the noise floor's network.

    Args:
        shop: what all trainings share.
        arm: how; its pruning is left out.
        seed: of the study.
        repeat: 1 and up; decides the data order.
        round_: 1 or more. Where the arm carries nothing, round 1 serves all rounds.
        previous: the control of the round before, the dense parent for round 1.
        where: named in errors.
    """
    model = shop.new_model(seed)
    ones = full_mask(model.state_dict(), prunable(model))
    return train_round(shop, arm.unpruned, seed, round_, previous, where, ones, repeat)


def train_dense_at(shop: Workshop, seed: int, accuracy: float, where: str) -> Trained:
    """Train the right rule's dense parent of a seed again, and stop as soon as validation accuracy is ``accuracy``.

    A network of the same accuracy that nothing was pruned from: what differs between it and the parent comes with the
    accuracy. Where the accuracy is never reached, it is the parent.
    """
    model = shop.new_model(seed)
    mask = full_mask(model.state_dict(), prunable(model))
    fitted = _fit(shop, model, mask, DrawKey(seed, 0, 0), where, stop_at=accuracy)
    return _ticket(fitted, mask, RIGHT), fitted.log


def train_round(
    shop: Workshop,
    arm: Arm,
    seed: int,
    round_: int,
    previous: Ticket,
    where: str,
    masks: Mask | None = None,
    repeat: int = 0,
) -> Trained:
    """Prune ``previous``, set what is left to where the arm starts from, and train it.

    By default that is rewinding (Frankle and Carbin 2019; the paper, section 7). ``rewind:k`` is Frankle et al. 2020
    (*Linear Mode Connectivity and the Lottery Ticket Hypothesis*), ``finetune`` and ``lr-rewind`` are Renda et al.
    2020 (*Comparing Rewinding and Fine-tuning in Neural Network Pruning*).

    Args:
        shop: what all trainings share.
        arm: how.
        seed: of the study.
        round_: 1 or more; ``previous`` is the ticket of the round before, the dense parent for round 1.
        previous: what is pruned. Under ``score_before_epoch`` the network in memory at the end of the last epoch is
            pruned, while the selected one is looked at.
        where: named in errors.
        masks: the mask, where it does not come from ``previous``: of another arm's ticket, or of ones.
        repeat: 0 for tickets; another one draws another data order.
    """
    model = _initial(shop, arm, seed)
    mask = masks if masks is not None else next_mask(model, arm, seed, round_, previous, shop.pruning.rate)
    settings, start = budget_of(arm, shop.training), None
    later: dict[str, object] = {}
    if arm.rewind_epoch:
        start = _state_after(shop, arm, seed, where) if round_ == 1 else previous.start
        assert start is not None
        later["epochs"] = range(arm.rewind_epoch, settings.epochs)
    if arm.toggles.keep_optimizer:
        later["optimiser"] = previous.optimiser
    begin = start or _start(arm, model, previous)
    model.load_state_dict(rewind(begin, mask, carried_state(arm, round_, previous)))
    hold_at_zero(model, mask)
    fitted = _fit(
        shop,
        model,
        mask,
        DrawKey(seed, repeat, round_),
        where,
        settings=settings,
        rule=arm.rule,
        mask_each_step=not arm.toggles.mask_once,
        **later,
    )
    return _ticket(fitted, mask, arm.rule, arm.revives, start), fitted.log


def next_mask(model: nn.Module, arm: Arm, seed: int, round_: int, previous: Ticket, rate: float) -> Mask:
    """The mask of an arm's round, from the ticket of the round before."""
    trained = previous.end if arm.toggles.score_before_epoch else previous.weights
    names = prunable(model, norms=arm.toggles.prune_norms)
    if arm.toggles.alive_by_value:
        alive = {name: trained[name] != 0 for name in names}
    else:
        alive = full_mask(trained, names) if round_ == 1 else previous.mask
    scores = magnitude(trained, names)
    if arm.chosen == "random":
        lot = generator("random mask", seed, arm.name, round_)
        scores = {name: torch.rand(score.shape, generator=lot) for name, score in scores.items()}
    prune = prune_by_layer if arm.scope == "layer" else prune_globally
    return prune(scores, alive, rate, round_, generator("mask ties", seed, round_))


def carried_state(arm: Arm, round_: int, previous: Ticket) -> State:
    """Entries that the arm does not rewind, as they stood when the round before ended."""
    carried: State = {}
    if arm.toggles.alias_biases and round_ >= 2:
        carried |= {name: tensor for name, tensor in previous.end.items() if is_bias(name)}
    if arm.toggles.keep_norm_statistics:
        carried |= {name: tensor for name, tensor in previous.end.items() if is_norm_statistic(name)}
    return carried


def _initial(shop: Workshop, arm: Arm, seed: int) -> nn.Module:
    """The network as the arm's dense parents start: of the seed, or in another initialisation."""
    return shop.new_model(seed, arm.start) if arm.start == "reinit" else shop.new_model(seed)


def _start(arm: Arm, model: nn.Module, previous: Ticket) -> State:
    """What a round starts from, before its mask: where the one before ended, or the initial state of ``model``."""
    if arm.start in ("finetune", "lr-rewind"):
        return previous.end
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def _state_after(shop: Workshop, arm: Arm, seed: int, where: str) -> State:
    """The dense parent's state after the epoch that the arm rewinds to: its first epochs, trained again."""
    model = shop.new_model(seed)
    mask = full_mask(model.state_dict(), prunable(model))
    first = range(arm.rewind_epoch)
    key = DrawKey(seed, 0, 0)
    budget = shop.training.of_round(0)
    at_batch = shop.at_batch
    stop = None if at_batch is None else lambda make: at_batch(None)  # not of the training that a checkpoint is for
    return fit(model, mask, shop.data, budget, key, epochs=first, at_batch=stop, device=shop.device, where=where).end


def _fit(shop: Workshop, model: nn.Module, mask: Mask, key: DrawKey, where: str, **how: object) -> Fitted:
    settings = how.pop("settings", shop.training)
    assert isinstance(settings, TrainingSettings)
    return fit(
        model,
        mask,
        shop.data,
        settings.of_round(key.round),
        key,
        resume=shop.resume,
        on_checkpoint=shop.on_checkpoint,
        at_batch=shop.at_batch,
        device=shop.device,
        where=where,
        on_epoch=shop.on_epoch,
        **how,  # type: ignore[arg-type]
    )


def _ticket(fitted: Fitted, mask: Mask, rule: Rule, revives: bool = False, start: State | None = None) -> Ticket:
    # Only signs of zero can change here: pruned weights have had no gradient, and were zero after every step. Those of
    # an arm that revives weights stay as they are.
    keep = {} if revives else mask
    weights = masked(fitted.selected, keep)
    end = weights if fitted.end is fitted.selected else masked(fitted.end, keep)
    optimiser: Optimiser | None = fitted.optimiser if rule.keep_optimizer else None
    return Ticket(mask, weights, end, fitted.selected_epoch, optimiser, start)
