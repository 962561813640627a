"""The networks of a study: what each is, where it lies, and what it comes from."""

from dataclasses import dataclass

from sparsight.arms import Arm, find_arm, find_control
from sparsight.config import StudySettings
from sparsight.errors import InputError

MOST_NETWORKS = 50_000
Place = tuple[str, int, int | None, int]
"""Arm, seed, repeat and round of a network's rows."""


@dataclass(frozen=True)
class Network:
    """One network of a run.

    Attributes:
        arm: an arm's name, ``dense:<rule>`` for a dense parent or ``retrain:<rule>`` for a control.
        seed: decides the initial weights.
        repeat: 0 for parents, 1 and up for controls; None for tickets.
        round: 0 for parents, and for controls that serve all rounds.
    """

    arm: str
    seed: int
    repeat: int | None
    round: int

    @property
    def kind(self) -> str:
        """``dense``, ``retrain`` or ``ticket``."""
        kind, colon, _ = self.arm.partition(":")
        return kind if colon and kind in ("dense", "retrain") else "ticket"

    @property
    def rule(self) -> str:
        """The rule of a parent or a control: ``Arm.parent`` or ``Arm.control``; a ticket's parent's."""
        return find_arm(self.arm).parent if self.kind == "ticket" else self.arm.partition(":")[2]

    @property
    def folder(self) -> str:
        """Its folder below the run's."""
        rule = self.rule.replace(":", "-")
        if self.kind == "dense":
            return f"dense/{rule}/seed-{self.seed}"
        if self.kind == "retrain":
            home = f"retrain/{rule}/seed-{self.seed}/repeat-{self.repeat}"
            return f"{home}/round-{self.round:02d}" if self.round else home
        return f"{find_arm(self.arm).folder}/seed-{self.seed}/round-{self.round:02d}"

    @property
    def dense(self) -> "Network":
        """The dense parent of its rule and seed: what it is compared with; itself for a parent."""
        rule = find_control(self.rule).parent if self.kind == "retrain" else self.rule
        return Network(f"dense:{rule}", self.seed, 0, 0)

    @property
    def before(self) -> "Network | None":
        """What must be done before it: the round before, or the dense parent; None for a parent."""
        if self.kind == "dense":
            return None
        if self.round <= 1 or (self.kind == "ticket" and find_arm(self.arm).stop_at is not None):
            return self.dense
        return Network(self.arm, self.seed, self.repeat, self.round - 1)

    @property
    def continues(self) -> bool:
        """Whether its training starts from what ``before`` left: a control that serves all rounds does not."""
        return self.kind == "ticket" or (self.kind == "retrain" and self.round > 0)

    @property
    def model(self) -> "Network | None":
        """The network of another arm that it takes its masks or its accuracy from, if any."""
        if self.kind != "ticket":
            return None
        arm = find_arm(self.arm)
        if arm.stop_at is not None:
            return Network(arm.stop_at[0], self.seed, None, arm.stop_at[1])
        return Network(arm.masks_from, self.seed, None, self.round) if arm.masks_from else None

    @property
    def place(self) -> "Place":
        """What tells its rows in the result tables from others: their first four columns."""
        return self.arm, self.seed, self.repeat, self.round

    @property
    def needs(self) -> "tuple[Network, ...]":
        """What must stand before it is made: what it comes from, and the dense parent whose prediction it explains."""
        needed = (self.before, self.dense, self.model)
        return tuple(dict.fromkeys(network for network in needed if network is not None and network != self))

    def __str__(self) -> str:
        places = [f"repeat {self.repeat}"] * (self.kind == "retrain") + [f"round {self.round}"] * (
            self.kind != "retrain" or self.round > 0
        )
        return ", ".join((self.arm, f"seed {self.seed}", *places))


def controls(arm: Arm, seed: int, round_: int, retrains: int) -> tuple[Network, ...]:
    """The controls of an arm's round: its own sequence up to there without pruning, once for each repeat."""
    at = round_ if arm.carries else 0
    return tuple(Network(f"retrain:{arm.control}", seed, j, at) for j in range(1, retrains + 1))


def plan(settings: StudySettings) -> tuple[Network, ...]:
    """Every network of a study, in the order in which they are wanted: no network stands before what it needs.

    Raises:
        InputError: if they are too many for anybody to train.
    """
    most = (
        len(settings.study.seeds) * settings.pruning.rounds * len(settings.study.arms) * (1 + settings.study.retrains)
    )
    if most > MOST_NETWORKS:
        raise InputError(
            f"study: seeds x rounds x arms x (1 + retrains) are {most:,}, more than {MOST_NETWORKS:,}; ask for fewer"
        )
    arms = {name: find_arm(name) for name in settings.study.arms}
    networks: list[Network] = []
    for seed in settings.study.seeds:
        networks += [Network(f"dense:{arm.parent}", seed, 0, 0) for arm in arms.values()]
        for round_ in range(1, settings.pruning.rounds):
            networks += [Network(name, seed, None, round_) for name, arm in arms.items() if not arm.stop_at]
        stopped = [(name, round_) for name, arm in arms.items() if arm.stop_at for round_ in arm.rounds(0)]
        networks += [Network(name, seed, None, round_) for name, round_ in stopped]
        for arm in arms.values():
            for round_ in range(1, settings.pruning.rounds) if arm.carries else (0,):
                networks += controls(arm, seed, round_, settings.study.retrains)
    return tuple(dict.fromkeys(networks))
