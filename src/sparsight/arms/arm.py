"""An arm: one way of making tickets that a study compares."""

from dataclasses import dataclass, fields, replace
from typing import Literal

from sparsight.training import Rule


@dataclass(frozen=True)
class Toggles:
    """The released code's departures that belong to an arm (docs/paper.md lists them); all off is the right rule.

    Attributes:
        freeze_negative: see ``Rule``.
        prune_norms: the scales of batch norms are prunable, and pruned layer by layer like the rest.
        alive_by_value: a weight counts as alive where its value is not 0, whatever the mask says.
        mask_once: the mask is not applied again after a step.
        keep_optimizer: see ``Rule``. With ``mask_once``, stale momentum moves pruned weights away from zero.
        alias_biases: biases and norm shifts share memory with the saved initial values from the first
            rewinding on: they are rewound in round 1 and go on from where the last round ended in later rounds.
        keep_norm_statistics: norm statistics are not rewound.
        score_before_epoch: see ``Rule``.
    """

    freeze_negative: bool = False
    prune_norms: bool = False
    alive_by_value: bool = False
    mask_once: bool = False
    keep_optimizer: bool = False
    alias_biases: bool = False
    keep_norm_statistics: bool = False
    score_before_epoch: bool = False

    @property
    def on(self) -> tuple[str, ...]:
        """The names of those that are on."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name))


TOGGLES = tuple(field.name for field in fields(Toggles))
"""Every toggle's name, in the order of docs/paper.md."""


@dataclass(frozen=True)
class Arm:
    """How an arm goes from one round to the next.

    Attributes:
        name: what it is called; with parameters after colons.
        summary: one line for readers.
        scope: what the ranking of the weights spans.
        toggles: departures of the released code.
        chosen: which weights a round keeps: the largest, or as many of each layer by lot.
        start: what the kept weights start a round from: the values before the first training (``rewind``), those that
            the last round ended with, at a small constant learning rate (``finetune``) or with the whole schedule
            (``lr-rewind``), or another initialisation under the masks of ``magnitude`` (``reinit``).
        rewind_epoch: rewind to the dense network's weights after so many epochs, and train the epochs that are left.
        stop_at: for the dense network that stops early: the arm and round whose validation accuracy it stops at.
    """

    name: str
    summary: str
    scope: Literal["layer", "global"] = "layer"
    toggles: Toggles = Toggles()
    chosen: Literal["magnitude", "random"] = "magnitude"
    start: Literal["rewind", "finetune", "lr-rewind", "reinit"] = "rewind"
    rewind_epoch: int = 0
    stop_at: tuple[str, int] | None = None

    @property
    def rule(self) -> Rule:
        """How the arm trains; arms of one rule share their dense parents."""
        toggles = self.toggles
        return Rule(toggles.freeze_negative, toggles.score_before_epoch, toggles.keep_optimizer)

    @property
    def parent(self) -> str:
        """The name of its dense parents: the rule's; ``reinit`` has its own, from the other initialisation."""
        return "reinit" if self.start == "reinit" else self.rule.name

    @property
    def control(self) -> str:
        """The name of its retrain controls; arms whose sequences are the same but for the pruning share them."""
        if self.start != "rewind":
            return self.start
        if self.rewind_epoch:
            return f"rewind:{self.rewind_epoch}"
        return "+".join(self._without_pruning.on) or "right"

    @property
    def carries(self) -> bool:
        """Whether something goes on from round to round besides the mask, so that the control is a sequence, too."""
        kept = self.toggles.keep_optimizer or self.toggles.alias_biases or self.toggles.keep_norm_statistics
        return kept or self.start in ("finetune", "lr-rewind")

    @property
    def unpruned(self) -> "Arm":
        """The arm of its control: the same sequence, with what only pruning makes a difference to left out."""
        summary = f"the sequence of {self.control} with nothing pruned"
        return Arm(
            self.control, summary, toggles=self._without_pruning, start=self.start, rewind_epoch=self.rewind_epoch
        )

    @property
    def _without_pruning(self) -> Toggles:
        """Under a mask of ones these switches do nothing: which weights are pruned, and what becomes of them."""
        return replace(self.toggles, prune_norms=False, alive_by_value=False, mask_once=False)

    @property
    def folder(self) -> str:
        """The folder of its networks below a run's: a colon is no character for a folder's name everywhere."""
        return self.name.replace(":", "-")

    @property
    def masks_from(self) -> str | None:
        """The other arm whose masks it takes, if any."""
        return "magnitude" if self.start == "reinit" else None

    @property
    def revives(self) -> bool:
        """Whether pruned weights may come back: its density is reported as it is, and its masks need not nest."""
        return self.toggles.mask_once and self.toggles.keep_optimizer

    def rounds(self, rounds: int) -> range:
        """The rounds that it has networks of its own in, of a study of so many."""
        return range(1, rounds) if self.stop_at is None else range(self.stop_at[1], self.stop_at[1] + 1)
