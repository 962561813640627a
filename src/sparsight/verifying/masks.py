"""Whether masks are those that the arm makes of the round before."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from sparsight.arms import find_arm, next_mask, read_ticket
from sparsight.networks import Network
from sparsight.pruning import tied


def mask_faults(folder: Path, network: Network, model: nn.Module, rate: float) -> Iterator[str]:
    """Layers whose mask is not the one that pruning the ticket before gives; nothing is said of networks that take
    their masks from another arm, or are not pruned. Weights of a parameter that has several names, and differ there.

    Args:
        folder: the run's.
        network: which one.
        model: any network of the run's architecture.
        rate: share of the weights that a round removes.

    Raises:
        InputError: if a file is missing or damaged.
    """
    ticket = read_ticket(folder / network.folder)
    for other, name in tied(model).items():
        if not torch.equal(ticket.weights[other], ticket.weights[name]):
            yield f"{other}: differs from {name}, which is the same parameter"
    if not prunes(network):
        return
    assert network.before is not None
    stored = ticket.mask
    previous = read_ticket(folder / network.before.folder)
    made = next_mask(model, find_arm(network.arm), network.seed, network.round, previous, rate)
    if stored.keys() != made.keys():
        yield "its masks are not of the layers that the arm prunes"
    for name in sorted(stored.keys() & made.keys()):
        if not torch.equal(stored[name], made[name]):
            yield f"{name}: its mask is not what pruning the ticket before gives"


def prunes(network: Network) -> bool:
    """Whether a network's masks come from the ticket before it."""
    if network.kind != "ticket":
        return False
    arm = find_arm(network.arm)
    return arm.stop_at is None and arm.masks_from is None
