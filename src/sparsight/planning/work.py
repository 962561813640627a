"""What each network of a study takes, in steps and passes rather than in seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparsight.arms import Arm, find_arm, find_control
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.networks import Network, controls
from sparsight.training import SCORES_AN_EPOCH, steps_per_epoch


@dataclass(frozen=True)
class Work:
    """What is left to do of one network.

    Attributes:
        steps: of the optimiser.
        scores: passes over the validation images while it trains.
        looks: whether evidence is to be collected.
        dense: whether it is a dense parent, whose evidence takes and holds more.
        states: states of the network that its folder holds: the ticket's, and those beside it.
    """

    steps: int
    scores: int
    looks: bool
    dense: bool
    states: int


def work_of(network: Network, settings: StudySettings, data: ConceptDataset, trained: bool, seen: bool) -> Work:
    """What is left to do of a network of which this much stands.

    A network that stops at an accuracy is counted with all its epochs: when it will stop is not known.
    """
    arm, training = _arm(network, settings), settings.training
    budget = training.of_round(network.round if network.kind != "retrain" else max(1, network.round)).epochs
    stops = network.kind == "ticket" and find_arm(network.arm).stop_at is not None
    if stops:
        budget = training.of_round(0).epochs
    epochs = budget
    if arm.rewind_epoch and network.kind != "dense":
        again = arm.rewind_epoch if network.round <= 1 else 0  # the dense parent's first epochs, trained again
        epochs = budget - arm.rewind_epoch + again
    rule = arm.rule
    scored = rule.score_before_epoch or training.selection == "best"
    scores = epochs if scored else 0
    if stops:
        scores += 1 + SCORES_AN_EPOCH * epochs
    start = bool(arm.rewind_epoch) and network.kind != "dense"
    states = 1 + scored + rule.keep_optimizer + start
    steps = steps_per_epoch(data, training) * epochs
    if trained:
        steps = scores = 0
    return Work(steps, scores, not seen, network.kind == "dense", states)


def compared(networks: Sequence[Network], settings: StudySettings, concepts: bool) -> Mapping[str, int]:
    """How many pairs of networks the tables compare, by kind (``results.pairs``), and ``networks``: how many have rows
    of their own, round 0 of every arm among them."""
    arms, seeds = settings.study.arms, settings.study.seeds
    tickets = [network for network in networks if network.kind == "ticket"]
    parents = [network for network in networks if network.kind == "dense"]
    of_rule = {rule: sum(parent.arm == rule for parent in parents) for rule in {parent.arm for parent in parents}}
    return {
        "ticket": len(arms) * len(seeds) + len(tickets),
        "retrain": sum(network.kind == "retrain" for network in networks),
        "inheritance": sum(
            len(controls(find_arm(one.arm), one.seed, one.round, settings.study.retrains)) for one in tickets
        ),
        "seed": sum(n * (n - 1) // 2 for n in of_rule.values()),
        "refit": len(parents) * settings.evidence.refits * concepts,
        "networks": len(arms) * len(seeds) + len(networks),
    }


def _arm(network: Network, settings: StudySettings) -> Arm:
    """The arm by which a network trains: a parent's is the first that shares it."""
    if network.kind == "ticket":
        return find_arm(network.arm)
    if network.kind == "retrain":
        return find_control(network.rule)
    return next(arm for arm in map(find_arm, settings.study.arms) if arm.parent == network.rule)
