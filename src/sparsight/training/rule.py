"""How an arm trains: right, or with those departures of the released code that change a training."""

from dataclasses import dataclass, fields

FREEZE_BELOW = 6e-7
"""The released code's threshold under which a weight gets no gradient (docs/paper.md)."""


@dataclass(frozen=True)
class Rule:
    """Departures that change how even a dense network trains; arms of one rule share parents and controls.

    Attributes:
        freeze_negative: every weight below 6e-7 gets no gradient, all negative ones among them; momentum and
            weight decay go on (row 1).
        score_before_epoch: networks are scored on validation before each epoch and the best one is kept, so the
            untrained network is a candidate and the last epoch's result is not (row 11).
        keep_optimizer: momentum and the learning rate's schedule go on from round to round (row 6). The dense network
            trains as by the right rule, but what its optimiser ends with is kept.
    """

    freeze_negative: bool = False
    score_before_epoch: bool = False
    keep_optimizer: bool = False

    @property
    def name(self) -> str:
        """``right``, or the names of the departures joined by ``+``."""
        return "+".join(field.name for field in fields(self) if getattr(self, field.name)) or "right"


RIGHT = Rule()
"""The right rule: no departure."""
