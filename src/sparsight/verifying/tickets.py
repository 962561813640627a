"""Whether masks are what the arms say, and weights what the masks say."""

from collections.abc import Iterator
from math import floor
from pathlib import Path

import torch

from sparsight.arms import Ticket, find_arm, read_ticket
from sparsight.arms.arm import Arm
from sparsight.evidence import read_metrics
from sparsight.models import broken_words
from sparsight.networks import Network
from sparsight.pruning import Mask, count_at, kept


def ticket_faults(folder: Path, network: Network, rate: float) -> Iterator[str]:
    """What does not hold of a network's ticket: nesting, zeros, counts, and the density that its metrics state.

    Raises:
        InputError: if a file is missing or damaged.
    """
    ticket = read_ticket(folder / network.folder)
    for state, called in ((ticket.weights, ""), *(() if ticket.end is ticket.weights else ((ticket.end, "end: "),))):
        if broken := broken_words(state):
            yield f"{called}not finite numbers: {broken}"
    arm = find_arm(network.arm) if network.kind == "ticket" else None
    revives = arm is not None and arm.revives
    for name, keep in ticket.mask.items():
        if not revives and bool((ticket.weights[name][~keep] != 0).any()):
            yield f"{name}: pruned weights are not zero"
    if arm is not None and arm.stop_at is None:
        assert network.before is not None
        if arm.masks_from is None:
            yield from _pruning_faults(arm, network.round, ticket, folder / network.before.folder, rate)
        else:
            assert network.model is not None
            theirs = read_ticket(folder / network.model.folder).mask
            if any(not torch.equal(keep, theirs[name]) for name, keep in ticket.mask.items()):
                yield f"its masks are not those of {network.model}"
    elif not all(bool(keep.all()) for keep in ticket.mask.values()):
        yield "a network that is not pruned has pruned weights"
    alive = kept(ticket.alive if revives else ticket.mask)
    total = sum(keep.numel() for keep in ticket.mask.values())
    stated = read_metrics(folder / network.folder)
    if stated["weights"] != {"kept": alive, "prunable": total}:
        yield f"keeps {alive} of {total} weights; its metrics say {stated['weights']}"
    if stated["weights_remaining"] != alive / total:
        yield f"keeps {alive / total} of the weights; its metrics say {stated['weights_remaining']}"


def _pruning_faults(arm: Arm, round_: int, ticket: Ticket, before: Path, rate: float) -> Iterator[str]:
    alive = _alive(arm, round_, read_ticket(before), ticket.mask)
    for name, keep in ticket.mask.items():
        if bool((keep & ~alive[name]).any()):
            yield f"{name}: weights that were pruned before are back"
    pools = {name: (name,) for name in ticket.mask} if arm.scope == "layer" else {"all layers": tuple(ticket.mask)}
    for pool, names in pools.items():
        found = sum(int(ticket.mask[name].sum()) for name in names)
        total = sum(ticket.mask[name].numel() for name in names)
        asked = count_at(total, rate, round_)
        if arm.toggles.alive_by_value:  # keeps a share of what is alive by value, which the schedule does not fix
            left = sum(int(alive[name].sum()) for name in names)
            asked = min(left, max(1, floor(left * asked / count_at(total, rate, round_ - 1) + 0.5)))
        if found != asked:
            yield f"{pool}: {found} weights are kept, {asked} were asked for"


def _alive(arm: Arm, round_: int, previous: Ticket, mask: Mask) -> Mask:
    """The weights that the round could keep."""
    if arm.toggles.alive_by_value:
        trained = previous.end if arm.toggles.score_before_epoch else previous.weights
        return {name: trained[name] != 0 for name in mask}
    if round_ == 1:  # the dense parent's mask lacks what only this arm prunes
        return {name: keep | True for name, keep in mask.items()}
    return previous.mask
