"""The arms: ways of making tickets that a study compares. To add one, write its file and name it in ``ARMS``."""

from difflib import get_close_matches

from sparsight.arms.arm import Arm, Toggles
from sparsight.arms.magnitude import MAGNITUDE
from sparsight.arms.magnitude_global import MAGNITUDE_GLOBAL
from sparsight.arms.released_code import RELEASED_CODE
from sparsight.arms.rounds import Workshop, carried_state, next_mask, train_dense, train_round
from sparsight.arms.ticket import TICKET, Ticket, read_ticket, ticket_flaws, ticket_origin, write_ticket
from sparsight.errors import InputError

ARMS = {arm.name: arm for arm in (MAGNITUDE, MAGNITUDE_GLOBAL, RELEASED_CODE)}


def find_arm(name: str) -> Arm:
    """The arm of that name.

    Raises:
        InputError: naming the arms that there are.
    """
    if name not in ARMS:
        near = get_close_matches(name, ARMS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"arm {name!r}: unknown; {hint}arms are {', '.join(ARMS)}")
    return ARMS[name]


__all__ = [
    "ARMS",
    "TICKET",
    "Arm",
    "Ticket",
    "Toggles",
    "Workshop",
    "carried_state",
    "find_arm",
    "next_mask",
    "read_ticket",
    "ticket_flaws",
    "ticket_origin",
    "train_dense",
    "train_round",
    "write_ticket",
]
