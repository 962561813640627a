"""The networks of a study: what each is, where it lies, and what it comes from."""

from dataclasses import dataclass

from sparsight.arms import find_arm
from sparsight.config import StudySettings


@dataclass(frozen=True)
class Network:
    """One network of a run.

    Attributes:
        arm: an arm's name, ``dense:<rule>`` for a dense parent or ``retrain:<rule>`` for a control.
        seed: decides the initial weights.
        repeat: 0 for parents, 1 and up for controls; None for tickets.
        round: 0 for parents and controls.
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
        """The name of the rule that it was trained by."""
        return find_arm(self.arm).rule.name if self.kind == "ticket" else self.arm.partition(":")[2]

    @property
    def folder(self) -> str:
        """Its folder below the run's."""
        if self.kind == "dense":
            return f"dense/{self.rule}/seed-{self.seed}"
        if self.kind == "retrain":
            return f"retrain/{self.rule}/seed-{self.seed}/repeat-{self.repeat}"
        return f"{find_arm(self.arm).folder}/seed-{self.seed}/round-{self.round:02d}"

    @property
    def dense(self) -> "Network":
        """The dense parent of its rule and seed: what it is compared with; itself for a parent."""
        return Network(f"dense:{self.rule}", self.seed, 0, 0)

    @property
    def before(self) -> "Network | None":
        """What must be done before it: the round before, or the dense parent; None for a parent."""
        if self.kind == "dense":
            return None
        if self.kind == "retrain" or self.round == 1 or find_arm(self.arm).stop_at is not None:
            return self.dense
        return Network(self.arm, self.seed, None, self.round - 1)

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
    def needs(self) -> "tuple[Network, ...]":
        """What must stand before it is made: what it comes from, and the dense parent whose prediction it explains."""
        needed = (self.before, self.dense, self.model)
        return tuple(dict.fromkeys(network for network in needed if network is not None and network != self))

    def __str__(self) -> str:
        part = f"repeat {self.repeat}" if self.kind == "retrain" else f"round {self.round}"
        return f"{self.arm}, seed {self.seed}, {part}"


def plan(settings: StudySettings) -> tuple[Network, ...]:
    """Every network of a study, in the order in which they are wanted: no network stands before what it needs."""
    arms = {name: find_arm(name) for name in settings.study.arms}
    rules = {name: arm.rule.name for name, arm in arms.items()}
    networks: list[Network] = []
    for seed in settings.study.seeds:
        networks += [Network(f"dense:{rule}", seed, 0, 0) for rule in dict.fromkeys(rules.values())]
        for round_ in range(1, settings.pruning.rounds):
            networks += [Network(name, seed, None, round_) for name, arm in arms.items() if not arm.stop_at]
        stopped = [(name, round_) for name, arm in arms.items() if arm.stop_at for round_ in arm.rounds(0)]
        networks += [Network(name, seed, None, round_) for name, round_ in stopped]
        if "right" in rules.values():
            networks += [Network("retrain:right", seed, j, 0) for j in range(1, settings.study.retrains + 1)]
    return tuple(networks)
