"""An arm: one way of making tickets that a study compares."""

from dataclasses import dataclass
from typing import Literal

from sparsight.training import Rule


@dataclass(frozen=True)
class Toggles:
    """The released code's departures that belong to an arm, by their rows of the audit; all off is the right rule.

    Attributes:
        freeze_negative: row 1, see ``Rule``.
        prune_norms: row 2, the scales of batch norms are prunable, and pruned layer by layer like the rest.
        alive_by_value: row 4, a weight counts as alive where its value is not 0, whatever the mask says.
        mask_once: row 5, the mask is not applied again after a step.
        alias_biases: row 8, biases and norm shifts share memory with the saved initial values from the first
            rewinding on: they are rewound in round 1 and go on from where the last round ended in later rounds.
        keep_norm_statistics: row 9, norm statistics are not rewound.
        score_before_epoch: row 11, see ``Rule``.
    """

    freeze_negative: bool = False
    prune_norms: bool = False
    alive_by_value: bool = False
    mask_once: bool = False
    alias_biases: bool = False
    keep_norm_statistics: bool = False
    score_before_epoch: bool = False


@dataclass(frozen=True)
class Arm:
    """A name, what the ranking of the weights spans, and the toggles."""

    name: str
    summary: str
    scope: Literal["layer", "global"] = "layer"
    toggles: Toggles = Toggles()

    @property
    def rule(self) -> Rule:
        """How the arm trains; arms of one rule share their dense parents."""
        return Rule(self.toggles.freeze_negative, self.toggles.score_before_epoch)
