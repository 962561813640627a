"""How an arm goes from the start to its dense network, and from one round to the next."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from sparsight.arms.arm import Arm
from sparsight.arms.ticket import Ticket
from sparsight.data import ConceptDataset
from sparsight.draws import generator
from sparsight.pruning import (
    Mask,
    PruningSettings,
    full_mask,
    is_bias,
    is_norm_statistic,
    magnitude,
    masked,
    prunable,
    prune_by_layer,
    prune_globally,
    rewind,
)
from sparsight.training import DrawKey, Epoch, Rule, State, TrainingSettings, fit


@dataclass(frozen=True)
class Workshop:
    """What every training of a study shares.

    Attributes:
        new_model: makes the network of a seed, in its initial state.
        data: what is learned.
        training: the budget of every round.
        pruning: the schedule.
        device: where trainings run.
        on_epoch: called after every epoch.
    """

    new_model: Callable[[int], nn.Module]
    data: ConceptDataset
    training: TrainingSettings
    pruning: PruningSettings
    device: torch.device
    on_epoch: Callable[[], None] = lambda: None


def train_dense(shop: Workshop, rule: Rule, seed: int, repeat: int, where: str) -> tuple[Ticket, tuple[Epoch, ...]]:
    """Train the dense network of a seed: the parent for ``repeat`` 0, a retrain control in new data order above."""
    model = shop.new_model(seed)
    mask = full_mask(model.state_dict(), prunable(model))
    return _train(shop, model, mask, rule, DrawKey(seed, repeat, 0), True, where)


def train_round(
    shop: Workshop, arm: Arm, seed: int, round_: int, previous: Ticket, where: str
) -> tuple[Ticket, tuple[Epoch, ...]]:
    """Prune ``previous``, rewind what is left and train it (Frankle and Carbin 2019; the paper, section 7).

    Args:
        shop: what all trainings share.
        arm: how.
        seed: of the study.
        round_: 1 or more; ``previous`` is the ticket of the round before, the dense parent for round 1.
        previous: what is pruned. Under ``score_before_epoch`` the network in memory at the end of the last epoch is
            pruned, while the selected one is looked at.
        where: named in errors.
    """
    model = shop.new_model(seed)
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    mask = next_mask(model, arm, seed, round_, previous, shop.pruning.rate)
    model.load_state_dict(rewind(start, mask, carried_state(arm, round_, previous)))
    return _train(shop, model, mask, arm.rule, DrawKey(seed, 0, round_), not arm.toggles.mask_once, where)


def next_mask(model: nn.Module, arm: Arm, seed: int, round_: int, previous: Ticket, rate: float) -> Mask:
    """The mask of an arm's round, from the ticket of the round before."""
    trained = previous.end if arm.toggles.score_before_epoch else previous.weights
    names = prunable(model, norms=arm.toggles.prune_norms)
    if arm.toggles.alive_by_value:
        alive = {name: trained[name] != 0 for name in names}
    else:
        alive = full_mask(trained, names) if round_ == 1 else previous.mask
    prune = prune_by_layer if arm.scope == "layer" else prune_globally
    return prune(magnitude(trained, names), alive, rate, round_, generator("mask ties", seed, round_))


def carried_state(arm: Arm, round_: int, previous: Ticket) -> State:
    """Entries that the arm does not rewind, as they stood when the round before ended."""
    carried: State = {}
    if arm.toggles.alias_biases and round_ >= 2:
        carried |= {name: tensor for name, tensor in previous.end.items() if is_bias(name)}
    if arm.toggles.keep_norm_statistics:
        carried |= {name: tensor for name, tensor in previous.end.items() if is_norm_statistic(name)}
    return carried


def _train(
    shop: Workshop, model: nn.Module, mask: Mask, rule: Rule, key: DrawKey, mask_each_step: bool, where: str
) -> tuple[Ticket, tuple[Epoch, ...]]:
    fitted = fit(
        model,
        mask,
        shop.data,
        shop.training,
        key,
        rule=rule,
        mask_each_step=mask_each_step,
        device=shop.device,
        where=where,
        on_epoch=shop.on_epoch,
    )
    # Only signs of zero can change here: pruned weights have had no gradient, and were zero after every step.
    weights = masked(fitted.selected, mask)
    end = weights if fitted.end is fitted.selected else masked(fitted.end, mask)
    return Ticket(mask, weights, end, fitted.selected_epoch), fitted.log
